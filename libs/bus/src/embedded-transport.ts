import { categoryOf, type EventStore, type LogFeed, type StoredEvent } from '@tongbao/event-store';
import { isMessageSent, messageSent, recordOf } from './bus-stream.js';
import type { DeadLetterLog } from './dead-letter.js';
import { EmbeddedDeadLetters } from './embedded-dead-letters.js';
import { EmbeddedRelay, type RelayStatus } from './embedded-relay.js';
import { EmbeddedTopic, type SourceMessage, type TopicSource } from './embedded-topic.js';
import { publishedRecord, type BusRecord, type Publisher } from './message.js';
import { Publication } from './publication.js';
import { defaultRhythm } from './saved-position.js';
import type { SaveRhythm } from './saver.js';
import { busStreamOf, hubCommandTopics, isCommandTopic, type CommandTopic, type TopicKind } from './topic.js';
import type { Receiver, Subscription, Transport } from './transport.js';

export interface EmbeddedTransportOptions {
  store: EventStore;
  /** Must follow `busCategories(publishers, topics consumed)`. */
  feed: LogFeed;
  publishers: readonly Publisher[];
  commandTopics?: readonly CommandTopic[];
  save?: SaveRhythm;
  /** Deliveries of one group and topic that may wait before the log is read on. */
  maxOpen?: number;
}

/**
 * The bus within one process, over the event store: event topics are what publishers make of the log, read through the shared feed; command
 * topics are streams `bus_<topic>`, filled by one relay for each service.
 */
export class EmbeddedTransport implements Transport {
  readonly shared = false;
  readonly #publications: Publication[] = [];
  readonly #eventTopics = new Map<string, Publication>();
  readonly #commandTopics: ReadonlyMap<string, CommandTopic>;
  readonly #relays: EmbeddedRelay[] = [];
  readonly #rhythm: SaveRhythm;
  #started: Promise<void> | undefined;

  constructor(private readonly options: EmbeddedTransportOptions) {
    this.#rhythm = options.save ?? defaultRhythm;
    this.#commandTopics = new Map((options.commandTopics ?? hubCommandTopics).map((topic) => [topic.name, topic]));
    for (const publisher of options.publishers) this.#publish(new Publication(publisher, this.#commandTopics));
  }

  start(): Promise<void> {
    this.#started ??= this.#startRelays();
    return this.#started;
  }

  async stop(): Promise<void> {
    await this.#started;
    await Promise.all(this.#relays.map((relay) => relay.stop()));
  }

  topic(name: string): TopicKind | undefined {
    const commands = this.#commandTopics.get(name);
    if (commands) return { kind: 'commands', outside: commands.outside ?? false };
    return this.#eventTopics.has(name) ? { kind: 'events', outside: false } : undefined;
  }

  deadLetters(group: string): DeadLetterLog {
    return new EmbeddedDeadLetters(this.options.store, group);
  }

  async send(topic: string, record: BusRecord, commandId: string): Promise<bigint> {
    const { position } = await this.options.store.append(busStreamOf(topic), 'any', [messageSent(record)], { commandId });
    return position;
  }

  async subscribe(receiver: Receiver, topics: readonly string[]): Promise<Subscription> {
    const { store, feed, maxOpen = 1_000 } = this.options;
    const options = { store, feed, rhythm: this.#rhythm, maxOpen };
    const readers = new Map(topics.map((topic) => [topic, new EmbeddedTopic(receiver, this.#sourceOf(topic), options)]));
    const all = [...readers.values()];
    await Promise.all(all.map((reader) => reader.load()));
    return {
      start: () => all.forEach((reader) => reader.start()),
      stop: async () => {
        await Promise.all(all.map((reader) => reader.stop()));
      },
      commit: async () => {
        await Promise.all(all.map((reader) => reader.commit()));
      },
      pause: (topic, partition) => readers.get(topic)?.pause(partition),
      resume: (topic, partition) => readers.get(topic)?.resume(partition),
      progress: () => all.map((reader) => reader.progress()),
    };
  }

  relays(): RelayStatus[] {
    return this.#relays.map((relay) => relay.status());
  }

  #publish(publication: Publication): void {
    this.#publications.push(publication);
    for (const topic of publication.topics) {
      const other = this.#eventTopics.get(topic);
      if (other) throw new Error(`${other.publisher.service} and ${publication.publisher.service} both publish ${topic}`);
      if (isCommandTopic(topic))
        throw new Error(`${topic} is named as a command topic: ${publication.publisher.service} need not declare it`);
      this.#eventTopics.set(topic, publication);
    }
  }

  async #startRelays(): Promise<void> {
    const { store, feed } = this.options;
    const topics = [...this.#commandTopics.keys()];
    // A service that fills no event topic may still send commands; one that reads nothing sends nothing.
    const active = this.#publications.filter(({ publisher }) => publisher.categories.length > 0);
    this.#relays.push(...active.map((publication) => new EmbeddedRelay(store, feed, publication, topics)));
    await Promise.all(this.#relays.map((relay) => relay.start(this.#rhythm)));
  }

  #sourceOf(topic: string): TopicSource {
    if (this.#commandTopics.has(topic)) return commandSource(topic);
    const publication = this.#eventTopics.get(topic);
    if (!publication) throw new Error(`nothing serves ${topic}`);
    return eventSource(topic, publication);
  }
}

/** A prefix subscription also gives the dead letters, whose streams begin with the same name: only the topic's own stream counts. */
function commandSource(topic: string): TopicSource {
  const stream = busStreamOf(topic);
  return {
    topic,
    categories: [categoryOf(stream)],
    *messagesOf(stored) {
      if (stored.stream === stream && isMessageSent(stored)) yield { index: 0, key: stored.event.key, record: () => recordOf(stored) };
    },
  };
}

function eventSource(topic: string, publication: Publication): TopicSource {
  const { service, categories } = publication.publisher;
  return { topic, categories, messagesOf: (stored) => messagesOn(topic, service, stored, publication) };
}

function messagesOn(topic: string, service: string, stored: StoredEvent, publication: Publication): SourceMessage[] {
  const messages: SourceMessage[] = [];
  const published = publication.of(stored);
  for (let index = 0; index < published.length; index += 1) {
    const outgoing = published[index];
    if (outgoing?.topic !== topic) continue;
    messages.push({ index, key: outgoing.key, type: outgoing.type, record: () => publishedRecord(service, stored, index, outgoing) });
  }
  return messages;
}
