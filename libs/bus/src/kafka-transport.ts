import { topics } from '@tongbao/contracts';
import type { Loops } from '@tongbao/telemetry';
import type { Kafka } from 'kafkajs';
import type { DeadLetterLog } from './dead-letter.js';
import { checkBoot } from './kafka-boot.js';
import { createKafka, type KafkaConnection } from './kafka-client.js';
import { KafkaDeadLetters } from './kafka-dead-letters.js';
import { defaultTiming, type MemberTiming } from './kafka-member.js';
import { KafkaOutbox } from './kafka-outbox.js';
import { KafkaReader } from './kafka-reader.js';
import { messageOf } from './kafka-record.js';
import { KafkaSubscription } from './kafka-subscription.js';
import type { BusRecord, Publisher } from './message.js';
import type { SaveRhythm } from './saver.js';
import { hubCommandTopics, topicsOf, type CommandTopic, type TopicKind } from './topic.js';
import type { MemberReceiver, Subscription, Transport } from './transport.js';

export interface KafkaTransportOptions extends KafkaConnection {
  /** Whose topics can be consumed besides the hub's own. What they publish is brought here by relays, not by the transport. */
  publishers?: readonly Publisher[];
  commandTopics?: readonly CommandTopic[];
  /** How often offsets are saved. */
  save?: SaveRhythm;
  /** Deliveries that may wait in one partition before nothing more of it is fetched. */
  maxOpen?: number;
  timing?: Partial<MemberTiming>;
  /** Told whenever something is down, and of what kafkajs gives up and is begun again for. */
  onTrouble?: (what: string, error: unknown) => void;
  loops?: Loops;
  /** Instead of a client made from the settings above. */
  kafka?: Kafka;
}

const defaultSave: SaveRhythm = { everyMessages: 2_000, everyMs: 300 };
/** A member that is begun again and again is alive: longer than one try takes. */
const maxSilentMs = 120_000;

/** The bus over Apache Kafka: topics that all processes share, and consumer groups whose partitions are shared by their members. */
export class KafkaTransport implements Transport {
  readonly shared = true;
  readonly #kafka: Kafka;
  /** Whoever waits for an answer is to know soon that there is none. */
  readonly #impatient: Kafka;
  readonly #outbox: KafkaOutbox;
  readonly #reader: KafkaReader;
  readonly #commandTopics: ReadonlyMap<string, CommandTopic>;
  readonly #eventTopics: ReadonlySet<string>;
  readonly #stopping = new AbortController();

  constructor(private readonly options: KafkaTransportOptions) {
    const { commandTopics = hubCommandTopics, publishers = [] } = options;
    this.#kafka = options.kafka ?? createKafka(options);
    this.#impatient = options.kafka ?? createKafka({ ...options, retries: 2 });
    this.#outbox = new KafkaOutbox(this.#impatient);
    this.#reader = new KafkaReader(this.#impatient);
    this.#commandTopics = new Map(commandTopics.map((topic) => [topic.name, topic]));
    this.#eventTopics = new Set([topics.paymentEvents, topics.ledgerEvents, topics.settlementEvents, ...publishers.flatMap(topicsOf)]);
  }

  /** Nothing to do: relays publish. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#outbox.close();
    await this.#reader.close();
  }

  topic(name: string): TopicKind | undefined {
    const commands = this.#commandTopics.get(name);
    if (commands) return { kind: 'commands', outside: commands.outside ?? false };
    return this.#eventTopics.has(name) ? { kind: 'events', outside: false } : undefined;
  }

  deadLetters(group: string): DeadLetterLog {
    return new KafkaDeadLetters(group, this.#outbox, this.#reader);
  }

  async send(topic: string, record: BusRecord): Promise<undefined> {
    await this.#outbox.send(topic, messageOf(record));
    return undefined;
  }

  async subscribe(receiver: MemberReceiver, consumed: readonly string[]): Promise<Subscription> {
    const { group } = receiver;
    const { timing, save = defaultSave, maxOpen = 1_000, loops, onTrouble = () => undefined } = this.options;
    const kafka = this.#kafka;
    await checkBoot({
      kafka: this.#impatient,
      group,
      topics: consumed,
      stopping: this.#stopping.signal,
      onWait: (error) => onTrouble(`start of ${group}`, error),
      onUnseen: (error) => onTrouble(`settings of the topics of ${group}`, error),
    });
    const loop = loops?.register(`kafka ${group}`, maxSilentMs);
    return new KafkaSubscription({
      kafka,
      groupId: group,
      receiver,
      topics: consumed,
      isNews: (topic) => this.topic(topic)?.kind === 'events',
      timing: { ...defaultTiming, ...timing },
      rhythm: save,
      maxOpen,
      onTrouble,
      ...(loop && { loop }),
    });
  }
}
