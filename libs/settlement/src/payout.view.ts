import { account } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { Problem, toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, inArray, lt, or, sql as text, type SQL } from 'drizzle-orm';
import type { RowOf } from './settlement.rows.js';
import { bankCash, bankLines, banks, deposits, payouts, withdrawals } from './payout.tables.js';

export interface PayoutFilter {
  status?: string;
  party?: string;
  currency?: string;
}

export interface WithdrawalFilter {
  status?: string;
  account?: string;
  /** What this platform asked for, and what it has prefunded. */
  platform?: string;
}

/** Payouts, withdrawals and the bank as the API shows them. Amounts are integers of minor units. */
export class PayoutViews {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** The newest first. */
  async payouts({ status, party, currency }: PayoutFilter, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(payouts)
      .where(
        and(
          status === undefined ? undefined : eq(payouts.status, status),
          party === undefined ? undefined : eq(payouts.party, party),
          currency === undefined ? undefined : eq(payouts.currency, currency),
          before(payouts.requestedPosition, payouts.payoutId, after),
        ),
      )
      .orderBy(desc(payouts.requestedPosition), desc(payouts.payoutId))
      .limit(limit + 1);
    return toPage(rows, limit, (row) => [row.requestedPosition, row.payoutId], shownPayout);
  }

  async payout(payoutId: string): Promise<object | undefined> {
    const [row] = await this.#database.select().from(payouts).where(eq(payouts.payoutId, payoutId));
    return row && { ...shownPayout(row), lines: await this.#linesOf(payoutId) };
  }

  /** The newest first. */
  async withdrawals(filter: WithdrawalFilter, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const { status, account: of, platform } = filter;
    const rows = await this.#database
      .select()
      .from(withdrawals)
      .where(
        and(
          status === undefined ? undefined : eq(withdrawals.status, status),
          of === undefined ? undefined : eq(withdrawals.account, of),
          platform === undefined ? undefined : ownedBy(platform),
          before(withdrawals.requestedPosition, withdrawals.withdrawalId, after),
        ),
      )
      .orderBy(desc(withdrawals.requestedPosition), desc(withdrawals.withdrawalId))
      .limit(limit + 1);
    return toPage(rows, limit, (row) => [row.requestedPosition, row.withdrawalId], shownWithdrawal);
  }

  async withdrawal(withdrawalId: string, platform?: string): Promise<object | undefined> {
    const mine = platform === undefined ? undefined : ownedBy(platform);
    const [row] = await this.#database
      .select()
      .from(withdrawals)
      .where(and(eq(withdrawals.withdrawalId, withdrawalId), mine));
    return row && { ...shownWithdrawal(row), lines: await this.#linesOf(withdrawalId) };
  }

  /** The bank, whether it is paused, and its money by currency: on the statement, on its way out, and waiting to be instructed. */
  async bank(bank: string): Promise<object> {
    const [pause] = await this.#database.select().from(banks).where(eq(banks.bank, bank));
    const cash = await this.#database.select().from(bankCash).where(eq(bankCash.bank, bank)).orderBy(asc(bankCash.currency));
    const waiting = await this.#waiting(bank);
    return {
      bank,
      paused: pause?.pausedBy ? { by: pause.pausedBy, at: pause.pausedAt, reason: pause.reason } : null,
      cash: cash.map(({ currency, cashMinor, transitMinor }) => ({
        currency,
        cashMinor: toSafeInteger(cashMinor),
        transitMinor: toSafeInteger(transitMinor),
        availableMinor: toSafeInteger(cashMinor - transitMinor),
        waitingMinor: toSafeInteger(waiting.get(currency) ?? 0n),
      })),
    };
  }

  /** Lines of the bank's statement, the newest first. */
  async lines(bank: string, matched: boolean | undefined, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const kind = text`${bankLines.match}->>'kind'`;
    const rows = await this.#database
      .select()
      .from(bankLines)
      .where(
        and(
          eq(bankLines.bank, bank),
          matched === undefined ? undefined : matched ? text`${kind} <> 'unmatched'` : text`${kind} = 'unmatched'`,
          after && lt(bankLines.sequence, Number(integerOf(after[0]))),
        ),
      )
      .orderBy(desc(bankLines.sequence))
      .limit(limit + 1);
    const assigned = await this.#depositsOf(rows.map(({ lineId }) => lineId));
    return toPage(
      rows,
      limit,
      (row) => [row.sequence],
      (row) => shownLine(row, assigned.get(row.lineId)),
    );
  }

  async #depositsOf(lineIds: string[]): Promise<Map<string, RowOf<'deposits'>>> {
    if (lineIds.length === 0) return new Map();
    const rows = await this.#database.select().from(deposits).where(inArray(deposits.lineId, lineIds));
    return new Map(rows.map((row) => [row.lineId, row]));
  }

  /** Lines that say they are of a payout or withdrawal, whether that holds or not. */
  async #linesOf(key: string): Promise<object[]> {
    const rows = await this.#database.select().from(bankLines).where(eq(bankLines.key, key)).orderBy(asc(bankLines.sequence));
    return rows.map((row) => shownLine(row, undefined));
  }

  /** By currency: what leaves the bank when it can. */
  async #waiting(bank: string): Promise<Map<string, bigint>> {
    const statuses = ['requested', 'held', 'awaiting_proof', 'awaiting_funds', 'awaiting_account'];
    const sum = text<string>`coalesce(sum(amount_minor), 0)::text`;
    const ofPayouts = await this.#database
      .select({ currency: payouts.currency, sum })
      .from(payouts)
      .where(and(eq(payouts.bank, bank), eq(payouts.direction, 'payout'), inArray(payouts.status, statuses)))
      .groupBy(payouts.currency);
    const ofWithdrawals = await this.#database
      .select({ currency: withdrawals.currency, sum })
      .from(withdrawals)
      .where(and(eq(withdrawals.bank, bank), inArray(withdrawals.status, statuses)))
      .groupBy(withdrawals.currency);
    const waiting = new Map<string, bigint>();
    for (const { currency, sum: amount } of [...ofPayouts, ...ofWithdrawals])
      waiting.set(currency, (waiting.get(currency) ?? 0n) + BigInt(amount));
    return waiting;
  }
}

const ownedBy = (platform: string): SQL | undefined =>
  or(eq(withdrawals.requestedBy, platform), eq(withdrawals.account, account.liquidity(platform)));

type PositionColumn = typeof payouts.requestedPosition | typeof withdrawals.requestedPosition;
type IdColumn = typeof payouts.payoutId | typeof withdrawals.withdrawalId;

/** Rows behind the last one of a page: several orders may have been asked for at one place of the log. */
function before(position: PositionColumn, id: IdColumn, after: string[] | undefined): SQL | undefined {
  if (!after) return undefined;
  const at = integerOf(after[0]);
  return or(lt(position, at), and(eq(position, at), lt(id, after[1] ?? '')));
}

/** A number that a cursor carries: whoever sends it may have made it up. */
function integerOf(part: string | undefined): bigint {
  if (part !== undefined && /^\d{1,18}$/.test(part)) return BigInt(part);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}

function shownPayout(row: RowOf<'payouts'>): object {
  const { payoutId, settlementId, party, direction } = row;
  return { payoutId, settlementId, party, direction, ...shownOrder(row) };
}

function shownWithdrawal(row: RowOf<'withdrawals'>): object {
  const { withdrawalId, account: from, requestedBy, approvedBy } = row;
  return { withdrawalId, account: from, requestedBy, approvedBy, ...shownOrder(row) };
}

/** What payouts and withdrawals have in common. */
function shownOrder(row: RowOf<'payouts'> | RowOf<'withdrawals'>): object {
  const { amountMinor, currency, bank, accountNumber, holder, route, status, attempt, code, note, lineId, requestedAt, instructedAt } = row;
  const money = { amountMinor: toSafeInteger(amountMinor), currency };
  return { ...money, bank, accountNumber, holder, route, status, attempt, code, note, lineId, requestedAt, instructedAt };
}

function shownLine({ amountMinor, ...rest }: RowOf<'bankLines'>, deposit: RowOf<'deposits'> | undefined): object {
  const assignment = deposit && {
    party: deposit.party,
    status: deposit.status,
    proposalId: deposit.proposalId,
    proposedBy: deposit.proposedBy,
    note: deposit.note,
    decidedBy: deposit.decidedBy,
  };
  return { ...rest, amountMinor: toSafeInteger(amountMinor), ...(assignment && { assignment }) };
}
