import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { LoopWatch, metrics, parseTraceparent, startTelemetry, tracing, type Telemetry } from '@tongbao/telemetry';
import { counted, TestStore } from '../test/store.js';
import { WrongRevision } from './errors.js';
import { load } from './handle.js';
import { LogFeed } from './log-feed.js';

const quiet = { warn: () => undefined, info: () => undefined };
const callersTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const othersTrace = '00-11111111111111111111111111111111-2222222222222222-01';
const traceOf = (traceparent: string | undefined) => parseTraceparent(traceparent)?.traceId;
const sum = { initial: 0, evolve: (total: number, { number }: ReturnType<typeof counted>) => total + number };

let test: TestStore;
beforeEach(async () => {
  test = await TestStore.begin();
});
afterEach(() => test.end());

const metadataOf = async (stream: string) => (await test.store.readLast(stream))?.metadata;

describe('a traced store', () => {
  let exporter: InMemorySpanExporter;
  let telemetry: Telemetry;
  beforeEach(async () => {
    exporter = new InMemorySpanExporter();
    telemetry = await startTelemetry({ service: 'spec', version: '0', tracesUrl: '', ratio: 0, logger: quiet, exporter });
  });
  afterEach(() => telemetry.stop());

  async function spanNamed(name: string) {
    await telemetry.flush();
    const found = exporter.getFinishedSpans().find((span) => span.name === name);
    if (!found) throw new Error(`no span ${name}`);
    return found;
  }

  it('writes into an event where its append is in the trace, and tells the trace kinds and not whose', async () => {
    await tracing.continued(callersTrace, 'request', {}, () =>
      test.store.append('thing-of-jo', 'no_stream', [counted(1), counted(2)], { commandId: 'c1' }),
    );
    const span = await spanNamed('append thing');
    const { traceId, spanId } = span.spanContext();
    expect((await metadataOf('thing-of-jo'))?.traceparent).toBe(`00-${traceId}-${spanId}-01`);
    expect(traceId).toBe(traceOf(callersTrace));
    expect(span.attributes).toEqual({
      'tongbao.stream.category': 'thing',
      'tongbao.event.types': ['Counted'],
      'tongbao.event.count': 2,
    });
  });

  it('writes nothing where no trace is recorded', async () => {
    await test.store.append('thing-1', 'no_stream', [counted(1)], { commandId: 'c1' });
    expect(await metadataOf('thing-1')).not.toHaveProperty('traceparent');
  });

  it('goes on with the trace that it is told, where none is active', async () => {
    await test.store.append('thing-1', 'no_stream', [counted(1)], { commandId: 'c1', traceparent: callersTrace });
    expect(traceOf((await metadataOf('thing-1'))?.traceparent)).toBe(traceOf(callersTrace));
    expect((await load(test.store, 'thing-1', sum)).traceparent).toBe((await metadataOf('thing-1'))?.traceparent);
  });

  it('links an append of many causes to them, and tells the trace of each command', async () => {
    const causes = { facts: [callersTrace], commands: { k1: othersTrace } };
    await test.store.append('thing-1', 'no_stream', [counted(1)], { commandId: 'c1', causes });
    const span = await spanNamed('append thing');
    expect(span.links.map(({ context }) => context.traceId)).toEqual([traceOf(callersTrace), traceOf(othersTrace)]);
    expect(await metadataOf('thing-1')).toMatchObject({ traceparents: { k1: othersTrace } });
    expect(await metadataOf('thing-1')).not.toHaveProperty('traceparent');
  });

  it('keeps an append that is told of no cause out of the trace that is active', async () => {
    await tracing.continued(callersTrace, 'request', {}, () =>
      test.store.append('thing-1', 'no_stream', [counted(1)], { commandId: 'c1', causes: {} }),
    );
    expect(await metadataOf('thing-1')).not.toHaveProperty('traceparent');
  });

  it('marks an append that is refused as failed', async () => {
    const appending = tracing.continued(callersTrace, 'request', {}, () =>
      test.store.append('thing-1', 7, [counted(1)], { commandId: 'c1' }),
    );
    await expect(appending).rejects.toThrow(WrongRevision);
    expect((await spanNamed('append thing')).attributes).toMatchObject({ 'error.type': 'WrongRevision' });
  });

  it('shows what is read within a trace', async () => {
    await tracing.continued(callersTrace, 'request', {}, () => test.store.read('thing-1'));
    expect((await spanNamed('read thing')).attributes).toEqual({ 'tongbao.stream.category': 'thing' });
  });
});

async function counts(): Promise<Record<string, number>> {
  const lines = (await metrics.text()).matchAll(/^tongbao_event_store_appends_total\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
}

describe('a measured store', () => {
  it('counts appends by what became of them', async () => {
    const before = await counts();
    await test.store.append('thing-1', 'no_stream', [counted(1)], { commandId: 'c1' });
    await expect(test.store.append('thing-1', 'no_stream', [counted(2)], { commandId: 'c2' })).rejects.toThrow(WrongRevision);
    const after = await counts();
    expect(after['written']! - before['written']!).toBe(1);
    expect(after['conflict']! - before['conflict']!).toBe(1);
    expect(after['outage']).toBe(before['outage']);
  });
});

/** The suite's own time-out ends it when that never is. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a watched feed', () => {
  it('is at rest while it has nothing to do, and tells its lag while a consumer is held up', async () => {
    const loops = new LoopWatch();
    const feed = new LogFeed(test.store, { categories: ['thing'], loops });
    await feed.start();
    const entered = Promise.withResolvers<undefined>();
    const held = Promise.withResolvers<undefined>();
    const consumer = feed.consume({ name: 'slow', categories: ['thing'], after: 0n }, async ({ events }) => {
      if (events.length === 0) return;
      entered.resolve(undefined);
      await held.promise;
    });
    const { position } = await test.store.append('thing-1', 'no_stream', [counted(1)], { commandId: 'c1' });
    await entered.promise;
    await until(() => consumer.status().lagMs > 0 && (loops.status()[0]?.ageMs ?? 0) > 0);
    held.resolve(undefined);
    expect(await consumer.reached(position, 10_000)).toBe(true);
    await until(() => loops.status()[0]?.ageMs === 0);
    expect(loops.status()).toEqual([{ name: 'feed slow', ageMs: 0, stuck: false }]);
    expect(consumer.status().lagMs).toBe(0);
    await feed.stop();
    expect(loops.status()).toEqual([]);
  });
});
