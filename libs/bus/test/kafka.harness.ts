import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { ensureTools, startKafka, type KafkaService } from '@tongbao/local-services';
import type { Admin, Kafka } from 'kafkajs';
import {
  applyTopics,
  Bus,
  BusClient,
  createKafka,
  headerNames,
  KafkaTransport,
  topicPlan,
  type BusRecord,
  type MemberTiming,
} from '../src/index.js';
import { KafkaReader } from '../src/kafka-reader.js';
import {
  commandTopic,
  newsTopic,
  outsideTopic,
  until,
  type BusHarness,
  type ProcessSetup,
  type TestProcess,
  type World,
} from './harness.js';
import { declareGroups, Life, listening, mortalStore } from './mortal.js';
import { MortalKafka } from './mortal-kafka.js';

const rhythms = {
  each: { everyMessages: 1, everyMs: 1 },
  soon: { everyMessages: 3, everyMs: 5 },
  'at-stop': { everyMessages: Infinity, everyMs: 1_000_000 },
};

const quick = { fetchWaitMs: 20 };

export interface ProcessOptions {
  kafka?: Kafka;
  timing?: Partial<MemberTiming>;
}

export interface KafkaWorld extends World {
  /** A process that is not started yet, besides those that run. */
  join(setup: ProcessSetup, options?: ProcessOptions): Promise<KafkaProcess>;
}

/** One broker with the hub's topics, emptied for each world. */
export class KafkaHarness implements BusHarness {
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'tongbao-bus-'));
  readonly #consumed = new Map<string, Set<string>>();
  #broker: KafkaService | undefined;
  #admin: Admin | undefined;
  #reader: KafkaReader | undefined;

  async begin(): Promise<void> {
    await ensureTools(['kafka']);
    await this.beginAgain();
    this.#admin = this.connect('admin').admin();
    await this.#admin.connect();
    this.#reader = new KafkaReader(this.connect('reader'));
    await applyTopics(this.connection, topicPlan({ replicationFactor: 1, subscriptions: {} }));
  }

  /** On the same folder and port as before. */
  async beginAgain(): Promise<void> {
    this.#broker = await startKafka({ dataDir: this.#dataDir, maxHeapMb: 256 });
  }

  async end(): Promise<void> {
    await this.#admin?.disconnect();
    await this.#reader?.close();
    await this.#broker?.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  get broker(): KafkaService {
    if (!this.#broker) throw new Error('the broker is not started');
    return this.#broker;
  }

  get admin(): Admin {
    if (!this.#admin) throw new Error('the broker is not started');
    return this.#admin;
  }

  get reader(): KafkaReader {
    if (!this.#reader) throw new Error('the broker is not started');
    return this.#reader;
  }

  get connection() {
    return { brokers: [this.broker.brokers], clientId: 'spec' };
  }

  connect(clientId: string): Kafka {
    return createKafka({ ...this.connection, clientId });
  }

  /** The dead-letter topics that groups need. */
  async provide(groups: ProcessSetup['groups']): Promise<void> {
    const subscriptions: Record<string, string[]> = {};
    for (const { group, handlers } of groups) {
      const known = this.#consumed.get(group) ?? new Set();
      const missing = Object.keys(handlers).filter((topic) => !known.has(topic) && served.includes(topic));
      if (missing.length > 0) subscriptions[group] = missing;
      this.#consumed.set(group, new Set([...known, ...missing]));
    }
    if (Object.keys(subscriptions).length > 0) await applyTopics(this.connection, topicPlan({ replicationFactor: 1, subscriptions }));
  }

  /** Leaves no message and no group. */
  async clear(): Promise<void> {
    const groups = [...this.#consumed.keys()];
    await until(async () => (await this.admin.describeGroups(groups)).groups.every(({ members }) => members.length === 0));
    const { groups: existing } = await this.admin.listGroups();
    const own = existing.map(({ groupId }) => groupId).filter((groupId) => groups.includes(groupId));
    if (own.length > 0) await this.admin.deleteGroups(own);
    for (const topic of (await this.admin.listTopics()).filter((name) => !name.startsWith('__'))) {
      const offsets = await this.admin.fetchTopicOffsets(topic);
      const used = offsets.filter(({ high, low }) => high !== low);
      if (used.length > 0)
        await this.admin.deleteTopicRecords({ topic, partitions: used.map(({ partition, high }) => ({ partition, offset: high })) });
    }
  }

  async open(): Promise<KafkaWorld> {
    const server = await startEventStoreServer({ dataDir: ':memory:' });
    const store = EventStore.connect(server.connectionString);
    const transport = new KafkaTransport(this.connection);
    const client = new BusClient(transport);
    const processes: KafkaProcess[] = [];
    let sent = 0;
    const join = async (setup: ProcessSetup, options?: ProcessOptions) => {
      await this.provide(setup.groups);
      const process = new KafkaProcess(this.connection, store, setup, options);
      processes.push(process);
      return process;
    };
    return {
      join,
      emit: async (key, type, n) => {
        sent += 1;
        await transport.send(newsTopic, newsOf(key, type, n, `emitted${sent}`));
      },
      send: async (topic, key, type, n) => {
        await client.send({ topic, key, type, data: { n } });
      },
      sendRaw: async (message) => {
        await client.sendRaw(message);
      },
      start: async (setup) => {
        await Promise.all(processes.map((process) => process.departed));
        const process = await join(setup);
        await process.start();
        return process;
      },
      close: async () => {
        for (const process of processes) {
          if (process.dead) await process.depart();
          else await process.stop();
        }
        await transport.stop();
        void store.close();
        await server.close();
        await this.clear();
      },
    };
  }
}

const served: readonly string[] = [newsTopic, commandTopic, outsideTopic];

const newsOf = (key: string, type: string, n: number, id: string): BusRecord => ({
  key,
  headers: { [headerNames.id]: id, [headerNames.type]: type, [headerNames.time]: new Date().toISOString() },
  payload: { n },
});

/** A process that hosts groups over brokers, as far as one process of the tests can be several. */
export class KafkaProcess implements TestProcess {
  /** Resolves when a dead process is no member of any group. */
  departed: Promise<void> = Promise.resolve();
  /** What the transport told of. */
  readonly troubles: string[] = [];
  readonly #life: Life;
  readonly #mortal: MortalKafka;
  readonly #bus: Bus;
  readonly #servers;

  constructor(connection: { brokers: string[]; clientId: string }, store: EventStore, setup: ProcessSetup, options: ProcessOptions = {}) {
    const { kafka = createKafka({ ...connection, retries: 3 }), timing } = options;
    this.#life = new Life(setup.dieAt, () => this.#die());
    this.#mortal = new MortalKafka(kafka, this.#life);
    const transport = new KafkaTransport({
      ...connection,
      kafka: this.#mortal.kafka,
      save: rhythms[setup.save ?? 'soon'],
      maxOpen: setup.maxOpen,
      timing: { ...quick, ...timing },
      onTrouble: (what) => this.troubles.push(what),
    });
    const { check } = setup;
    this.#bus = new Bus({ transport, store: mortalStore(store, this.#life), backoff: { firstMs: 1, maxMs: 4 }, ...(check && { check }) });
    this.#servers = declareGroups(this.#bus, setup.groups, this.#life);
  }

  async start(): Promise<void> {
    try {
      await Promise.all([...this.#servers.values()].map((server) => listening(server)));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  get dead(): boolean {
    return this.#life.dead;
  }

  server(group: string) {
    const server = this.#servers.get(group);
    if (!server) throw new Error(`no group ${group}`);
    return server;
  }

  deadLetters(group: string) {
    return this.#bus.deadLetters(group);
  }

  status(group: string) {
    return this.server(group).groupStatus();
  }

  async stop(): Promise<void> {
    await this.#bus.stop();
  }

  crash(): void {
    this.#life.end();
  }

  depart(): Promise<void> {
    this.departed = this.#mortal.depart();
    return this.departed;
  }

  #die(): void {
    void this.depart();
    // Its loops end; what is in hand never does.
    void this.#bus.stop();
  }
}
