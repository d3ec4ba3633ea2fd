import { createReadStream } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ReconciliationCompleted } from '@tongbao/contracts';
import { EventStore } from '@tongbao/event-store';
import { periodOf } from '../src/bill-day.js';
import { BillFiles } from '../src/bill-files.js';
import { BillProcess } from '../src/bill.process.js';
import { billIdOf, billStream } from '../src/bill.js';
import { LineThread } from '../src/line-work.thread.js';
import { decideRun } from '../src/run.decide.js';
import { RunProcess } from '../src/run.process.js';
import { dayFold, openRun, runStream } from '../src/run.js';
import { builtInTerms } from '../src/terms.js';
import { termsSource } from '../src/terms.source.js';

/** What the program is told, as JSON in its only argument. */
export interface MillionProgram {
  connectionString: string;
  provider: string;
  day: string;
  /** Of the bills. */
  files: { bill: 'trade' | 'fund'; path: string }[];
  folder: string;
}

/** What it prints. */
export interface MillionResult {
  report: ReconciliationCompleted['report'];
  seconds: Record<string, number>;
  /** What the thread of the process's event loop has computed: for so long it had no time for anything else. */
  loopSeconds: Record<string, number>;
  /** How late the event loop was, in which the machine has its part, too. */
  loopDelayMs: Record<string, { p99: number; max: number }>;
  /** The most memory that the process ever had, and what it had before the first bill came. */
  megabytes: number;
  megabytesBefore: number;
}

const [, , told] = process.argv;
if (told === undefined) throw new Error('it is told nothing');

// What the leading process of the service does with the bills of a day, in a process of its own whose read models are elsewhere, as over PostgreSQL. It is the
// first day of all: they would have nothing to say.
const { connectionString, provider, day, files: given, folder } = JSON.parse(told) as MillionProgram;
const clock = { now: () => new Date(`${day}T12:00:00Z`) };
const { signal } = new AbortController();
const store = EventStore.connect(connectionString);
const files = new BillFiles(folder, 1_000_000_000);
const work = new LineThread(new URL('../src/line-work.worker.ts', import.meta.url));
const working = { store, files, work, clock, signal };
const bills = new BillProcess({ ...working, termsOf: termsSource(store) });
const nothing = () => Promise.resolve([]);
const runs = new RunProcess({ ...working, feePauseMs: 0, queries: { carriedBy: nothing, missingBreaks: nothing, breaksOfDay: nothing } });

const memory = () => Math.round(process.resourceUsage().maxRSS / 1_024);
const megabytesBefore = memory();
const seconds: MillionResult['seconds'] = {};
const loopSeconds: MillionResult['loopSeconds'] = {};
const loopDelayMs: MillionResult['loopDelayMs'] = {};
const timed = async (what: string, work: () => Promise<void>): Promise<void> => {
  const [begun, before] = [performance.now(), process.threadCpuUsage()];
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  await work();
  loop.disable();
  const { user, system } = process.threadCpuUsage(before);
  loopSeconds[what] = Math.round((user + system) / 10_000) / 100;
  seconds[what] = Math.round((performance.now() - begun) / 100) / 10;
  loopDelayMs[what] = { p99: Math.round(loop.percentile(99) / 1e6), max: Math.round(loop.max / 1e6) };
};

const terms = builtInTerms(provider);
if (!terms) throw new Error(`nothing is known of ${provider}`);
const now = clock.now().toISOString();
const used: { bill: 'trade' | 'fund'; billId: string }[] = [];
for (const { bill, path } of given) {
  const file = await files.receive(createReadStream(path));
  const billId = billIdOf({ provider, bill, day, sha256: file.sha256 });
  await file.keepAs(billId);
  const received = { billId, provider, bill, day, ...periodOf(day, terms), sha256: file.sha256, bytes: file.bytes };
  const event = { type: 'BillReceived', ...received, by: 'operator:fin', receivedAt: now };
  await store.append(billStream(billId), 'no_stream', [event], { commandId: billId });
  await timed(`read ${bill}`, () => bills.read(billId));
  used.push({ bill, billId });
}
const span = { afterPosition: '0', throughPosition: String(await store.head()) };
const start = {
  type: 'StartRun' as const,
  provider,
  day,
  ...periodOf(day, terms),
  bills: used,
  terms,
  ...span,
  requestedBy: 'hub',
  startedAt: now,
};
const decision = decideRun(start, dayFold.initial);
if ('refused' in decision) throw new Error(decision.refused);
await store.append(runStream(provider, day), 'no_stream', decision.events, { commandId: 'start' });
const run = openRun(decision.events.reduce(dayFold.evolve, dayFold.initial));
if (!run) throw new Error('the run did not begin');
await timed('compare', () => runs.execute(run, false));
const end = await store.readLast<ReconciliationCompleted>(runStream(provider, day));
console.log(JSON.stringify({ report: end?.event.report, seconds, loopSeconds, loopDelayMs, megabytes: memory(), megabytesBefore }));
process.exit(0);
