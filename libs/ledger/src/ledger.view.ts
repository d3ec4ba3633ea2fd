import { account as accountNames, type AccountChange, type EntriesPosted, type JournalEntry } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import type { Projection, RowRef, Rows } from '@tongbao/read-model';
import { Movements, quarterHourOf, type Moment } from './ledger-accounts.view.js';
import { foldHold } from './ledger-holds.view.js';
import {
  accountHistory,
  accountHolds,
  accounts,
  accountStatuses,
  entries,
  holds,
  openLines,
  progress,
  quarterHours,
  revisions,
  totalHistory,
  totals,
  type AccountStatusRow,
  type EntryRow,
  type OpenLineRow,
  type ProgressRow,
  type RevisionRow,
} from './ledger.tables.js';

/** The books as queries read them, folded from the journal. */
export const ledgerProjection: Projection = {
  name: 'ledger',
  version: 4,
  categories: ['journal'],
  tables: {
    ...{ progress, revisions, accounts, accountStatuses, accountHistory, quarterHours },
    ...{ totals, totalHistory, entries, holds, accountHolds, openLines },
  },
  touches: ({ event, stream }) => (isEntriesPosted(event) ? touchedRows(event, stream) : []),
  apply: async (stored, rows) => {
    if (isEntriesPosted(stored.event)) await fold(stored.event, stored.stream, stored.revision, rows);
  },
};

const isEntriesPosted = (event: StoredEvent['event']): event is EntriesPosted => event.type === 'EntriesPosted';

async function fold(event: EntriesPosted, journal: string, revision: number, rows: Rows): Promise<void> {
  const moment = await goOn(rows, event, journal, revision);
  const movements = new Movements();
  for (const [index, entry] of event.entries.entries()) {
    const number = event.firstEntry + index;
    movements.entry(entry, number);
    await putEntry(rows, entry, number, revision, event.postedAt);
    await foldLines(rows, entry, number, event.postedAt);
  }
  for (const change of event.holds) await foldHold(rows, movements, change, moment);
  for (const net of event.settled ?? []) movements.settled(net);
  for (const change of event.limits) movements.limits(change);
  await movements.store(rows, moment);
  for (const change of event.accounts) await foldStatus(rows, change, event.postedAt);
}

/** How far the journal is folded, and when that was: a clock that has gone back (another process may have written before) stands still here. */
async function goOn(rows: Rows, event: EntriesPosted, journal: string, revision: number): Promise<Moment> {
  const { sourcePosition, firstEntry, postedAt } = event;
  const before = await rows.get<ProgressRow>('progress', [journal]);
  const at = before && before.postedAt > postedAt ? before.postedAt : postedAt;
  const nextEntry = firstEntry + event.entries.length;
  rows.put('progress', { journal, revision, nextEntry, sourcePosition: BigInt(sourcePosition), postedAt: at } satisfies ProgressRow);
  rows.put('revisions', { revision, at, firstEntry } satisfies RevisionRow);
  return { revision, at };
}

async function putEntry(rows: Rows, entry: JournalEntry, number: number, revision: number, postedAt: string): Promise<void> {
  const { kind, ref, position, transfers, corrects, note } = entry;
  const row: EntryRow = {
    number,
    revision,
    kind,
    ref,
    position: position === undefined ? null : BigInt(position),
    transfers,
    corrects: corrects ?? null,
    correctedBy: null,
    note: note ?? null,
    postedAt,
  };
  rows.put('entries', row);
  if (corrects === undefined) return;
  const corrected = await rows.get<EntryRow>('entries', [corrects]);
  if (corrected) rows.put('entries', { ...corrected, correctedBy: [...(corrected.correctedBy ?? []), number] });
}

const hasLines = (account: string): boolean => account === accountNames.suspense || account.startsWith('transit:');

/** A correction belongs to the line of what it corrects, whatever its own subject. */
async function foldLines(rows: Rows, entry: JournalEntry, number: number, at: string): Promise<void> {
  if (!entry.transfers.some(({ from, to }) => hasLines(from) || hasLines(to))) return;
  const corrected = entry.corrects === undefined ? undefined : await rows.get<EntryRow>('entries', [entry.corrects]);
  const ref = corrected?.ref ?? entry.ref;
  for (const { from, to, amountMinor, currency } of entry.transfers) {
    for (const [account, delta] of [[from, -BigInt(amountMinor)] as const, [to, BigInt(amountMinor)] as const]) {
      if (!hasLines(account)) continue;
      const key = [account, currency, ref];
      const line = await rows.get<OpenLineRow>('openLines', key);
      const amount = (line?.amountMinor ?? 0n) + delta;
      if (amount === 0n) rows.delete('openLines', key);
      else
        rows.put('openLines', {
          ...(line ?? { account, currency, ref, kind: entry.kind, entry: number, since: at }),
          amountMinor: amount,
        } satisfies OpenLineRow);
    }
  }
}

async function foldStatus(rows: Rows, { account, change, ...said }: AccountChange, at: string): Promise<void> {
  const known = await rows.get<AccountStatusRow>('accountStatuses', [account]);
  const status = change === 'opened' || change === 'unfrozen' ? 'open' : change;
  const openedAt = known?.openedAt ?? (change === 'opened' ? at : null);
  const { currencies = known?.currencies ?? null, metadata = known?.metadata ?? null } = said;
  rows.put('accountStatuses', { account, status, openedAt, currencies, metadata, changedAt: at } satisfies AccountStatusRow);
}

/** Rows that the fold of an event reads, but for the few of totals, and those of accounts that only an ended hold names. */
function* touchedRows(event: EntriesPosted, journal: string): Generator<RowRef> {
  yield { table: 'progress', key: [journal] };
  const quarter = quarterHourOf(event.postedAt);
  const touched = new Set<string>();
  for (const { ref, transfers, corrects } of event.entries) {
    if (corrects !== undefined) yield { table: 'entries', key: [corrects] };
    for (const { from, to, currency } of transfers) {
      for (const account of [from, to]) {
        if (hasLines(account)) yield { table: 'openLines', key: [account, currency, ref] };
        const key = `${currency} ${account}`;
        if (touched.has(key)) continue;
        touched.add(key);
        yield { table: 'accounts', key: [account, currency] };
        yield { table: 'quarterHours', key: [account, currency, quarter] };
      }
    }
  }
  for (const change of event.holds) {
    yield { table: 'holds', key: [change.holdId] };
    if (change.change === 'placed')
      for (const { account } of change.reservations) yield { table: 'accounts', key: [account, change.currency] };
  }
  for (const { account, currency } of event.limits) yield { table: 'accounts', key: [account, currency] };
  for (const { party, currency } of event.settled ?? []) yield { table: 'accounts', key: [party, currency] };
  for (const { account } of event.accounts) yield { table: 'accountStatuses', key: [account] };
}
