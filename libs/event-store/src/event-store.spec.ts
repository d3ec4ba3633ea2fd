import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { v5 as uuidv5 } from 'uuid';
import { BrokenLine } from '../test/broken-line.js';
import { counted, TestStore, type Counted } from '../test/store.js';
import { Checkpoint } from './checkpoint.js';
import { WrongRevision } from './errors.js';
import { categoryOf, eventIdOf, idOf } from './event.js';
import { handle, load, type Decision } from './handle.js';
import { EventStore } from './event-store.js';
import { currentVersion, upcast } from './upcasting.js';

let test: TestStore;
beforeEach(async () => {
  test = await TestStore.begin();
});
afterEach(() => test.end());

const by = (commandId: string) => ({ commandId });

describe('an append', () => {
  it('gives revision and position, and is read back as it was', async () => {
    const appended = await test.store.append('thing-1', 'no_stream', [counted(1), counted(2)], {
      commandId: 'c1',
      correlationId: 'k',
      actor: 'me',
    });
    const events = await test.store.read<Counted>('thing-1');
    expect(events.map(({ event }) => event)).toEqual([counted(1), counted(2)]);
    expect(events.at(-1)).toMatchObject({
      revision: 1,
      position: appended.position,
      stream: 'thing-1',
      metadata: { $causationId: 'c1', $correlationId: 'k', actor: 'me' },
    });
    expect(appended.revision).toBe(1);
    expect(await test.store.head()).toBe(appended.position);
  });

  it('is found from the position of the event that follows it', async () => {
    const first = await test.store.append('thing-1', 'no_stream', [counted(1)], by('c1'));
    const second = await test.store.append('thing-2', 'no_stream', [counted(2)], by('c2'));
    expect(await test.store.positionBefore(second.position)).toBe(first.position);
    expect(await test.store.positionBefore(second.position + 1n)).toBe(second.position);
    expect(await test.store.positionBefore(first.position)).toBe(0n);
    expect(await test.store.positionBefore(0n)).toBe(0n);
  });

  it('at another revision than expected is refused, naming the real one', async () => {
    await test.store.append('thing-1', 'no_stream', [counted(1)], by('c1'));
    await expect(test.store.append('thing-1', 'no_stream', [counted(2)], by('c2'))).rejects.toMatchObject({
      name: 'WrongRevision',
      actual: 0,
    });
    await expect(test.store.append('thing-2', 4, [counted(2)], by('c2'))).rejects.toMatchObject({
      name: 'WrongRevision',
      actual: undefined,
    });
  });

  it('repeated by the same command has one effect', async () => {
    const first = await test.store.append('thing-1', 'no_stream', [counted(1)], by('c1'));
    expect(await test.store.append('thing-1', 'no_stream', [counted(1)], by('c1'))).toEqual(first);
    expect(await test.store.read('thing-1')).toHaveLength(1);
  });

  it('waits for a store that is down for a moment', async () => {
    let appending: Promise<unknown> | undefined;
    await test.bounce(() => {
      appending = test.store.append('thing-1', 'no_stream', [counted(1)], by('c1'));
      return Promise.resolve();
    });
    await appending;
    expect(await test.store.read('thing-1')).toHaveLength(1);
  });

  it('to a store that stays down is an outage', async () => {
    const impatient = EventStore.connect(test.server.connectionString, { retryForMs: 200 });
    await test.bounce(async () => {
      await expect(impatient.append('thing-1', 'no_stream', [counted(1)], by('c1'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    });
    await impatient.close();
  });
});

describe('a store that is down', () => {
  /** As far as patience with a single question goes, these tests would never end. */
  const soon = { silentForMs: 300, retryForMs: 600_000 };

  it('is an outage soon, for every question', async () => {
    const store = EventStore.connect(test.server.connectionString, soon);
    await store.append('thing-1', 'no_stream', [counted(1)], by('c1'));
    await test.bounce(async () => {
      const asked = [store.append('thing-1', 0, [counted(2)], by('c2')), store.read('thing-1'), store.head()];
      for (const outcome of await Promise.allSettled(asked)) expect(outcome).toMatchObject({ reason: { name: 'StoreUnavailable' } });
    });
    expect(await store.append('thing-1', 0, [counted(2)], by('c2'))).toMatchObject({ revision: 1 });
    await store.close();
  });

  it('or silent, leaves open what became of an append: repeated, it has one effect', async () => {
    const line = await BrokenLine.to(test.server.port);
    const store = EventStore.connect(`esdb://127.0.0.1:${line.port}?tls=false`, soon);
    await store.append('thing-0', 'no_stream', [counted(0)], by('c0'));
    line.silence();
    await expect(store.append('thing-1', 'no_stream', [counted(1)], by('c1'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    while ((await test.store.read('thing-1')).length === 0);
    line.mend();
    expect(await store.append('thing-1', 'no_stream', [counted(1)], by('c1'))).toMatchObject({ revision: 0 });
    expect(await test.store.read('thing-1')).toHaveLength(1);
    await store.close();
    await line.close();
  });
});

describe('a connection whose appends are calls of their own', () => {
  let store: EventStore;
  beforeEach(() => {
    store = EventStore.connect(test.server.connectionString, { appendsAlone: true });
  });
  afterEach(() => store.close());

  it('appends as every other', async () => {
    const appended = await store.append('thing-1', 'no_stream', [counted(1), counted(2)], by('c1'));
    expect(appended).toEqual({ revision: 1, position: await test.store.head() });
    expect(await store.append('thing-1', 'no_stream', [counted(1), counted(2)], by('c1'))).toEqual(appended);
    await expect(store.append('thing-1', 'no_stream', [counted(3)], by('c2'))).rejects.toMatchObject({ name: 'WrongRevision', actual: 1 });
    await expect(store.append('thing-2', 4, [counted(3)], by('c2'))).rejects.toMatchObject({ name: 'WrongRevision', actual: undefined });
  });

  it('does not share the stream of appends with the other connections of the process', async () => {
    const line = await BrokenLine.to(test.server.port);
    const far = EventStore.connect(`esdb://127.0.0.1:${line.port}?tls=false`, { appendsAlone: true });
    await Promise.all([store, far].map((each, index) => each.append(`thing-${index}`, 'no_stream', [counted(1)], by(`c${index}`))));
    // Were it one list of those who wait, cutting this one would make the other's answers strangers.
    const others = Array.from({ length: 50 }, (_, index) => store.append(`more-${index}`, 'no_stream', [counted(1)], by(`m${index}`)));
    line.mend();
    for (const { revision } of await Promise.all(others)) expect(revision).toBe(0);
    await far.close();
    await line.close();
  });
});

describe('an event id', () => {
  it('is the uuidv5 of RFC 9562, as a library makes it', () =>
    expect(eventIdOf('c1', 0, 'Typ\u00e9', '{"a":"\u4e2d"}')).toBe(
      uuidv5('c1\n0\nTyp\u00e9\n{"a":"\u4e2d"}', '6f1d3c0e-3a53-5f0e-9a1f-3b7f6c8f2a11'),
    ));

  it('differs by command, index, type and data', () => {
    const ids = [
      eventIdOf('c1', 0, 'T', '{}'),
      eventIdOf('c2', 0, 'T', '{}'),
      eventIdOf('c1', 1, 'T', '{}'),
      eventIdOf('c1', 0, 'U', '{}'),
      eventIdOf('c1', 0, 'T', '{"a":1}'),
    ];
    expect(new Set(ids).size).toBe(5);
    expect(eventIdOf('c1', 0, 'T', '{}')).toBe(ids[0]);
  });
});

describe('reading', () => {
  it('a stream that does not exist gives nothing', async () => expect(await test.store.read('thing-none')).toEqual([]));
  it('goes backwards, from a revision, and no further than asked', async () => {
    await test.store.append('thing-1', 'no_stream', [1, 2, 3, 4].map(counted), by('c1'));
    const numbers = async (options: Parameters<EventStore['read']>[1]) =>
      (await test.store.read<Counted>('thing-1', options)).map(({ event }) => event.number);
    expect(await numbers({ from: 2 })).toEqual([3, 4]);
    expect(await numbers({ backwards: true, limit: 2 })).toEqual([4, 3]);
    expect((await test.store.readLast<Counted>('thing-1'))?.event.number).toBe(4);
  });
});

describe('handling a command', () => {
  const fold = { initial: 0, evolve: (sum: number, { number }: Counted) => sum + number };
  const add =
    (number: number) =>
    (sum: number): Decision<Counted, 'too_much'> =>
      sum + number > 10 ? { refused: 'too_much' } : { events: [counted(number)] };

  it('decides on what is there and appends', async () => {
    expect(await handle(test.store, 'sum-1', fold, add(4), by('c1'))).toMatchObject({ outcome: 'accepted', state: 4, revision: 0 });
    expect(await handle(test.store, 'sum-1', fold, add(7), by('c2'))).toMatchObject({ outcome: 'refused', refusal: 'too_much', state: 4 });
    expect(await load(test.store, 'sum-1', fold)).toEqual({ state: 4, revision: 0 });
  });

  it('decides again when somebody was quicker: of ten at once, those that fit are taken', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, (_, index) => handle(test.store, 'sum-1', fold, add(3), by(`c${index}`))));
    expect(all.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(3);
    expect((await load(test.store, 'sum-1', fold)).state).toBe(9);
  });

  it('believes what the caller knows, and looks when that is wrong', async () => {
    await handle(test.store, 'sum-1', fold, add(8), by('c1'));
    const known = { state: 0, revision: undefined };
    expect(await handle(test.store, 'sum-1', fold, add(3), by('c2'), known)).toMatchObject({ outcome: 'refused', state: 8 });
  });
});

describe('a checkpoint', () => {
  it('survives, keeps one event, and moves for one holder only', async () => {
    const checkpoint = await Checkpoint.load(test.store, 'relay');
    const rival = await Checkpoint.load(test.store, 'relay');
    expect(checkpoint.position).toBe(0n);
    await checkpoint.move(5n);
    await checkpoint.move(12n);
    await expect(rival.move(7n)).rejects.toBeInstanceOf(WrongRevision);
    expect((await Checkpoint.load(test.store, 'relay')).position).toBe(12n);
    expect(await test.store.read('checkpoint-relay')).toHaveLength(1);
  });
  it('is moved by one writer only, even where two make the same move', async () => {
    const checkpoint = await Checkpoint.load(test.store, 'same', 'a');
    const rival = await Checkpoint.load(test.store, 'same', 'b');
    await checkpoint.move(5n);
    await expect(rival.move(5n)).rejects.toBeInstanceOf(WrongRevision);
    // As after an answer that was lost.
    await expect((await Checkpoint.load(test.store, 'same', 'a')).move(5n)).resolves.toBeUndefined();
  });
  it('belongs to whoever claimed it last, and stays where it was', async () => {
    const first = await Checkpoint.claim(test.store, 'claimed', 'a');
    await first.move(5n);
    const second = await Checkpoint.claim(test.store, 'claimed', 'b');
    expect(second.position).toBe(5n);
    await expect(first.move(6n)).rejects.toBeInstanceOf(WrongRevision);
    await second.move(7n);
    expect((await Checkpoint.load(test.store, 'claimed')).position).toBe(7n);
  });
  it('tells its holder that it has been taken, even by a move to where it was', async () => {
    const first = await Checkpoint.claim(test.store, 'looked at', 'a');
    await first.move(5n);
    await expect(first.verify()).resolves.toBeUndefined();
    await Checkpoint.claim(test.store, 'looked at', 'b');
    await expect(first.verify()).rejects.toBeInstanceOf(WrongRevision);
  });
});

describe('upcasting', () => {
  const upcasters = {
    Counted: [(data: Record<string, unknown>) => ({ number: data['n'] }), (data: Record<string, unknown>) => ({ ...data, unit: 'one' })],
  };
  it('lifts from any version to today’s', () => {
    expect(currentVersion(upcasters, 'Counted')).toBe(3);
    expect(upcast(upcasters, 'Counted', { n: 4 }, 1)).toEqual({ number: 4, unit: 'one' });
    expect(upcast(upcasters, 'Counted', { number: 4 }, 2)).toEqual({ number: 4, unit: 'one' });
    expect(upcast(upcasters, 'Other', { a: 1 }, 1)).toEqual({ a: 1 });
  });
  it('refuses what a newer release wrote', () => expect(() => upcast(upcasters, 'Counted', {}, 4)).toThrow('version 4'));
  it('is what a reader sees and what a writer marks', async () => {
    const store = EventStore.connect(test.server.connectionString, { upcasters });
    await test.store.append('old-1', 'no_stream', [{ type: 'Counted', n: 4 } as { type: string }], by('c1'));
    expect((await store.readLast('old-1'))?.event).toEqual({ type: 'Counted', number: 4, unit: 'one' });
    await store.append('new-1', 'no_stream', [counted(1)], by('c2'));
    expect((await store.readLast('new-1'))?.metadata.schemaVersion).toBe(3);
    await store.close();
  });
});

it('a category is what stands before the first hyphen', () => {
  expect([categoryOf('payment-pay-1'), categoryOf('bus_x.y'), idOf('participant-platform:A')]).toEqual([
    'payment',
    'bus_x.y',
    'platform:A',
  ]);
});
