/** Bounds of a store. All sizes are in bytes, all times in milliseconds. */
export interface EventStoreLimits {
  /** Largest append: data + metadata + 2 x characters of the type, over all its events. EventStoreDB's default. */
  readonly maxAppendBytes: number;
  /** A write that waited longer than this for its turn is refused (ABORTED). */
  readonly writeTimeoutMs: number;
  /** Events kept in memory for live subscribers; the first bound that is reached counts. */
  readonly recentEvents: number;
  readonly recentBytes: number;
  /** Streams remembered in memory, so that an append need not look them up. */
  readonly cachedStreams: number;
  /** Events read from disk at once. */
  readonly pageEvents: number;
  readonly pageBytes: number;
  /** Upper bound of the database file in pages of 4 KiB; undefined for the disk's own. */
  readonly maxDatabasePages: number | undefined;
  /** How long a graceful close waits for clients to take their last messages. */
  readonly closeTimeoutMs: number;
}

const DEFAULTS: EventStoreLimits = {
  maxAppendBytes: 1024 * 1024,
  writeTimeoutMs: 4000,
  recentEvents: 8192,
  recentBytes: 32 * 1024 * 1024,
  cachedStreams: 100_000,
  pageEvents: 256,
  pageBytes: 1024 * 1024,
  maxDatabasePages: undefined,
  closeTimeoutMs: 2000,
};

export const resolveLimits = (limits: Partial<EventStoreLimits> = {}): EventStoreLimits => ({ ...DEFAULTS, ...limits });
