import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { counted, TestStore, type Counted } from '../test/store.js';
import { Outage } from './errors.js';
import { LogFeed, type FeedBatch } from './log-feed.js';

let test: TestStore;
let feed: LogFeed;
const failures: string[] = [];

async function begin(capacity?: number): Promise<LogFeed> {
  feed = new LogFeed(test.store, {
    categories: ['a', 'b', 'bus_x'],
    ...(capacity && { capacity }),
    onFailure: (name) => failures.push(name),
  });
  await feed.start();
  return feed;
}

beforeEach(async () => {
  failures.length = 0;
  test = await TestStore.begin();
});
afterEach(async () => {
  await feed.stop();
  await test.end();
});

let commands = 0;
const append = async (stream: string, ...numbers: number[]) => {
  commands += 1;
  return test.store.append(stream, 'any', numbers.map(counted), { commandId: `c${commands}` });
};
const numbersOf = (batches: FeedBatch[]) => batches.flatMap(({ events }) => events.map(({ event }) => (event as Counted).number));
const collector = () => {
  const batches: FeedBatch[] = [];
  return { batches, collect: (batch: FeedBatch) => Promise.resolve(void batches.push(batch)) };
};

describe('a consumer', () => {
  it('gets the events of its categories in log order, old ones and new ones, each once', async () => {
    await append('a-1', 1);
    await append('b-1', 2);
    await begin();
    const { batches, collect } = collector();
    const consumer = feed.consume({ name: 'all', categories: ['a', 'bus_x'], after: 0n }, collect);
    await append('c-1', 3);
    await append('a-2', 4);
    await append('bus_x', 5);
    const { position } = await append('a-1', 6, 7);
    expect(await consumer.reached(position, 10_000)).toBe(true);
    expect(numbersOf(batches)).toEqual([1, 4, 5, 6, 7]);
  });

  it('begins after the position that it asks for', async () => {
    await append('a-1', 1);
    const { position } = await append('a-1', 2);
    await append('a-1', 3);
    await begin();
    const { batches, collect } = collector();
    const consumer = feed.consume({ name: 'late', categories: ['a'], after: position }, collect);
    expect(await consumer.reached((await append('a-1', 4)).position, 10_000)).toBe(true);
    expect(numbersOf(batches)).toEqual([3, 4]);
  });

  it('learns that the log has moved on where nothing of its own has come', async () => {
    await begin();
    const consumer = feed.consume({ name: 'idle', categories: ['a'], after: 0n }, collector().collect);
    expect(await consumer.reached((await append('b-1', 1)).position, 10_000)).toBe(true);
  });

  it('that keeps a distance between its batches gets the first at once and what follows together, sooner when somebody waits for it', async () => {
    await begin();
    const { batches, collect } = collector();
    const consumer = feed.consume({ name: 'paced', categories: ['a'], after: feed.head, everyMs: 600_000 }, collect);
    const { position: first } = await append('a-1', 1);
    expect(await consumer.reached(first, 10_000)).toBe(true);
    const other = feed.consume({ name: 'other', categories: ['a'], after: feed.head }, () => Promise.resolve());
    await append('a-1', 2);
    const { position } = await append('a-1', 3);
    expect(await other.reached(position, 10_000)).toBe(true);
    expect(batches).toHaveLength(1);
    expect(await consumer.reached(position, 10_000)).toBe(true);
    expect(batches.slice(1).map(({ events }) => events.length)).toEqual([2]);
    await append('a-1', 4);
    await consumer.stop();
    expect(numbersOf(batches)).toEqual([1, 2, 3]);
  });

  it('that falls off the ring reads by itself until it is back, without a gap', async () => {
    await begin(4);
    const { batches, collect } = collector();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = feed.consume({ name: 'slow', categories: ['a'], after: 0n, maxBatch: 3 }, async (batch) => {
      await held;
      return collect(batch);
    });
    const quick = feed.consume({ name: 'quick', categories: ['a'], after: 0n }, collector().collect);
    for (let number = 1; number <= 40; number += 1) await append('a-1', number);
    const { position } = await append('a-1', 41);
    await quick.reached(position, 10_000);
    release();
    expect(await slow.reached(position, 10_000)).toBe(true);
    expect(numbersOf(batches)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
  });

  it('gets a batch again, without end, as long as something that it needs is down', async () => {
    await begin();
    let tries = 0;
    const { batches, collect } = collector();
    const consumer = feed.consume({ name: 'patient', categories: ['a'], after: 0n }, (batch) => {
      tries += 1;
      return tries < 4 ? Promise.reject(new Outage('down')) : collect(batch);
    });
    expect(await consumer.reached((await append('a-1', 1)).position, 10_000)).toBe(true);
    expect(numbersOf(batches)).toEqual([1]);
    expect(failures).toEqual([]);
  });

  it('that fails stands still and says so, while the others go on', async () => {
    await begin();
    const broken = feed.consume({ name: 'broken', categories: ['a'], after: 0n }, () => Promise.reject(new Error('a bug')));
    const sound = feed.consume({ name: 'sound', categories: ['a'], after: 0n }, collector().collect);
    const { position } = await append('a-1', 1);
    await broken.finished;
    expect(await sound.reached(position, 10_000)).toBe(true);
    expect(failures).toEqual(['broken']);
    expect(feed.status().map(({ name, state }) => [name, state])).toEqual([
      ['broken', 'failed'],
      ['sound', 'running'],
    ]);
  });

  it('that is declared failed between two batches stands still like one whose handler has failed', async () => {
    await begin();
    const consumer = feed.consume({ name: 'superseded', categories: ['a'], after: 0n }, collector().collect);
    consumer.fail(new Error('somebody else does it'));
    await consumer.finished;
    expect(failures).toEqual(['superseded']);
    expect(feed.status()).toEqual([expect.objectContaining({ state: 'failed', error: 'Error: somebody else does it' })]);
  });

  it('goes on after the store has been away', async () => {
    await begin();
    const { batches, collect } = collector();
    const consumer = feed.consume({ name: 'steady', categories: ['a'], after: 0n }, collect);
    await consumer.reached((await append('a-1', 1)).position, 10_000);
    await test.bounce();
    expect(await consumer.reached((await append('a-1', 2)).position, 20_000)).toBe(true);
    expect(numbersOf(batches)).toEqual([1, 2]);
  });

  it('of a category that the feed does not follow is refused', async () => {
    await begin();
    expect(() => feed.consume({ name: 'wrong', categories: ['z'], after: 0n }, collector().collect)).toThrow('does not follow z');
  });

  it('can be stopped by itself, from its handler too, and another one begin in its place', async () => {
    await begin();
    const { batches, collect } = collector();
    const stopping: Promise<void>[] = [];
    const first = feed.consume({ name: 'renewed', categories: ['a'], after: 0n, maxBatch: 1 }, async (batch) => {
      await collect(batch);
      if (batch.events.length > 0) stopping.push(first.stop());
    });
    const other = feed.consume({ name: 'other', categories: ['a'], after: 0n }, collector().collect);
    const { position } = await append('a-1', 1, 2, 3);
    expect(await other.reached(position, 10_000)).toBe(true);
    await first.finished;
    await Promise.all(stopping);
    expect(first.status().state).toBe('stopped');
    expect(numbersOf(batches)).toEqual([1]);
    expect(feed.status().map(({ name }) => name)).toEqual(['other']);
    const second = feed.consume({ name: 'renewed', categories: ['a'], after: first.position }, collect);
    expect(await second.reached((await append('a-1', 4)).position, 10_000)).toBe(true);
    expect(numbersOf(batches)).toEqual([1, 2, 3, 4]);
    await second.stop();
    await second.stop();
  });

  it('finishes the batch it is in when the feed stops', async () => {
    await begin();
    let entered: () => void = () => undefined;
    const isIn = new Promise<void>((resolve) => (entered = resolve));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let finished = false;
    feed.consume({ name: 'busy', categories: ['a'], after: 0n }, async ({ events }) => {
      if (events.length === 0) return;
      entered();
      await held;
      finished = true;
    });
    await append('a-1', 1);
    await isIn;
    const stopped = feed.stop();
    release();
    await stopped;
    expect(finished).toBe(true);
  });
});
