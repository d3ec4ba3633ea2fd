import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { and, asc, count, eq, isNotNull, ne } from 'drizzle-orm';
import { exchanges, type ExchangeStatus } from './fx.tables.js';
import { partyModels } from './model.tables.js';
import { coverGains } from './payout.tables.js';
import type { RowOf } from './settlement.rows.js';
import { settlements } from './settlement.tables.js';

/** What a process reads of its own projection to exchange currencies. */
export class FxQueries {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** In which other currency each party is paid what it has in a currency. */
  async payIn(currency: string): Promise<ReadonlyMap<string, string>> {
    const isOther = and(eq(partyModels.currency, currency), isNotNull(partyModels.payIn));
    const rows = await this.#database.select({ party: partyModels.party, payIn: partyModels.payIn }).from(partyModels).where(isOther);
    return new Map(rows.flatMap(({ party, payIn }) => (payIn === null ? [] : [[party, payIn]])));
  }

  exchangesOf(settlementId: string): Promise<RowOf<'exchanges'>[]> {
    return this.#database.select().from(exchanges).where(eq(exchanges.settlementId, settlementId)).orderBy(asc(exchanges.party));
  }

  /** Position of the journal's newest event since which clients' money of a currency may be covered; 0 before the first. */
  async lastCoverGain(currency: string): Promise<bigint> {
    const [row] = await this.#database.select().from(coverGains).where(eq(coverGains.currency, currency));
    return row?.position ?? 0n;
  }

  /** How many exchanges of settlements that were not aborted are in which state. */
  counts(): Promise<{ status: ExchangeStatus; currency: string; payIn: string; count: number }[]> {
    const { status, currency, payIn } = exchanges;
    return this.#database
      .select({ status, currency, payIn, count: count() })
      .from(exchanges)
      .innerJoin(settlements, and(eq(settlements.settlementId, exchanges.settlementId), ne(settlements.status, 'aborted')))
      .groupBy(status, currency, payIn);
  }
}
