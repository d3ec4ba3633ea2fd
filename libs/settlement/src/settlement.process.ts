import type { EventStore } from '@tongbao/event-store';
import { handle, load } from '@tongbao/event-store';
import type { PartySettlement, PayoutEvent, SettlementEvent } from '@tongbao/contracts';
import type { Clock } from '@tongbao/service';
import { tracing } from '@tongbao/telemetry';
import { ProjectionBehind } from './projection-follower.js';
import type { SettlementModel } from './models.js';
import { decidePayout, type PayoutRefusal } from './payout.decide.js';
import { payoutFold, payoutIdOf, payoutStream, type PayoutState } from './payout.js';
import { bilateralObligations, calculateParties, differencesOf } from './settlement.calculate.js';
import { decideSettlement, type SettlementCommand, type SettlementRefusal } from './settlement.decide.js';
import { settlementFold, settlementStream, type Settlement, type SettlementState, type SettlementStatus } from './settlement.js';
import type { SettlementQueries } from './settlement.queries.js';
import type { WindowKeeper } from './window-keeper.js';
import type { WindowRefusal } from './window.decide.js';

/** The journal that facts are posted to. */
const journal = 'main';

export interface SettlementProcessParts {
  store: EventStore;
  queries: SettlementQueries;
  windows: WindowKeeper;
  models: readonly SettlementModel[];
  /** The bank that payouts go through. */
  bank: string;
  clock: Clock;
}

/**
 * Takes a settlement from one step to the next, as far as it can go. Each step is one append with an expected revision to one stream, and finds its
 * work done when it is run again: the process may be killed between any two of them and is run again from the streams.
 * What it reads of the projection must reflect the settlement's own newest event; who calls sees to that.
 */
export class SettlementProcess {
  constructor(private readonly parts: SettlementProcessParts) {}

  /** @returns where it came to rest: `calculated` waits for the ledger, `verified` and `mismatched` for a person, `paying` for the bank */
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
        return this.#decide(settlement, 'approve automatically', {
          type: 'ApproveAutomatically',
          upToMinor: this.#modelOf(settlement).automaticApprovalUpToMinor,
        });
      case 'approved':
        return this.#decide(settlement, 'start paying', { type: 'StartPaying' });
      case 'paying':
        return (await this.#requestPayouts(settlement)) && this.#finish(settlement);
      case 'aborted':
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
    const cutOff = windows.at(-1)?.cutOff;
    if (cutOff === null || cutOff === undefined) throw new Error(`${settlementId} has claimed a window without a cut-off`);
    const [nets, oneWay, carried, accounts] = await Promise.all([
      queries.netsOf(windowIds),
      queries.obligationsOf(windowIds),
      queries.carriesOf(model, currency),
      queries.bankAccounts(),
    ]);
    const calculation = {
      cutOff: String(cutOff),
      parties: calculateParties(nets, carried, this.#modelOf(state), (party) => accounts.has(party)),
      obligations: bilateralObligations(oneWay),
      facts: windows.reduce((sum, { facts }) => sum + facts, 0),
    };
    return this.#decide(state, 'calculate', { type: 'RecordCalculation', calculation, now: this.#now() });
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
    return this.#decide(settlement, 'compare', { type: 'RecordComparison', differences, journalRevision: progress?.revision ?? -1 });
  }

  /** One payout or collection for each party that is paid or pays. @returns false while one of them has not come to its end */
  async #requestPayouts(settlement: Settlement): Promise<boolean> {
    const { queries } = this.parts;
    const moved = settlement.parties.filter(({ action }) => action === 'pay_out' || action === 'collect');
    if (moved.length === 0) return true;
    const known = new Map((await queries.payoutsOf(settlement.settlementId)).map(({ party, status }) => [party, status]));
    const missing = moved.filter(({ party }) => !known.has(party));
    if (missing.length > 0) {
      const accounts = await queries.bankAccounts();
      for (const party of missing) await this.#requestPayout(settlement, party, accounts.get(party.party));
      return false;
    }
    return [...known.values()].every((status) => status === 'confirmed' || status === 'carried');
  }

  async #requestPayout(
    settlement: Settlement,
    { party, action, payableMinor }: PartySettlement,
    account: { accountNumber: string; holder: string } | undefined,
  ) {
    if (!account) throw new ProjectionBehind(`${party} had a bank account when ${settlement.settlementId} was calculated`);
    const { settlementId, currency } = settlement;
    const payoutId = payoutIdOf(settlementId, party);
    const direction = action === 'pay_out' ? ('payout' as const) : ('collection' as const);
    const terms = {
      payoutId,
      settlementId,
      party,
      direction,
      amountMinor: Math.abs(payableMinor),
      currency,
      bank: this.parts.bank,
      ...account,
    };
    const decide = (state: PayoutState) => decidePayout({ type: 'RequestPayout', terms, now: this.#now() }, state);
    const context = { commandId: `${payoutId} request`, correlationId: settlementId };
    await handle<PayoutState, PayoutEvent, PayoutRefusal>(this.parts.store, payoutStream(payoutId), payoutFold, decide, context);
  }

  async #finish(settlement: Settlement): Promise<boolean> {
    for (const windowId of settlement.windowIds) await this.parts.windows.settle(windowId, settlement.settlementId);
    return this.#decide(settlement, 'finish', { type: 'FinishSettlement', unfinishedPayouts: 0, now: this.#now() });
  }

  /** @returns true when the settlement is another now; a refusal means that somebody else moved it on, which the next look shows */
  async #decide({ settlementId }: Pick<Settlement, 'settlementId'>, step: string, command: SettlementCommand): Promise<boolean> {
    const handled = await handle<SettlementState, SettlementEvent, SettlementRefusal>(
      this.parts.store,
      settlementStream(settlementId),
      settlementFold,
      (state) => decideSettlement(command, state),
      { commandId: `${settlementId} ${step}`, correlationId: settlementId },
    );
    return handled.outcome === 'refused' || handled.events.length > 0;
  }

  #modelOf({ model, currency }: Pick<Settlement, 'model' | 'currency'>): SettlementModel {
    const found = this.parts.models.find((each) => each.name === model && each.currency === currency);
    if (!found) throw new Error(`there is no model ${model} for ${currency}`);
    return found;
  }

  #now(): string {
    return this.parts.clock.now().toISOString();
  }
}
