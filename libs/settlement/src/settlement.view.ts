import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { Problem, toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, gt, inArray, lt, or } from 'drizzle-orm';
import { bilateralObligations } from './obligation.calculate.js';
import type { RowOf } from './settlement.rows.js';
import { FxViews } from './fx.view.js';
import {
  calculationSlices,
  directObligations,
  liquidityDraws,
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
  model?: string;
  currency?: string;
  state?: RowOf<'windows'>['state'];
}

/** Windows, settlements and payouts as the API shows them. Amounts are integers of minor units. */
export class SettlementViews {
  readonly #database: Database;
  readonly #fx: FxViews;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
    this.#fx = new FxViews(sql);
  }

  /** By currency, the newest first; where models have windows of one number, by model. */
  async windows({ model, currency, state }: WindowFilter, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(windows)
      .where(
        and(
          model === undefined ? undefined : eq(windows.model, model),
          currency === undefined ? undefined : eq(windows.currency, currency),
          state === undefined ? undefined : eq(windows.state, state),
          after &&
            or(
              gt(windows.currency, after[0] ?? ''),
              and(
                eq(windows.currency, after[0] ?? ''),
                or(
                  lt(windows.sequence, Number(integerOf(after[1]))),
                  and(eq(windows.sequence, Number(integerOf(after[1]))), gt(windows.model, after[2] ?? '')),
                ),
              ),
            ),
        ),
      )
      .orderBy(asc(windows.currency), desc(windows.sequence), asc(windows.model))
      .limit(limit + 1);
    return toPage(rows, limit, (row) => [row.currency, row.sequence, row.model], windowSummary);
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
      paymentsTold: await this.#told(row),
      proof: { entries: row.entries, ...(await this.#proven()) },
      ...(row.differences && { differences: row.differences, differing: row.differing }),
      parties: parties.map(partySettlement),
      obligations: bilateral.map(({ debtor, creditor, amountMinor }) => ({ debtor, creditor, amountMinor: toSafeInteger(amountMinor) })),
      ...(await this.#direct(settlementId)),
      payouts: await this.payouts(settlementId),
      draws: await this.#draws(settlementId),
      exchanges: await this.#fx.ofSettlement(settlementId, row.status === 'aborted'),
    };
  }

  /** What platforms are to pay each other, where there is anything. Before its settlement pays, such a debt is only calculated. */
  async #direct(settlementId: string): Promise<object> {
    const mine = eq(calculationSlices.settlementId, settlementId);
    const slices = await this.#database
      .select({ direct: calculationSlices.direct })
      .from(calculationSlices)
      .where(mine)
      .orderBy(asc(calculationSlices.slice));
    const calculated = slices.flatMap(({ direct }) => direct ?? []);
    if (calculated.length === 0) return {};
    const due = await this.#database.select().from(directObligations).where(eq(directObligations.settlementId, settlementId));
    const statuses = new Map(due.map(({ obligationId, status }) => [obligationId, status]));
    return { direct: calculated.map((each) => ({ ...each, status: statuses.get(each.obligationId) ?? 'calculated' })) };
  }

  /** How far its payments have been told; in percent of the span of the log that has them. */
  async #told({ windowIds, cutOff, markedPayments, markedThrough, status }: RowOf<'settlements'>): Promise<object> {
    const done = status === 'marked';
    if (cutOff === null) return { count: markedPayments, done, percent: 0 };
    const [first] = await this.#database
      .select()
      .from(windows)
      .where(inArray(windows.windowId, windowIds))
      .orderBy(asc(windows.sequence))
      .limit(1);
    const after = first?.afterPosition ?? 0n;
    const percent = done ? 100 : markedThrough <= after ? 0 : Number(((markedThrough - after) * 100n) / (cutOff - after));
    return { count: markedPayments, done, percent };
  }

  /** What is collected from what parties have prefunded. */
  async #draws(settlementId: string): Promise<object[]> {
    const mine = eq(liquidityDraws.settlementId, settlementId);
    const rows = await this.#database.select().from(liquidityDraws).where(mine).orderBy(asc(liquidityDraws.drawId));
    return rows.map(({ drawId, party, amountMinor, currency, status, code }) => ({
      ...{ drawId, party, amountMinor: toSafeInteger(amountMinor), currency, status, code },
    }));
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
    modelVersion,
    movedMinor,
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
    modelVersion,
    movedMinor: toSafeInteger(movedMinor),
    approvedBy,
    cutOff: cutOff === null ? null : String(cutOff),
    facts,
    journalRevision,
    reason,
    settledAt,
    paymentsTold: { count: markedPayments, done: status === 'marked' },
  };
}

/** Payable = carried in + net - direct - withheld + released. */
function partySettlement(row: RowOf<'settlementParties'>): object {
  const { party, action, sides, reserve, legs, collectBy, carriedTo, payIn } = row;
  return {
    party,
    carriedInMinor: toSafeInteger(row.carriedInMinor),
    netMinor: toSafeInteger(row.netMinor),
    directMinor: toSafeInteger(row.directMinor),
    withheldMinor: toSafeInteger(row.withheldMinor),
    releasedMinor: toSafeInteger(row.releasedMinor),
    payableMinor: toSafeInteger(row.payableMinor),
    action,
    carriedOutMinor: toSafeInteger(row.carriedOutMinor),
    sides,
    ...(reserve && { reserve }),
    ...(legs && { legs }),
    ...(collectBy && { collectBy }),
    ...(carriedTo !== null && { carriedTo }),
    ...(payIn !== null && { payIn }),
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
