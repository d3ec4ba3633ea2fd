import type { Cache, CacheStatus, Quota, Taken } from './cache.js';
import { Windows, type Window } from './windows.js';

export interface MemoryCacheOptions {
  /** Windows kept at most, at some 250 bytes each; beyond that the one that ends soonest, of the kind that has most, is forgotten. */
  capacity?: number;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/** A cache of this process alone: limits hold for each process by itself, and a restart begins them anew. */
export const memoryCache = (options: MemoryCacheOptions = {}): Cache => new MemoryCache(options);

type Place = Pick<Quota, 'name' | 'key' | 'seconds'>;

class MemoryCache implements Cache {
  /** By name and length. */
  readonly #kinds = new Map<string, Windows>();
  readonly #capacity: number;
  readonly #now: () => number;
  #size = 0;

  constructor({ capacity = 200_000, now = () => performance.now() }: MemoryCacheOptions) {
    this.#capacity = capacity;
    this.#now = now;
  }

  take(quotas: readonly Quota[]): Promise<Taken | undefined> {
    const suffices = (quota: Quota) => (this.#present(quota)?.taken ?? 0) + quota.points <= quota.maximum;
    if (!quotas.every(suffices)) return Promise.resolve(undefined);
    const taken = quotas.map((quota) => {
      const window = this.#present(quota) ?? this.#begin(quota);
      window.taken += quota.points;
      return { window, points: quota.points };
    });
    const giveBack = () => {
      for (const { window, points } of taken) window.taken -= points;
      return Promise.resolve();
    };
    return Promise.resolve({ giveBack });
  }

  seen(name: string, key: string, seconds: number): Promise<boolean> {
    const place = { name, key, seconds };
    const isSeen = this.#present(place) !== undefined;
    if (!isSeen) this.#begin(place);
    return Promise.resolve(isSeen);
  }

  status(): CacheStatus {
    return { kind: 'memory', up: true, errors: 0 };
  }

  close(): Promise<void> {
    this.#kinds.clear();
    this.#size = 0;
    return Promise.resolve();
  }

  /** The window that runs at this moment. */
  #present(place: Place): Window | undefined {
    const windows = this.#windowsOf(place);
    this.#size -= windows.forgetEnded(this.#now());
    return windows.get(place.key);
  }

  #begin(place: Place): Window {
    if (this.#size >= this.#capacity) this.#forgetOne();
    this.#size += 1;
    return this.#windowsOf(place).begin(place.key, this.#now() + place.seconds * 1_000);
  }

  #windowsOf({ name, seconds }: Place): Windows {
    const kind = `${name} ${seconds}`;
    const windows = this.#kinds.get(kind) ?? new Windows();
    this.#kinds.set(kind, windows);
    return windows;
  }

  #forgetOne(): void {
    const [largest] = [...this.#kinds.values()].sort((left, right) => right.size - left.size);
    this.#size -= largest?.forgetFirst() ?? 0;
  }
}
