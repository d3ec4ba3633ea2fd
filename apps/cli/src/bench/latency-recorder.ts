/** Milliseconds. Each figure is one that was measured, none is interpolated; zeros where nothing was measured. */
export interface Latency {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

const firstCapacity = 4_096;

/** Keeps every measurement: eight bytes each, so that no figure depends on how a histogram is cut. */
export class LatencyRecorder {
  #values = new Float64Array(firstCapacity);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  record(milliseconds: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = milliseconds;
    this.#count += 1;
  }

  latency(): Latency {
    const sorted = this.#values.slice(0, this.#count).sort();
    return {
      count: this.#count,
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
      max: sorted.at(-1) ?? 0,
    };
  }
}

/** Nearest rank: the least value that at least this share of all values does not exceed. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? 0;
}
