import type { Logger } from 'pino';
import { metrics } from './metrics.js';
import type { SpanExporter } from './trace-sdk.js';

export interface TelemetryOptions {
  /** `payment`, `ledger`, `standalone`: the name under which metrics, logs and spans of this process are found. */
  service: string;
  version: string;
  /** OTLP/HTTP, such as `http://tempo.internal:4318/v1/traces`; empty = no traces. */
  tracesUrl: string;
  /** Share of requests that begin a trace, 0 to 1. */
  ratio: number;
  logger: Pick<Logger, 'warn' | 'info'>;
  /** Takes the spans in place of `tracesUrl`. */
  exporter?: SpanExporter;
}

export interface Telemetry {
  /** Sends what has ended so far. @throws AggregateError when it is not taken */
  flush(): Promise<void>;
  /** Sends the rest, as far as that is taken within a few seconds. Never rejects. */
  stop(): Promise<void>;
}

const nothing: Telemetry = { flush: () => Promise.resolve(), stop: () => Promise.resolve() };

/**
 * Says what this process is, and begins traces if they are wanted; to be called first of all. Whatever becomes of the endpoint, the process goes on:
 * spans that it does not take are counted and lost, which is logged when it begins and when it is over.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  metrics.describe(options.service, options.version);
  if (options.tracesUrl === '' && !options.exporter) return nothing;
  // Loaded only where traces are wanted: half a megabyte of code.
  const { startTraces } = await import('./trace-sdk.js');
  return startTraces(options);
}
