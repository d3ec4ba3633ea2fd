import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStore, type StoredEvent } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { UsageError } from './exit-codes.js';
import { eventsOf, rangeOf, type GivenRange } from './log-range.js';

interface Noted {
  type: 'Noted';
  note: number;
}

describe('a range of the log', () => {
  let server: EventStoreServer;
  let store: EventStore;
  const positions: bigint[] = [];

  beforeAll(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    for (let note = 0; note < 6; note += 1) {
      const event: Noted = { type: 'Noted', note };
      const stream = note === 5 ? 'other-1' : `thing-${note % 2}`;
      positions.push((await store.append(stream, 'any', [event], { commandId: `c${note}` })).position);
    }
  });
  afterAll(async () => {
    await store.close();
    await server.close();
  });

  const notesIn = async (given: GivenRange) => {
    const notes: number[] = [];
    for await (const events of eventsOf(store, await rangeOf(store, given, ['thing'])))
      for (const { event } of events as StoredEvent<Noted>[]) notes.push(event.note);
    return notes;
  };
  const at = (index: number) => positions[index] ?? 0n;

  it.each<[string, () => GivenRange, number[]]>([
    ['everything there is now', () => ({}), [0, 1, 2, 3, 4]],
    ['from a position on, that included', () => ({ from: at(2) }), [2, 3, 4]],
    ['up to a position, that included', () => ({ to: at(2) }), [0, 1, 2]],
    ['between two positions', () => ({ from: at(1), to: at(3) }), [1, 2, 3]],
    ['one stream', () => ({ stream: 'thing-1' }), [1, 3]],
    ['a part of a stream', () => ({ stream: 'thing-1', from: at(2) }), [3]],
    ['up to a position that is not there yet', () => ({ to: at(5) + 1_000n }), [0, 1, 2, 3, 4]],
  ])('is %s', async (_, given, notes) => expect(await notesIn(given())).toEqual(notes));

  it.each<[string, () => GivenRange, RegExp]>([
    ['that is empty', () => ({ from: at(3), to: at(1) }), /nothing from/],
    ['of a stream that is not read there', () => ({ stream: 'other-1' }), /other-1 is not among what is read here: streams of thing/],
  ])('%s is refused', async (_, given, why) => {
    await expect(rangeOf(store, given(), ['thing'])).rejects.toThrow(why);
    await expect(rangeOf(store, given(), ['thing'])).rejects.toBeInstanceOf(UsageError);
  });

  it('is only a part where something may come before it', async () => {
    const isPart = async (given: GivenRange) => (await rangeOf(store, given, ['thing'])).isPart;
    expect([await isPart({}), await isPart({ to: at(2) }), await isPart({ from: at(0) })]).toEqual([false, false, false]);
    expect([await isPart({ from: at(2) }), await isPart({ stream: 'thing-1' })]).toEqual([true, true]);
  });
});
