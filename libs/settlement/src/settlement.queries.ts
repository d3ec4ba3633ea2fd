import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { and, asc, count, eq, gt, inArray, isNotNull, isNull, lt, lte, ne, notInArray, or, sql as text } from 'drizzle-orm';
import type { CarriedAmount, Obligation, PartyNet } from './settlement.calculate.js';
import type { RowOf } from './settlement.rows.js';
import {
  bankCash,
  carries,
  currentWindows,
  ledgerProgress,
  logProgress,
  obligations,
  payees,
  payouts,
  settlements,
  windowNets,
  windows,
} from './settlement.tables.js';

/** Payouts that the ledger holds money for. */
const notInstructed = ['held', 'awaiting_proof', 'awaiting_funds'];

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
    const mine = and(eq(carries.model, model), eq(carries.currency, currency), ne(carries.amountMinor, 0n));
    return this.#database.select().from(carries).where(mine);
  }

  /** Parties that have named a bank account. */
  async bankAccounts(): Promise<Map<string, { accountNumber: string; holder: string }>> {
    const rows = await this.#database.select().from(payees).where(isNotNull(payees.accountNumber));
    return new Map(rows.map(({ party, accountNumber, holder }) => [party, { accountNumber: accountNumber ?? '', holder: holder ?? '' }]));
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

  /** What may be instructed, in the order in which it was asked for: payouts that the ledger holds, and collections. */
  payoutsToInstruct(bank: string): Promise<RowOf<'payouts'>[]> {
    const held = inArray(payouts.status, notInstructed);
    const collection = and(eq(payouts.status, 'requested'), eq(payouts.direction, 'collection'));
    return this.#database
      .select()
      .from(payouts)
      .where(and(eq(payouts.bank, bank), or(held, collection)))
      .orderBy(asc(payouts.requestedPosition), asc(payouts.payoutId));
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

  /** Instructions whose end is not known. */
  async instructedPayouts(bank: string): Promise<string[]> {
    const rows = await this.#database
      .select({ payoutId: payouts.payoutId })
      .from(payouts)
      .where(and(eq(payouts.bank, bank), eq(payouts.status, 'instructed')))
      .orderBy(asc(payouts.requestedPosition), asc(payouts.payoutId));
    return rows.map(({ payoutId }) => payoutId);
  }

  /** Refused by the ledger before money last came in at the bank: worth asking again. */
  async refusedBeforeMoneyCame(bank: string): Promise<string[]> {
    const rows = await this.#database
      .select({ payoutId: payouts.payoutId })
      .from(payouts)
      .innerJoin(bankCash, and(eq(bankCash.bank, payouts.bank), eq(bankCash.currency, payouts.currency)))
      .where(and(eq(payouts.bank, bank), eq(payouts.status, 'refused'), lt(payouts.requestedPosition, bankCash.lastIncoming)));
    return rows.map(({ payoutId }) => payoutId);
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

  /** By currency: cash by the statement, less what is on its way out. */
  async availableCash(bank: string): Promise<Map<string, bigint>> {
    const rows = await this.#database.select().from(bankCash).where(eq(bankCash.bank, bank));
    return new Map(rows.map(({ currency, cashMinor, transitMinor }) => [currency, cashMinor - transitMinor]));
  }
}
