import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { startTelemetry, type Telemetry } from './start-telemetry.js';
import { parseTraceparent } from './traceparent.js';
import { traceparentOf, Tracing, tracing } from './tracing.js';

const quiet = { warn: () => undefined, info: () => undefined };
const callersTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const othersTrace = '00-11111111111111111111111111111111-2222222222222222-01';
const notSampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const traceOf = (traceparent: string | undefined) => parseTraceparent(traceparent)?.traceId;
const spanOf = (traceparent: string | undefined) => parseTraceparent(traceparent)?.spanId;
/** The work of a step: tells what it would give on. */
const toldOn = () => Promise.resolve(tracing.traceparent);

describe('tracing', () => {
  let exporter: InMemorySpanExporter;
  let telemetry: Telemetry;

  beforeEach(async () => {
    exporter = new InMemorySpanExporter();
    telemetry = await startTelemetry({ service: 'spec', version: '0', tracesUrl: '', ratio: 0, logger: quiet, exporter });
  });
  afterEach(() => telemetry.stop());

  async function spans() {
    await telemetry.flush();
    return exporter.getFinishedSpans();
  }

  it('follows the trace that something came with, and gives its own step on', async () => {
    const given = await tracing.continued(callersTrace, 'process', {}, toldOn);
    const [span] = await spans();
    expect(span).toMatchObject({ name: 'process', parentSpanContext: { spanId: spanOf(callersTrace) } });
    expect(given).toBe(traceparentOf({ spanContext: () => span!.spanContext() } as Parameters<typeof traceparentOf>[0]));
    expect(traceOf(given)).toBe(traceOf(callersTrace));
  });

  it('nests steps, across awaits, and keeps those of work side by side apart', async () => {
    await tracing.continued(callersTrace, 'outer', {}, async () => {
      await Promise.all(
        ['left', 'right'].map((side) =>
          tracing.span(side, {}, async () => {
            await new Promise((resolve) => setImmediate(resolve));
            await tracing.span(`${side} inner`, {}, toldOn);
          }),
        ),
      );
    });
    const byName = new Map((await spans()).map((span) => [span.name, span]));
    const parentOf = (name: string) => byName.get(name)?.parentSpanContext?.spanId;
    expect(parentOf('left')).toBe(byName.get('outer')?.spanContext().spanId);
    expect(parentOf('left inner')).toBe(byName.get('left')?.spanContext().spanId);
    expect(parentOf('right inner')).toBe(byName.get('right')?.spanContext().spanId);
  });

  it('makes no step outside of every trace', async () => {
    expect(await tracing.span('alone', {}, toldOn)).toBeUndefined();
    expect(await tracing.continued(undefined, 'process', {}, toldOn)).toBeUndefined();
    expect(await spans()).toHaveLength(0);
  });

  it('does not follow a trace that its caller does not record', async () => {
    expect(await tracing.continued(notSampled, 'process', {}, toldOn)).toBeUndefined();
    expect(tracing.start('request', {}, notSampled)).toBeUndefined();
    expect(await spans()).toHaveLength(0);
  });

  it('keeps work that came with no trace out of the one that is active', async () => {
    await tracing.continued(callersTrace, 'request', {}, async () => {
      expect(await tracing.continued(undefined, 'process', {}, toldOn)).toBeUndefined();
      expect(tracing.outside(() => tracing.traceparent)).toBeUndefined();
      expect(traceOf(tracing.traceparent)).toBe(traceOf(callersTrace));
    });
  });

  it('takes a step with causes of one trace into that trace', async () => {
    await tracing.caused([undefined, callersTrace, callersTrace, notSampled], 'append', {}, toldOn);
    const [span] = await spans();
    expect(span).toMatchObject({ parentSpanContext: { spanId: spanOf(callersTrace) }, links: [] });
  });

  it('links a step to its causes where they are of several traces', async () => {
    await tracing.caused([callersTrace, othersTrace], 'append', {}, toldOn);
    const [span] = await spans();
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.links.map(({ context }) => context.traceId)).toEqual([traceOf(callersTrace), traceOf(othersTrace)]);
  });

  it('goes on with the trace that a stream tells of, and links the one who asked to it', async () => {
    const inner = await tracing.continued(callersTrace, 'request', {}, () =>
      tracing.follow(othersTrace, () => tracing.span('append', {}, toldOn)),
    );
    expect(traceOf(inner)).toBe(traceOf(othersTrace));
    const request = (await spans()).find(({ name }) => name === 'request');
    expect(request?.links.map(({ context }) => context.traceId)).toEqual([traceOf(othersTrace)]);
  });

  it('marks a step that throws as failed, by the kind of error alone', async () => {
    const failing = () => Promise.reject(new TypeError('the card 4111 1111 1111 1111'));
    await expect(tracing.continued(callersTrace, 'call', {}, failing)).rejects.toThrow(TypeError);
    const [span] = await spans();
    expect(span).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'TypeError' }, events: [] });
    expect(JSON.stringify(span?.status)).not.toContain('4111');
  });

  it('begins traces by the ratio', async () => {
    expect(tracing.start('request', {}, undefined)).toBeUndefined();
    await telemetry.stop();
    exporter = new InMemorySpanExporter();
    telemetry = await startTelemetry({ service: 'spec', version: '0', tracesUrl: '', ratio: 1, logger: quiet, exporter });
    const span = tracing.start('request', {}, undefined);
    expect(span).toBeDefined();
    expect(tracing.inside(span!, () => tracing.traceparent)).toBe(traceparentOf(span!));
    expect(tracing.start('request', {}, callersTrace)?.spanContext().traceId).toBe(traceOf(callersTrace));
  });
});

describe('tracing that is off', () => {
  it('does the work and nothing else', async () => {
    const off = new Tracing();
    const work = () => Promise.resolve('done');
    expect(off.enabled).toBe(false);
    expect(await off.span('a', {}, work)).toBe('done');
    expect(await off.continued(callersTrace, 'a', {}, work)).toBe('done');
    expect(await off.caused([callersTrace], 'a', {}, work)).toBe('done');
    expect(await off.follow(callersTrace, work)).toBe('done');
    expect(off.outside(() => 'done')).toBe('done');
    expect(off.start('a', {}, callersTrace)).toBeUndefined();
    expect(off.traceparent).toBeUndefined();
  });
});
