/** One value of a gauge. */
export interface Sample<Labels = Readonly<Record<string, string>>> {
  labels: Labels;
  value: number;
}

/** Gives all values of a gauge as they are now. */
export type Ask<Labels = Readonly<Record<string, string>>> = () => readonly Sample<Labels>[] | Promise<readonly Sample<Labels>[]>;

const timeoutMs = 2_000;

/** Somebody who is asked for a gauge: within a time, not too often, and never twice at a time. */
export class GaugeSource {
  #latest: readonly Sample[] = [];
  #askedAtMs = -Infinity;
  #asking: Promise<readonly Sample[]> | undefined;

  constructor(
    private readonly ask: Ask,
    private readonly everyMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** None when the question fails or takes too long: no figure is better than an old one. */
  async samples(): Promise<readonly Sample[]> {
    if (performance.now() - this.#askedAtMs < this.everyMs) return this.#latest;
    try {
      this.#latest = await within(timeoutMs, this.#answer());
      this.#askedAtMs = performance.now();
    } catch (error) {
      this.#latest = [];
      this.onError(error);
    }
    return this.#latest;
  }

  #answer(): Promise<readonly Sample[]> {
    this.#asking ??= this.#askNow();
    return this.#asking;
  }

  async #askNow(): Promise<readonly Sample[]> {
    try {
      return await this.ask();
    } finally {
      this.#asking = undefined;
    }
  }
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
