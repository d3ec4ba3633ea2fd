/** Another process, or another instance in this process, has the data folder open. */
export class EventStoreLockedError extends Error {
  readonly code = 'EVENT_STORE_LOCKED';

  constructor(
    readonly dataDir: string,
    cause: unknown,
  ) {
    super(`The event store folder '${dataDir}' is in use by another process or instance.`, { cause });
    this.name = 'EventStoreLockedError';
  }
}

/** A stored event whose bytes no longer give the checksum that was stored with them. */
export class DamagedEventError extends Error {
  readonly code = 'EVENT_STORE_DAMAGED_EVENT';

  constructor(
    readonly position: number,
    readonly stream: string,
    readonly revision: number,
  ) {
    super(`The event at position ${position} (stream '${stream}', revision ${revision}) is damaged: its checksum does not match.`);
    this.name = 'DamagedEventError';
  }
}

/** The store cannot make anything durable any more; everything not acknowledged before is lost, nothing acknowledged is. */
export class EventStoreFatalError extends Error {
  readonly code = 'EVENT_STORE_FATAL';

  constructor(cause: unknown) {
    super(`The event store stopped, because a commit failed: ${messageOf(cause)}`, { cause });
    this.name = 'EventStoreFatalError';
  }
}

/** A request that cannot be understood or breaks a rule of the protocol that no stored state could change. */
export class BadRequestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadRequestError';
  }
}

/** What to tell of anything that was thrown, also of errors from another realm. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
