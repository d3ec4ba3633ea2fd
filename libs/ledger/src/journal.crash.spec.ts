import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntriesPosted, PaymentCaptured } from '@tongbao/contracts';
import { EventStore } from '@tongbao/event-store';
import { eventually } from '@tongbao/testing';
import { captured, placeHold, postEntry, split, transfer } from '../test/builders.js';
import { StoreProcess, WriterProcess } from '../test/processes.js';
import { wholeState } from '../test/whole-state.js';
import type { WriterProgram } from '../test/writer.program.js';
import type { Command } from './commands.js';
import { foldJournal } from './journal.fold.js';
import { Snapshots } from './journal.snapshots.js';

const ttlMs = 1_000;
const folder = mkdtempSync(join(tmpdir(), 'tongbao-faults-'));
const processes: WriterProcess[] = [];
/** In log order. */
const facts: PaymentCaptured[] = [];

let server: StoreProcess;
let store: EventStore;
beforeAll(async () => {
  server = await StoreProcess.start();
  store = EventStore.connect(server.connectionString);
});
afterEach(() => Promise.all(processes.splice(0).map((process) => process.kill())));
afterAll(async () => {
  await store.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function record(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const fact = captured([split('provider:alipay', 'hub:fees', 10)], { paymentId: `pay_${facts.length}` });
    await store.append(`payment-${facts.length}`, 'no_stream', [fact], { commandId: `fact ${facts.length}` });
    facts.push(fact);
  }
}

/** Entries, holds and what ends them, what is refused, and reversals; many of them twice. */
const commands = Array.from({ length: 40 }, (_, index): Command[] => {
  const entry = postEntry(`post-${index}`, [transfer('hub:fees', 'hub:losses', 1)]);
  const hold = placeHold(`h${index}`, 'hub:fees', 2, { commandId: `place-${index}` });
  const end: Command =
    index % 2 === 0
      ? { command: 'VoidHold', commandId: `void-${index}`, holdId: `h${index}` }
      : { command: 'CommitHold', commandId: `commit-${index}`, holdId: `h${index}`, transfers: [transfer('hub:fees', 'hub:losses', 2)] };
  return [
    entry,
    hold,
    entry,
    end,
    postEntry(`bad-${index}`, [transfer('hub:fees', 'hub:fees', 1)]),
    { command: 'ReverseEntry', commandId: `undo-${index}`, entry: index },
  ];
}).flat();

const candidate = (name: string, holder: string, faultFile?: string, more: Partial<WriterProgram> = {}): WriterProcess => {
  const process = new WriterProcess({ connectionString: server.connectionString, name, holder, ttlMs, commands, ...more }, faultFile);
  processes.push(process);
  return process;
};

const journalOf = async (name: string) => store.read<EntriesPosted>(`journal-${name}`);

/** One history without a gap, each fact once and in order, each command once, and nobody was told otherwise. */
async function audit(name: string, told: readonly WriterProcess[]): Promise<void> {
  const journal = await eventually(
    () => journalOf(name),
    (events) => events.flatMap(({ event }) => event.entries).filter(({ position }) => position !== undefined).length >= facts.length,
    30_000,
  );
  let [next, reached, epoch] = [0, 0n, 0];
  for (const { event } of journal) {
    expect(event.firstEntry).toBe(next);
    expect(BigInt(event.sourcePosition)).toBeGreaterThanOrEqual(reached);
    expect(event.epoch).toBeGreaterThanOrEqual(epoch);
    [next, reached, epoch] = [next + event.entries.length, BigInt(event.sourcePosition), event.epoch];
  }
  const ofFacts = journal.flatMap(({ event }) => event.entries).filter(({ position }) => position !== undefined);
  expect(ofFacts.map(({ ref }) => ref)).toEqual(facts.map(({ paymentId }) => paymentId));
  const outcomes = journal.flatMap(({ event }) => event.outcomes);
  expect(outcomes.map(({ commandId }) => commandId).toSorted()).toEqual(
    [...new Set(commands.map(({ commandId }) => commandId))].toSorted(),
  );
  const known = new Map(outcomes.map(({ commandId, result, entry }) => [commandId, `${result} ${entry ?? '-'}`]));
  for (const { answers } of told)
    for (const [commandId, answer] of answers) expect([commandId, answer]).toEqual([commandId, known.get(commandId)]);
  const [zero, resumed] = await Promise.all([
    foldJournal({ store, name }),
    foldJournal({ store, name, snapshots: new Snapshots({ store, name }) }),
  ]);
  expect(wholeState(resumed.books)).toEqual(wholeState(zero.books));
  expect(resumed.resumed.events).toBeGreaterThan(0);
}

it.each([
  ['before fold 1', 'it has the lease, and knows nothing'],
  ['after fold 1', 'it knows the books, and has written nothing'],
  ['before journal 1', 'the first event is not written'],
  ['after journal 1', 'the first event is durable, and nobody was told'],
  ['before journal 9', 'an event on top of others is not written'],
  ['after journal 9', 'an event on top of others is durable, and nobody was told'],
  ['before snapshot 1', 'a snapshot is begun, nothing of it is written'],
  ['after snapshot 1', 'its pieces are written, not its end'],
  ['before snapshot 4', 'the first one is there, the second one has no end'],
  ['after snapshot 4', 'two are there'],
])('killed at %s (%s): the standby goes on, and all is posted once', async (point) => {
  const name = point.replaceAll(' ', '');
  const faultFile = join(folder, name);
  writeFileSync(faultFile, `${point}\n`);
  await record(12);
  const both = ['a', 'b'].map((holder) => candidate(name, holder, faultFile));
  const dead = await Promise.race(both.map(async (process) => ({ process, ...(await process.ended) })));
  expect([dead.signal, existsSync(faultFile)]).toEqual(['SIGKILL', false]);
  const survivor = both.find((process) => process !== dead.process)!;
  await record(5);
  await survivor.says((line) => line === 'done');
  await audit(name, both);
});

it.each([
  ['heeds its lease', 3],
  ['heeds its lease', 30],
  ['goes on without a look at it', 10],
])(
  'a writer that was stopped past its lease, and %s, comes back (after %d answers): one history, and the old one ends',
  async (how, after) => {
    const heedless = how.startsWith('goes');
    const name = `stopped${after}`;
    await record(10);
    const both = ['a', 'b'].map((holder) => candidate(name, holder, undefined, { heedless }));
    const old = await Promise.race(both.map((process) => process.says((line) => line.startsWith('leads ')).then(() => process)));
    const standby = both.find((process) => process !== old)!;
    await eventually(
      () => Promise.resolve(old.answers.size),
      (count) => count >= after,
      30_000,
    );
    old.signal('SIGSTOP');
    await standby.says((line) => line === 'leads 2');
    const recorded = record(5);
    old.signal('SIGCONT');
    await old.says((line) => line === 'lost');
    if (!heedless) expect(await old.ended).toEqual({ code: 1, signal: null });
    await standby.says((line) => line === 'done');
    await recorded;
    await audit(name, both);
  },
);

it('commands that come again from the first on, as from a topic made anew, are answered as before and write nothing', async () => {
  const name = 'again';
  const first = candidate(name, 'a');
  await first.says((line) => line === 'done');
  await audit(name, [first]);
  const before = (await journalOf(name)).length;
  await first.kill();
  const second = candidate(name, 'b');
  await second.says((line) => line === 'done');
  expect(second.answers).toEqual(first.answers);
  expect(await journalOf(name)).toHaveLength(before);
  await audit(name, [first, second]);
});
