import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { jsonEvent, StreamNotFoundError, type ReadRevision } from '@eventstore/db-client';
import { shared, streams } from './protocol.js';
import { collect, event, events, failureOf, namesOf, revisionsOf, startHarness, statusOf, type Harness } from '../test/harness.js';

const { Options } = streams.ReadReq;
let harness: Harness;

describe('reading a stream', () => {
  beforeAll(async () => {
    harness = await startHarness({ limits: { pageEvents: 3 } });
    await harness.client.appendToStream('read-1', events(10));
    await harness.client.appendToStream('read-2', events(1));
  });
  afterAll(() => harness.stop());

  const read = (options: object) => collect(harness.client.readStream('read-1', options));

  it.each<['forwards' | 'backwards', ReadRevision, number | undefined, number[]]>([
    ['forwards', 'start', undefined, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['forwards', 'start', 4, [0, 1, 2, 3]],
    ['forwards', 7n, undefined, [7, 8, 9]],
    ['forwards', 2n, 2, [2, 3]],
    ['forwards', 9n, undefined, [9]],
    ['forwards', 10n, undefined, []],
    ['forwards', 2n ** 63n - 1n, undefined, []],
    ['forwards', 'end', undefined, []],
    ['backwards', 'end', undefined, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    ['backwards', 'end', 1, [9]],
    ['backwards', 'end', 4, [9, 8, 7, 6]],
    ['backwards', 3n, undefined, [3, 2, 1, 0]],
    ['backwards', 0n, undefined, [0]],
    ['backwards', 100n, 2, [9, 8]],
    ['backwards', 'start', undefined, [0]],
  ])('%s from %s, at most %s events, begins with that revision: %j', async (direction, fromRevision, maxCount, expected) => {
    expect(revisionsOf(await read({ direction, fromRevision, maxCount }))).toEqual(expected);
  });

  it('that does not exist says so', async () => {
    const error = await failureOf<StreamNotFoundError>(collect(harness.client.readStream('nothing-here')));
    expect(error).toBeInstanceOf(StreamNotFoundError);
  });

  it('serves the same from memory and from disk', async () => {
    const small = await startHarness({ limits: { recentEvents: 1 } });
    const batch = events(20);
    await small.client.appendToStream('same-1', batch);
    await harness.client.appendToStream('same-1', batch);
    const strip = (found: Awaited<ReturnType<typeof collect>>) =>
      found.map(({ event: e }) => ({ id: e?.id, data: e?.data, revision: e?.revision }));
    expect(strip(await collect(small.client.readAll()))).toEqual(
      strip(await collect(harness.client.readAll())).filter(({ id }) => batch.some((one) => one.id === id)),
    );
    expect(small.server.stats().rowsRead).toBeGreaterThan(0);
    await small.stop();
  });
});

describe.each([
  ['from memory', 8192],
  ['from disk', 1],
])('reading $all, %s', (_, recentEvents) => {
  beforeAll(async () => {
    harness = await startHarness({ limits: { pageEvents: 3, recentEvents } });
    for (const name of ['a-1', 'b-1', 'a-1', 'c', 'b-1', 'a-1', 'a-2']) await harness.client.appendToStream(name, event());
  });
  afterAll(() => harness.stop());

  const ALL = ['a-1@0', 'b-1@0', 'a-1@1', 'c@0', 'b-1@1', 'a-1@2', 'a-2@0'];
  const position = (value: bigint) => ({ commit: value, prepare: value });

  it('has all events in the order of their commits, with positions 1, 2, 3, ...', async () => {
    const found = await collect(harness.client.readAll());
    expect(namesOf(found as never)).toEqual(ALL);
    expect(found.map((item) => Number(item.event?.position?.commit))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it.each<[string, object, string[]]>([
    ['forwards from a position, that included', { fromPosition: position(3n) }, ALL.slice(2)],
    ['forwards from a position, some', { fromPosition: position(3n), maxCount: 2 }, ALL.slice(2, 4)],
    ['forwards from position 0', { fromPosition: position(0n) }, ALL],
    ['forwards from the end', { fromPosition: 'end' }, []],
    ['forwards from beyond the end', { fromPosition: position(2n ** 63n) }, []],
    ['backwards from the end', { direction: 'backwards', fromPosition: 'end' }, ALL.toReversed()],
    ['backwards from the end, some', { direction: 'backwards', fromPosition: 'end', maxCount: 4 }, ALL.toReversed().slice(0, 4)],
    [
      'backwards from a position, which is the place before its event',
      { direction: 'backwards', fromPosition: position(3n) },
      ['b-1@0', 'a-1@0'],
    ],
    ['backwards from beyond the end', { direction: 'backwards', fromPosition: position(99n), maxCount: 1 }, ['a-2@0']],
    ['backwards from the start', { direction: 'backwards', fromPosition: 'start' }, []],
  ])('%s', async (_label, options, expected) => {
    expect(namesOf((await collect(harness.client.readAll(options))) as never)).toEqual(expected);
  });

  const filtered = async (options: { backward?: boolean; count?: number; on: 'stream' | 'type'; prefix?: string[]; regex?: string }) => {
    const expression = new streams.ReadReq.Options.FilterOptions.Expression()
      .setPrefixList(options.prefix ?? [])
      .setRegex(options.regex ?? '');
    const filter = new streams.ReadReq.Options.FilterOptions().setMax(32).setCheckpointintervalmultiplier(1);
    if (options.on === 'stream') filter.setStreamIdentifier(expression);
    else filter.setEventType(expression);
    const all = new streams.ReadReq.Options.AllOptions();
    const request = new streams.ReadReq().setOptions(
      new streams.ReadReq.Options()
        .setAll(options.backward ? all.setEnd(new shared.Empty()) : all.setStart(new shared.Empty()))
        .setReadDirection(options.backward ? Options.ReadDirection.BACKWARDS : Options.ReadDirection.FORWARDS)
        .setCount(String(options.count ?? 1000))
        .setFilter(filter),
    );
    const found: string[] = [];
    for await (const response of harness.raw.read(request) as AsyncIterable<streams.ReadResp>) {
      const recorded = response.getEvent()!.getEvent()!;
      found.push(`${Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8()).toString()}@${recorded.getStreamRevision()}`);
    }
    return found;
  };

  it.each<[string, Parameters<typeof filtered>[0], string[]]>([
    ['one category', { on: 'stream', prefix: ['b-'] }, ['b-1@0', 'b-1@1']],
    ['two categories', { on: 'stream', prefix: ['b-', 'c'] }, ['b-1@0', 'c@0', 'b-1@1']],
    ['two categories, backwards', { on: 'stream', prefix: ['b-', 'c'], backward: true }, ['b-1@1', 'c@0', 'b-1@0']],
    ['one stream of a category', { on: 'stream', prefix: ['a-1'] }, ['a-1@0', 'a-1@1', 'a-1@2']],
    ['at most some', { on: 'stream', prefix: ['a-'], count: 3 }, ['a-1@0', 'a-1@1', 'a-1@2']],
    ['at most some, backwards', { on: 'stream', prefix: ['a-'], count: 3, backward: true }, ['a-2@0', 'a-1@2', 'a-1@1']],
    ['a regular expression on names', { on: 'stream', regex: '^[bc]' }, ['b-1@0', 'c@0', 'b-1@1']],
    ['a type that there is not', { on: 'type', prefix: ['Nothing'] }, []],
  ])('filtered by %s', async (_label, options, expected) => {
    expect(await filtered(options)).toEqual(expected);
  });

  it('with a malformed regular expression is refused', async () => {
    const error = await failureOf(filtered({ on: 'type', regex: '(' }));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, message: expect.stringContaining('regular expression') });
  });
});

describe('a long read', () => {
  it('ends with what there was when it began, although the client is slow and more is appended meanwhile', async () => {
    harness = await startHarness({ limits: { pageEvents: 7 } });
    const big = () => Array.from({ length: 10 }, () => event('Big', { text: 'x'.repeat(50_000) }));
    for (let n = 0; n < 10; n += 1) await harness.client.appendToStream('long-1', big());
    for (const begin of [
      () => harness.client.readAll({}, { highWaterMark: 1 }),
      () => harness.client.readStream('long-1', {}, { highWaterMark: 1 }),
    ]) {
      let count = 0;
      const before = harness.server.stats().lastPosition;
      for await (const item of begin()) {
        if (count === 0) await harness.client.appendToStream('long-1', big());
        expect(item.event?.revision).toBe(BigInt(count));
        count += 1;
      }
      expect(count).toBe(before);
    }
    await harness.stop();
  });
});

describe('links', () => {
  beforeAll(async () => {
    harness = await startHarness();
    await harness.client.appendToStream('target-1', [jsonEvent({ type: 'First', data: {} }), jsonEvent({ type: 'Second', data: {} })]);
    // The client writes data as JSON, a link is bare text: written by the stub.
    await appendLink('1@target-1');
    await appendLink('7@target-1');
    await appendLink('0@nowhere');
    await appendLink('nonsense');
  });
  afterAll(() => harness.stop());

  function appendLink(data: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = harness.raw.append((error) => (error ? reject(error) : resolve()));
      const options = new streams.AppendReq.Options()
        .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('links-1')))
        .setAny(new shared.Empty());
      const message = new streams.AppendReq.ProposedMessage()
        .setId(new shared.UUID().setString(crypto.randomUUID()))
        .setData(Buffer.from(data));
      message.getMetadataMap().set('type', '$>').set('content-type', 'application/octet-stream');
      call.write(new streams.AppendReq().setOptions(options));
      call.write(new streams.AppendReq().setProposedMessage(message));
      call.end();
    });
  }

  it('are shown as they are unless asked for', async () => {
    const [first] = await collect(harness.client.readStream('links-1'));
    expect(first).toMatchObject({ event: { type: '$>', streamId: 'links-1' } });
    expect(first!.link).toBeUndefined();
  });

  it('are resolved to their event when asked for', async () => {
    const [first] = await collect(harness.client.readStream('links-1', { resolveLinkTos: true }));
    expect(first).toMatchObject({ event: { type: 'Second', streamId: 'target-1', revision: 1n }, link: { type: '$>', revision: 0n } });
    expect(first!.commitPosition).toBe(first!.link!.position!.commit);
  });

  it('that lead nowhere come alone', async () => {
    const rest = await collect(harness.client.readStream('links-1', { resolveLinkTos: true, fromRevision: 1n }));
    expect(rest.map((item) => [item.event, item.link?.revision])).toEqual([
      [undefined, 1n],
      [undefined, 2n],
      [undefined, 3n],
    ]);
  });

  it('are resolved in $all as well', async () => {
    const found = await collect(harness.client.readAll({ resolveLinkTos: true, fromPosition: { commit: 3n, prepare: 3n }, maxCount: 1 }));
    expect(found[0]).toMatchObject({ event: { type: 'Second' }, link: { streamId: 'links-1' } });
  });
});

describe('a malformed read', () => {
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());

  it.each<[string, streams.ReadReq]>([
    ['without options', new streams.ReadReq()],
    ['of neither a stream nor $all', new streams.ReadReq().setOptions(new Options().setCount('1'))],
    [
      'of a stream without a name',
      new streams.ReadReq().setOptions(new Options().setStream(new Options.StreamOptions().setStart(new shared.Empty()))),
    ],
    [
      'backwards and as a subscription',
      new streams.ReadReq().setOptions(
        new Options()
          .setAll(new Options.AllOptions().setStart(new shared.Empty()))
          .setReadDirection(Options.ReadDirection.BACKWARDS)
          .setSubscription(new Options.SubscriptionOptions()),
      ),
    ],
  ])('%s is refused', async (_, request) => {
    const call = harness.raw.read(request);
    call.resume();
    expect(await statusOf(call)).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});
