import type { AttemptOutcome, Provider, RefundOutcome } from '@tongbao/contracts';

/** The connectors that the hub has, each under the name it is offered by, and how long one may take. */
export class Providers {
  readonly #byName: ReadonlyMap<string, Provider>;

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
  call(name: string, work: (provider: Provider, signal: AbortSignal) => Promise<AttemptOutcome>): Promise<AttemptOutcome> {
    return this.#bounded(name, work);
  }

  callRefund(name: string, work: (provider: Provider, signal: AbortSignal) => Promise<RefundOutcome>): Promise<RefundOutcome> {
    return this.#bounded(name, work);
  }

  async #bounded<T>(
    name: string,
    work: (provider: Provider, signal: AbortSignal) => Promise<T>,
  ): Promise<T | { kind: 'unknown'; reason: string }> {
    const provider = this.#byName.get(name);
    if (!provider) return { kind: 'unknown', reason: `no connector is configured for ${name}` };
    const timeout = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<{ kind: 'unknown'; reason: string }>((resolve) => {
      timer = setTimeout(() => {
        timeout.abort();
        resolve({ kind: 'unknown', reason: `no answer within ${this.timeoutMs} ms` });
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([
        work(provider, timeout.signal).catch((error: unknown) => ({ kind: 'unknown' as const, reason: String(error) })),
        late,
      ]);
    } finally {
      clearTimeout(timer);
    }
  }
}
