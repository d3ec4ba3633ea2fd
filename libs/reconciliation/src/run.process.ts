import type { BillKind, BillReceived, BreakEvent, ReconciliationReport, ReconciliationStarted } from '@tongbao/contracts';
import { handle, load, type EventStore } from '@tongbao/event-store';
import { billLines, type BillLine, type Break, type Side } from '@tongbao/provider-bills';
import type { Clock } from '@tongbao/service';
import { beliefsOf, type Belief } from './beliefs.js';
import type { BillFiles } from './bill-files.js';
import { billItems } from './bill.import.js';
import { billFold, billStream } from './bill.js';
import { breakFold, breakIdOf, breakStream, type BreakContent, type BreakState, type FoundBreak } from './break.js';
import { decideBreak, type BreakCommand, type BreakRefusal } from './break.decide.js';
import type { RunEvent } from './facts.js';
import { feeBillIdOf, FeeLines } from './fee-lines.js';
import { postFees } from './fee-posting.js';
import { inParallel } from './in-parallel.js';
import { PaymentIds } from './payment-ids.js';
import type { OpenBreak, ReconciliationQueries } from './reconciliation.queries.js';
import { decideRun, type RunCommand, type RunRefusal } from './run.decide.js';
import { contentOf, digestOf, figuresOf, linesOfBreak, matchDay, TooManyBreaks, type Matched } from './run.matching.js';
import { dayFold, runStream, type DayState } from './run.js';

export interface RunProcessParts {
  store: EventStore;
  queries: Pick<ReconciliationQueries, 'carriedBy' | 'missingBreaks' | 'breaksOfDay'>;
  files: BillFiles;
  clock: Clock;
  signal: AbortSignal;
}

/** Lines in one event stay far under the 1 MiB that the store takes in one append. */
const linesInEvent = 500;
const breaksAtOnce = 8;

/** What the run began with and holds while it works. */
interface Work {
  run: ReconciliationStarted;
  bills: { received: BillReceived; path: string; lines: number }[];
  fees: FeeLines;
  ids: PaymentIds;
  /** Breaks of other days, and those that earlier runs of this day have found. */
  open: { other: OpenBreak[]; own: OpenBreak[] };
  tempDir: string;
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
    const tempDir = await this.parts.files.scratch();
    const bills = await Promise.all(run.bills.map(({ billId }) => this.#billOf(billId)));
    const [fees, ids] = [new FeeLines(tempDir), new PaymentIds(tempDir)];
    try {
      const work: Work = { run, bills, fees, ids, tempDir, open: await this.#openBreaks(run) };
      await this.#carryOut(work, resumed);
    } catch (error) {
      if (!(error instanceof TooManyBreaks)) throw error;
      await this.#record(run, { type: 'FailRun', runId: run.runId, code: 'too_many_breaks', detail: error.message, now: this.#now() });
    } finally {
      await Promise.all([fees.close(), ids.close()]);
    }
  }

  async #carryOut(work: Work, resumed: boolean): Promise<void> {
    const { run, fees, ids, open } = work;
    const carriedIn = run.previousRunId === undefined ? [] : await this.parts.queries.carriedBy(run.previousRunId);
    const openLines = open.other.flatMap((each) => linesOfBreak(each));
    const sources = { events: this.#eventsOf(work), ...this.#billsOf(work) };
    const known = new Set(open.other.map(({ breakId }) => breakId));
    const matched = await matchDay(run, { ...sources, takenIn: [...carriedIn, ...openLines], known }, work.tempDir);
    await this.#postFees(work, resumed);
    const breaks = await this.#recordBreaks(work, matched.breaks);
    const explained = await this.#recordExplained(work, matched.breaks);
    const given: Side[] = ['events', ...run.bills.map(({ bill }) => bill)];
    const report: ReconciliationReport = {
      ...figuresOf(matched.summary, given),
      ...{ breaks, explained, takenIn: { carried: carriedIn.length, open: openLines.length }, fees: fees.report },
    };
    await this.#end(run, matched, report);
    await ids.close();
  }

  async #billOf(billId: string): Promise<Work['bills'][number]> {
    const { state } = await load(this.parts.store, billStream(billId), billFold);
    if (state.status === 'none' || !state.imported) throw new Error(`${billId} is compared and was never read`);
    const { received, imported } = state;
    return { received, path: await this.parts.files.find(billId, received.sha256), lines: imported.lines };
  }

  /** Missing ones of other days, where this run has the sides that they lack; and all that this day's runs before have found. */
  async #openBreaks({ provider, day, bills, runId }: ReconciliationStarted): Promise<Work['open']> {
    const given: readonly string[] = ['events', ...bills.map(({ bill }) => bill)];
    const other = (await this.parts.queries.missingBreaks(provider, day)).filter(({ on }) => on.every((side) => given.includes(side)));
    return { other, own: await this.parts.queries.breaksOfDay(provider, day, runId) };
  }

  /** With the key and payment of each, for fees and breaks. */
  async *#eventsOf({ run, ids }: Work): AsyncGenerator<Belief> {
    const { store, signal } = this.parts;
    const { provider, terms, from, to, afterPosition, throughPosition, previousRunId } = run;
    // Before the first run of all nobody looked: what was just before the cut may be in this bill.
    const earliest = previousRunId === undefined ? new Date(Date.parse(from) - terms.cutToleranceMs).toISOString() : from;
    const span = { after: BigInt(afterPosition), through: BigInt(throughPosition) };
    for await (const belief of beliefsOf(store, { provider, terms, period: { from: earliest, to }, ...span }, signal)) {
      if (belief.ourKey !== undefined && belief.paymentId !== undefined) {
        const writing = ids.add(belief.ourKey, belief.paymentId);
        if (writing !== undefined) await writing;
      }
      yield belief;
    }
  }

  #billsOf(work: Work): Partial<Record<BillKind, AsyncGenerator<BillLine>>> {
    return Object.fromEntries(work.bills.map((bill) => [bill.received.bill, this.#linesOf(bill, work)]));
  }

  /** The lines that are compared: payouts are compared with our bank, and fees that are of no movement are posted as they are billed. */
  async *#linesOf({ received, path, lines }: Work['bills'][number], { run, fees, tempDir }: Work): AsyncGenerator<BillLine> {
    const { signal } = this.parts;
    const postsFees = run.terms.feesFrom === received.bill;
    let read = 0;
    for await (const line of billLines(billItems(received, run.terms, path, tempDir), () => undefined)) {
      signal.throwIfAborted();
      read += 1;
      const writing = postsFees ? fees.addBilled(line) : undefined;
      if (writing !== undefined) await writing;
      if (line.kind === 'payout' || (line.kind === 'fee' && line.feeOf === undefined)) continue;
      yield line;
    }
    if (read !== lines) throw new Error(`${received.billId} has ${read} lines; when it was taken in it had ${lines}`);
  }

  async #postFees({ run, bills, fees, ids }: Work, resumed: boolean): Promise<void> {
    const { store, signal } = this.parts;
    const { provider, day, to, terms, runId, number } = run;
    if (!bills.some(({ received }) => received.bill === terms.feesFrom)) return;
    const [first] = resumed || number > 1 ? await store.read<RunEvent>(runStream(provider, day), { limit: 1 }) : [];
    const posting = { provider, billId: feeBillIdOf(provider, terms.feesFrom, day), billedAt: to, runId, postedAfter: first?.position };
    await postFees(store, fees, ids, posting, signal);
  }

  async #recordBreaks({ run, ids }: Work, found: readonly Break[]): Promise<ReconciliationReport['breaks']> {
    const paymentIds = await ids.find(found.flatMap(({ ourKey }) => (ourKey === undefined ? [] : [ourKey])));
    const contents = found.map((each) => contentOf(each, run, each.ourKey === undefined ? undefined : paymentIds.get(each.ourKey)));
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
  async #recordExplained({ run, open }: Work, found: readonly Break[]): Promise<number> {
    const again = new Set(found.map((each) => breakIdOf({ ...each, on: [...each.on], provider: run.provider })));
    const gone = [...open.other, ...open.own].filter(({ breakId }) => !again.has(breakId));
    let explained = 0;
    await inParallel(gone, breaksAtOnce, async ({ breakId }) => {
      const command: BreakCommand = { type: 'RecordExplained', runId: run.runId, day: run.day, now: this.#now() };
      const state = await this.#decide(breakId, run, command);
      if (state.explainedBy?.runId === run.runId) explained += 1;
    });
    return explained;
  }

  async #end(run: ReconciliationStarted, { carried }: Matched, report: ReconciliationReport): Promise<void> {
    const { runId } = run;
    for (let first = 0; first < carried.length; first += linesInEvent)
      await this.#record(run, { type: 'CarryLines', runId, first, lines: carried.slice(first, first + linesInEvent) });
    const carriedDigest = digestOf(carried);
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
