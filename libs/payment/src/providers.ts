import type { AttemptOutcome, Provider, RefundOutcome } from '@tongbao/contracts';
import { attribute, metrics, SpanKind, tracing, type Count, type Timing } from '@tongbao/telemetry';

/** What a connector is asked to do: the methods of its interface, as metrics and traces name them. */
export type ProviderOperation = 'pay' | 'capture' | 'close' | 'query' | 'refund' | 'query_refund';

interface CallMeter {
  succeeded: Count;
  declined: Count;
  unknown: Count;
  failed: Count;
  duration: Timing;
}

/** Marks an outcome that is unknown because the connector threw: the payment makes no difference, whoever watches providers does. */
const thrown = Symbol('thrown');

interface Unknown {
  kind: 'unknown';
  reason: string;
  [thrown]?: true;
}

/** The connectors that the hub has, each under the name it is offered by, and how long one may take. */
export class Providers {
  readonly #byName: ReadonlyMap<string, Provider>;
  readonly #meters = new Map<string, CallMeter>();

  constructor(
    providers: readonly Provider[],
    private readonly timeoutMs: number,
  ) {
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
  }

  get(name: string): Provider | undefined {
    return this.#byName.get(name);
  }

  /** What the directory offers: names, and whether each can authorize. */
  offer(): ReadonlyMap<string, { authorizes: boolean }> {
    return this.#byName;
  }

  /** Calls a connector about an attempt. A timeout or an error is an unknown outcome, never a failure. */
  call(
    name: string,
    operation: ProviderOperation,
    work: (provider: Provider, signal: AbortSignal) => Promise<AttemptOutcome>,
  ): Promise<AttemptOutcome> {
    return this.#observed(name, operation, work);
  }

  callRefund(
    name: string,
    operation: ProviderOperation,
    work: (provider: Provider, signal: AbortSignal) => Promise<RefundOutcome>,
  ): Promise<RefundOutcome> {
    return this.#observed(name, operation, work);
  }

  async #observed<T extends { kind: string }>(
    name: string,
    operation: ProviderOperation,
    work: (provider: Provider, signal: AbortSignal) => Promise<T>,
  ): Promise<T | Unknown> {
    const provider = this.#byName.get(name);
    if (!provider) return { kind: 'unknown', reason: `no connector is configured for ${name}` };
    const meter = this.#meterOf(name, operation);
    const startedMs = performance.now();
    const outcome = tracing.active ? await this.#traced(provider, operation, work) : await this.#bounded(provider, work);
    meter.duration.observe((performance.now() - startedMs) / 1_000);
    meter[fateOf(outcome)].inc();
    return outcome;
  }

  #traced<T extends { kind: string }>(
    provider: Provider,
    operation: ProviderOperation,
    work: (provider: Provider, signal: AbortSignal) => Promise<T>,
  ): Promise<T | Unknown> {
    const step = { kind: SpanKind.CLIENT, attributes: { [attribute.provider]: provider.name } };
    return tracing.span(`${provider.name} ${operation}`, step, async (span) => {
      const outcome = await this.#bounded(provider, work);
      span?.setAttribute(attribute.outcome, outcome.kind);
      return outcome;
    });
  }

  #meterOf(provider: string, operation: ProviderOperation): CallMeter {
    const key = `${provider} ${operation}`;
    const known = this.#meters.get(key);
    if (known) return known;
    const counted = (outcome: string) => metrics.counter('tongbao_provider_calls_total', { provider, operation, outcome });
    const meter = {
      succeeded: counted('succeeded'),
      declined: counted('declined'),
      unknown: counted('unknown'),
      failed: counted('failed'),
      duration: metrics.histogram('tongbao_provider_call_duration_seconds', { provider, operation }),
    };
    this.#meters.set(key, meter);
    return meter;
  }

  async #bounded<T>(provider: Provider, work: (provider: Provider, signal: AbortSignal) => Promise<T>): Promise<T | Unknown> {
    const timeout = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Unknown>((resolve) => {
      timer = setTimeout(() => {
        timeout.abort();
        resolve({ kind: 'unknown', reason: `no answer within ${this.timeoutMs} ms` });
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([
        work(provider, timeout.signal).catch((error: unknown): Unknown => ({ kind: 'unknown', reason: String(error), [thrown]: true })),
        late,
      ]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function fateOf(outcome: { kind: string; [thrown]?: true }): Exclude<keyof CallMeter, 'duration'> {
  if (outcome[thrown]) return 'failed';
  return outcome.kind === 'unknown' || outcome.kind === 'declined' ? outcome.kind : 'succeeded';
}
