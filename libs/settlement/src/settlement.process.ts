import type { EventStore, LogFeed } from '@tongbao/event-store';
import type { Clock, Follower } from '@tongbao/service';
import { tracing } from '@tongbao/telemetry';
import { CalculationProcess } from './calculation.process.js';
import { exchangesOf } from './exchange.js';
import { ExchangeProcess } from './exchange.process.js';
import type { FxQueries } from './fx.queries.js';
import { PositionKeeper } from './position.process.js';
import type { ModelTerms, SettlementModels } from './models.js';
import type { AccountsInForce } from './payout.orders.js';
import { differencesOf } from './settlement.compare.js';
import type { SettlementCommand } from './settlement.decide.js';
import { SettlementPayouts } from './settlement.payouts.js';
import { hasMoved, SettlementStreams } from './settlement.streams.js';
import type { Settlement, SettlementStatus } from './settlement.js';
import type { SettlementQueries } from './settlement.queries.js';
import { mainJournal } from './settlement.tables.js';
import type { WindowKeeper } from './window-keeper.js';
import type { WindowRefusal } from './window.decide.js';

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
  /** What the rows of one event of a calculation come to at most, in characters of JSON. */
  sliceCharacters?: number;
}

/**
 * Takes a settlement from one step to the next, as far as it can go. Each step is one append with an expected revision to one stream, and finds its
 * work done when it is run again: the process may be killed between any two of them and is run again from the streams.
 * What it reads of the projection must reflect the settlement's own newest event; who calls sees to that.
 */
export class SettlementProcess {
  readonly #streams: SettlementStreams;
  readonly #calculation: CalculationProcess;
  readonly #positions: PositionKeeper;
  readonly #exchanges: ExchangeProcess;
  readonly #payouts: SettlementPayouts;
  /** Those that pay, once the ledger has what they did to reserves. */
  readonly #waitingForLedger = new Set<string>();
  /** Those with a payout that waits for a rate, or for cash of another currency. */
  readonly #waitingToExchange = new Set<string>();

  constructor(private readonly parts: SettlementProcessParts) {
    this.#streams = new SettlementStreams(parts.store);
    this.#calculation = new CalculationProcess({ ...parts, streams: this.#streams });
    this.#positions = new PositionKeeper(parts.store);
    this.#exchanges = new ExchangeProcess({ ...parts, positions: this.#positions });
    this.#payouts = new SettlementPayouts(parts);
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
      const { state, traceparent } = await this.#streams.load(settlementId);
      if (state.status === 'none') throw new Error(`there is no settlement ${settlementId}`);
      if (await tracing.follow(traceparent, () => this.#step(state))) continue;
      if (isAtRest.has(state.status)) this.#forget(settlementId);
      return state.status;
    }
  }

  #forget(settlementId: string): void {
    for (const each of [this.#streams, this.#positions, this.#payouts]) each.forget(settlementId);
  }

  /** @returns false when there is nothing to do until something happens */
  async #step(settlement: Settlement): Promise<boolean> {
    switch (settlement.status) {
      case 'requested':
        return (await this.claim(settlement)) !== undefined || this.#calculation.run(settlement);
      case 'calculated':
        return this.#compare(settlement);
      case 'verified':
        if (await this.#lockRates(settlement)) return true;
        await this.#exchanges.hold(settlement);
        return this.#approveAutomatically(settlement);
      case 'approved':
        return this.#decide(settlement, 'start paying', { type: 'StartPaying' });
      case 'paying':
        return this.#pay(settlement);
      case 'aborted':
        return this.#giveBack(settlement);
      case 'mismatched':
      case 'settled':
      case 'marked':
        return false;
      default:
        return settlement.status satisfies never;
    }
  }

  /** The windows last: what settles them again must find everything that was held free. */
  async #giveBack(settlement: Settlement): Promise<false> {
    const { settlementId, windowIds } = settlement;
    this.#waitingToExchange.delete(settlementId);
    const isFree = await this.#exchanges.release(settlement, await this.#posted());
    setMember(this.#waitingForLedger, settlementId, !isFree);
    if (isFree) for (const windowId of windowIds) await this.parts.windows.release(windowId, settlementId);
    return false;
  }

  /** How far the ledger has posted what happened. */
  async #posted(): Promise<bigint> {
    return (await this.parts.queries.ledgerProgress(mainJournal))?.sourcePosition ?? 0n;
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

  /** Once the ledger has posted the last fact of the windows, each party's net must be what the ledger moved for the same facts. */
  async #compare(settlement: Settlement): Promise<boolean> {
    const { queries } = this.parts;
    const windows = await queries.windowsOf(settlement.windowIds);
    const lastFact = windows.reduce((last, window) => (window.lastFact > last ? window.lastFact : last), 0n);
    const progress = await queries.ledgerProgress(mainJournal);
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
    const posted = await this.#posted();
    if (booked.position > posted) {
      this.#waitingForLedger.add(settlementId);
      return false;
    }
    const exchanged = await this.#exchanges.run(settlement, posted);
    setMember(this.#waitingForLedger, settlementId, exchanged.waitsForLedger);
    setMember(this.#waitingToExchange, settlementId, exchanged.waits);
    return (await this.#payouts.request(settlement, exchanged)) && booked.isDone && exchanged.isDone && this.#finish(settlement);
  }

  /** One of very many parties is settled slice by slice. */
  async #finish(settlement: Settlement): Promise<boolean> {
    for (const windowId of settlement.windowIds) await this.parts.windows.settle(windowId, settlement.settlementId);
    for (;;) {
      const handled = await this.#streams.decide(settlement.settlementId, 'finish', {
        type: 'FinishSettlement',
        unfinished: 0,
        now: this.parts.clock.now().toISOString(),
      });
      if (handled.outcome === 'refused' || handled.state.status !== 'paying') return hasMoved(handled);
    }
  }

  async #decide({ settlementId }: Pick<Settlement, 'settlementId'>, step: string, command: SettlementCommand): Promise<boolean> {
    return hasMoved(await this.#streams.decide(settlementId, step, command));
  }

  /** The version of the model that was in force when the last of the settlement's windows closed. */
  #termsOf({ model, currency }: Pick<Settlement, 'model' | 'currency'>, cutOff: bigint): Promise<ModelTerms> {
    return this.parts.models.termsAt(model, currency, cutOff);
  }
}

/** Nothing more is written of these here. */
const isAtRest: ReadonlySet<SettlementStatus> = new Set(['settled', 'marked', 'aborted']);

function setMember(set: Set<string>, member: string, isIn: boolean): void {
  if (isIn) set.add(member);
  else set.delete(member);
}
