import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, desc, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { ageCuts, ageOf } from './ages.js';
import { positionIn } from './cursor.js';
import type { RowOf } from './reconciliation.rows.js';
import { bankLines, providerPayouts } from './reconciliation.tables.js';

export interface BankLineFilter {
  bank?: string | undefined;
  status?: RowOf<'bankLines'>['status'] | undefined;
  currency?: string | undefined;
}

/** Lines of our bank that wait to be explained, and what providers paid out, as the API shows them. */
export class BankLineViews {
  readonly #database: Database;

  constructor(client: SqlClient) {
    this.#database = drizzleOver(client);
  }

  /** The newest first. */
  async unmatched(
    { bank, status, currency }: BankLineFilter,
    now: Date,
    limit: number,
    after: string[] | undefined,
  ): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(bankLines)
      .where(
        and(
          isNull(bankLines.provider),
          bank === undefined ? undefined : eq(bankLines.bank, bank),
          status === undefined ? undefined : eq(bankLines.status, status),
          currency === undefined ? undefined : eq(bankLines.currency, currency),
          after && lt(bankLines.position, positionIn(after[0])),
        ),
      )
      .orderBy(desc(bankLines.position))
      .limit(limit + 1);
    return toPage(
      rows,
      limit,
      ({ position }) => [position],
      (row) => lineSummary(row, now),
    );
  }

  async line(bank: string, lineId: string, now: Date): Promise<object | undefined> {
    const [row] = await this.#database
      .select()
      .from(bankLines)
      .where(and(eq(bankLines.bank, bank), eq(bankLines.lineId, lineId), isNull(bankLines.provider)));
    return row && lineSummary(row, now);
  }

  /** What a provider paid out by its bills, the newest first, with the line of our bank that it is. */
  async payouts(
    { provider, open }: { provider?: string | undefined; open?: boolean | undefined },
    limit: number,
    after: string[] | undefined,
  ): Promise<Page<object>> {
    const [paidBefore = ''] = after ?? [];
    const rows = await this.#database
      .select()
      .from(providerPayouts)
      .where(
        and(
          provider === undefined ? undefined : eq(providerPayouts.provider, provider),
          open === undefined ? undefined : open ? isNull(providerPayouts.lineId) : isNotNull(providerPayouts.lineId),
          after && lt(orderOf, paidBefore),
        ),
      )
      .orderBy(desc(orderOf))
      .limit(limit + 1);
    return toPage(rows, limit, ({ paidAt, provider: paidBy, providerRef }) => [`${paidAt} ${paidBy} ${providerRef}`], payoutSummary);
  }
}

/** Newest last, and each once. */
const orderOf = sql<string>`(${providerPayouts.paidAt} || ' ' || ${providerPayouts.provider} || ' ' || ${providerPayouts.providerRef})`;

function lineSummary(row: RowOf<'bankLines'>, now: Date): object {
  const { bank, lineId, status, currency, reference, reason, bookedAt, proposal, account, note, explainedBy, explainedAt } = row;
  const age = ageOf(ageCuts(now).filter((cut) => bookedAt < cut).length);
  return {
    ...{ bank, lineId, status, amountMinor: toSafeInteger(row.amountMinor), currency, reference, reason, bookedAt, age },
    ...{ proposal, account, note, explainedBy, explainedAt },
  };
}

function payoutSummary(row: RowOf<'providerPayouts'>): object {
  const { provider, providerRef, amountMinor, currency, paidAt, billId, bank, lineId, matchedAt } = row;
  return { provider, providerRef, amountMinor: toSafeInteger(amountMinor), currency, paidAt, billId, bank, lineId, matchedAt };
}
