import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { Problem, toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, gt, lt, or } from 'drizzle-orm';
import { bilateralObligations } from './settlement.calculate.js';
import type { RowOf } from './settlement.rows.js';
import {
  logProgress,
  obligations,
  payouts,
  settlementObligations,
  settlementParties,
  settlements,
  windowNets,
  windows,
} from './settlement.tables.js';

export interface WindowFilter {
  currency?: string;
  state?: RowOf<'windows'>['state'];
}

/** Windows, settlements and payouts as the API shows them. Amounts are integers of minor units. */
export class SettlementViews {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** By currency, the newest first. */
  async windows({ currency, state }: WindowFilter, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(windows)
      .where(
        and(
          currency === undefined ? undefined : eq(windows.currency, currency),
          state === undefined ? undefined : eq(windows.state, state),
          after &&
            or(
              gt(windows.currency, after[0] ?? ''),
              and(eq(windows.currency, after[0] ?? ''), lt(windows.sequence, Number(integerOf(after[1])))),
            ),
        ),
      )
      .orderBy(asc(windows.currency), desc(windows.sequence))
      .limit(limit + 1);
    return toPage(rows, limit, (row) => [row.currency, row.sequence], windowSummary);
  }

  async window(windowId: string): Promise<object | undefined> {
    const [row] = await this.#database.select().from(windows).where(eq(windows.windowId, windowId));
    if (!row) return undefined;
    const nets = await this.#database.select().from(windowNets).where(eq(windowNets.windowId, windowId)).orderBy(asc(windowNets.party));
    const oneWay = await this.#database.select().from(obligations).where(eq(obligations.windowId, windowId));
    return { ...windowSummary(row), parties: nets.map(windowNet), obligations: bilateralObligations(oneWay) };
  }

  /** The newest first. */
  async settlements(currency: string | undefined, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(settlements)
      .where(
        and(
          currency === undefined ? undefined : eq(settlements.currency, currency),
          after && lt(settlements.requestedPosition, integerOf(after[0])),
        ),
      )
      .orderBy(desc(settlements.requestedPosition))
      .limit(limit + 1);
    return toPage(rows, limit, (row) => [row.requestedPosition], settlementSummary);
  }

  async settlement(settlementId: string): Promise<object | undefined> {
    const [row] = await this.#database.select().from(settlements).where(eq(settlements.settlementId, settlementId));
    if (!row) return undefined;
    const of = eq(settlementParties.settlementId, settlementId);
    const parties = await this.#database.select().from(settlementParties).where(of).orderBy(asc(settlementParties.party));
    const bilateral = await this.#database.select().from(settlementObligations).where(eq(settlementObligations.settlementId, settlementId));
    return {
      ...settlementSummary(row),
      proof: { entries: row.entries, ...(await this.#proven()) },
      ...(row.differences && { differences: row.differences }),
      parties: parties.map(partySettlement),
      obligations: bilateral.map(({ debtor, creditor, amountMinor }) => ({ debtor, creditor, amountMinor: toSafeInteger(amountMinor) })),
      payouts: await this.payouts(settlementId),
    };
  }

  /** How many entries of the books the transparency log covers. */
  async #proven(): Promise<{ signed: number; proven: number }> {
    const [row] = await this.#database.select().from(logProgress);
    return { signed: row?.signed ?? 0, proven: row?.proven ?? 0 };
  }

  async payouts(settlementId: string): Promise<object[]> {
    const rows = await this.#database.select().from(payouts).where(eq(payouts.settlementId, settlementId)).orderBy(asc(payouts.payoutId));
    return rows.map(payoutSummary);
  }
}

/** A number that a cursor carries: whoever sends it may have made it up. */
function integerOf(part: string | undefined): bigint {
  if (part !== undefined && /^\d{1,18}$/.test(part)) return BigInt(part);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}

function windowSummary(row: RowOf<'windows'>): object {
  const { windowId, model, currency, sequence, state, openedAt, closedAt, closedBy, cutOff, facts, settlementId } = row;
  return {
    windowId,
    model,
    currency,
    sequence,
    state,
    openedAt,
    closedAt,
    closedBy,
    cutOff: cutOff === null ? null : String(cutOff),
    facts,
    settlementId,
  };
}

function windowNet({ party, receivedMinor, paidMinor, sides, ledgerMinor, ledgerSides }: RowOf<'windowNets'>): object {
  return {
    party,
    receivedMinor: toSafeInteger(receivedMinor),
    paidMinor: toSafeInteger(paidMinor),
    netMinor: toSafeInteger(receivedMinor - paidMinor),
    sides,
    ledger: { netMinor: toSafeInteger(ledgerMinor), sides: ledgerSides },
  };
}

/** That its payments are told is progress of a settled settlement and no status of its own. */
function settlementSummary(row: RowOf<'settlements'>): object {
  const {
    settlementId,
    model,
    currency,
    status,
    windowIds,
    requestedBy,
    requestedAt,
    approvedBy,
    cutOff,
    facts,
    journalRevision,
    reason,
    settledAt,
    markedPayments,
  } = row;
  return {
    settlementId,
    model,
    currency,
    status: status === 'marked' ? 'settled' : status,
    windowIds,
    requestedBy,
    requestedAt,
    approvedBy,
    cutOff: cutOff === null ? null : String(cutOff),
    facts,
    journalRevision,
    reason,
    settledAt,
    paymentsTold: { count: markedPayments, done: status === 'marked' },
  };
}

function partySettlement(row: RowOf<'settlementParties'>): object {
  const { party, carriedInMinor, netMinor, payableMinor, action, carriedOutMinor, sides } = row;
  return {
    party,
    carriedInMinor: toSafeInteger(carriedInMinor),
    netMinor: toSafeInteger(netMinor),
    payableMinor: toSafeInteger(payableMinor),
    action,
    carriedOutMinor: toSafeInteger(carriedOutMinor),
    sides,
  };
}

function payoutSummary(row: RowOf<'payouts'>): object {
  const { payoutId, settlementId, party, direction, amountMinor, currency, bank, accountNumber, holder, status, attempt, code, lineId } =
    row;
  return {
    payoutId,
    settlementId,
    party,
    direction,
    amountMinor: toSafeInteger(amountMinor),
    currency,
    bank,
    accountNumber,
    holder,
    status,
    attempt,
    code,
    lineId,
  };
}
