import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createReadStream, createWriteStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage, StoreUnavailable } from '@tongbao/event-store';
import { generateBill, type ChosenError } from '@tongbao/provider-bills';
import { periodOf } from '../src/bill-day.js';
import { BillFiles } from '../src/bill-files.js';
import type { DayToCompare } from '../src/day.comparison.js';
import { workHere, type BillToRead } from '../src/line-work.js';
import { errorOf, failureOf } from '../src/line-work.messages.js';
import { LineThread } from '../src/line-work.thread.js';
import { TooManyBreaks } from '../src/run.matching.js';
import { builtInTerms } from '../src/terms.js';
import { World } from './application.js';
import { captured, keyOf, paymentIdOf } from './facts.js';

// The compiler of TypeScript in the thread is the one that processes of tests use.
const hooks = join(import.meta.dirname, '../../event-store/test/typescript-hooks.mjs');
const thread = new LineThread(new URL('../src/line-work.worker.ts', import.meta.url), [
  '--conditions=@tongbao/source',
  '--disable-warning=ExperimentalWarning',
  ...['--import', hooks],
]);

const day = '2026-03-02';
const terms = builtInTerms('alipay')!;
const period = periodOf(day, terms);
const noon = '2026-03-02T04:00:00.000Z';
const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'reconciliation-thread-'));
const files = new BillFiles(join(folder, 'bills'), 100_000_000);
let worlds: World[];

const many = 30_000;
const few = 300;
const saleOf = (number: number) => ({ provider: 'alipay', amountMinor: 100 + number, currency: 'CNY', at: noon, expectedFeeMinor: 6 });

/** A bill of so many payments, as the hub keeps it. */
async function billOf(count: number, errors: ChosenError[] = []): Promise<BillToRead> {
  const path = join(folder, `made-${count}`);
  const movements = Array.from({ length: count }, (_, number) => {
    const { amountMinor, currency, at } = saleOf(number);
    return { kind: 'payment' as const, key: keyOf(paymentIdOf(number)), amountMinor, feeMinor: 6, currency, at };
  });
  await pipeline(generateBill(movements, { provider: 'alipay', bill: 'trade', period, errors }), createWriteStream(path));
  const file = await files.receive(createReadStream(path));
  const billId = `bill_${count}`;
  await file.keepAs(billId);
  const named = { type: 'BillReceived' as const, billId, provider: 'alipay', bill: 'trade' as const, day, ...period };
  const received = { ...named, sha256: file.sha256, bytes: file.bytes, by: 'operator:fin', receivedAt: period.to };
  return { received, terms, path: await files.find(billId, file.sha256) };
}

/** A day whose first payments the bill lacks: more than are told in one message. */
async function dayOf(world: World, maxBreaks = terms.maxBreaks): Promise<DayToCompare> {
  const missing = Array.from({ length: few - 10 }, (_, number) => ({ error: 'missing' as const, key: keyOf(paymentIdOf(number)) }));
  const { received, path } = await billOf(few, missing);
  const span = { afterPosition: '0', throughPosition: String(await world.store.head()) };
  const bills = [{ bill: 'trade' as const, billId: received.billId }];
  const run = { type: 'ReconciliationStarted' as const, runId: `alipay_${day}_1`, provider: 'alipay', day, number: 1, ...period, bills };
  return {
    run: { ...run, terms: { ...terms, maxBreaks }, ...span, requestedBy: 'hub', startedAt: period.to },
    ...{ resumed: false, bills: [{ received, path, lines: 10 }], takenIn: [], known: new Set(), feePauseMs: 1 },
  };
}

const compare = (work: typeof workHere, { store }: World, given: DayToCompare) =>
  files.withScratch((scratch) => work.compare(store, given, scratch, never));

beforeAll(async () => {
  worlds = await Promise.all([World.begin(), World.begin()]);
  for (const world of worlds) {
    world.at(noon);
    const facts = Array.from({ length: few }, (_, number) => captured(paymentIdOf(number), saleOf(number)));
    await world.happened('payment-many', ...facts);
  }
}, 60_000);
afterAll(async () => {
  await Promise.all(worlds.map((world) => world.end()));
  rmSync(folder, { recursive: true });
});

describe('the lines of a bill, in a thread of their own', () => {
  it('are read as they are here, and cost the thread that asks nearly nothing', async () => {
    const bill = await billOf(many);
    const here = await files.withScratch((scratch) => workHere.read(bill, scratch, never));
    expect(here).toMatchObject({ fit: true, lines: many });
    const [own, whole] = [process.threadCpuUsage(), process.cpuUsage()];
    expect(await files.withScratch((scratch) => thread.read(bill, scratch, never))).toEqual(here);
    const [asking, all] = [process.threadCpuUsage(own), process.cpuUsage(whole)];
    expect(asking.user + asking.system).toBeLessThan((all.user + all.system) / 4);
  });

  it('are compared as they are here, with the same facts of fees in the log', async () => {
    const [one, other] = worlds as [World, World];
    const here = await compare(workHere, one, await dayOf(one));
    expect(here).toMatchObject({ breaks: { length: few - 10 }, fees: [{ billed: 10, billedMinor: 60 }] });
    const inThread = await compare(thread, other, await dayOf(other));
    expect(inThread).toEqual(here);
    const [written, alike] = [await one.log('reconciliation'), await other.log('reconciliation')];
    expect(written).toHaveLength(10);
    expect(alike.map(({ id, event }) => [id, event])).toEqual(written.map(({ id, event }) => [id, event]));
  });

  it('that are too many broken end the comparison as such', async () => {
    const [world] = worlds as [World];
    await expect(compare(thread, world, await dayOf(world, 5))).rejects.toThrow(TooManyBreaks);
  });

  it('that are others than before end it with an error that says where it came from', async () => {
    const [world] = worlds as [World];
    const given = await dayOf(world);
    const bills = given.bills.map((bill) => ({ ...bill, lines: 11 }));
    const error: unknown = await compare(thread, world, { ...given, bills }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining('has 10 lines; when it was taken in it had 11') });
    expect(error).toMatchObject({ cause: expect.stringContaining('day.comparison') });
    expect(error).not.toBeInstanceOf(Outage);
  });

  it('wait where the event store is down: that is an outage on both sides of the thread', () => {
    expect(errorOf(failureOf(new StoreUnavailable('it is down')))).toBeInstanceOf(Outage);
  });

  it('end at once when they are to, and leave nothing behind', async () => {
    const bill = await billOf(many);
    const stopping = new AbortController();
    const stop = (message: unknown) => (message as { worker: Worker }).worker.once('online', () => stopping.abort()); // as Node.js says it
    subscribe('worker_threads', stop);
    const stopped = files.withScratch((scratch) => thread.read(bill, scratch, stopping.signal));
    await expect(stopped).rejects.toThrow(/abort/);
    unsubscribe('worker_threads', stop);
    expect(readdirSync(join(folder, 'bills', 'scratch'))).toEqual([]);
  });

  it.each([
    ['ends', 'process.exit(3)', 'ended before it was done'],
    ['fails', 'throw new Error("out of memory")', 'out of memory'],
  ])('end with an error where the thread %s', async (_, body, message) => {
    const broken = new LineThread(new URL(`data:text/javascript,${encodeURIComponent(body)}`), []);
    const { received, path } = await billOf(few);
    await expect(broken.read({ received, terms, path }, folder, never)).rejects.toThrow(message);
  });
});

it('what a killed process has left of its work is removed by the next one that leads', async () => {
  const dying = files.withScratch(async (scratch) => {
    createWriteStream(join(scratch, 'part')).end('x');
    await files.clearScratch();
    return readdirSync(join(folder, 'bills'));
  });
  expect(await dying).not.toContain('scratch');
});
