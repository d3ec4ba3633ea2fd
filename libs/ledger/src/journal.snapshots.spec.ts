import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { StoreUnavailable, type DomainEvent, type StoredEvent } from '@tongbao/event-store';
import { captured, placeHold, postEntry, registered, split, transfer } from '../test/builders.js';
import { failing, openHub, type Hub } from '../test/hub.js';
import { wholeState } from '../test/whole-state.js';
import { foldJournal } from './journal.fold.js';
import { Snapshots } from './journal.snapshots.js';

const often = { entries: 40, events: 1_000 };
const stream = 'snapshot-main';

let hub: Hub;
let warnings: string[];
beforeEach(async () => {
  hub = await openHub();
  warnings = [];
});
afterEach(() => hub.close());

const snapshotsOf = (store: Hub['store'] = hub.store) =>
  new Snapshots({ store, onWarning: (message, error) => warnings.push(`${message}: ${String(error)}`) });

const sales = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    captured([split('provider:alipay', 'platform:A', 10), split('platform:A', 'hub:fees', 1)], { paymentId: `pay_${index}` }),
  );

/** A stored snapshot, event by event; the last one says what it is of. */
type Chunk = DomainEvent & { first: number; data?: string; version?: number; revision?: number };
const stored = () => hub.store.read<Chunk>(stream);
const completed = async () => (await stored()).filter(({ event }) => event.type === 'SnapshotCompleted');

const fromZero = () => foldJournal({ store: hub.store });
const fromSnapshot = () => foldJournal({ store: hub.store, snapshots: snapshotsOf() });

/** Some of everything, with a snapshot at each of two stops. */
async function twoSnapshots(): Promise<void> {
  for (const part of [0, 1]) {
    const writer = await hub.startWriter({ snapshots: snapshotsOf() });
    const consumer = hub.follow(writer, 100);
    await consumer.reached(await hub.record(...(part ? [] : [registered('platform:A')]), ...sales(20)), 10_000);
    await writer.submit(placeHold(`h${part}`, 'platform:A', 5));
    await writer.submit(postEntry(`c${part}`, [transfer('platform:A', 'hub:fees', 1)]));
    await consumer.stop();
    await writer.stop();
    expect(await snapshotsOf().take(writer.books)).toBe(true);
  }
  expect(await completed()).toHaveLength(2);
}

/** Writes the newest snapshot once more, not as it was. */
async function again(change: (event: Chunk, index: number) => Chunk | undefined): Promise<void> {
  const all = await stored();
  const last = all.at(-1);
  if (!last) throw new Error('there is no snapshot');
  const events = all
    .filter(({ event }) => event.first === last.event.first)
    .map(({ event }) => ({ ...event, first: last.revision + 1 }))
    .flatMap((event, index) => change(event, index) ?? []);
  await hub.store.append(stream, last.revision, events, { commandId: 'again' });
}

describe('a start', () => {
  it('takes the newest snapshot, and of the journal only what came after it', async () => {
    await twoSnapshots();
    const writer = await hub.startWriter();
    await writer.submit(postEntry('after', [transfer('hub:fees', 'hub:losses', 1)]));
    const reads: (number | string | undefined)[] = [];
    const store = {
      read: ((name, options) => {
        if (name === 'journal-main') reads.push(options?.from);
        return hub.store.read(name, options);
      }) as Hub['store']['read'],
    };
    const { books, position, resumed } = await foldJournal({ store, snapshots: snapshotsOf() });
    const zero = await fromZero();
    expect(wholeState(books)).toEqual(wholeState(zero.books));
    expect(position).toBe(zero.position);
    expect(reads).toEqual([resumed.events]);
    expect([resumed.events, resumed.entries]).toEqual([books.revision, books.nextEntry - 1]);
    expect(warnings).toEqual([]);
  });

  it('without a snapshot is from zero, without a word', async () => {
    const writer = await hub.startWriter();
    await writer.submit(postEntry('c', [transfer('hub:fees', 'hub:losses', 1)]));
    const { books, resumed } = await fromSnapshot();
    expect([books.nextEntry, resumed.events, warnings]).toEqual([1, 0, []]);
  });

  const inflated = ({ data = '' }: Chunk) => inflateRawSync(Buffer.from(data, 'base64')).toString();
  const withText = (event: Chunk, text: string): Chunk => ({ ...event, data: deflateRawSync(text).toString('base64') });
  it.each<[string, (event: Chunk, index: number) => Chunk | undefined, string]>([
    ['of a later version', (event) => ({ ...event, ...(event.version && { version: 99 }) }), 'it is of version 99'],
    ['of another journal', (event) => ({ ...event, ...(event.version && { journal: 'journal-other' }) }), 'it is of journal-other'],
    ['of a journal that went on otherwise', (event) => ({ ...event, ...(event.version && { eventId: 'x' }) }), 'has another event'],
    ['ahead of the journal', (event) => ({ ...event, ...(event.version && { revision: 9_999 }) }), 'has another event 9999, or none'],
    ['that lacks a chunk', (event, index) => (index === 1 ? undefined : event), 'chunks of'],
    [
      'with an amount changed',
      (event, index) => (index === 0 ? withText(event, inflated(event).replace('"hub:fees",', '"hub:feez",')) : event),
      'checksum',
    ],
    ['with a word of its end changed', (event) => ({ ...event, ...(event.version && { nextEntry: 7 }) }), 'checksum'],
    ['with a chunk that is no JSON', (event, index) => (index === 0 ? withText(event, '{"part') : event), 'JSON'],
    ['with a chunk that cannot be inflated', (event, index) => (index === 0 ? { ...event, data: 'AAAA' } : event), 'Error'],
    [
      'with a part that nobody knows',
      (event, index) => (index === 0 ? withText(event, '{"part":"other","rows":[]}') : event),
      'unknown part other',
    ],
  ])('passes over one %s, with a warning, for the one before it', async (_, change, why) => {
    await twoSnapshots();
    await again(change);
    const { books, resumed } = await fromSnapshot();
    expect(wholeState(books)).toEqual(wholeState((await fromZero()).books));
    expect(resumed.events).toBe(books.revision! + 1);
    expect(warnings).toEqual([expect.stringContaining(why)]);
  });

  it('passes over one whose end was never written, which is nothing to warn of', async () => {
    await twoSnapshots();
    await again((event) => (event.version ? undefined : event));
    await again((event) => (event.version ? undefined : event));
    const { books, resumed } = await fromSnapshot();
    expect(resumed.events).toBe(books.revision! + 1);
    expect(warnings).toEqual([]);
    expect(await snapshotsOf().take(books)).toBe(true);
    expect(await fromSnapshot()).toMatchObject({ resumed });
  });

  it('is from zero when no snapshot can be used', async () => {
    await twoSnapshots();
    const ends = (await completed()).map(({ event }) => event.first);
    await again((event) => ({ ...event, ...(event.version && { version: 99 }) }));
    await hub.store.truncateBefore(stream, Math.max(...ends) + 2);
    const { resumed } = await fromSnapshot();
    expect(resumed.events).toBe(0);
  });

  it('waits for a store that is down, rather than fold everything', async () => {
    await twoSnapshots();
    const down = { read: () => Promise.reject(new StoreUnavailable('gone')), readLast: hub.store.readLast.bind(hub.store) };
    const snapshots = new Snapshots({ store: { ...snapshotStore(), ...down } });
    await expect(foldJournal({ store: hub.store, snapshots })).rejects.toThrow(StoreUnavailable);
  });
});

const snapshotStore = () => ({
  append: hub.store.append.bind(hub.store),
  read: hub.store.read.bind(hub.store),
  readLast: hub.store.readLast.bind(hub.store),
  truncateBefore: hub.store.truncateBefore.bind(hub.store),
});

describe('the writer', () => {
  it('takes one after so many entries while it goes on, and keeps two', async () => {
    const writer = await hub.startWriter({ snapshots: snapshotsOf(), snapshotEvery: often });
    const consumer = hub.follow(writer, 10);
    for (let round = 0; round < 6; round += 1) await consumer.reached(await hub.record(registered('platform:A'), ...sales(50)), 10_000);
    await writer.stop();
    const ends = await completed();
    expect(ends.length).toBeLessThanOrEqual(3);
    expect((await stored())[0]?.revision).toBeGreaterThan(0);
    const { books, resumed } = await fromSnapshot();
    expect(wholeState(books)).toEqual(wholeState((await fromZero()).books));
    expect(resumed.entries).toBeGreaterThan(200);
    expect(warnings).toEqual([]);
  });

  it('folds again from a snapshot after an append that failed', async () => {
    await twoSnapshots();
    const writer = await hub.startWriter({ store: failing(hub.store, 1, 'after'), snapshots: snapshotsOf() });
    const answer = await writer.submit(postEntry('doubtful', [transfer('hub:fees', 'hub:losses', 1)]));
    expect(answer).toMatchObject({ result: 'accepted', replayed: true });
    expect(wholeState(writer.books)).toEqual(wholeState((await fromZero()).books));
  });

  it('of two that take one at a time, one gives up and both go on', async () => {
    await twoSnapshots();
    const { books } = await fromZero();
    const other = (await fromZero()).books;
    const taken = await Promise.all([snapshotsOf().take(books), snapshotsOf().take(other)]);
    expect(taken.filter(Boolean).length).toBeGreaterThanOrEqual(1);
    const { resumed } = await fromSnapshot();
    expect(resumed.events).toBe(books.revision! + 1);
  });

  it('goes on when the store takes none', async () => {
    const refusing = new Snapshots({
      store: { ...snapshotStore(), append: () => Promise.reject(new StoreUnavailable('full')) },
      onWarning: (message) => warnings.push(message),
    });
    const writer = await hub.startWriter({ snapshots: refusing, snapshotEvery: { entries: 1, events: 1 } });
    for (let count = 0; count < 5; count += 1) await writer.submit(postEntry(`c${count}`, [transfer('hub:fees', 'hub:losses', 1)]));
    await writer.stop();
    expect(writer.failure).toBeUndefined();
    expect(warnings).toContain('a snapshot of the books could not be taken');
    expect((await fromSnapshot()).books.nextEntry).toBe(5);
  });

  it('writes chunks far under the limit of an event, of many accounts too', async () => {
    const writer = await hub.startWriter();
    for (let count = 0; count < 90; count += 1) {
      const transfers = Array.from({ length: 100 }, (_, index) => transfer('hub:fees', `hub:part-${count}-${index}`, 1 + index));
      await writer.submit(postEntry(`c${count}`, transfers));
    }
    expect(await snapshotsOf().take(writer.books)).toBe(true);
    const events: StoredEvent<Chunk>[] = await stored();
    expect(events.length).toBeGreaterThan(3);
    for (const { event } of events) expect(JSON.stringify(event).length).toBeLessThan(300_000);
    expect(wholeState((await fromSnapshot()).books)).toEqual(wholeState(writer.books));
  });
});
