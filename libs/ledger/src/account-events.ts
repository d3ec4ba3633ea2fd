import type { SqlClient } from '@tongbao/read-model';

export type Order = 'newest' | 'oldest';

/** A stretch of the journal: from the first of each up to but without the end. */
export interface Span {
  firstEntry: number;
  endEntry: number;
  firstRevision: number;
  endRevision: number;
}

export interface NumberedEntry {
  number: number;
  revision: number;
}

const fewestRows = 16;
const mostRows = 256;

/**
 * The numbers of the entries that moved an account, in order, some at a time. Each step reads one stretch of the account's history by its key, longer
 * ones as it goes on.
 */
export async function* accountEvents(
  tx: SqlClient,
  account: string,
  currencies: readonly string[],
  span: Span,
  order: Order,
  atOnce: number,
): AsyncGenerator<NumberedEntry[]> {
  let { firstRevision, endRevision } = span;
  // An event has a row for each currency: so many rows always hold a whole one.
  for (let most = fewestRows + currencies.length; ; most = Math.min(most * 2, mostRows + currencies.length)) {
    const rows = await historyRows(tx, account, currencies, { ...span, firstRevision, endRevision }, order, most);
    const isLast = rows.length < most;
    const cut = rows.at(-1)?.revision;
    const whole = isLast ? rows : rows.filter(({ revision }) => revision !== cut);
    const numbered = inOrder(whole, span, order);
    for (let start = 0; start < numbered.length; start += atOnce) yield numbered.slice(start, start + atOnce);
    const last = whole.at(-1);
    if (isLast || !last) return;
    if (order === 'newest') endRevision = last.revision;
    else firstRevision = last.revision + 1;
  }
}

interface HistoryRow {
  revision: number;
  entries: number[];
}

function historyRows(
  tx: SqlClient,
  account: string,
  currencies: readonly string[],
  { firstRevision, endRevision }: Span,
  order: Order,
  most: number,
): Promise<HistoryRow[]> {
  const direction = order === 'newest' ? 'DESC' : 'ASC';
  return tx.query<HistoryRow>(
    `SELECT h.revision, h.entries FROM json_array_elements_text($1::json) AS of(currency)
     CROSS JOIN LATERAL (
       SELECT revision, entries FROM ledger.account_history
       WHERE account = $2 AND currency = of.currency AND revision >= $3 AND revision < $4 ORDER BY revision ${direction} LIMIT $5
     ) h ORDER BY h.revision ${direction} LIMIT $5`,
    [JSON.stringify(currencies), account, firstRevision, endRevision, most],
  );
}

function inOrder(rows: readonly HistoryRow[], { firstEntry, endEntry }: Span, order: Order): NumberedEntry[] {
  const revisions = new Map<number, number>();
  for (const { revision, entries } of rows)
    for (const number of entries) if (number >= firstEntry && number < endEntry) revisions.set(number, revision);
  const sign = order === 'newest' ? -1 : 1;
  return Array.from(revisions, ([number, revision]) => ({ number, revision })).sort((a, b) => sign * (a.number - b.number));
}
