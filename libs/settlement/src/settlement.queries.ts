import type { SettlementModelSet } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { and, asc, count, eq, getTableColumns, gt, inArray, isNotNull, isNull, lte, ne, notInArray, or, sql as text } from 'drizzle-orm';
import { AssignedModels } from './assignment.history.js';
import { models, partyModels } from './model.tables.js';
import type { Obligation } from './obligation.calculate.js';
import { mostReleases, type DueReserve, type ReserveBase } from './reserve.calculate.js';
import type { CarriedAmount } from './settlement.calculate.js';
import type { PartyNet } from './settlement.compare.js';
import type { RowOf } from './settlement.rows.js';
import {
  carries,
  currentWindows,
  ledgerProgress,
  logProgress,
  mendings,
  obligations,
  payouts,
  reserveBases,
  reserves,
  settlements,
  windowNets,
  windows,
} from './settlement.tables.js';

/** Payouts that the ledger holds money for. */
const notInstructed = ['held', 'awaiting_proof', 'awaiting_funds', 'awaiting_account'];

/** What a process reads of its own projection to decide its next step. */
export class SettlementQueries {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** Windows that take in what comes now, by the projection; a model and currency that has seen nothing yet has none. */
  currentWindows(): Promise<RowOf<'currentWindows'>[]> {
    return this.#database.select().from(currentWindows);
  }

  /** Models that count; those whose first version nobody has approved are left out. */
  async models(): Promise<SettlementModelSet[]> {
    const rows = await this.#database.select({ current: models.current }).from(models).where(isNotNull(models.current));
    return rows.flatMap(({ current }) => (current ? [current] : []));
  }

  async partyModels(currency: string): Promise<AssignedModels> {
    const rows = await this.#database.select().from(partyModels).where(eq(partyModels.currency, currency));
    const windowIds = rows.flatMap(({ steps }) => steps.flatMap(({ lastWindowId }) => (lastWindowId === null ? [] : [lastWindowId])));
    const last = await this.windowsOf([...new Set(windowIds)]);
    return new AssignedModels(
      new Map(rows.map(({ party, steps }) => [party, steps])),
      new Map(last.flatMap(({ windowId, cutOff }) => (cutOff === null ? [] : [[windowId, cutOff] as const]))),
    );
  }

  /** In the order of their sequence. */
  windowsOf(windowIds: readonly string[]): Promise<RowOf<'windows'>[]> {
    return this.#database
      .select()
      .from(windows)
      .where(inArray(windows.windowId, [...windowIds]))
      .orderBy(asc(windows.sequence));
  }

  netsOf(windowIds: readonly string[]): Promise<PartyNet[]> {
    return this.#database
      .select()
      .from(windowNets)
      .where(inArray(windowNets.windowId, [...windowIds]));
  }

  obligationsOf(windowIds: readonly string[]): Promise<Obligation[]> {
    return this.#database
      .select()
      .from(obligations)
      .where(inArray(obligations.windowId, [...windowIds]));
  }

  carriesOf(model: string, currency: string): Promise<CarriedAmount[]> {
    const isAny = or(ne(carries.amountMinor, 0n), ne(carries.debitMinor, 0n));
    const mine = and(eq(carries.model, model), eq(carries.currency, currency), isAny);
    return this.#database.select().from(carries).where(mine);
  }

  /** Corrections that mend the postings of facts in a span of the log. */
  mendings(after: bigint, through: bigint): Promise<RowOf<'mendings'>[]> {
    return this.#database
      .select()
      .from(mendings)
      .where(and(gt(mendings.position, after), lte(mendings.position, through)))
      .orderBy(asc(mendings.entry));
  }

  /** What was withheld of each party in a currency so far. */
  reserveBasesOf(currency: string): Promise<ReserveBase[]> {
    return this.#database.select().from(reserveBases).where(eq(reserveBases.currency, currency));
  }

  /** Reserves that are due back at a time and that no settlement has; the oldest first, no more of a party than one settlement takes. */
  async dueReserves(currency: string, at: string): Promise<DueReserve[]> {
    const isDue = and(eq(reserves.currency, currency), isNull(reserves.releasedBy), lte(reserves.releaseAt, at));
    const place =
      text<number>`row_number() over (partition by ${reserves.party} order by ${reserves.releaseAt}, ${reserves.settlementId})`.as('place');
    const placed = this.#database
      .select({ ...getTableColumns(reserves), place })
      .from(reserves)
      .where(isDue)
      .as('placed');
    const rows = await this.#database
      .select()
      .from(placed)
      .where(lte(placed.place, mostReleases))
      .orderBy(asc(placed.party), asc(placed.place));
    return rows.map(({ settlementId, party, amountMinor }) => ({ settlementId, party, amountMinor: toSafeInteger(amountMinor) }));
  }

  /** How far the ledger has posted facts, in the journal that goes on; undefined before its first entry. */
  async ledgerProgress(journal: string): Promise<RowOf<'ledgerProgress'> | undefined> {
    const [row] = await this.#database.select().from(ledgerProgress).where(eq(ledgerProgress.journal, journal));
    return row;
  }

  /** Settlements with something left to do, aborted ones that still hold a window included. */
  async unfinishedSettlements(): Promise<string[]> {
    const claimed = this.#database.select({ id: windows.settlementId }).from(windows).where(eq(windows.state, 'settling'));
    const rows = await this.#database
      .select({ settlementId: settlements.settlementId })
      .from(settlements)
      .where(
        or(
          notInArray(settlements.status, ['marked', 'aborted']),
          and(eq(settlements.status, 'aborted'), inArray(settlements.settlementId, claimed)),
        ),
      )
      .orderBy(asc(settlements.requestedPosition));
    return rows.map(({ settlementId }) => settlementId);
  }

  payoutsOf(settlementId: string): Promise<RowOf<'payouts'>[]> {
    return this.#database.select().from(payouts).where(eq(payouts.settlementId, settlementId)).orderBy(asc(payouts.payoutId));
  }

  /** How many payouts and collections of a settlement have not come to their end, of so many. */
  async payoutsLeftOf(settlementId: string, asked: number): Promise<number> {
    const isAtEnd = and(eq(payouts.settlementId, settlementId), inArray(payouts.status, ['confirmed', 'carried']));
    const [row] = await this.#database.select({ payouts: count() }).from(payouts).where(isAtEnd);
    return asked - (row?.payouts ?? 0);
  }

  /** Settlements that are to be paid out, and whose books no checkpoint covers that counts as proof. */
  async unprovenSettlements(): Promise<Set<string>> {
    const [row] = await this.#database.select().from(logProgress);
    const rows = await this.#database
      .selectDistinct({ settlementId: payouts.settlementId })
      .from(payouts)
      .innerJoin(settlements, eq(settlements.settlementId, payouts.settlementId))
      .where(and(inArray(payouts.status, notInstructed), or(isNull(settlements.entries), gt(settlements.entries, row?.proven ?? 0))));
    return new Set(rows.map(({ settlementId }) => settlementId));
  }

  /** Payouts that wait for a proof, and how far the log is. */
  async awaitingProof(): Promise<{ payouts: number; signed: number; proven: number }> {
    const [waiting] = await this.#database.select({ payouts: count() }).from(payouts).where(eq(payouts.status, 'awaiting_proof'));
    const [row] = await this.#database.select().from(logProgress);
    return { payouts: waiting?.payouts ?? 0, signed: row?.signed ?? 0, proven: row?.proven ?? 0 };
  }

  settlementCounts(): Promise<{ status: string; count: number }[]> {
    return this.#database.select({ status: settlements.status, count: count() }).from(settlements).groupBy(settlements.status);
  }

  /**
   * By currency: how far the nets of unsettled windows are from what the ledger moved for the same facts, over all parties. Only of windows whose last
   * fact the ledger has posted; the others are compared once it has.
   */
  imbalances(): Promise<{ currency: string; imbalanceMinor: string }[]> {
    const { receivedMinor, paidMinor, ledgerMinor } = windowNets;
    return this.#database
      .select({ currency: windows.currency, imbalanceMinor: text<string>`sum(abs(${receivedMinor} - ${paidMinor} - ${ledgerMinor}))` })
      .from(windowNets)
      .innerJoin(windows, and(eq(windows.windowId, windowNets.windowId), ne(windows.state, 'settled')))
      .innerJoin(ledgerProgress, lte(windows.lastFact, ledgerProgress.sourcePosition))
      .groupBy(windows.currency);
  }
}
