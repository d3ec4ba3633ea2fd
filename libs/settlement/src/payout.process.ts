import type { BankEvent } from '@tongbao/contracts';
import { faultPoint, Outage, type EventStore } from '@tongbao/event-store';
import type { AnyOrders, BankOrder, OrderStep, StepAsked } from './bank-order.js';
import { bankStream } from './bank.pause.js';
import type { Bank } from './bank.js';
import type { OrderRow, PayoutQueries } from './payout.queries.js';
import { untilReached, type Follower } from '@tongbao/service';
import type { SettlementQueries } from './settlement.queries.js';
import { isWithdrawalId } from './withdrawal.js';

export interface PayoutProcessParts {
  store: EventStore;
  payouts: AnyOrders;
  withdrawals: AnyOrders;
  orders: PayoutQueries;
  queries: Pick<SettlementQueries, 'unprovenSettlements'>;
  projection: Follower;
  bank: Bank;
  /** How long the bank may take to answer before the outcome counts as unknown. */
  bankTimeoutMs: number;
  /** Whether a payout waits until the books that it comes from are proven; not when left out. */
  needProof?: boolean;
}

/** The bank did not answer, or could not be reached: whether it took an instruction is unknown until it says so. */
export class BankUnavailable extends Outage {
  override readonly name = 'BankUnavailable';
}

/** So many calls in a row without an answer: it is the bank that is down, and not this payee's account that it cannot take. */
const failuresOfADownBank = 3;

/**
 * Instructs payouts, collections and withdrawals, one after another: only one runner may work on a bank, so that instructions never pass the cash there.
 * The intent is an event before the call. An intent whose outcome is not known (after a crash, a timeout) is asked for at the bank by its key
 * before it is given again.
 */
export class PayoutProcess {
  /** Instructions that the bank is known to have taken; it is asked about the others, and after a restart about all that are open. */
  readonly #taken = new Map<string, number>();
  /** Position of the newest event that this has written. */
  #written = 0n;
  /** Orders to which something may have been appended without an answer. */
  readonly #doubtful = new Set<string>();
  #waitsForProof = false;
  #waitsForAccount = false;

  constructor(private readonly parts: PayoutProcessParts) {}

  /**
   * One round over everything that can be done now. The cash that it counts on is the projection's, so it begins when that has everything that was
   * written about payouts before. While the bank is paused it is given nothing, and asked about what it has.
   * @param position what else the projection must have
   * @throws BankUnavailable when an outcome is still unknown at the end of the round
   */
  async run(position: bigint): Promise<void> {
    const { orders, bank, projection } = this.parts;
    await this.#clearDoubts();
    await untilReached(projection, position > this.#written ? position : this.#written);
    for (const id of await orders.refusedBeforeCover(bank.name)) await this.askAgain(id);
    const isPaused = await this.#isPaused();
    const asking = new Round(failuresOfADownBank);
    await this.#askAboutOpenOnes(asking, isPaused);
    // One try is enough to see that it still is down; what it is asked about all the time may be what it cannot take, and holds up nothing else.
    const giving = new Round(asking.isBankDown ? 1 : failuresOfADownBank);
    if (!isPaused) await this.#instructAll(giving);
    const unavailable = giving.unavailable ?? asking.unavailable;
    if (unavailable) throw unavailable;
  }

  /** Whether some payout waits for a checkpoint. */
  get waitsForProof(): boolean {
    return this.#waitsForProof;
  }

  /** Whether some order waits for its party to have an account, which comes into force by itself. */
  get waitsForAccount(): boolean {
    return this.#waitsForAccount;
  }

  /** The bank has said something new of an instruction that it had taken: it is asked about it again. */
  reconsider(id: string): void {
    this.#taken.delete(id);
  }

  /**
   * Asks the ledger for leave once more.
   * @param asked who asks, where it is not the process itself
   * @param despite lines that named it and were refused, and that whoever asks has seen
   */
  askAgain(id: string, asked?: StepAsked, despite?: readonly string[]): Promise<OrderStep> {
    return this.#doing(id, (orders) => orders.askAgain(id, asked, despite));
  }

  /** Takes an operator's word for it that an instruction never will be carried out. What waits for the bank's next run does not go out with it. */
  async declareFailed(id: string, note: string, asked: StepAsked): Promise<OrderStep> {
    const order = await this.#ordersOf(id).load(id);
    if (order?.status === 'instructed') await this.parts.bank.giveUp?.(id, order.attempt, asked.actor, note);
    return this.#doing(id, (orders) => orders.declareFailed(id, note, asked));
  }

  async #instructAll(round: Round): Promise<void> {
    const { orders, queries, bank } = this.parts;
    const available = await orders.availableCash(bank.name);
    const open = await orders.toInstruct(bank.name);
    // Asked after them: of a payout that the ledger holds only now, what is unproven would not tell.
    const unproven = this.parts.needProof ? await queries.unprovenSettlements() : new Set<string>();
    this.#waitsForProof = false;
    this.#waitsForAccount = false;
    for (const row of open) {
      if (round.isBankDown || (await this.#isPaused())) return;
      await this.#instruct(row, available, unproven, round);
    }
  }

  async #instruct(
    { id, settlementId, currency }: OrderRow,
    available: Map<string, bigint>,
    unproven: ReadonlySet<string>,
    round: Round,
  ): Promise<void> {
    const availableMinor = available.get(currency) ?? 0n;
    const isProven = settlementId === undefined || !unproven.has(settlementId);
    const { order, refused } = await this.#doing(id, (orders) => orders.instruct(id, { isProven, availableMinor }));
    if (order?.status === 'awaiting_proof') this.#waitsForProof = true;
    if (order?.status === 'awaiting_account') this.#waitsForAccount = true;
    if (refused !== undefined || order?.status !== 'instructed') return;
    if (order.instruction.direction === 'payout') available.set(currency, availableMinor - BigInt(order.instruction.amountMinor));
    await round.attempt(() => this.#give(order));
  }

  /** One that the bank does not know was never given to it. */
  async #askAboutOpenOnes(round: Round, isPaused: boolean): Promise<void> {
    const { orders, bank } = this.parts;
    for (const id of await orders.open(bank.name)) {
      if (round.isBankDown) return;
      const order = await this.#ordersOf(id).load(id);
      if (order?.status !== 'instructed' || this.#taken.get(id) === order.attempt) continue;
      await round.attempt(async () => {
        const status = await this.#ask(() => bank.status(id, order.attempt));
        if (status !== 'unknown') await this.#learn(order, status);
        else if (!isPaused) await this.#give(order);
      });
    }
  }

  async #give(order: BankOrder): Promise<void> {
    const { bank } = this.parts;
    const call = `bankcall-${bank.name}`;
    faultPoint('before', call);
    const outcome = await this.#ask(() => bank.instruct(order.instruction));
    faultPoint('after', call);
    await this.#learn(order, outcome);
  }

  async #learn({ id, attempt }: BankOrder, outcome: 'accepted' | { rejected: string }): Promise<void> {
    if (outcome === 'accepted') this.#taken.set(id, attempt);
    else await this.#doing(id, (orders) => orders.fail(id, attempt, outcome.rejected));
  }

  /** Read from the stream itself: whoever was told that the bank is paused is sure of it. */
  async #isPaused(): Promise<boolean> {
    const last = await this.parts.store.readLast<BankEvent>(bankStream(this.parts.bank.name));
    return last?.event.type === 'PayoutsPaused';
  }

  #ordersOf(id: string): AnyOrders {
    return isWithdrawalId(id) ? this.parts.withdrawals : this.parts.payouts;
  }

  /** An append without an answer may have happened: where it is in the log, the stream tells. */
  async #clearDoubts(): Promise<void> {
    for (const id of this.#doubtful) {
      this.#wrote((await this.parts.store.readLast(this.#ordersOf(id).streamOf(id)))?.position);
      this.#doubtful.delete(id);
    }
  }

  async #doing(id: string, step: (orders: AnyOrders) => Promise<OrderStep>): Promise<OrderStep> {
    this.#doubtful.add(id);
    const done = await step(this.#ordersOf(id));
    this.#doubtful.delete(id);
    this.#wrote(done.position);
    return done;
  }

  #wrote(position: bigint | undefined): void {
    if (position !== undefined && position > this.#written) this.#written = position;
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    const { bank, bankTimeoutMs } = this.parts;
    const late = AbortSignal.timeout(bankTimeoutMs);
    const timeout = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`no answer in ${bankTimeoutMs} ms`)), { once: true });
    });
    try {
      return await Promise.race([call(), timeout]);
    } catch (error) {
      throw new BankUnavailable(`the bank ${bank.name} did not answer`, { cause: error });
    }
  }
}

/** What the bank left unknown in a round. */
class Round {
  #inARow = 0;
  unavailable: BankUnavailable | undefined;

  constructor(private readonly most: number) {}

  get isBankDown(): boolean {
    return this.#inARow >= this.most;
  }

  /** Does the rest of the round though the bank did not answer for this one. */
  async attempt(call: () => Promise<void>): Promise<void> {
    try {
      await call();
      this.#inARow = 0;
    } catch (error) {
      if (!(error instanceof BankUnavailable)) throw error;
      this.unavailable = error;
      this.#inARow += 1;
    }
  }
}
