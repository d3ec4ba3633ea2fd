import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamDeletedError, type Filter } from '@eventstore/db-client';
import { event, events, namesOf, Recorder, revisionsOf, startHarness, type Harness } from '../test/harness.js';

let harness: Harness;
let open: Recorder[] = [];
let count = 0;

const start = async (options: Parameters<typeof startHarness>[0] = {}) => {
  harness = await startHarness(options);
};
const fresh = () => `sub${(count += 1)}-1`;
const record = (subscription: ConstructorParameters<typeof Recorder>[0]) => {
  const recorder = new Recorder(subscription);
  open.push(recorder);
  return recorder;
};
const toStream = (name: string, options = {}) => record(harness.client.subscribeToStream(name, options));
const toAll = (options = {}) => record(harness.client.subscribeToAll(options));

afterEach(async () => {
  await Promise.all(open.map((recorder) => recorder.stop()));
  open = [];
});

describe.each([
  ['within the memory of recent events', 8192],
  ['outside of it', 1],
])('a subscription to a stream, %s', (_, recentEvents) => {
  beforeAll(() => start({ limits: { pageEvents: 4, recentEvents } }));
  afterAll(() => harness.stop());

  it('is confirmed, sends what exists, catches up, and sends what comes', async () => {
    const name = fresh();
    await harness.client.appendToStream(name, events(10));
    const recorder = toStream(name);
    await recorder.until(({ seen }) => seen.includes('caughtUp'));
    expect(recorder.seen[0]).toBe('confirmation');
    expect(revisionsOf(recorder.events)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(recorder.seen.at(-1)).toBe('caughtUp');
    await harness.client.appendToStream(name, events(5));
    await recorder.until((all) => all.events.length === 15);
    expect(revisionsOf(recorder.events).slice(10)).toEqual([10, 11, 12, 13, 14]);
  });

  it('begins after the revision it is given', async () => {
    const name = fresh();
    await harness.client.appendToStream(name, events(5));
    const recorder = await toStream(name, { fromRevision: 2n }).until(({ seen }) => seen.includes('caughtUp'));
    expect(revisionsOf(recorder.events)).toEqual([3, 4]);
  });

  it('from the end sends only what comes', async () => {
    const name = fresh();
    await harness.client.appendToStream(name, events(5));
    const recorder = await toStream(name, { fromRevision: 'end' }).until(({ seen }) => seen.includes('caughtUp'));
    expect(recorder.events).toEqual([]);
    await harness.client.appendToStream(name, events(1));
    await recorder.until((all) => all.events.length === 1);
    expect(revisionsOf(recorder.events)).toEqual([5]);
  });

  it('begins after a revision that is still to come', async () => {
    const name = fresh();
    await harness.client.appendToStream(name, events(2));
    const recorder = await toStream(name, { fromRevision: 4n }).until(({ seen }) => seen.includes('caughtUp'));
    await harness.client.appendToStream(name, events(6));
    await recorder.until((all) => revisionsOf(all.events).includes(7));
    expect(revisionsOf(recorder.events)).toEqual([5, 6, 7]);
  });

  it('waits for a stream that does not exist', async () => {
    const name = fresh();
    const recorder = await toStream(name).until(({ seen }) => seen.includes('caughtUp'));
    await harness.client.appendToStream(fresh(), events(3));
    await harness.client.appendToStream(name, events(2));
    await recorder.until((all) => all.events.length === 2);
    expect(namesOf(recorder.events)).toEqual([`${name}@0`, `${name}@1`]);
  });

  it('fails at once for a stream with a tombstone, and when the stream gets one', async () => {
    const name = fresh();
    await harness.client.appendToStream(name, events(2));
    const live = await toStream(name).until(({ seen }) => seen.includes('caughtUp'));
    await harness.client.tombstoneStream(name);
    await live.until(({ error }) => error !== undefined);
    expect(live.error).toBeInstanceOf(StreamDeletedError);
    expect(revisionsOf(live.events)).toEqual([0, 1]);
    const late = await toStream(name).until(({ error }) => error !== undefined);
    expect(late.error).toBeInstanceOf(StreamDeletedError);
  });

  it('goes on over a soft delete with the events after it', async () => {
    const name = fresh();
    await harness.client.appendToStream(name, events(2));
    const recorder = await toStream(name).until(({ seen }) => seen.includes('caughtUp'));
    await harness.client.deleteStream(name);
    await harness.client.appendToStream(name, events(1));
    await recorder.until((all) => all.events.length === 3);
    expect(revisionsOf(recorder.events)).toEqual([0, 1, 2]);
  });
});

describe.each([
  ['within the memory of recent events', 8192],
  ['outside of it', 1],
])('a subscription to $all, %s', (_, recentEvents) => {
  beforeAll(async () => {
    await start({ limits: { pageEvents: 4, recentEvents } });
    await harness.client.appendToStream('pay-1', events(3));
    await harness.client.appendToStream('ship-1', events(3));
  });
  afterAll(() => harness.stop());

  it('sends what exists, catches up, and sends what comes, in the order of positions', async () => {
    const recorder = await toAll().until(({ seen }) => seen.includes('caughtUp'));
    await harness.client.appendToStream('pay-2', events(2));
    await recorder.until((all) => namesOf(all.events).includes('pay-2@1'));
    const positions = recorder.events.map(({ event: e }) => Number(e?.position?.commit));
    expect(positions).toEqual(positions.map((_position, index) => index + 1));
  });

  it('begins after the position it is given', async () => {
    const recorder = await toAll({ fromPosition: { commit: 2n, prepare: 2n } }).until(({ seen }) => seen.includes('caughtUp'));
    expect(namesOf(recorder.events)[0]).toBe('pay-1@2');
  });

  it('from the end sends only what comes', async () => {
    const recorder = await toAll({ fromPosition: 'end' }).until(({ seen }) => seen.includes('caughtUp'));
    await harness.client.appendToStream('late-1', events(1));
    await recorder.until((all) => all.events.length > 0);
    expect(namesOf(recorder.events)).toEqual(['late-1@0']);
  });

  it.each<[string, Filter, (name: string, type: string) => boolean]>([
    [
      'a prefix of names that is a category',
      { filterOn: 'streamName', prefixes: ['f-'], checkpointInterval: 1 },
      (name) => name.startsWith('f-'),
    ],
    [
      'a prefix of names within a category',
      { filterOn: 'streamName', prefixes: ['f-2'], checkpointInterval: 1 },
      (name) => name.startsWith('f-2'),
    ],
    [
      'a prefix of names over categories',
      { filterOn: 'streamName', prefixes: ['f'], checkpointInterval: 1 },
      (name) => name.startsWith('f'),
    ],
    ['several prefixes of names', { filterOn: 'streamName', prefixes: ['f-', 'g'], checkpointInterval: 1 }, (name) => /^(f-|g)/.test(name)],
    ['a regular expression on names', { filterOn: 'streamName', regex: '-2$', checkpointInterval: 1 }, (name) => name.endsWith('-2')],
    ['a prefix of types', { filterOn: 'eventType', prefixes: ['Odd'], checkpointInterval: 1 }, (_name, type) => type.startsWith('Odd')],
    [
      'a regular expression on types',
      { filterOn: 'eventType', regex: '^[^$].*n$', checkpointInterval: 1 },
      (_name, type) => type.endsWith('n'),
    ],
  ])('filtered by %s sends the matching events, existing and coming', async (_label, filter, matches) => {
    const write = async () => {
      for (const name of ['f-1', 'f-2', 'fa-2', 'g', 'h-2', 'f-2'])
        for (const type of ['OddOne', 'Even']) await harness.client.appendToStream(name, event(type));
    };
    const expected = (recorder: Recorder) => recorder.events.map(({ event: e }) => matches(e!.streamId, e!.type));
    await write();
    const all = toAll();
    const recorder = await toAll({ filter }).until(({ seen }) => seen.includes('caughtUp'));
    await write();
    await harness.client.appendToStream('f-2', event('OddEven'));
    await all.until(({ events: seen }) => seen.at(-1)?.event?.type === 'OddEven');
    const wanted = all.events.filter(({ event: e }) => matches(e!.streamId, e!.type));
    await recorder.until(({ events: seen }) => seen.length >= wanted.length);
    expect(expected(recorder).every(Boolean)).toBe(true);
    expect(recorder.events.map(({ event: e }) => e!.id)).toEqual(wanted.map(({ event: e }) => e!.id));
    await harness.client.appendToStream('f-2', event('OddClean'));
  });
});

describe.each<[string, Filter, number]>([
  ['by category, from the index', { filterOn: 'streamName', prefixes: ['in-'] } as Filter, 1],
  ['by category, from memory', { filterOn: 'streamName', prefixes: ['in-'] } as Filter, 8192],
  ['by regular expression', { filterOn: 'streamName', regex: '^in-' } as Filter, 1],
])('the checkpoints of a subscription filtered %s', (_, filter, recentEvents) => {
  beforeAll(() => start({ limits: { pageEvents: 4, recentEvents } }));
  afterAll(() => harness.stop());

  const write = async (names: string[]) => {
    for (const name of names) await harness.client.appendToStream(name, event());
  };
  const subscribe = (maxSearchWindow: number | undefined, checkpointInterval: number, options = {}) => {
    const holder: { recorder?: Recorder } = {};
    const recorder = toAll({
      ...options,
      filter: {
        ...filter,
        maxSearchWindow,
        checkpointInterval,
        checkpointReached: (_subscription: unknown, { commit }: { commit: bigint }) => holder.recorder?.checkpointReached(Number(commit)),
      },
    });
    holder.recorder = recorder;
    return recorder;
  };
  /** Positions of events and, in brackets, of checkpoints, in the order they came. */
  const story = (recorder: Recorder) =>
    recorder.seen.flatMap((item): (number | string)[] => {
      if (typeof item !== 'object') return [];
      if ('event' in item) return [Number(item.event.event?.position?.commit)];
      return 'checkpoint' in item ? [`(${item.checkpoint})`] : [];
    });

  it('come every window x interval positions, counted over all events, and never before an event they cover', async () => {
    await write(['in-1', 'out-1', 'in-1', 'out-1', 'in-1', 'in-1', 'in-1', 'out-1', 'in-2']);
    const recorder = await subscribe(2, 2).until(({ seen }) => seen.includes('caughtUp'));
    expect(story(recorder)).toEqual([1, 3, '(4)', 5, 6, 7, '(8)', 9]);
    await write(['out-1', 'in-1', 'in-1', 'out-2', 'out-2', 'out-2', 'out-2', 'in-3']);
    await recorder.until(({ events: all }) => all.length === 9);
    expect(story(recorder).slice(8)).toEqual([11, 12, '(12)', '(16)', 17]);
  });

  it('skip what lies far behind when nothing matches for long, telling only the last', async () => {
    const base = harness.server.stats().lastPosition;
    await write(Array.from({ length: 11 }, () => 'out-9'));
    const recorder = await subscribe(1, 2, { fromPosition: { commit: BigInt(base), prepare: BigInt(base) } }).until(({ seen }) =>
      seen.includes('caughtUp'),
    );
    const checkpoints = story(recorder);
    expect(checkpoints.at(-1)).toBe(`(${base + 10})`);
    expect(recorder.events).toEqual([]);
  });

  it('come every 32 events when the client leaves the window to the server', async () => {
    const base = harness.server.stats().lastPosition;
    const recorder = await subscribe(undefined, 1, { fromPosition: 'end' }).until(({ seen }) => seen.includes('caughtUp'));
    await harness.client.appendToStream('in-1', events(70));
    await recorder.until(({ events: all }) => all.length === 70);
    expect(story(recorder).filter((item) => typeof item === 'string')).toEqual([`(${base + 32})`, `(${base + 64})`]);
  });
});

describe('many subscribers', () => {
  afterAll(() => harness.stop());

  it('that are live are served from memory, without reading from disk', async () => {
    await start();
    const recorders = Array.from({ length: 20 }, () => toAll());
    recorders.push(...Array.from({ length: 20 }, () => toStream('many-1')));
    await Promise.all(recorders.map((recorder) => recorder.until(({ seen }) => seen.includes('caughtUp'))));
    await harness.client.appendToStream('many-1', events(100));
    await Promise.all(recorders.map((recorder) => recorder.until((all) => all.events.length === 100)));
    expect(harness.server.stats()).toMatchObject({ rowsRead: 0, subscriptions: 40 });
  });
});

describe('a subscriber that does not keep up', () => {
  afterAll(() => harness.stop());

  it('holds back the sending, is told that it fell behind, and still gets every event once', async () => {
    await start({ limits: { recentEvents: 8, pageEvents: 4 } });
    const recorder = record(harness.client.subscribeToStream('slow-1', {}, { highWaterMark: 1 }));
    await recorder.until(({ seen }) => seen.includes('caughtUp'));
    const subscription = recorder.pause();
    for (let n = 0; n < 100; n += 1) await harness.client.appendToStream('slow-1', event('Big', { text: 'x'.repeat(20_000) }));
    expect(recorder.events.length).toBeLessThan(100);
    subscription.resume();
    await recorder.until((all) => all.events.length === 100);
    expect(revisionsOf(recorder.events)).toEqual([...Array(100).keys()]);
    await recorder.until((all) => all.count('caughtUp') === 2);
    expect(recorder.count('fellBehind')).toBe(1);
  });
});

describe('a subscriber that leaves', () => {
  afterAll(() => harness.stop());

  it('is forgotten', async () => {
    await start();
    const recorder = await toStream('leave-1').until(({ seen }) => seen.includes('caughtUp'));
    expect(harness.server.stats().subscriptions).toBe(1);
    await recorder.stop();
    // Each round trip gives the server a turn; the condition ends the loop.
    while (harness.server.stats().subscriptions > 0) await harness.client.appendToStream('leave-2', event());
  });
});
