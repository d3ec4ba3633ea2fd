import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  binaryEvent,
  EventStoreDBClient,
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
  type AppendExpectedRevision,
  type EventData,
} from '@eventstore/db-client';
import { classic, collect, event, events, failureOf, idsOf, revisionsOf, startHarness, type Harness } from '../test/harness.js';

describe.each([
  ['BatchAppend', {}],
  ['Append', classic],
])('an append by %s', (_, mode) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());

  const stream = () => `append-${randomUUID()}`;
  const append = (name: string, batch: EventData[], expectedRevision?: AppendExpectedRevision) =>
    harness.client.appendToStream(name, batch, { ...mode, expectedRevision });
  const given = async (count: number): Promise<{ name: string; batch: EventData[] }> => {
    const name = stream();
    const batch = events(count);
    if (count > 0) await append(name, batch);
    return { name, batch };
  };

  it('returns the revision and the position of its last event, as reading shows them', async () => {
    const name = stream();
    const result = await append(name, events(3));
    const read = await collect(harness.client.readStream(name));
    expect(result).toMatchObject({ success: true, nextExpectedRevision: 2n });
    expect(read.at(-1)?.event?.position).toEqual(result.position);
    expect(read.at(-1)?.commitPosition).toBe(result.position?.commit);
  });

  it('keeps id, type, content type, data, metadata and time', async () => {
    const name = stream();
    const before = Date.now();
    const json = jsonEvent({ id: randomUUID(), type: 'Größe-支付', data: { amount: '12', 名: '值' }, metadata: { by: 'test' } });
    const binary = binaryEvent({ id: randomUUID(), type: 'Raw', data: Uint8Array.from([0, 255, 128]), metadata: Uint8Array.from([7, 0]) });
    await append(name, [json, binary]);
    const [first, second] = (await collect(harness.client.readStream(name))).map((item) => item.event!);
    expect(first).toMatchObject({ id: json.id, type: json.type, isJson: true, data: json.data, metadata: json.metadata, streamId: name });
    expect(second).toMatchObject({ id: binary.id, isJson: false });
    expect(Buffer.from(second!.data as Uint8Array)).toEqual(Buffer.from(binary.data));
    expect(Buffer.from(second!.metadata as Uint8Array)).toEqual(Buffer.from([7, 0]));
    expect(first!.created.getTime()).toBeGreaterThanOrEqual(before);
    expect(first!.created.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it.each<[number, AppendExpectedRevision, string]>([
    [0, 'any', 'a new stream'],
    [2, 'any', 'an existing stream'],
    [0, 'no_stream', 'a new stream'],
    [2, 'stream_exists', 'an existing stream'],
    [2, 1n, 'its last revision'],
  ])('to a stream of %i events is written when it expects %s: %s', async (count, expected) => {
    const { name } = await given(count);
    const result = await append(name, events(2), expected);
    expect(result.nextExpectedRevision).toBe(BigInt(count + 1));
    expect(revisionsOf(await collect(harness.client.readStream(name)))).toEqual([...Array(count + 2).keys()]);
  });

  it.each<[number, AppendExpectedRevision, bigint | 'no_stream']>([
    [2, 'no_stream', 1n],
    [0, 'stream_exists', 'no_stream'],
    [2, 0n, 1n],
    [2, 5n, 1n],
    [0, 0n, 'no_stream'],
  ])('to a stream of %i events is refused when it expects %s', async (count, expected, actual) => {
    const { name, batch } = await given(count);
    const error = await failureOf<WrongExpectedVersionError>(append(name, events(1), expected));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ streamName: name, expectedVersion: expected, actualVersion: actual });
    if (count > 0) expect(idsOf(await collect(harness.client.readStream(name)))).toEqual(batch.map(({ id }) => id));
  });

  it('expecting that the stream exists is content with metadata alone', async () => {
    const name = stream();
    await harness.client.setStreamMetadata(name, { maxCount: 10 });
    expect((await append(name, events(1), 'stream_exists')).nextExpectedRevision).toBe(0n);
  });

  describe('sent again', () => {
    it.each<[AppendExpectedRevision]>([['any'], ['stream_exists'], [1n]])(
      'expecting %s is answered as the first time and writes nothing',
      async (expected) => {
        const { name } = await given(2);
        const batch = events(2);
        const first = await append(name, batch, expected);
        await append(name, events(1));
        expect(await append(name, batch, expected)).toEqual(first);
        expect(await collect(harness.client.readStream(name))).toHaveLength(5);
      },
    );

    it('expecting no stream is answered as the first time', async () => {
      const name = stream();
      const batch = events(2);
      const first = await append(name, batch, 'no_stream');
      expect(await append(name, batch, 'no_stream')).toEqual(first);
    });

    it('in part only is answered with the place of the last event sent', async () => {
      const { name, batch } = await given(3);
      expect((await append(name, batch.slice(0, 2), 'any')).nextExpectedRevision).toBe(1n);
      expect((await append(name, batch.slice(0, 2), 'no_stream')).nextExpectedRevision).toBe(1n);
    });

    it.each<[AppendExpectedRevision]>([['any'], ['stream_exists'], ['no_stream']])(
      'with a new event after known ones is refused, expecting %s',
      async (expected) => {
        const { name, batch } = await given(2);
        expect(await failureOf(append(name, [...batch, event()], expected))).toBeInstanceOf(WrongExpectedVersionError);
      },
    );

    it('with a new event before known ones is a write, expecting any', async () => {
      const { name, batch } = await given(1);
      expect((await append(name, [event(), ...batch], 'any')).nextExpectedRevision).toBe(2n);
    });

    it('to another stream is a write', async () => {
      const { batch } = await given(1);
      expect((await append(stream(), batch, 'any')).nextExpectedRevision).toBe(0n);
    });

    it('in another order is refused, expecting a revision', async () => {
      const { name, batch } = await given(2);
      expect(await failureOf(append(name, batch.toReversed(), 'no_stream'))).toBeInstanceOf(WrongExpectedVersionError);
    });
  });

  it('without events changes nothing and succeeds', async () => {
    const { name } = await given(2);
    expect(await append(name, [])).toMatchObject({ success: true, nextExpectedRevision: 1n, position: undefined });
    expect(await collect(harness.client.readStream(name))).toHaveLength(2);
  });

  it('to a stream with a tombstone is refused', async () => {
    const { name } = await given(1);
    await harness.client.tombstoneStream(name);
    const error = await failureOf<StreamDeletedError>(append(name, events(1)));
    expect(error).toBeInstanceOf(StreamDeletedError);
    expect(error.streamName).toBe(name);
  });

  it.each([
    ['of 1 MiB in all', 0, true],
    ['of one byte more', 1, false],
  ])('%s: over the limit by %i, is written: %s', async (_label, excess, isWritten) => {
    const name = stream();
    // The limit counts data, metadata and two bytes for each character of the type ('T'), over all events together.
    const half = 512 * 1024 - 2;
    const part = (bytes: number) => binaryEvent({ id: randomUUID(), type: 'T', data: new Uint8Array(bytes) });
    const attempt = append(name, [part(half), part(half + excess)]);
    if (isWritten) {
      expect((await attempt).success).toBe(true);
      return;
    }
    const error = await failureOf<MaxAppendSizeExceededError>(attempt);
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(error.maxAppendSize).toBe(1024 * 1024);
  });

  it('among many at once gets revisions without gaps and positions in the order of revisions', async () => {
    const name = stream();
    const results = await Promise.all(Array.from({ length: 50 }, () => append(name, events(2))));
    expect(results.map((result) => Number(result.nextExpectedRevision)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_item, n) => 2 * n + 1),
    );
    const read = await collect(harness.client.readStream(name));
    expect(revisionsOf(read)).toEqual([...Array(100).keys()]);
    const positions = read.map((item) => Number(item.event!.position!.commit));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });
});

describe('a client told not to throw on a refused append', () => {
  it('gets a result instead', async () => {
    const { server, client, stop } = await startHarness();
    const quiet = EventStoreDBClient.connectionString(`${server.connectionString}&throwOnAppendFailure=false`);
    await client.appendToStream('quiet-1', events(1));
    expect(await quiet.appendToStream('quiet-1', events(1), { ...classic, expectedRevision: 'no_stream' })).toMatchObject({
      success: false,
      nextExpectedRevision: 0n,
    });
    await quiet.dispose();
    await stop();
  });
});
