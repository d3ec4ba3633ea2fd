import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { and, asc, count, eq, inArray, isNotNull, lt, or } from 'drizzle-orm';
import { PayeeAccounts } from './payee.accounts.js';
import type { RowOf } from './settlement.rows.js';
import { bankCash, bankLines, banks, coverGains, payeeAccounts, payees, payouts, withdrawals } from './payout.tables.js';

/** A payout, collection or withdrawal, as far as its runner needs it to take them in their order. */
export interface OrderRow {
  id: string;
  /** Of a payout or collection. */
  settlementId?: string;
  currency: string;
  position: bigint;
}

/** Refusals that end when money moves. An account that is frozen or closed waits for somebody. */
const ends = ['client_money_not_covered', 'insufficient_funds'];
const heldPayout = ['held', 'awaiting_proof', 'awaiting_funds', 'awaiting_account'];
const heldWithdrawal = ['held', 'awaiting_funds', 'awaiting_account'];

/** What the process that instructs a bank reads of its own projection. */
export class PayoutQueries {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** Where each party is paid at a time. */
  async accountsAt(at: string): Promise<PayeeAccounts> {
    return new PayeeAccounts(await this.#database.select().from(payeeAccounts), at);
  }

  /** Whether somebody has registered it. */
  async isPayee(party: string): Promise<boolean> {
    const rows = await this.#database.select({ party: payees.party }).from(payees).where(eq(payees.party, party));
    return rows.length > 0;
  }

  /**
   * What may be instructed, in the order in which it was asked for: what the ledger holds money for, and collections. A withdrawal also needs somebody's
   * leave.
   */
  async toInstruct(bank: string): Promise<OrderRow[]> {
    const collection = and(eq(payouts.status, 'requested'), eq(payouts.direction, 'collection'));
    const payable = and(eq(payouts.bank, bank), or(inArray(payouts.status, heldPayout), collection));
    const approved = and(eq(withdrawals.bank, bank), inArray(withdrawals.status, heldWithdrawal), isNotNull(withdrawals.approvedBy));
    return inOrder(
      await this.#database.select().from(payouts).where(payable).orderBy(asc(payouts.payoutId)),
      await this.#database.select().from(withdrawals).where(approved).orderBy(asc(withdrawals.withdrawalId)),
    );
  }

  /** Instructions whose end is not known. */
  async open(bank: string): Promise<string[]> {
    const rows = inOrder(
      await this.#database
        .select()
        .from(payouts)
        .where(and(eq(payouts.bank, bank), eq(payouts.status, 'instructed')))
        .orderBy(asc(payouts.payoutId)),
      await this.#database
        .select()
        .from(withdrawals)
        .where(and(eq(withdrawals.bank, bank), eq(withdrawals.status, 'instructed')))
        .orderBy(asc(withdrawals.withdrawalId)),
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Refused by the ledger before clients' money gained cover: worth asking again. A withdrawal only where clients' money was not covered: one that its
   * account cannot pay must not be paid, to everybody's surprise, weeks later.
   */
  async refusedBeforeCover(bank: string): Promise<string[]> {
    const uncovered = and(eq(withdrawals.status, 'refused'), eq(withdrawals.code, 'client_money_not_covered'));
    const [refusedPayouts, refusedWithdrawals] = [
      await this.#database
        .select({ id: payouts.payoutId })
        .from(payouts)
        .innerJoin(coverGains, eq(coverGains.currency, payouts.currency))
        .where(
          and(
            eq(payouts.bank, bank),
            eq(payouts.status, 'refused'),
            inArray(payouts.code, ends),
            lt(payouts.requestedPosition, coverGains.position),
          ),
        )
        .orderBy(asc(payouts.requestedPosition)),
      await this.#database
        .select({ id: withdrawals.withdrawalId })
        .from(withdrawals)
        .innerJoin(coverGains, eq(coverGains.currency, withdrawals.currency))
        .where(and(eq(withdrawals.bank, bank), uncovered, lt(withdrawals.requestedPosition, coverGains.position)))
        .orderBy(asc(withdrawals.requestedPosition)),
    ];
    return [...refusedPayouts, ...refusedWithdrawals].map(({ id }) => id);
  }

  /** By currency: cash by the statement, less what is on its way out. */
  async availableCash(bank: string): Promise<Map<string, bigint>> {
    const rows = await this.#database.select().from(bankCash).where(eq(bankCash.bank, bank));
    return new Map(rows.map(({ currency, cashMinor, transitMinor }) => [currency, cashMinor - transitMinor]));
  }

  async counts(): Promise<{ kind: 'payout' | 'collection' | 'withdrawal'; status: string; count: number }[]> {
    const { direction: kind, status } = payouts;
    const ofPayouts = await this.#database.select({ kind, status, count: count() }).from(payouts).groupBy(kind, status);
    const ofWithdrawals = await this.#database
      .select({ status: withdrawals.status, count: count() })
      .from(withdrawals)
      .groupBy(withdrawals.status);
    return [...ofPayouts, ...ofWithdrawals.map((row) => ({ kind: 'withdrawal' as const, ...row }))];
  }

  /** Banks that are given nothing at present. */
  pausedBanks(): Promise<RowOf<'banks'>[]> {
    return this.#database.select().from(banks).where(isNotNull(banks.pausedBy)).orderBy(asc(banks.bank));
  }

  /** A line of a bank's statement. */
  async line(bank: string, lineId: string): Promise<RowOf<'bankLines'> | undefined> {
    const [row] = await this.#database
      .select()
      .from(bankLines)
      .where(and(eq(bankLines.bank, bank), eq(bankLines.lineId, lineId)));
    return row;
  }
}

/** Both kinds in the order of the log. */
function inOrder(ofSettlements: RowOf<'payouts'>[], ofAccounts: RowOf<'withdrawals'>[]): OrderRow[] {
  return [
    ...ofSettlements.map(({ payoutId: id, settlementId, currency, requestedPosition: position }) => ({
      id,
      settlementId,
      currency,
      position,
    })),
    ...ofAccounts.map(({ withdrawalId: id, currency, requestedPosition: position }) => ({ id, currency, position })),
  ].sort((one, other) => Number(one.position - other.position));
}
