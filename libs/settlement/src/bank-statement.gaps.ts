import type { AcceptedStatement } from '@tongbao/contracts';

/** Two statements of an account that follow one another here, and should not. */
export interface StatementGap {
  account: string;
  currency: string;
  /** `number_missing`: the bank's own numbers leave some out; `balance_differs`: the second opens with another balance than the first closed with. */
  kind: 'number_missing' | 'balance_differs';
  after: string;
  before: string;
  detail: string;
}

/**
 * Looks at statements in their order: by the bank's numbers where it numbers them, else as they were taken in. What came late closes its gap, as only what is there is
 * looked at.
 * @param statements as they were taken in
 */
export function gapsOf(statements: readonly AcceptedStatement[]): StatementGap[] {
  const byAccount = Map.groupBy(statements, ({ account, currency }) => `${account} ${currency}`);
  return [...byAccount.values()].flatMap((own) => {
    const ordered = inOrder(own);
    return ordered.slice(1).flatMap((statement, index) => {
      const previous = ordered[index];
      return previous ? gapBetween(previous, statement) : [];
    });
  });
}

function inOrder(statements: readonly AcceptedStatement[]): AcceptedStatement[] {
  const isNumbered = statements.every(({ sequence }) => sequence !== undefined);
  if (!isNumbered) return [...statements];
  return [...statements].sort(
    (one, other) => compare(one.year, other.year) || (one.sequence ?? 0) - (other.sequence ?? 0) || one.page - other.page,
  );
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function gapBetween(previous: AcceptedStatement, next: AcceptedStatement): StatementGap[] {
  const { account, currency } = next;
  const place = { account, currency, after: previous.statementId, before: next.statementId };
  const missing = missingBetween(previous, next);
  if (missing !== undefined) return [{ ...place, kind: 'number_missing', detail: missing }];
  if (previous.closingMinor === next.openingMinor) return [];
  const detail = `closed with ${previous.closingMinor} on ${previous.closingOn}, opens with ${next.openingMinor} on ${next.openingOn}`;
  return [{ ...place, kind: 'balance_differs', detail }];
}

/** Most banks begin again with 1 each year: over a year's end only the balances tell. */
function missingBetween(previous: AcceptedStatement, next: AcceptedStatement): string | undefined {
  if (previous.sequence === undefined || next.sequence === undefined || previous.year !== next.year) return undefined;
  const [first, last] = [previous.sequence + 1, next.sequence - 1];
  if (first > last) return undefined;
  return first === last ? `number ${first} is missing` : `numbers ${first} to ${last} are missing`;
}
