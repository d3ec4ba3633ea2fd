import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { Problem, toPage, type Page } from '@tongbao/service';
import { and, desc, eq, gt, isNull, lt, sql as text } from 'drizzle-orm';
import { exchanges, fxQuotes, type ExchangeStatus } from './fx.tables.js';
import { rateText } from './fx-rate.js';
import type { RowOf } from './settlement.rows.js';
import { settlements } from './settlement.tables.js';

export interface QuoteFilter {
  from?: string | undefined;
  to?: string | undefined;
}

export interface ExchangeFilter {
  status?: ExchangeStatus | undefined;
  settlementId?: string | undefined;
  party?: string | undefined;
  currency?: string | undefined;
}

/** Quotes and exchanges, as the API shows them. */
export class FxViews {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** The newest first. @param counting those alone that count at a time */
  async quotes({ from, to }: QuoteFilter, counting: string | undefined, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const newest = text`not exists (select 1 from settlement.fx_quotes later where later.from_currency = ${fxQuotes.from}
      and later.to_currency = ${fxQuotes.to} and later.position > ${fxQuotes.position})`;
    const rows = await this.#database
      .select()
      .from(fxQuotes)
      .where(
        and(
          from === undefined ? undefined : eq(fxQuotes.from, from),
          to === undefined ? undefined : eq(fxQuotes.to, to),
          counting === undefined ? undefined : and(isNull(fxQuotes.withdrawnBy), gt(fxQuotes.expiresAt, counting), newest),
          after && lt(fxQuotes.position, positionIn(after)),
        ),
      )
      .orderBy(desc(fxQuotes.position))
      .limit(limit + 1);
    return toPage(rows, limit, ({ position }) => [position], quoteView);
  }

  /** The newest first. */
  async exchanges(filter: ExchangeFilter, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const { status, settlementId, party, currency } = filter;
    const rows = await this.#database
      .select({ exchange: exchanges, settlement: settlements.status })
      .from(exchanges)
      .innerJoin(settlements, eq(settlements.settlementId, exchanges.settlementId))
      .where(
        and(
          status && eq(exchanges.status, status),
          settlementId === undefined ? undefined : eq(exchanges.settlementId, settlementId),
          party === undefined ? undefined : eq(exchanges.party, party),
          currency === undefined ? undefined : eq(exchanges.currency, currency),
          after && text`(${exchanges.position}, ${exchanges.party}) < (${positionIn(after)}, ${after[1] ?? ''})`,
        ),
      )
      .orderBy(desc(exchanges.position), desc(exchanges.party))
      .limit(limit + 1);
    return toPage(
      rows,
      limit,
      ({ exchange }) => [exchange.position, exchange.party],
      ({ exchange, settlement }) => exchangeView(exchange, settlement === 'aborted'),
    );
  }

  /** What a settlement pays in other currencies. */
  async ofSettlement(settlementId: string, isAborted: boolean): Promise<object[]> {
    const rows = await this.#database.select().from(exchanges).where(eq(exchanges.settlementId, settlementId)).orderBy(exchanges.party);
    return rows.map((row) => exchangeView(row, isAborted));
  }
}

/** A number that a cursor carries: whoever sends it may have made it up. */
function positionIn([part]: string[]): bigint {
  if (part !== undefined && /^\d{1,18}$/.test(part)) return BigInt(part);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}

function quoteView({ rateUnits, rateScale, position, ...row }: RowOf<'fxQuotes'>): object {
  const { quoteId, from, to, source, by, quotedAt, expiresAt, withdrawnBy, reason } = row;
  const rate = rateText({ rateUnits: toSafeInteger(rateUnits), rateScale });
  const withdrawn = withdrawnBy === null ? {} : { withdrawn: { by: withdrawnBy, reason } };
  return { quoteId, from, to, rate, source, by, quotedAt, expiresAt, ...withdrawn, at: String(position) };
}

/** `released`: its settlement was aborted, and nothing was exchanged. */
function exchangeView(row: RowOf<'exchanges'>, isAborted: boolean): object {
  const { settlementId, party, status, code, soldMinor, currency, payIn, quoteId, rate, boughtMinor } = row;
  const sold = { amountMinor: toSafeInteger(soldMinor), currency };
  return {
    ...{ settlementId, party, status: isAborted ? 'released' : status, code, sold, payIn },
    ...(boughtMinor !== null && { bought: { amountMinor: toSafeInteger(boughtMinor), currency: payIn }, rate, quoteId }),
    ...(row.roundingNumerator !== null && {
      rounding: { numerator: Number(row.roundingNumerator), denominator: Number(row.roundingDenominator) },
    }),
  };
}
