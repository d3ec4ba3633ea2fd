import type { BreakEvent, ReconciliationReport, ReconciliationStarted } from '@tongbao/contracts';
import { handle, load, type EventStore } from '@tongbao/event-store';
import type { Side } from '@tongbao/provider-bills';
import type { Clock } from '@tongbao/service';
import type { BillFiles } from './bill-files.js';
import { billFold, billStream } from './bill.js';
import { breakFold, breakStream, type BreakContent, type BreakState, type FoundBreak } from './break.js';
import { decideBreak, type BreakCommand, type BreakRefusal } from './break.decide.js';
import type { BillToCompare, ComparedDay } from './day.comparison.js';
import type { RunEvent } from './facts.js';
import { inParallel } from './in-parallel.js';
import type { LineWork } from './line-work.js';
import type { OpenBreak, ReconciliationQueries } from './reconciliation.queries.js';
import { decideRun, type RunCommand, type RunRefusal } from './run.decide.js';
import { figuresOf, linesOfBreak, TooManyBreaks } from './run.matching.js';
import { dayFold, runStream, type DayState } from './run.js';

export interface RunProcessParts {
  store: EventStore;
  queries: Pick<ReconciliationQueries, 'carriedBy' | 'missingBreaks' | 'breaksOfDay'>;
  files: BillFiles;
  work: LineWork;
  clock: Clock;
  signal: AbortSignal;
  /** Rest of the books between facts of fees, of which some 1,800 a second are told then. */
  feePauseMs?: number;
}

/** Lines in one event stay far under the 1 MiB that the store takes in one append. */
const linesInEvent = 500;
const breaksAtOnce = 8;

/** Breaks of other days, and those that earlier runs of this day have found. */
interface OpenBreaks {
  other: OpenBreak[];
  own: OpenBreak[];
}

/**
 * Carries a run out: compares, tells the books of fees, writes what is broken, and ends. Killed in between, it is begun anew: what it has written is found there
 * and not written again. The projection must have what came before the run's beginning.
 */
export class RunProcess {
  constructor(private readonly parts: RunProcessParts) {}

  /**
   * @param resumed it was begun before: something of it may be there already
   * @throws Outage; whatever else stops it, it can be tried again
   */
  async execute(run: ReconciliationStarted, resumed: boolean): Promise<void> {
    try {
      await this.#carryOut(run, resumed);
    } catch (error) {
      if (!(error instanceof TooManyBreaks)) throw error;
      await this.#record(run, { type: 'FailRun', runId: run.runId, code: 'too_many_breaks', detail: error.message, now: this.#now() });
    }
  }

  async #carryOut(run: ReconciliationStarted, resumed: boolean): Promise<void> {
    const { store, queries, files, work, signal, feePauseMs = 50 } = this.parts;
    const bills = await Promise.all(run.bills.map(({ billId }) => this.#billOf(billId)));
    const open = await this.#openBreaks(run);
    const carriedIn = run.previousRunId === undefined ? [] : await queries.carriedBy(run.previousRunId);
    const openLines = open.other.flatMap((each) => linesOfBreak(each));
    const known = new Set(open.other.map(({ breakId }) => breakId));
    const day = { run, resumed, bills, takenIn: [...carriedIn, ...openLines], known, feePauseMs };
    const compared = await files.withScratch((folder) => work.compare(store, day, folder, signal));
    const breaks = await this.#recordBreaks(run, compared.breaks);
    const explained = await this.#recordExplained(run, open, compared.breaks);
    const given: Side[] = ['events', ...run.bills.map(({ bill }) => bill)];
    const report: ReconciliationReport = {
      ...figuresOf(compared.summary, given),
      ...{ breaks, explained, takenIn: { carried: carriedIn.length, open: openLines.length }, fees: compared.fees },
    };
    await this.#end(run, compared, report);
  }

  async #billOf(billId: string): Promise<BillToCompare> {
    const { state } = await load(this.parts.store, billStream(billId), billFold);
    if (state.status === 'none' || !state.imported) throw new Error(`${billId} is compared and was never read`);
    const { received, imported } = state;
    return { received, path: await this.parts.files.find(billId, received.sha256), lines: imported.lines };
  }

  /** Missing ones of other days, where this run has the sides that they lack; and all that this day's runs before have found. */
  async #openBreaks({ provider, day, bills, runId }: ReconciliationStarted): Promise<OpenBreaks> {
    const given: readonly string[] = ['events', ...bills.map(({ bill }) => bill)];
    const other = (await this.parts.queries.missingBreaks(provider, day)).filter(({ on }) => on.every((side) => given.includes(side)));
    return { other, own: await this.parts.queries.breaksOfDay(provider, day, runId) };
  }

  async #recordBreaks(run: ReconciliationStarted, contents: readonly BreakContent[]): Promise<ReconciliationReport['breaks']> {
    const fresh = new Set<string>();
    await inParallel(contents, breaksAtOnce, async (content) => {
      const command: BreakCommand = { type: 'RecordFound', content, runId: run.runId, day: run.day, now: this.#now() };
      const state = await this.#decide(content.breakId, run, command);
      // Also where a try that was killed has written it.
      if (state.foundBy === run.runId) fresh.add(content.breakId);
    });
    return countsOf(contents, fresh);
  }

  /** What this run would have found again, and does not: something that it has was missing, or a bill was corrected. */
  async #recordExplained(run: ReconciliationStarted, open: OpenBreaks, found: readonly BreakContent[]): Promise<number> {
    const again = new Set(found.map(({ breakId }) => breakId));
    const gone = [...open.other, ...open.own].filter(({ breakId }) => !again.has(breakId));
    let explained = 0;
    await inParallel(gone, breaksAtOnce, async ({ breakId }) => {
      const command: BreakCommand = { type: 'RecordExplained', runId: run.runId, day: run.day, now: this.#now() };
      const state = await this.#decide(breakId, run, command);
      if (state.explainedBy?.runId === run.runId) explained += 1;
    });
    return explained;
  }

  async #end(run: ReconciliationStarted, { carried, carriedDigest }: ComparedDay, report: ReconciliationReport): Promise<void> {
    const { runId } = run;
    for (let first = 0; first < carried.length; first += linesInEvent)
      await this.#record(run, { type: 'CarryLines', runId, first, lines: carried.slice(first, first + linesInEvent) });
    await this.#record(run, { type: 'CompleteRun', runId, report, carried: carried.length, carriedDigest, now: this.#now() });
  }

  async #decide(breakId: string, { runId }: ReconciliationStarted, command: BreakCommand): Promise<FoundBreak> {
    this.parts.signal.throwIfAborted();
    const handled = await handle<BreakState, BreakEvent, BreakRefusal>(
      this.parts.store,
      breakStream(breakId),
      breakFold,
      (state) => decideBreak(command, state),
      { commandId: `${runId} ${command.type} ${breakId}`, correlationId: runId, actor: 'hub' },
    );
    if (handled.outcome === 'refused') throw new Error(`${breakId} cannot be recorded by ${runId}: ${handled.refusal}`);
    if (handled.state.status === 'none') throw new Error(`${breakId} is recorded and not there`);
    return handled.state;
  }

  async #record({ provider, day, runId }: ReconciliationStarted, command: RunCommand): Promise<void> {
    const step = command.type === 'CarryLines' ? `${command.type} ${command.first}` : command.type;
    const handled = await handle<DayState, RunEvent, RunRefusal>(
      this.parts.store,
      runStream(provider, day),
      dayFold,
      (state) => decideRun(command, state),
      { commandId: `${runId} ${step}`, correlationId: runId, actor: 'hub' },
    );
    if (handled.outcome === 'refused') throw new Error(`${runId} cannot ${step}: ${handled.refusal}`);
  }

  #now(): string {
    return this.parts.clock.now().toISOString();
  }
}

/** By kind: those that are new, and those that were known and are still there. */
function countsOf(contents: readonly BreakContent[], fresh: ReadonlySet<string>): ReconciliationReport['breaks'] {
  const byKind = [...Map.groupBy(contents, ({ kind }) => kind)].sort(([one], [other]) => (one < other ? -1 : 1));
  return byKind.map(([kind, all]) => {
    const found = all.filter(({ breakId }) => fresh.has(breakId)).length;
    return { kind, found, known: all.length - found };
  });
}
