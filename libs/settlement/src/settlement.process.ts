import type { EventStore, LogFeed } from '@tongbao/event-store';
import { handle, load } from '@tongbao/event-store';
import type { PayoutEvent, SettlementEvent } from '@tongbao/contracts';
import { ProjectionBehind, untilReached, type Clock, type Follower } from '@tongbao/service';
import { tracing } from '@tongbao/telemetry';
import { exchangesOf } from './exchange.js';
import { ExchangeProcess, type Exchanged } from './exchange.process.js';
import type { FxQueries } from './fx.queries.js';
import { PositionKeeper } from './position.process.js';
import type { ModelTerms, SettlementModels } from './models.js';
import { decidePayout, type PayoutRefusal } from './payout.decide.js';
import type { AccountsInForce } from './payout.orders.js';
import { payoutFold, payoutStream, type PayoutAccount, type PayoutState } from './payout.js';
import { calculateSettlement } from './settlement.calculate.js';
import { differencesOf } from './settlement.compare.js';
import { decideSettlement, type SettlementCommand, type SettlementRefusal } from './settlement.decide.js';
import { movesOf, type SettlementMove } from './settlement.moves.js';
import { settlementFold, settlementStream, type Settlement, type SettlementState, type SettlementStatus } from './settlement.js';
import type { SettlementQueries } from './settlement.queries.js';
import type { WindowKeeper } from './window-keeper.js';
import type { WindowRefusal } from './window.decide.js';

/** The journal that facts are posted to. */
const journal = 'main';

export interface SettlementProcessParts {
  store: EventStore;
  feed: Pick<LogFeed, 'end'>;
  queries: SettlementQueries;
  fx: FxQueries;
  projection: Follower;
  windows: WindowKeeper;
  models: SettlementModels;
  /** The bank that payouts go through. */
  bank: string;
  accounts: AccountsInForce;
  clock: Clock;
}

/**
 * Takes a settlement from one step to the next, as far as it can go. Each step is one append with an expected revision to one stream, and finds its
 * work done when it is run again: the process may be killed between any two of them and is run again from the streams.
 * What it reads of the projection must reflect the settlement's own newest event; who calls sees to that.
 */
export class SettlementProcess {
  readonly #positions: PositionKeeper;
  readonly #exchanges: ExchangeProcess;
  /** Log position that the projection must have before anything is calculated; unknown before the first time. */
  #calculated: bigint | undefined;
  /** Those that pay, once the ledger has what they did to reserves. */
  readonly #waitingForLedger = new Set<string>();
  /** Those with a payout that waits for a rate, or for cash of another currency. */
  readonly #waitingToExchange = new Set<string>();

  constructor(private readonly parts: SettlementProcessParts) {
    this.#positions = new PositionKeeper(parts.store);
    this.#exchanges = new ExchangeProcess({ ...parts, positions: this.#positions });
  }

  /** Whether a settlement is to be looked at again when the ledger has posted more. */
  waitsForLedger(settlementId: string): boolean {
    return this.#waitingForLedger.has(settlementId);
  }

  /** Whether a settlement is to be looked at again when there is another rate, or when money has come in. */
  waitsToExchange(settlementId: string): boolean {
    return this.#waitingToExchange.has(settlementId);
  }

  /**
   * @returns where it came to rest: `calculated` waits for the ledger, `verified` and `mismatched` for a person, `paying` for the bank, for the ledger, or for
   * platforms that pay each other
   */
  async advance(settlementId: string): Promise<SettlementStatus> {
    for (;;) {
      const { state, traceparent } = await load(this.parts.store, settlementStream(settlementId), settlementFold);
      if (state.status === 'none') throw new Error(`there is no settlement ${settlementId}`);
      if (!(await tracing.follow(traceparent, () => this.#step(state)))) return state.status;
    }
  }

  /** @returns false when there is nothing to do until something happens */
  async #step(settlement: Settlement): Promise<boolean> {
    switch (settlement.status) {
      case 'requested':
        return (await this.claim(settlement)) !== undefined || this.#calculate(settlement);
      case 'calculated':
        return this.#compare(settlement);
      case 'verified':
        return (await this.#lockRates(settlement)) || this.#approveAutomatically(settlement);
      case 'approved':
        return this.#decide(settlement, 'start paying', { type: 'StartPaying' });
      case 'paying':
        return this.#pay(settlement);
      case 'aborted':
        this.#waitingToExchange.delete(settlement.settlementId);
        for (const windowId of settlement.windowIds) await this.parts.windows.release(windowId, settlement.settlementId);
        return false;
      case 'mismatched':
      case 'settled':
      case 'marked':
        return false;
      default:
        return settlement.status satisfies never;
    }
  }

  /**
   * Claims all windows, in their order. If one cannot be had, the settlement is aborted, which gives up its claims on the others.
   * @returns why it was aborted
   */
  async claim(settlement: Settlement): Promise<WindowRefusal | undefined> {
    for (const windowId of settlement.windowIds) {
      const refusal = await this.parts.windows.claim(windowId, settlement);
      if (!refusal) continue;
      await this.#decide(settlement, 'give up', { type: 'AbortSettlement', by: 'hub', reason: refusal });
      return refusal;
    }
    return undefined;
  }

  async #calculate(claimed: Settlement): Promise<boolean> {
    const { store, queries } = this.parts;
    const { state } = await load(store, settlementStream(claimed.settlementId), settlementFold);
    if (state.status !== 'requested') return true;
    const { windowIds, model, currency, settlementId } = state;
    const windows = await queries.windowsOf(windowIds);
    if (windows.length < windowIds.length || windows.some((window) => window.settlementId !== settlementId)) return false;
    const last = windows.at(-1);
    if (!last?.cutOff || last.closedAt === null) throw new Error(`${settlementId} has claimed a window without a cut-off`);
    const { cutOff, closedAt } = last;
    await this.#untilOthersAreKnown();
    const [terms, partyModels, payIn, nets, obligations, carried, accounts, reserveBases, due] = await Promise.all([
      this.#termsOf(state, cutOff),
      this.parts.models.partyModels(currency),
      this.parts.fx.payIn(currency),
      queries.netsOf(windowIds),
      queries.obligationsOf(windowIds),
      queries.carriesOf(model, currency),
      this.parts.accounts(),
      queries.reserveBasesOf(currency),
      queries.dueReserves(currency, closedAt),
    ]);
    const amounts = calculateSettlement({
      ...{ settlementId, terms, nets, obligations, carried, reserveBases },
      cutOffAt: new Date(closedAt),
      dueReserves: due.filter(({ party }) => partyModels.at(party, cutOff) === model),
      hasBankAccount: (party, paidIn) => accounts.of(party, paidIn) !== undefined,
      modelAfter: (party) => partyModels.at(party, cutOff + 1n),
      payInOf: (party) => payIn.get(party),
    });
    const facts = windows.reduce((sum, window) => sum + window.facts, 0);
    const calculation = { modelVersion: terms.version, cutOff: String(cutOff), ...amounts, facts };
    return this.#decide(state, 'calculate', { type: 'RecordCalculation', calculation, now: this.#now() });
  }

  /** A reserve is released once: what settlements of other models have taken of it must be in what this one reads. */
  async #untilOthersAreKnown(): Promise<void> {
    // The newest of what the projection follows: the log may end with what is nothing to it, and then it would be waited for in vain.
    this.#calculated ??= await this.parts.feed.end();
    await untilReached(this.parts.projection, this.#calculated);
  }

  /** Once the ledger has posted the last fact of the windows, each party's net must be what the ledger moved for the same facts. */
  async #compare(settlement: Settlement): Promise<boolean> {
    const { queries } = this.parts;
    const windows = await queries.windowsOf(settlement.windowIds);
    const lastFact = windows.reduce((last, window) => (window.lastFact > last ? window.lastFact : last), 0n);
    const progress = await queries.ledgerProgress(journal);
    if (lastFact > (progress?.sourcePosition ?? 0n)) return false;
    // Read after the progress: the nets are at least as new as what it promises.
    const differences = differencesOf(await queries.netsOf(settlement.windowIds));
    const step = settlement.mismatches === 0 ? 'compare' : `compare ${settlement.mismatches + 1}`;
    return this.#decide(settlement, step, { type: 'RecordComparison', differences, journalRevision: progress?.revision ?? -1 });
  }

  async #approveAutomatically(settlement: Settlement): Promise<boolean> {
    const { automaticApprovalUpToMinor: upToMinor } = await this.#termsOf(settlement, settlement.cutOff ?? 0n);
    return this.#decide(settlement, 'approve automatically', { type: 'ApproveAutomatically', upToMinor });
  }

  /** What can be locked is; who has no rate waits, and nobody else does. */
  async #lockRates(settlement: Settlement): Promise<boolean> {
    const { settlementId, rates } = settlement;
    const isOpen = exchangesOf(settlement).some(({ party }) => !rates.locked.has(party));
    setMember(this.#waitingToExchange, settlementId, isOpen);
    if (!isOpen) return false;
    return this.#decide(settlement, 'lock rates', await this.#exchanges.lockCommand(settlement));
  }

  /** First what it does to reserves and debts, then payouts: the ledger must have released, and exchanged, what they pay. */
  async #pay(settlement: Settlement): Promise<boolean> {
    const { settlementId } = settlement;
    if (await this.#lockRates(settlement)) return true;
    const booked = await this.#positions.book(settlement);
    const posted = (await this.parts.queries.ledgerProgress(journal))?.sourcePosition ?? 0n;
    if (booked.position > posted) {
      this.#waitingForLedger.add(settlementId);
      return false;
    }
    const exchanged = await this.#exchanges.run(settlement, posted);
    setMember(this.#waitingForLedger, settlementId, exchanged.waitsForLedger);
    setMember(this.#waitingToExchange, settlementId, exchanged.waits);
    return (await this.#requestPayouts(settlement, exchanged)) && booked.isDone && exchanged.isDone && this.#finish(settlement);
  }

  /** The payouts and collections that may go by now. @returns false while one of them has not come to its end */
  async #requestPayouts(settlement: Settlement, exchanged: Exchanged): Promise<boolean> {
    const { settlementId } = settlement;
    const moves = settlement.parties.flatMap((row) => movesOf(settlementId, row)).filter(({ kind }) => kind !== 'draw');
    const ready = moves.flatMap((move) => exchanged.asPaid(move));
    if (ready.length === 0) return true;
    const known = new Map((await this.parts.queries.payoutsOf(settlementId)).map(({ payoutId, status }) => [payoutId, status]));
    const missing = ready.filter(({ id }) => !known.has(id));
    if (missing.length > 0) {
      const accounts = await this.parts.accounts();
      for (const move of missing) await this.#requestPayout(settlement, move, accounts.of(move.party, move.currency));
      return false;
    }
    return [...known.values()].every((status) => status === 'confirmed' || status === 'carried');
  }

  async #requestPayout(
    { settlementId }: Settlement,
    move: SettlementMove & { currency: string },
    account: PayoutAccount | undefined,
  ): Promise<void> {
    const { id: payoutId, kind, party, amountMinor, currency } = move;
    if (!account) throw new ProjectionBehind(`${party} had a bank account when ${settlementId} was calculated`);
    const direction = kind === 'payout' ? ('payout' as const) : ('collection' as const);
    const terms = { payoutId, settlementId, party, direction, amountMinor, currency, bank: this.parts.bank, ...account };
    const decide = (state: PayoutState) => decidePayout({ type: 'RequestPayout', terms, now: this.#now() }, state);
    const context = { commandId: `${payoutId} request`, correlationId: settlementId };
    await handle<PayoutState, PayoutEvent, PayoutRefusal>(this.parts.store, payoutStream(payoutId), payoutFold, decide, context);
  }

  async #finish(settlement: Settlement): Promise<boolean> {
    for (const windowId of settlement.windowIds) await this.parts.windows.settle(windowId, settlement.settlementId);
    return this.#decide(settlement, 'finish', { type: 'FinishSettlement', unfinished: 0, now: this.#now() });
  }

  /** @returns true when the settlement is another now; a refusal means that somebody else moved it on, which the next look shows */
  async #decide({ settlementId }: Pick<Settlement, 'settlementId'>, step: string, command: SettlementCommand): Promise<boolean> {
    const isCalculation = command.type === 'RecordCalculation';
    const known = this.#calculated;
    // Where no answer comes, it may have been written all the same.
    if (isCalculation) this.#calculated = undefined;
    const handled = await handle<SettlementState, SettlementEvent, SettlementRefusal>(
      this.parts.store,
      settlementStream(settlementId),
      settlementFold,
      (state) => decideSettlement(command, state),
      { commandId: `${settlementId} ${step}`, correlationId: settlementId },
    );
    if (isCalculation) this.#calculated = 'position' in handled ? (handled.position ?? known) : known;
    return handled.outcome === 'refused' || handled.events.length > 0;
  }

  /** The version of the model that was in force when the last of the settlement's windows closed. */
  #termsOf({ model, currency }: Pick<Settlement, 'model' | 'currency'>, cutOff: bigint): Promise<ModelTerms> {
    return this.parts.models.termsAt(model, currency, cutOff);
  }

  #now(): string {
    return this.parts.clock.now().toISOString();
  }
}

function setMember(set: Set<string>, member: string, isIn: boolean): void {
  if (isIn) set.add(member);
  else set.delete(member);
}
