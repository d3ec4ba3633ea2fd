import type { EventStore, FeedBatch, LogFeed, StoredEvent } from '@tongbao/event-store';
import { messageSent, type MessageSent } from './bus-stream.js';
import { messagingSystem, RelayMeter, Sends } from './bus-telemetry.js';
import { errorText } from './error-text.js';
import { headerNames, publishedRecord } from './message.js';
import type { Publication } from './publication.js';
import { SavedPosition } from './saved-position.js';
import type { SaveRhythm } from './saver.js';
import { busStreamOf, isCommandTopic } from './topic.js';

interface Place {
  position: bigint;
  index: number;
}

interface Due extends Place {
  sent: MessageSent;
}

/** More than a batch of commands ever needs, and well below what one append may hold. */
const maxAppend = 200;
const scanPage = 100;

export interface RelayStatus {
  service: string;
  position: bigint;
  head: bigint;
  relayed: number;
  error?: string;
}

/**
 * Brings a service's commands to their topics: reads its categories in log order and appends each message to `bus_<topic>`, one append in flight.
 * The position is saved now and then; after a crash, or an append of unknown outcome, the end of the topic's stream says what is there already.
 */
export class EmbeddedRelay {
  readonly #sent = new Map<string, Place>();
  #saved: SavedPosition | undefined;
  #reached = 0n;
  #relayed = 0;
  #stopped = false;
  #inDoubt = true;
  #error: unknown;
  #handling: Promise<void> = Promise.resolve();
  readonly #meter: RelayMeter;

  constructor(
    private readonly store: EventStore,
    private readonly feed: LogFeed,
    private readonly publication: Publication,
    private readonly commandTopics: readonly string[],
  ) {
    this.#meter = new RelayMeter(publication.publisher.service);
  }

  async start(rhythm: SaveRhythm): Promise<void> {
    const { service, categories } = this.publication.publisher;
    const name = `relay_${service}`;
    this.#saved = await SavedPosition.load(this.store, name, rhythm, () => this.#reached);
    this.#reached = this.#saved.position;
    this.feed.consume({ name, categories, after: this.#reached }, (batch) => this.#take(batch));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#handling;
    await this.#saved?.close();
  }

  status(): RelayStatus {
    const { service } = this.publication.publisher;
    const error = this.#error ?? this.#saved?.error;
    return {
      service,
      position: this.#reached,
      head: this.feed.head,
      relayed: this.#relayed,
      ...(error !== undefined && { error: errorText(error) }),
    };
  }

  async #take(batch: FeedBatch): Promise<void> {
    if (this.#stopped) return;
    const relaying = this.#relay(batch);
    // Whoever stops the relay waits for the append in hand, whatever becomes of it; the feed is told of a failure by what is returned.
    this.#handling = relaying.catch(() => undefined);
    await relaying;
  }

  async #relay(batch: FeedBatch): Promise<void> {
    try {
      const due = this.#dueOf(batch);
      if (due.size > 0) {
        if (this.#inDoubt) await this.#findOut();
        this.#inDoubt = true;
        await Promise.all([...due].map(([topic, messages]) => this.#append(topic, messages)));
        this.#inDoubt = false;
      }
      this.#error = undefined;
      this.#reached = batch.position;
      this.#saved?.moved(1);
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  #dueOf(batch: FeedBatch): Map<string, Due[]> {
    const { service } = this.publication.publisher;
    const due = new Map<string, Due[]>();
    for (const stored of batch.events) {
      for (const [index, outgoing] of this.publication.of(stored).entries()) {
        if (!isCommandTopic(outgoing.topic)) continue;
        const { position } = stored;
        const sent = messageSent(publishedRecord(service, stored, index, outgoing), { service, position: String(position), index });
        const messages = due.get(outgoing.topic);
        if (messages) messages.push({ position, index, sent });
        else due.set(outgoing.topic, [{ position, index, sent }]);
      }
    }
    return due;
  }

  async #append(topic: string, messages: Due[]): Promise<void> {
    const sent = this.#sent.get(topic);
    const missing = sent ? messages.filter((message) => isAfter(message, sent)) : messages;
    for (let start = 0; start < missing.length; start += maxAppend) {
      const chunk = missing.slice(start, start + maxAppend);
      const [first] = chunk;
      const last = chunk.at(-1);
      if (!first || !last) continue;
      const commandId = `relay ${this.publication.publisher.service} ${first.position}:${first.index}`;
      // Other services' relays and direct senders append here as well, so there is no revision to expect.
      await this.#sends(topic, chunk).during(() =>
        this.store.append(
          busStreamOf(topic),
          'any',
          chunk.map((message) => message.sent),
          { commandId },
        ),
      );
      this.#sent.set(topic, last);
      this.#relayed += chunk.length;
      this.#meter.published(topic, chunk.length);
    }
  }

  /** The messages keep the trace of their event: their ids in the stream derive from what they hold, and a repetition must have the same. */
  #sends(topic: string, chunk: readonly Due[]): Sends {
    const sends = new Sends(messagingSystem(false));
    for (const { sent } of chunk) sends.begin(topic, sent.headers[headerNames.id] ?? '', sent.headers[headerNames.traceparent]);
    return sends;
  }

  /** Reads back what this relay appended to each topic. A message is later in the log than what it was published from: older ones need no look. */
  async #findOut(): Promise<void> {
    await Promise.all(this.commandTopics.map((topic) => this.#findLast(topic)));
  }

  async #findLast(topic: string): Promise<void> {
    const { service } = this.publication.publisher;
    const saved = this.#saved?.position ?? 0n;
    let from: number | 'end' | undefined = 'end';
    while (from !== undefined) {
      const page: StoredEvent<MessageSent>[] = await this.store.read<MessageSent>(busStreamOf(topic), {
        backwards: true,
        from,
        limit: scanPage,
      });
      const last = page.find(({ event, position }) => position <= saved || event.source?.service === service);
      if (last) {
        const { source } = last.event;
        if (last.position > saved && source) this.#sent.set(topic, { position: BigInt(source.position), index: source.index });
        return;
      }
      const revision = page.at(-1)?.revision;
      from = revision ? revision - 1 : undefined;
    }
  }
}

const isAfter = (left: Place, right: Place): boolean =>
  left.position > right.position || (left.position === right.position && left.index > right.index);
