import { createHash } from 'node:crypto';
import type { CommandEvent, CommandRefused } from '@tongbao/contracts';
import type { EventStore, FeedConsumer, LogFeed } from '@tongbao/event-store';

export interface RefusedCommandsOptions {
  /** Refusals kept at hand. */
  newest?: number;
  /** Size of the marks, a power of two. 2^23 bits are 1 MiB: of a million refusals, 2 % of new commands look like one of them. */
  markBits?: number;
}

const marksEach = 4;

/**
 * Which commands were refused, and how: of all that ever were, in memory that does not grow. The newest are kept whole. Of all others there are
 * marks (a Bloom filter): a command without them was certainly not refused; one that has them is looked up in its stream, which is right
 * whatever the marks say. So the more have been refused, the more new commands cost a read, and nothing else.
 *
 * Until everything that was in the log at the start has been read, every command is looked up. A refusal by another process is known here when
 * the feed brings it, some milliseconds later.
 */
export class RefusedCommands {
  readonly #newest = new Map<string, CommandRefused>();
  readonly #capacity: number;
  readonly #marks: Uint8Array;
  #consumer: FeedConsumer | undefined;
  #startedAt = 0n;

  constructor(
    private readonly store: EventStore,
    { newest = 10_000, markBits = 2 ** 23 }: RefusedCommandsOptions = {},
  ) {
    this.#capacity = newest;
    this.#marks = new Uint8Array(markBits / 8);
  }

  /** @param feed has been started: it knows how far the log reached then */
  start(feed: LogFeed): void {
    this.#startedAt = feed.head;
    this.#consumer = feed.consume({ name: 'command-refusals', categories: ['command'], after: 0n }, ({ events }) => {
      // A later event of a command's stream tells of its id used again for something else: what counts for the id is the first.
      for (const { event, revision } of events) if (revision === 0 && isCommandRefused(event)) this.add(event);
      return Promise.resolve();
    });
  }

  add(refusal: CommandRefused): void {
    for (const { byte, bit } of this.#placesOf(refusal.commandId)) this.#marks[byte] = (this.#marks[byte] ?? 0) | bit;
    this.#newest.set(refusal.commandId, refusal);
    const [oldest] = this.#newest.keys();
    if (this.#newest.size > this.#capacity && oldest !== undefined) this.#newest.delete(oldest);
  }

  /** @throws Outage when it cannot be found out */
  async find(commandId: string): Promise<CommandRefused | undefined> {
    const newest = this.#newest.get(commandId);
    if (newest !== undefined || this.#isNone(commandId)) return newest;
    const [first] = await this.store.read<CommandEvent>(`command-${commandId}`, { limit: 1 });
    return first && isCommandRefused(first.event) ? first.event : undefined;
  }

  #isNone(commandId: string): boolean {
    const hasReadAll = this.#consumer !== undefined && this.#consumer.position >= this.#startedAt;
    return hasReadAll && this.#placesOf(commandId).some(({ byte, bit }) => ((this.#marks[byte] ?? 0) & bit) === 0);
  }

  #placesOf(commandId: string): { byte: number; bit: number }[] {
    const hash = createHash('sha256').update(commandId).digest();
    return Array.from({ length: marksEach }, (_, index) => {
      const place = hash.readUInt32LE(index * 4) % (this.#marks.length * 8);
      return { byte: place >>> 3, bit: 1 << (place & 7) };
    });
  }
}

export const isCommandRefused = (event: { type: string }): event is CommandRefused => event.type === 'CommandRefused';
