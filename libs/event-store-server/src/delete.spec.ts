import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  jsonEvent,
  type JSONType,
  NO_STREAM,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  type AppendExpectedRevision,
  type DeleteStreamOptions,
} from '@eventstore/db-client';
import { collect, events, failureOf, namesOf, revisionsOf, startHarness, type Harness } from '../test/harness.js';

let harness: Harness;
let nowMs = Date.parse('2026-01-01T00:00:00Z');
let count = 0;
const fresh = () => `del-${(count += 1)}`;
const given = async (size: number) => {
  const name = fresh();
  if (size > 0) await harness.client.appendToStream(name, events(size));
  return name;
};
const read = (name: string, options = {}) => collect(harness.client.readStream(name, options));

beforeAll(async () => {
  harness = await startHarness({ clock: () => nowMs, limits: { pageEvents: 4 } });
});
afterAll(() => harness.stop());

describe('a soft delete', () => {
  it('makes the stream one that is not found, and leaves its events in $all', async () => {
    const name = await given(2);
    const { position } = await harness.client.deleteStream(name);
    expect(await failureOf(read(name))).toBeInstanceOf(StreamNotFoundError);
    const all = await collect(harness.client.readAll());
    expect(namesOf(all as never)).toEqual(expect.arrayContaining([`${name}@0`, `${name}@1`, `$$${name}@0`]));
    expect(all.at(-1)?.event?.position).toEqual(position);
  });

  it('replaces the metadata by a truncation before 2^63 - 1', async () => {
    const name = await given(1);
    await harness.client.setStreamMetadata(name, { maxCount: 5, mine: 'x' });
    await harness.client.deleteStream(name);
    const { metadata } = await harness.client.getStreamMetadata(name);
    expect(metadata).toEqual({ truncateBefore: Number(2n ** 63n - 1n) });
  });

  it('is undone by the next append, whose revisions go on where the old ones ended', async () => {
    const name = await given(3);
    await harness.client.deleteStream(name);
    const result = await harness.client.appendToStream(name, events(2));
    expect(result.nextExpectedRevision).toBe(4n);
    const found = await read(name);
    expect(revisionsOf(found)).toEqual([3, 4]);
    expect(found.at(-1)?.event?.position).toEqual(result.position);
    expect((await harness.client.getStreamMetadata(name)).metadata).toEqual({ truncateBefore: 3 });
  });

  it.each<[AppendExpectedRevision, boolean]>([
    ['any', true],
    ['no_stream', true],
    [2n, true],
    [1n, false],
  ])('lets an append that expects %s pass: %s', async (expectedRevision, passes) => {
    const name = await given(3);
    await harness.client.deleteStream(name);
    const attempt = harness.client.appendToStream(name, events(1), { expectedRevision });
    if (passes) expect((await attempt).nextExpectedRevision).toBe(3n);
    else expect(await failureOf(attempt)).toBeInstanceOf(WrongExpectedVersionError);
  });

  it('refuses an append that expects the stream to exist', async () => {
    const name = await given(3);
    await harness.client.deleteStream(name);
    expect(await failureOf(harness.client.appendToStream(name, events(1), { expectedRevision: 'stream_exists' }))).toBeInstanceOf(
      StreamDeletedError,
    );
  });

  it('is not undone by new metadata: the hidden events stay hidden', async () => {
    const name = await given(3);
    await harness.client.deleteStream(name);
    await harness.client.setStreamMetadata(name, { maxCount: 50, mine: 'x' });
    expect(await read(name)).toEqual([]);
    expect((await harness.client.getStreamMetadata(name)).metadata).toEqual({ maxCount: 50, mine: 'x', truncateBefore: 3 });
    await harness.client.appendToStream(name, events(1));
    expect(revisionsOf(await read(name))).toEqual([3]);
  });

  it('of a deleted stream is refused', async () => {
    const name = await given(1);
    await harness.client.deleteStream(name);
    expect(await failureOf(harness.client.deleteStream(name))).toBeInstanceOf(StreamDeletedError);
  });

  it('of a stream that never was is refused', async () => {
    expect(await failureOf(harness.client.deleteStream(fresh()))).toBeInstanceOf(WrongExpectedVersionError);
  });
});

describe.each([
  ['delete', (name: string, options: DeleteStreamOptions) => harness.client.deleteStream(name, options)],
  ['tombstone', (name: string, options: DeleteStreamOptions) => harness.client.tombstoneStream(name, options)],
])('the expected revision of a %s', (operation, remove) => {
  it.each<[DeleteStreamOptions['expectedRevision'], bigint]>([
    [1n, -1n],
    [9n, -1n],
    [NO_STREAM, -1n],
  ])('%s, when the last is 2, is refused with both', async (expectedRevision) => {
    const name = await given(3);
    const error = await failureOf<WrongExpectedVersionError>(remove(name, { expectedRevision }));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({
      streamName: name,
      expectedVersion: expectedRevision === NO_STREAM ? -1n : expectedRevision,
      actualVersion: 2n,
    });
    expect(error.message).toMatch(new RegExp(`${operation} failed due to WrongExpectedVersion. Stream: ${name}, Expected version: `, 'i'));
    expect(await read(name)).toHaveLength(3);
  });

  it.each<[DeleteStreamOptions['expectedRevision']]>([[2n], ['any']])('%s, when the last is 2, is met', async (expectedRevision) => {
    const name = await given(3);
    expect((await remove(name, { expectedRevision })).position).toBeDefined();
  });
});

describe('a tombstone', () => {
  it('is final: reads and appends of every kind are refused', async () => {
    const name = await given(2);
    await harness.client.tombstoneStream(name);
    const attempts = [
      () => read(name),
      ...(['any', 'no_stream', 'stream_exists', 1n] as const).map(
        (expectedRevision) => () => harness.client.appendToStream(name, events(1), { expectedRevision }),
      ),
      () => harness.client.deleteStream(name),
      () => harness.client.tombstoneStream(name),
    ];
    for (const attempt of attempts) expect(await failureOf(attempt())).toMatchObject({ type: 'stream-deleted', streamName: name });
  });

  it('may be set on a name that was never used', async () => {
    const name = fresh();
    await harness.client.tombstoneStream(name, { expectedRevision: NO_STREAM });
    expect(await failureOf(harness.client.appendToStream(name, events(1)))).toBeInstanceOf(StreamDeletedError);
  });

  it('is an event of $all', async () => {
    const name = await given(1);
    const { position } = await harness.client.tombstoneStream(name);
    const [last] = await collect(harness.client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 }));
    expect(last?.event).toMatchObject({ type: '$streamDeleted', streamId: name, position });
  });
});

describe('stream metadata', () => {
  it.each<[string, Record<string, number>, number[]]>([
    ['$maxCount', { maxCount: 3 }, [7, 8, 9]],
    ['$tb', { truncateBefore: 6 }, [6, 7, 8, 9]],
    ['$maxCount and $tb, the stricter', { maxCount: 5, truncateBefore: 8 }, [8, 9]],
    ['$maxCount of more than there are', { maxCount: 30 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['$tb beyond the last', { truncateBefore: 10 }, []],
  ])('%s hides events from reads of the stream', async (_, metadata, visible) => {
    const name = await given(10);
    await harness.client.setStreamMetadata(name, metadata);
    expect(revisionsOf(await read(name))).toEqual(visible);
    expect(revisionsOf(await read(name, { direction: 'backwards', fromRevision: 'end' }))).toEqual(visible.toReversed());
    expect(revisionsOf(await read(name, { fromRevision: 2n, maxCount: 2 }))).toEqual(
      visible.filter((revision) => revision >= 2).slice(0, 2),
    );
  });

  it('$maxAge hides events when they get too old', async () => {
    const name = await given(2);
    await harness.client.setStreamMetadata(name, { maxAge: 60 });
    nowMs += 59_000;
    await harness.client.appendToStream(name, events(1));
    expect(revisionsOf(await read(name))).toEqual([0, 1, 2]);
    nowMs += 2_000;
    expect(revisionsOf(await read(name))).toEqual([2]);
    expect(revisionsOf(await read(name, { direction: 'backwards', fromRevision: 'end' }))).toEqual([2]);
  });

  it('hides nothing from $all', async () => {
    const name = await given(3);
    await harness.client.setStreamMetadata(name, { maxCount: 1 });
    expect(namesOf((await collect(harness.client.readAll())) as never)).toEqual(
      expect.arrayContaining([`${name}@0`, `${name}@1`, `${name}@2`]),
    );
  });

  it('is read back as it was set, the newest only', async () => {
    const name = await given(1);
    await harness.client.setStreamMetadata(name, { maxCount: 7 });
    await harness.client.setStreamMetadata(name, { truncateBefore: 1, cacheControl: 5, mine: { deep: [1] } });
    expect((await harness.client.getStreamMetadata(name)).metadata).toEqual({ truncateBefore: 1, cacheControl: 5, mine: { deep: [1] } });
    expect(revisionsOf(await read(`$$${name}`))).toEqual([1]);
  });

  it.each<[string, JSONType]>([
    ['is no object', 'text'],
    ['has limits that are no numbers', { $maxCount: 'many', $tb: null }],
  ])('that %s hides nothing', async (_, data) => {
    const name = await given(2);
    await harness.client.appendToStream(`$$${name}`, jsonEvent({ type: '$metadata', data }));
    expect(await read(name)).toHaveLength(2);
  });
});
