import { monitorEventLoopDelay } from 'node:perf_hooks';
import { EventStore, type StoredEvent } from '@tongbao/event-store';
import { JournalWriter, Snapshots } from '@tongbao/ledger';
import { LatencyRecorder, type Latency } from './latency-recorder.js';
import { purchase, purchaseCommand, purchaseFact, type Accounts } from './ledger-purchases.js';

/** How entries come: one command a call; a bulk of 100, each on its own or all linked; facts of the log, 500 at a time. */
export type Way = 'one' | 'bulk' | 'linked' | 'facts';

export interface PostCase {
  way: Way;
  accounts: Accounts;
  callers: number;
}

/** What the process is to do, as JSON in its only argument; it answers with one message. */
export type LedgerTask =
  | { task: 'post'; eventStoreUrl: string; cases: PostCase[]; groups: number; seconds: number; rounds: number }
  | { task: 'fill'; eventStoreUrl: string; entries: number; groups: number; graceful: boolean }
  | { task: 'restart'; eventStoreUrl: string; snapshots: boolean }
  | { task: 'accounts'; eventStoreUrl: string; accounts: number };

export interface PostResult extends PostCase {
  /** Of each round. */
  perSecond: number[];
  /** Of a call, from submit to durable. */
  latency: Latency;
}

export interface LedgerResults {
  post: PostResult[];
  fill: { entries: number; seconds: number };
  restart: { entries: number; accounts: number; milliseconds: number };
  accounts: {
    accounts: number;
    /** Of the heap that an account takes, after a garbage collection. */
    heapBytes: number;
    snapshotMilliseconds: number;
    /** For how long the snapshot held the thread up at its begin, and at most. */
    freezeMilliseconds: number;
    longestHoldUpMilliseconds: number;
  };
}

const perBulk = 100;
const factsAtOnce = 500;

const task = JSON.parse(process.argv[2] ?? '{}') as LedgerTask;
const store = EventStore.connect(task.eventStoreUrl);
const problems: string[] = [];
const snapshots = new Snapshots({ store, onWarning: (message, error) => problems.push(`${message}: ${String(error)}`) });
/** Ids go on from those of the processes before. */
const run = `${process.pid}-${Date.now()}`;
let numbers = 0;
let position = 0n;

const startWriter = (withSnapshots = true): Promise<JournalWriter> =>
  JournalWriter.start({
    store,
    now: () => new Date(),
    ...(withSnapshots && { snapshots }),
    onOutage: (error) => problems.push(String(error)),
    onFailure: (error) => problems.push(String(error)),
  });

/** One call: what a caller sends and waits for. @returns entries posted */
async function call(writer: JournalWriter, way: Way, accounts: Accounts, groups: number): Promise<number> {
  const next = () => {
    numbers += 1;
    const id = `${run}-${numbers}`;
    return purchaseCommand(id, purchase(numbers, groups, accounts));
  };
  if (way === 'facts') return postFacts(writer, accounts, groups, factsAtOnce);
  const commands = Array.from({ length: way === 'one' ? 1 : perBulk }, next);
  const answers =
    way === 'linked'
      ? [await writer.submit({ command: 'Linked', commandId: `linked ${commands[0]?.commandId ?? ''}`, commands })]
      : await Promise.all(commands.map((command) => writer.submit(command)));
  const refused = answers.find(({ result }) => result !== 'accepted');
  if (refused) throw new Error(`an entry was refused: ${refused.code ?? ''}`);
  return commands.length;
}

async function postFacts(writer: JournalWriter, accounts: Accounts, groups: number, count: number): Promise<number> {
  const events = Array.from({ length: count }, (): StoredEvent => {
    numbers += 1;
    position += 1n;
    const id = `${run}-${numbers}`;
    const event = purchaseFact(id, purchase(numbers, groups, accounts));
    return { event, stream: `payment-${id}`, revision: 0, position, id, metadata: {}, createdAt: new Date() };
  });
  await writer.post({ events, position });
  return count;
}

async function post({ cases, groups, seconds, rounds }: Extract<LedgerTask, { task: 'post' }>): Promise<PostResult[]> {
  const writer = await startWriter();
  position = writer.sourcePosition;
  const measured = cases.map((each) => ({ ...each, perSecond: [] as number[], recorder: new LatencyRecorder() }));
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const { way, accounts, callers, perSecond, recorder } of measured) {
      let entries = 0;
      const startedMs = performance.now();
      const until = startedMs + (seconds * 1_000) / rounds;
      const caller = async () => {
        for (let sentMs = startedMs; sentMs < until;) {
          sentMs = performance.now();
          const posted = await call(writer, way, accounts, groups);
          entries += posted;
          if (round > 0) recorder.record(performance.now() - sentMs);
        }
      };
      await Promise.all(Array.from({ length: callers }, caller));
      if (round > 0) perSecond.push((entries * 1_000) / (performance.now() - startedMs));
    }
  }
  await writer.stop();
  return measured.map(({ recorder, ...result }) => ({ ...result, latency: recorder.latency() }));
}

async function fill({ entries, groups, graceful }: Extract<LedgerTask, { task: 'fill' }>): Promise<LedgerResults['fill']> {
  const writer = await startWriter();
  const startedMs = performance.now();
  let left = entries - writer.books.nextEntry;
  const filled = left;
  const caller = async () => {
    while (left > 0) {
      left -= perBulk;
      await call(writer, 'bulk', 'spread', groups);
    }
  };
  await Promise.all(Array.from({ length: 40 }, caller));
  const seconds = (performance.now() - startedMs) / 1_000;
  if (graceful) await writer.stop();
  return { entries: filled, seconds };
}

async function restart({ snapshots: withSnapshots }: Extract<LedgerTask, { task: 'restart' }>): Promise<LedgerResults['restart']> {
  // The connection is there: what is measured is the books.
  await store.head();
  const startedMs = performance.now();
  const writer = await startWriter(withSnapshots);
  const milliseconds = performance.now() - startedMs;
  const { books } = writer;
  // It has written nothing, and ends without a snapshot.
  return { entries: books.nextEntry, accounts: [...books.balances()].length, milliseconds };
}

async function fillAccounts({ accounts }: Extract<LedgerTask, { task: 'accounts' }>): Promise<LedgerResults['accounts']> {
  const writer = await startWriter(false);
  const collect = globalThis.gc;
  if (!collect) throw new Error('the process needs --expose-gc');
  // Two wallets a group, a provider and a fee account for all; commands would leave their outcomes in memory.
  await postFacts(writer, 'hot', accounts / 2, factsAtOnce);
  collect();
  const before = { bytes: process.memoryUsage().heapUsed, accounts: [...writer.books.balances()].length };
  while (numbers < accounts / 2) await postFacts(writer, 'hot', accounts / 2, factsAtOnce);
  collect();
  const count = [...writer.books.balances()].length;
  const heapBytes = (process.memoryUsage().heapUsed - before.bytes) / (count - before.accounts);
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const startedMs = performance.now();
  const taking = snapshots.take(writer.books);
  const freezeMilliseconds = performance.now() - startedMs;
  delays.enable();
  if (!(await taking)) problems.push('no snapshot was taken');
  const snapshotMilliseconds = performance.now() - startedMs;
  delays.disable();
  await writer.stop();
  return { accounts: count, heapBytes, snapshotMilliseconds, freezeMilliseconds, longestHoldUpMilliseconds: delays.max / 1e6 };
}

const results = {
  post: () => task.task === 'post' && post(task),
  fill: () => task.task === 'fill' && fill(task),
  restart: () => task.task === 'restart' && restart(task),
  accounts: () => task.task === 'accounts' && fillAccounts(task),
};
const result = await results[task.task]();
// Who asked ends the process, in its own way.
process.send?.({ result, problems });
