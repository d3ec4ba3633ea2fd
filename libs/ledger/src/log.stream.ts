import type { CheckpointSigned, CheckpointWitnessed, LogEvent } from '@tongbao/contracts';
import { Outage, WrongRevision, type EventStore, type StoredEvent } from '@tongbao/event-store';

export const logStream = 'log-main';

/** Where the log's stream ends. */
export interface LogEnd {
  /** Undefined: nothing was ever signed. */
  revision: number | undefined;
  signed?: CheckpointSigned;
  /** The newest that is looked for: see `mostLookedBack`. */
  witnessed?: CheckpointWitnessed;
}

/** Another process has signed or recorded something meanwhile: what is decided next is decided on that. */
export class LogMoved extends Outage {
  override readonly name = 'LogMoved';
}

const eventsAtOnce = 10;
/** While witnesses are down for long, many checkpoints are signed; an old one that was witnessed is of no use. */
const mostLookedBack = 2_000;

/** What was signed and witnessed, and the only way to add to it: at the revision that was decided on, one after another. */
export class LogStream {
  #end: LogEnd | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: EventStore) {}

  /** As the store has it now. @throws Outage */
  async read(): Promise<LogEnd> {
    const found: StoredEvent<LogEvent>[] = [];
    for (let from: number | 'end' = 'end'; found.length < mostLookedBack;) {
      const page: StoredEvent<LogEvent>[] = await this.store.read<LogEvent>(logStream, { backwards: true, from, limit: eventsAtOnce });
      found.push(...page);
      const last = page.at(-1);
      if (!last || last.revision === 0 || (signedIn(found) && witnessedIn(found))) break;
      from = last.revision - 1;
    }
    const [signed, witnessed] = [signedIn(found), witnessedIn(found)];
    return { revision: found[0]?.revision, ...(signed && { signed }), ...(witnessed && { witnessed }) };
  }

  /** As far as this process knows it: a later event may be another's. @throws Outage */
  async end(): Promise<LogEnd> {
    return this.#end ?? (await this.read());
  }

  /**
   * Decides on the end of the stream, and appends what was decided, if anything. Nobody else of this process comes in between.
   * @throws Outage, LogMoved among them: nothing is known of what comes next before it is read again
   */
  extend<E extends LogEvent>(decide: (end: LogEnd) => Promise<E | undefined>): Promise<E | undefined> {
    const turn = this.#turn.then(() => this.#extend(decide));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #extend<E extends LogEvent>(decide: (end: LogEnd) => Promise<E | undefined>): Promise<E | undefined> {
    const end = (this.#end ??= await this.read());
    const event = await decide(end);
    if (!event) return undefined;
    // Until the answer is there, nobody knows where the stream ends.
    this.#end = undefined;
    try {
      const context = { commandId: commandIdOf(event) };
      const { revision } = await this.store.append(logStream, end.revision ?? 'no_stream', [event], context);
      this.#end = { ...end, revision, ...(event.type === 'CheckpointSigned' ? { signed: event } : { witnessed: event }) };
      return event;
    } catch (error) {
      if (error instanceof WrongRevision)
        throw new LogMoved(`${logStream} is no longer at ${end.revision ?? 'its beginning'}`, { cause: error });
      throw error;
    }
  }
}

const commandIdOf = (event: LogEvent): string =>
  event.type === 'CheckpointSigned'
    ? `sign ${event.size} ${event.rootHash} ${event.signedAt}`
    : `witness ${event.size} ${event.witnessedAt}`;

const signedIn = (events: readonly StoredEvent<LogEvent>[]): CheckpointSigned | undefined =>
  events.map(({ event }) => event).find((event) => event.type === 'CheckpointSigned');

const witnessedIn = (events: readonly StoredEvent<LogEvent>[]): CheckpointWitnessed | undefined =>
  events.map(({ event }) => event).find((event) => event.type === 'CheckpointWitnessed');
