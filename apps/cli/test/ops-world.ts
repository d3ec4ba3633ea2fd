import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafka, headerNames } from '@tongbao/bus';
import { generateKey, TongbaoClient } from '@tongbao/client';
import { LocalCluster } from '@tongbao/cluster';
import type { Admin, Kafka, Producer } from 'kafkajs';
import { runCli } from '../src/cli.js';
import { HubClient } from '../src/hub-client.js';
import { tokenOf } from '../src/operators-file.js';

export interface Said {
  code: number;
  out: string;
  err: string;
}

/** The distributed hub with two processes of each service and a platform, and the command line pointed at it. */
export class OpsWorld {
  readonly kafka: Kafka;
  #producer: Producer | undefined;

  private constructor(
    readonly dataDir: string,
    readonly cluster: LocalCluster,
    private readonly platform: TongbaoClient,
  ) {
    this.kafka = createKafka({ brokers: [cluster.addresses.kafkaBrokers], clientId: 'spec' });
  }

  static async open(): Promise<OpsWorld> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-'));
    const cluster = await LocalCluster.start({ dataDir, replicas: 2 });
    const key = generateKey();
    const world = new OpsWorld(dataDir, cluster, new TongbaoClient({ url: cluster.url, platformId: 'A', key }));
    try {
      const { kty, crv, x } = key;
      await world.#register({ kty, crv, x });
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async close(): Promise<void> {
    await this.#producer?.disconnect();
    await this.cluster.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** A command as it is typed, with the addresses of everything that it does not name. */
  async run(...words: string[]): Promise<Said> {
    const { kafkaBrokers, databaseUrl, redisUrl, eventStoreUrl } = this.cluster.addresses;
    const addresses = { '--kafka': kafkaBrokers, '--database': databaseUrl, '--redis': redisUrl };
    const taken: Record<string, (keyof typeof addresses)[]> = {
      topics: ['--kafka'],
      replay: ['--kafka', '--database'],
      doctor: ['--kafka', '--database', '--redis'],
    };
    const missing = (taken[words[0] ?? ''] ?? []).filter((name) => !words.includes(name));
    const given = missing.flatMap((name) => [name, addresses[name]]);
    const said = { out: '', err: '' };
    const where = ['--url', this.cluster.url, '--data', this.dataDir, '--event-store', eventStoreUrl];
    const code = await runCli([...words, ...given, ...where], {
      out: (text) => void (said.out += text),
      err: (text) => void (said.err += text),
      isTerminal: false,
    });
    return { code, ...said };
  }

  /** The same with --json. @throws Error with what it said when it does not end well */
  async json<T>(...words: string[]): Promise<T> {
    const { code, out, err } = await this.run(...words, '--json');
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${err}${out}`);
    // The spec says what shape it expects.
    return JSON.parse(out) as T;
  }

  /** Captured payments of 10.00 CNY each. @returns their ids */
  async pay(count: number): Promise<string[]> {
    const pay = async (index: number) => {
      const { paymentId } = await this.platform.createPayment(orderOf(`${randomUUID()}-${index}`), { waitSeconds: 20 });
      return paymentId;
    };
    return Promise.all(Array.from({ length: count }, (_, index) => pay(index)));
  }

  async administer<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** How many messages a topic holds. */
  messagesIn(topic: string): Promise<number> {
    return this.administer(async (admin) =>
      (await admin.fetchTopicOffsets(topic)).reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0),
    );
  }

  /** As somebody would who may write to the topic and should not. */
  async put(topic: string, key: string, type: string, value: string): Promise<void> {
    if (!this.#producer) {
      this.#producer = this.kafka.producer({ allowAutoTopicCreation: false });
      await this.#producer.connect();
    }
    const headers = { [headerNames.id]: randomUUID(), [headerNames.type]: type, [headerNames.contentType]: 'application/json' };
    await this.#producer.send({ topic, messages: [{ key, value, headers }] });
  }

  /** Sum of a counter over the processes of a service. */
  async counted(service: string, series: string): Promise<number> {
    const texts = await Promise.all(
      [1, 2].map(async (replica) => (await fetch(`${this.cluster.urlOf(`${service}-${replica}`)}/metrics`)).text()),
    );
    return texts
      .flatMap((text) => text.split('\n').filter((line) => line.startsWith(series)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  async #register(jwk: object): Promise<void> {
    const ops = new HubClient(this.cluster.url, { token: tokenOf('ops', this.dataDir) });
    const rules = [{ from: 'seller', to: 'hub', kind: 'platform-service-fee', basis: 'gross', rateBasisPoints: 1000, refundable: true }];
    try {
      await ops.post('/v1/platforms', { body: { platformId: 'A', name: 'Platform A', currencies: ['CNY'], methods: ['alipay'] } });
      await ops.post('/v1/platforms/A/keys', { body: { jwk } });
      await ops.post('/v1/agreements', { body: { agreementId: 'market', name: 'market', rules } });
    } finally {
      await ops.close();
    }
  }
}

const orderOf = (orderId: string) => ({
  orderId,
  payer: { userId: 'u1' },
  items: [{ contentId: 'course-1', unitPriceMinor: 1_000, quantity: 1, agreementId: 'market' }],
  amountMinor: 1_000,
  currency: 'CNY',
  method: { provider: 'alipay' },
});
