import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { ensureTools, startKafka, type KafkaService } from '@tongbao/local-services';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';
import { createKafka, KafkaRelay, type KafkaRelayOptions } from '../src/index.js';
import { until } from './harness.js';
import { eventsTopic, publisherOf, type Numbered } from './kafka-relay.fixture.js';
import type { RelayProgram } from './kafka-relay.program.js';

export interface Received {
  partition: number;
  offset: number;
  key: string;
  n: number;
  headers: Record<string, string>;
}

/** A broker and an event store; services of a case's own, so that cases share nothing else. */
export class RelayWorld {
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'tongbao-relay-'));
  broker!: KafkaService;
  server!: EventStoreServer;
  store!: EventStore;
  kafka!: Kafka;
  readonly #ended: (() => Promise<unknown>)[] = [];
  #services = 0;

  static async open(): Promise<RelayWorld> {
    await ensureTools(['kafka', 'kafka-tools']);
    const world = new RelayWorld();
    await world.startBroker();
    world.server = await startEventStoreServer({ dataDir: ':memory:' });
    world.store = EventStore.connect(world.server.connectionString);
    world.kafka = createKafka({ brokers: [world.broker.brokers], clientId: 'spec' });
    return world;
  }

  /** At first, and again after it was ended. */
  async startBroker(): Promise<void> {
    this.broker = await startKafka({ dataDir: join(this.#dataDir, 'kafka'), maxHeapMb: 256 });
  }

  async service(config: Record<string, string> = {}): Promise<TestService> {
    this.#services += 1;
    const name = `s${this.#services}`;
    await this.create(eventsTopic(name), config);
    return new TestService(this, name);
  }

  async create(topic: string, config: Record<string, string> = {}): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await this.#administer((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 4, configEntries }] }));
  }

  /** All that a topic holds, in the order of each partition. */
  async read(topic: string): Promise<Received[]> {
    const total = await this.#lengthOf(topic);
    const received = new Map<string, Received>();
    const consumer = this.kafka.consumer({ groupId: `read-${topic}-${Date.now()}`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        const { n } = JSON.parse(String(message.value)) as Numbered;
        const headers = Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]));
        const offset = Number(message.offset);
        received.set(`${partition} ${offset}`, { partition, offset, key: String(message.key), n, headers });
        return Promise.resolve();
      },
    });
    await until(() => received.size === total);
    await consumer.disconnect();
    return [...received.values()].toSorted((left, right) => left.partition - right.partition || left.offset - right.offset);
  }

  async #lengthOf(topic: string): Promise<number> {
    for (;;) {
      try {
        const ends = await this.#administer((admin) => admin.fetchTopicOffsets(topic));
        return ends.reduce((sum, { high }) => sum + Number(high), 0);
      } catch (error) {
        // A broker that has just begun does not lead its partitions yet.
        if (!(error instanceof Error && 'retriable' in error && error.retriable)) throw error;
      }
    }
  }

  async alter(topic: string, config: Record<string, string>): Promise<void> {
    await this.#administer((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
          },
        ],
      }),
    );
  }

  topics(): Promise<string[]> {
    return this.#administer((admin) => admin.listTopics());
  }

  async remove(topic: string): Promise<void> {
    await this.#administer((admin) => admin.deleteTopics({ topics: [topic] }));
    await until(async () => !(await this.topics()).includes(topic));
  }

  /** At the end of the case. */
  atEnd(end: () => Promise<unknown>): void {
    this.#ended.push(end);
  }

  async endCase(): Promise<void> {
    for (const end of this.#ended.splice(0).toReversed()) await end();
  }

  async close(): Promise<void> {
    await this.endCase();
    await this.store.close();
    await this.server.close();
    await this.broker.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #administer<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** A service with an event category and a topic of its own. Its events are numbered from 1, in the order of the log. */
export class TestService {
  readonly topic: string;
  readonly failures: unknown[] = [];
  #numbers = 0;

  constructor(
    private readonly world: RelayWorld,
    readonly name: string,
  ) {
    this.topic = eventsTopic(name);
  }

  /** How many events there are. */
  get count(): number {
    return this.#numbers;
  }

  /** Of keys that take turns. @returns the position of the last one */
  async append(count: number, extra: Partial<Numbered> = {}, traceparent?: string): Promise<bigint> {
    let last = 0n;
    for (let left = count; left > 0; left -= 1) {
      this.#numbers += 1;
      const event: Numbered = { type: 'Numbered', n: this.#numbers, ...extra };
      const stream = `${this.name}-k${this.#numbers % 7}`;
      const context = {
        commandId: `${this.name} ${this.#numbers}`,
        correlationId: `order ${this.#numbers}`,
        ...(traceparent && { traceparent }),
      };
      last = (await this.world.store.append(stream, 'any', [event], context)).position;
    }
    return last;
  }

  /** Quickly: all of a stream in one append. */
  async appendMany(count: number): Promise<bigint> {
    const events = Array.from({ length: count }, (_, index): Numbered => ({ type: 'Numbered', n: this.#numbers + index + 1 }));
    this.#numbers += count;
    const { position } = await this.world.store.append(`${this.name}-many${this.#numbers % 5}`, 'any', events, {
      commandId: `${this.name} ${this.#numbers}`,
    });
    return position;
  }

  async feed(): Promise<LogFeed> {
    const feed = new LogFeed(this.world.store, { categories: [this.name] });
    await feed.start();
    this.world.atEnd(() => feed.stop());
    return feed;
  }

  async relay(options: Partial<KafkaRelayOptions> = {}): Promise<KafkaRelay> {
    const relay = await KafkaRelay.start({
      kafka: this.world.kafka,
      store: this.world.store,
      feed: await this.feed(),
      publisher: publisherOf(this.name),
      leads: () => true,
      onFailure: (error) => this.failures.push(error),
      ...options,
    });
    this.world.atEnd(() => relay.stop());
    return relay;
  }

  /** Runs the relay in a process of its own, until it has killed itself. */
  async relayUntilDeath(dieAt: RelayProgram['dieAt']): Promise<void> {
    const hooks = join(import.meta.dirname, '../../event-store/test/typescript-hooks.mjs');
    const program: RelayProgram = {
      brokers: this.world.broker.brokers,
      connectionString: this.world.server.connectionString,
      service: this.name,
      ...(dieAt && { dieAt }),
    };
    const args = ['--conditions=@tongbao/source', '--import', hooks, join(import.meta.dirname, 'kafka-relay.program.ts')];
    const child = spawn(process.execPath, [...args, JSON.stringify(program)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // Jest's own options are not for others.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (signal !== 'SIGKILL') throw new Error('the relay ended otherwise than by its own hand');
  }

  read(): Promise<Received[]> {
    return this.world.read(this.topic);
  }
}

export interface Verdict {
  /** Numbers that were never published. */
  missing: number[];
  /** Published before a lower one of its partition. */
  early: number[];
  /** Published again, but not as part of a run that begins anew and goes on from there. */
  stray: number[];
  repeated: number;
}

/** What is to be said of a topic on which the numbers from 1 to `count` were published in their order. */
export function judge(received: readonly Received[], count: number): Verdict {
  const verdict: Verdict = { missing: [], early: [], stray: [], repeated: 0 };
  const all = new Set(received.map(({ n }) => n));
  for (let n = 1; n <= count; n += 1) if (!all.has(n)) verdict.missing.push(n);
  for (const partition of new Set(received.map((record) => record.partition))) {
    const numbers = received.filter((record) => record.partition === partition).map(({ n }) => n);
    const rankOf = new Map([...new Set(numbers)].toSorted((left, right) => left - right).map((n, rank) => [n, rank]));
    let highest = -1;
    let before = -1;
    for (const n of numbers) {
      const rank = rankOf.get(n) ?? 0;
      if (rank > highest + 1) verdict.early.push(n);
      if (rank > before + 1) verdict.stray.push(n);
      if (rank <= highest) verdict.repeated += 1;
      highest = Math.max(highest, rank);
      before = rank;
    }
  }
  return verdict;
}

export const faultless = { missing: [], early: [], stray: [] };
