/** The stream is not at the expected revision: somebody else wrote first. Reload and decide again. */
export class WrongRevision extends Error {
  override readonly name = 'WrongRevision';
  constructor(
    readonly stream: string,
    /** `undefined`: the stream does not exist. */
    readonly actual: number | undefined,
  ) {
    super(`${stream} is at ${actual === undefined ? 'no revision' : `revision ${actual}`}`);
  }
}

/**
 * Something that the work depends on is down: a store, a database, a provider. Whoever catches it pauses and retries without end; it is
 * never a reason to give a message up.
 */
export class Outage extends Error {
  override readonly name: string = 'Outage';
}

/** The event store could not be reached, or did not answer in time: what was asked for may or may not have happened. */
export class StoreUnavailable extends Outage {
  override readonly name = 'StoreUnavailable';
}
