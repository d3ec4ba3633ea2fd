import type { ReconciliationStarted, ReconciliationTerms } from '@tongbao/contracts';
import { handle, load, type EventStore, type Handled } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import { clockSlackMs } from './beliefs.js';
import { dayBefore, periodOf } from './bill-day.js';
import type { RunEvent } from './facts.js';
import type { ReconciliationQueries } from './reconciliation.queries.js';
import type { RowOf } from './reconciliation.rows.js';
import { decideRun, type RunRefusal, type StartRun } from './run.decide.js';
import { digestOf } from './run.matching.js';
import { areSameBills, dayFold, openRun, runStream, type DayState, type RunBills } from './run.js';

export interface DayProcessParts {
  store: EventStore;
  queries: ReconciliationQueries;
  clock: Clock;
  termsOf: (provider: string) => Promise<ReconciliationTerms | undefined>;
}

export type Starting = Handled<DayState, RunEvent, RunRefusal>;

/** Decides when a provider's day is compared: when it has all its bills, and again when one of them, or what the day before has carried, is another one. */
export class DayProcess {
  constructor(private readonly parts: DayProcessParts) {}

  /** The run that is under way, or the one that is due and begins now. */
  async next(provider: string, day: string): Promise<{ run: ReconciliationStarted; isResumed: boolean } | undefined> {
    const { store } = this.parts;
    const { state } = await load(store, runStream(provider, day), dayFold);
    const open = openRun(state);
    if (open) return { run: open, isResumed: true };
    const bills = await this.#dueBills(provider, day);
    if (!bills) return undefined;
    const handled = await this.start(provider, day, bills, { by: 'hub', commandId: `${provider} ${day} run ${state.runs + 1}` });
    const started = openRun(handled.state);
    return started && { run: started, isResumed: handled.outcome === 'refused' };
  }

  /** Begins a run of these bills. Refused: `invalid` without bills, `state_conflict` while another one is under way. */
  async start(provider: string, day: string, bills: RunBills, asked: { by: string; commandId: string }): Promise<Starting> {
    const { store, queries, clock, termsOf } = this.parts;
    const terms = await termsOf(provider);
    if (!terms) throw new Error(`nothing is known of bills of ${provider}`);
    const previous = await queries.day(provider, dayBefore(day));
    const period = periodOf(day, terms);
    const early = new Date(Date.parse(period.from) - terms.cutToleranceMs - clockSlackMs).toISOString();
    const command: StartRun = {
      ...{ type: 'StartRun', provider, day, ...period, bills, terms },
      ...(previous?.completedRunId != null && { previousRunId: previous.completedRunId }),
      afterPosition: String(await queries.positionBefore(early)),
      throughPosition: String(await store.head()),
      ...{ requestedBy: asked.by, startedAt: clock.now().toISOString() },
    };
    return handle<DayState, RunEvent, RunRefusal>(store, runStream(provider, day), dayFold, (state) => decideRun(command, state), {
      ...{ commandId: asked.commandId, correlationId: `${provider}_${day}`, actor: asked.by },
    });
  }

  async #dueBills(provider: string, day: string): Promise<RunBills | undefined> {
    const { queries, termsOf } = this.parts;
    const [row, terms] = [await queries.day(provider, day), await termsOf(provider)];
    if (!row || !terms) return undefined;
    const bills = billsOf(row);
    const isComplete = terms.bills.every((kind) => row[kind] !== null);
    if (!isComplete && row.runs === 0) return undefined;
    const isNew = row.runBills === null || !areSameBills(bills, row.runBills);
    if (isNew) return isComplete || bills.length > (row.runBills?.length ?? 0) ? bills : undefined;
    return row.state === 'completed' && (await this.#hasOtherCarried(row)) ? bills : undefined;
  }

  /** What the day before carries has changed since this day took it. */
  async #hasOtherCarried({ provider, day, previousRunId }: RowOf<'days'>): Promise<boolean> {
    const { queries } = this.parts;
    const previous = await queries.day(provider, dayBefore(day));
    if (previous?.completedRunId == null || previous.completedRunId === previousRunId) return false;
    const taken = previousRunId === null ? digestOf([]) : await queries.carriedDigest(previousRunId);
    return taken !== previous.carriedDigest;
  }
}

/** The bills that a day has. */
export const billsOf = ({ trade, fund }: Pick<RowOf<'days'>, 'trade' | 'fund'>): RunBills => [
  ...(trade === null ? [] : [{ bill: 'trade' as const, billId: trade }]),
  ...(fund === null ? [] : [{ bill: 'fund' as const, billId: fund }]),
];
