import type { PayoutEvent } from '@tongbao/contracts';
import { handle, load, Outage, type EventStore, type Handled } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import type { Bank, BankInstruction } from './bank.js';
import { untilReached, type Follower } from './projection-follower.js';
import { decidePayout, type PayoutCommand, type PayoutRefusal } from './payout.decide.js';
import { payoutFold, payoutStream, type Payout, type PayoutState } from './payout.js';
import type { SettlementQueries } from './settlement.queries.js';

export interface PayoutProcessParts {
  store: EventStore;
  queries: SettlementQueries;
  projection: Follower;
  bank: Bank;
  clock: Clock;
  /** How long the bank may take to answer before the outcome counts as unknown. */
  bankTimeoutMs: number;
  /** Whether a payout waits until the books that it comes from are proven; not when left out. */
  needProof?: boolean;
}

/** The bank did not answer, or could not be reached: whether it took an instruction is unknown until it says so. */
export class BankUnavailable extends Outage {
  override readonly name = 'BankUnavailable';
}

/**
 * Instructs payouts and collections, one after another: only one runner may work on a bank, so that instructions never pass the cash there.
 * The intent is an event before the call. An intent whose outcome is not known (after a crash, a timeout) is asked for at the bank by its key
 * before it is given again.
 */
export class PayoutProcess {
  /** Instructions that the bank is known to have taken; it is asked about the others, and after a restart about all that are open. */
  readonly #taken = new Set<string>();
  /** Position of the newest event that this has written. */
  #written = 0n;
  /** Payouts to which something may have been appended without an answer. */
  readonly #doubtful = new Set<string>();
  #waitsForProof = false;

  constructor(private readonly parts: PayoutProcessParts) {}

  /**
   * One round over everything that can be done now. The cash that it counts on is the projection's, so it begins when that has everything that was
   * written about payouts before.
   * @param position what else the projection must have
   * @throws BankUnavailable when an outcome is still unknown at the end of the round
   */
  async run(position: bigint): Promise<void> {
    const { queries, bank, projection } = this.parts;
    await this.#clearDoubts();
    await untilReached(projection, position > this.#written ? position : this.#written);
    const round = new Round();
    for (const payoutId of await queries.refusedBeforeMoneyCame(bank.name)) await this.askAgain(payoutId);
    await this.#askAboutOpenOnes(round);
    const available = await queries.availableCash(bank.name);
    const payouts = await queries.payoutsToInstruct(bank.name);
    // Asked after them: of a payout that the ledger holds only now, what is unproven would not tell.
    const unproven = this.parts.needProof ? await queries.unprovenSettlements() : new Set<string>();
    this.#waitsForProof = false;
    for (const { payoutId, settlementId, currency } of payouts) {
      if (round.unavailable) break;
      const cash = available.get(currency) ?? 0n;
      const { outcome, state } = await this.#instruct(payoutId, { isProven: !unproven.has(settlementId), availableMinor: cash });
      if (state.status === 'awaiting_proof') this.#waitsForProof = true;
      if (outcome === 'refused' || state.status !== 'instructed') continue;
      if (state.direction === 'payout') available.set(currency, cash - BigInt(state.amountMinor));
      await round.attempt(() => this.#give(state));
    }
    if (round.unavailable) throw round.unavailable;
  }

  /** Whether some payout waits for a checkpoint. */
  get waitsForProof(): boolean {
    return this.#waitsForProof;
  }

  /**
   * Asks the ledger for leave once more, to the account that the party has named by now.
   * @param command who asks, where it is not the process itself
   */
  async askAgain(payoutId: string, command?: { commandId: string; actor: string }): Promise<PayoutHandled> {
    const { store, queries, clock } = this.parts;
    const { state } = await load(store, payoutStream(payoutId), payoutFold);
    const account =
      state.status === 'none' ? { accountNumber: '', holder: '' } : ((await queries.bankAccounts()).get(state.party) ?? state);
    const context = command ?? { commandId: `${payoutId} ask again ${askOf(state)}` };
    return this.#handle(payoutId, { type: 'AskAgain', account, now: clock.now().toISOString() }, context);
  }

  /** Gives up a payout in its settlement: its amount goes to the next one. */
  carry(payoutId: string, model: string, by: string, commandId: string): Promise<PayoutHandled> {
    return this.#handle(payoutId, { type: 'CarryPayout', model, by }, { commandId, actor: by });
  }

  async #instruct(payoutId: string, known: { isProven: boolean; availableMinor: bigint }): Promise<PayoutHandled> {
    const { state } = await load(this.parts.store, payoutStream(payoutId), payoutFold);
    return this.#handle(payoutId, { type: 'InstructPayout', ...known }, { commandId: `${payoutId} instruct ${askOf(state)}` });
  }

  /** One that the bank does not know was never given to it; a rejection that it remembers may be an earlier attempt's: both are given (again). */
  async #askAboutOpenOnes(round: Round): Promise<void> {
    const { queries, bank, store } = this.parts;
    for (const payoutId of await queries.instructedPayouts(bank.name)) {
      const { state } = await load(store, payoutStream(payoutId), payoutFold);
      if (state.status !== 'instructed' || this.#taken.has(attemptOf(state))) continue;
      const status = await this.#ask(() => bank.status(payoutId));
      if (status === 'accepted') this.#taken.add(attemptOf(state));
      else await round.attempt(() => this.#give(state));
    }
  }

  async #give(payout: Payout): Promise<void> {
    const { payoutId, attempt } = payout;
    const outcome = await this.#ask(() => this.parts.bank.instruct(instructionOf(payout)));
    if (outcome === 'accepted') this.#taken.add(attemptOf(payout));
    else
      await this.#handle(
        payoutId,
        { type: 'RecordFailure', attempt, code: outcome.rejected },
        { commandId: `${payoutId} outcome ${attempt}` },
      );
  }

  /** An append without an answer may have happened: where it is in the log, the stream tells. */
  async #clearDoubts(): Promise<void> {
    for (const payoutId of this.#doubtful) {
      this.#wrote((await this.parts.store.readLast(payoutStream(payoutId)))?.position);
      this.#doubtful.delete(payoutId);
    }
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

  async #handle(payoutId: string, command: PayoutCommand, context: { commandId: string; actor?: string }): Promise<PayoutHandled> {
    const decide = (state: PayoutState) => decidePayout(command, state);
    this.#doubtful.add(payoutId);
    const handled = await handle<PayoutState, PayoutEvent, PayoutRefusal>(this.parts.store, payoutStream(payoutId), payoutFold, decide, {
      ...context,
      correlationId: payoutId,
    });
    this.#doubtful.delete(payoutId);
    if (handled.outcome === 'accepted') this.#wrote(handled.position);
    return handled;
  }
}

/** Whether the bank left something unknown in a round. */
class Round {
  unavailable: BankUnavailable | undefined;

  /** Does the rest of the round though the bank did not answer for this one. */
  async attempt(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof BankUnavailable)) throw error;
      this.unavailable = error;
    }
  }
}

export type PayoutHandled = Handled<PayoutState, PayoutEvent, PayoutRefusal>;

/** Which ask and instruction a step belongs to, so that a later one is another command. */
const askOf = (state: PayoutState): string => (state.status === 'none' ? '0' : `${state.asks}.${state.attempt}`);

const attemptOf = ({ payoutId, attempt }: Payout): string => `${payoutId} ${attempt}`;

const instructionOf = ({ payoutId, settlementId, direction, amountMinor, currency, accountNumber, holder }: Payout): BankInstruction => ({
  key: payoutId,
  direction,
  amountMinor,
  currency,
  accountNumber,
  holder,
  reference: `settlement ${settlementId}`,
});
