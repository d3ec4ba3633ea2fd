import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { Problem, toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, lt, or } from 'drizzle-orm';
import type { RowOf } from './settlement.rows.js';
import { directObligations } from './settlement.tables.js';

export interface ObligationFilter {
  status?: string;
  settlementId?: string;
  currency?: string;
  /** Owes or is owed. */
  party?: string;
}

/** What platforms pay each other directly, as the API shows it. Amounts are integers of minor units. */
export class ObligationViews {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** The newest first. */
  async list(
    { status, settlementId, currency, party }: ObligationFilter,
    limit: number,
    after: string[] | undefined,
  ): Promise<Page<object>> {
    const { debtor, creditor, duePosition } = directObligations;
    const rows = await this.#database
      .select()
      .from(directObligations)
      .where(
        and(
          status === undefined ? undefined : eq(directObligations.status, statusOf(status)),
          settlementId === undefined ? undefined : eq(directObligations.settlementId, settlementId),
          currency === undefined ? undefined : eq(directObligations.currency, currency),
          party === undefined ? undefined : or(eq(debtor, party), eq(creditor, party)),
          after && lt(duePosition, positionOf(after[0])),
        ),
      )
      .orderBy(desc(duePosition))
      .limit(limit + 1);
    return toPage(rows, limit, (row) => [row.duePosition], obligationView);
  }

  async one(obligationId: string): Promise<RowOf<'directObligations'> | undefined> {
    const [row] = await this.#database.select().from(directObligations).where(eq(directObligations.obligationId, obligationId));
    return row;
  }

  async ofSettlement(settlementId: string): Promise<RowOf<'directObligations'>[]> {
    return this.#database
      .select()
      .from(directObligations)
      .where(eq(directObligations.settlementId, settlementId))
      .orderBy(asc(directObligations.obligationId));
  }
}

export function obligationView(row: RowOf<'directObligations'>): object {
  const { obligationId, settlementId, debtor, creditor, amountMinor, currency, status, dueAt, outcome, reportedBy, confirmedBy, note } =
    row;
  return {
    ...{ obligationId, settlementId, debtor, creditor, amountMinor: toSafeInteger(amountMinor), currency, status, dueAt },
    ...{ outcome, reportedBy, confirmedBy, note },
  };
}

const statuses = ['due', 'reported', 'paid', 'carried'] as const;

function statusOf(status: string): (typeof statuses)[number] {
  const found = statuses.find((each) => each === status);
  if (!found) throw new Problem('invalid', `status must be one of ${statuses.join(', ')}.`, 'status');
  return found;
}

/** A number that a cursor carries: whoever sends it may have made it up. */
function positionOf(part: string | undefined): bigint {
  if (part !== undefined && /^\d{1,18}$/.test(part)) return BigInt(part);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}
