import { randomUUID } from 'node:crypto';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { attribute } from './conventions.js';
import { metrics } from './metrics.js';
import type { Telemetry, TelemetryOptions } from './start-telemetry.js';
import { tracing } from './tracing.js';

export type { SpanExporter };

const stopWithinMs = 3_000;

/** A root begins with a request, by the ratio; or is one step for many, with links to what is recorded already: then so is it. */
class RootSampler implements Sampler {
  readonly #ratio: TraceIdRatioBasedSampler;

  constructor(ratio: number) {
    this.#ratio = new TraceIdRatioBasedSampler(ratio);
  }

  shouldSample(...[parent, traceId, , , , links]: Parameters<Sampler['shouldSample']>): ReturnType<Sampler['shouldSample']> {
    if (links.length > 0) return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    return this.#ratio.shouldSample(parent, traceId);
  }

  toString(): string {
    return `RootSampler{${this.#ratio.toString()}}`;
  }
}

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/** Counts what is taken and what is lost, and says so when that changes: an endpoint that is down must not fill the log. */
class CountingExporter implements SpanExporter {
  readonly #exported = metrics.counter('tongbao_trace_spans_total', { outcome: 'exported' });
  readonly #failed = metrics.counter('tongbao_trace_spans_total', { outcome: 'failed' });
  #failing = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly logger: TelemetryOptions['logger'],
  ) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.exporter.export(spans, (result) => {
      if (result.error) this.#failed.inc(spans.length);
      else this.#exported.inc(spans.length);
      this.#tell(result.error);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  #tell(error: Error | undefined): void {
    const fails = error !== undefined;
    if (fails === this.#failing) return;
    this.#failing = fails;
    if (fails) this.logger.warn({ err: error }, 'traces cannot be sent and are lost; said once until they can be again');
    else this.logger.info('traces can be sent again');
  }
}

/** The parts of OpenTelemetry's SDK put together; `startTelemetry` is what is called. */
export function startTraces({ service, version, tracesUrl, ratio, logger, exporter }: TelemetryOptions): Telemetry {
  const target = exporter ?? new OTLPTraceExporter({ url: tracesUrl, timeoutMillis: 5_000, concurrencyLimit: 4 });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      [attribute.serviceNamespace]: 'tongbao',
      [attribute.serviceName]: service,
      [attribute.serviceVersion]: version,
      [attribute.serviceInstanceId]: randomUUID(),
    }),
    sampler: new ParentBasedSampler({ root: new RootSampler(ratio) }),
    spanLimits: { attributeValueLengthLimit: 2_000 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new CountingExporter(target, logger),
        scheduledDelayMillis: 1_000,
        maxQueueSize: 8_192,
        exportTimeoutMillis: 10_000,
      }),
    ],
  });
  const contexts = new AsyncLocalStorageContextManager();
  context.setGlobalContextManager(contexts.enable());
  tracing.begin(provider.getTracer('tongbao', version));
  return {
    flush: () =>
      provider.forceFlush().catch((errors: unknown) => {
        throw new AggregateError([errors].flat(), 'spans could not be sent');
      }),
    stop: async () => {
      tracing.end();
      await ended(provider, logger);
      context.disable();
    },
  };
}

async function ended(provider: TracerProvider, logger: TelemetryOptions['logger']): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not taken within ${stopWithinMs} ms`)), stopWithinMs);
  try {
    await Promise.race([provider.shutdown(), late.promise]);
  } catch (error) {
    logger.warn({ err: error }, 'the last traces could not be sent');
  } finally {
    clearTimeout(timer);
  }
}
