import type { LogFeed } from '@tongbao/event-store';
import { untilReached, type Clock, type Follower } from '@tongbao/service';
import type { FxQueries } from './fx.queries.js';
import type { ModelTerms, SettlementModels } from './models.js';
import type { AccountsInForce } from './payout.orders.js';
import { calculateSettlement, type CalculatedAmounts } from './settlement.calculate.js';
import type { Calculation, SettlementCommand } from './settlement.decide.js';
import type { SettlementQueries } from './settlement.queries.js';
import { fullAtCharacters, slicesOf, unwritten } from './settlement.slices.js';
import { hasMoved, type SettlementStreams } from './settlement.streams.js';
import type { Settlement } from './settlement.js';

export interface CalculationProcessParts {
  streams: SettlementStreams;
  feed: Pick<LogFeed, 'end'>;
  queries: SettlementQueries;
  fx: Pick<FxQueries, 'payIn'>;
  projection: Follower;
  models: SettlementModels;
  accounts: AccountsInForce;
  clock: Clock;
  /** What the rows of one event come to at most. */
  sliceCharacters?: number;
}

/**
 * Calculates settlements whose windows are claimed. One of very many parties is written in slices; a process that was killed between two of them calculates again, and
 * writes what is missing. What concerns one party alone may have changed by then (something was given back to be carried, its account is another one): then its row is
 * by what is so now, or, where its row is written, the change is left for its next settlement. What concerns several, windows and what platforms owe each other by
 * them, never changes.
 */
export class CalculationProcess {
  /** Log position that the projection must have before anything is calculated; unknown before the first time. */
  #written: bigint | undefined;

  constructor(private readonly parts: CalculationProcessParts) {}

  /** @returns false when there is nothing to do until something happens */
  async run(claimed: Settlement): Promise<boolean> {
    const { state } = await this.parts.streams.load(claimed.settlementId);
    if (state.status !== 'requested') return true;
    const windows = await this.parts.queries.windowsOf(state.windowIds);
    if (windows.length < state.windowIds.length || windows.some((window) => window.settlementId !== state.settlementId)) return false;
    const last = windows.at(-1);
    if (!last?.cutOff || last.closedAt === null) throw new Error(`${state.settlementId} has claimed a window without a cut-off`);
    const { cutOff, closedAt } = last;
    await this.#untilOthersAreKnown();
    const terms = await this.parts.models.termsAt(state.model, state.currency, cutOff);
    const amounts = await this.#amounts(state, terms, cutOff, closedAt);
    const facts = windows.reduce((sum, window) => sum + window.facts, 0);
    return this.#write(state, amounts, { modelVersion: terms.version, cutOff: String(cutOff), facts });
  }

  async #amounts(
    { settlementId, windowIds, model, currency }: Settlement,
    terms: ModelTerms,
    cutOff: bigint,
    closedAt: string,
  ): Promise<CalculatedAmounts> {
    const { queries, models, fx } = this.parts;
    const [partyModels, payIn, nets, obligations, carried, accounts, reserveBases, due] = await Promise.all([
      models.partyModels(currency),
      fx.payIn(currency),
      queries.netsOf(windowIds),
      queries.obligationsOf(windowIds),
      queries.carriesOf(model, currency),
      this.parts.accounts(),
      queries.reserveBasesOf(currency),
      queries.dueReserves(currency, closedAt),
    ]);
    return calculateSettlement({
      ...{ settlementId, terms, nets, obligations, carried, reserveBases },
      cutOffAt: new Date(closedAt),
      dueReserves: due.filter(({ party }) => partyModels.at(party, cutOff) === model),
      hasBankAccount: (party, paidIn) => accounts.of(party, paidIn) !== undefined,
      modelAfter: (party) => partyModels.at(party, cutOff + 1n),
      payInOf: (party) => payIn.get(party),
    });
  }

  /** Each slice is one append at the revision that the one before has made: two who calculate at once never write one party twice. */
  async #write(settlement: Settlement, amounts: CalculatedAmounts, about: Omit<Calculation, keyof CalculatedAmounts>): Promise<boolean> {
    const { sliceCharacters = fullAtCharacters, clock } = this.parts;
    const { slices, last } = slicesOf(unwritten(amounts, settlement), sliceCharacters);
    let written = settlement.slices.count;
    for (const rows of slices) {
      const handled = await this.#decide(settlement, `calculate ${written + 1}`, {
        type: 'RecordCalculationSlice',
        slice: written + 1,
        rows,
      });
      // Somebody else has it, or has aborted it: looked at again, it is what it is now.
      if (handled.outcome === 'refused' || handled.events.length === 0) return true;
      written += 1;
    }
    const calculation = { ...about, ...last };
    const now = clock.now().toISOString();
    return hasMoved(await this.#decide(settlement, 'calculate', { type: 'RecordCalculation', slices: written, calculation, now }));
  }

  async #decide({ settlementId }: Settlement, step: string, command: SettlementCommand): ReturnType<SettlementStreams['decide']> {
    const known = this.#written;
    // Where no answer comes, it may have been written all the same.
    this.#written = undefined;
    const handled = await this.parts.streams.decide(settlementId, step, command);
    this.#written = 'position' in handled ? (handled.position ?? known) : known;
    return handled;
  }

  /** A reserve is released once: what settlements of other models have taken of it must be in what this one reads. */
  async #untilOthersAreKnown(): Promise<void> {
    // The newest of what the projection follows: the log may end with what is nothing to it, and then it would be waited for in vain.
    this.#written ??= await this.parts.feed.end();
    await untilReached(this.parts.projection, this.#written);
  }
}
