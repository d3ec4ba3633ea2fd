import { Module } from '@nestjs/common';
import { Bus, EmbeddedTransport } from '@tongbao/bus';
import { generateKey, publicKeyOf, RequestSigner } from '@tongbao/client';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import {
  CommandRefusals,
  createHttpApplication,
  HubModule,
  loadConfig,
  OperatorDirectory,
  PlatformKeys,
  soleLeader,
} from '@tongbao/service';
import { settlementCategories, settlementProjection } from '@tongbao/settlement';
import pino from 'pino';
import { FinanceModule } from '../src/finance.module.js';
import { financeCategories, financeProjection } from '../src/finance.projection.js';
import { MemoryLog } from './memory-log.js';

@Module({})
class RootModule {}

/** A row of any answer: specs look into them one by one. */
export interface Item {
  period: string;
  account: string;
  party: string;
  currency: string;
  kind: string;
  ref: string;
  debtor: string;
  creditor: string;
  from: string;
  to: string;
  external?: true;
  parties: number;
  pairs: number;
  lines: number;
  captures: number;
  amountMinor: number;
  balanceMinor: number;
  positionMinor: number;
  owedByHubMinor: number;
  owedToHubMinor: number;
  owesMinor: number;
  isOwedMinor: number;
  sumMinor: number;
  grossMinor: number;
  counterMinor: number;
  netMinor: number;
  feesMinor: number;
  refundedMinor: number;
  creditMinor: number;
  debitMinor: number;
  inMinor: number;
  outMinor: number;
}

/** Any answer. */
export interface Answer {
  items: Item[];
  lines: Item[];
  totals: Item[];
  parties: Item[];
  edges: Item[];
  nodes: Item[];
  requests: Item[];
  openingMinor: number;
  closingMinor: number;
  party: string;
  position: string;
  next?: string;
}

export interface Reply {
  status: number;
  body: Answer;
  text: string;
  bytes: Buffer;
  headers: Record<string, unknown>;
}

const operators = [
  { name: 'fin', roles: ['finance' as const], token: 'finance' },
  { name: 'al', roles: ['auditor' as const], token: 'auditor' },
];

const noAnswer: Answer = {
  ...{ items: [], lines: [], totals: [], parties: [], edges: [], nodes: [], requests: [] },
  ...{ openingMinor: 0, closingMinor: 0, party: '', position: '' },
};

const host = 'hub.example';
export const now = new Date('2026-03-20T12:00:00Z');

/** The finance part over a log in memory, with both projections that it reads. */
export class FinanceHub {
  readonly log: MemoryLog;

  private constructor(
    private readonly parts: {
      log: MemoryLog;
      app: Awaited<ReturnType<typeof createHttpApplication>>;
      runners: ProjectionRunner[];
      sql: SqlClient;
      stop: () => Promise<void>;
    },
  ) {
    this.log = parts.log;
  }

  static async open(log = new MemoryLog()): Promise<FinanceHub> {
    const categories = [...new Set([...settlementCategories, ...financeCategories, 'participant', 'command'])];
    const feed = await log.feed(categories);
    const sql = await openPglite('memory');
    const runners = [
      await ProjectionRunner.start(sql, feed, settlementProjection),
      await ProjectionRunner.start(sql, feed, financeProjection),
    ];
    const platformKeys = new PlatformKeys(log.asStore);
    platformKeys.start(feed);
    const bus = new Bus({ transport: new EmbeddedTransport({ store: log.asStore, feed, publishers: [] }), store: log.asStore });
    const logger = pino({ level: 'silent' });
    const hub = HubModule.register({
      config: loadConfig({}),
      ...{ store: log.asStore, feed, sql, bus, logger, platformKeys },
      healthChecks: [],
      clock: { now: () => now },
      operators: new OperatorDirectory(operators),
      refusals: new CommandRefusals(log.asStore),
      projections: new Map(runners.map((runner) => [runner.name, runner])),
      leaderships: new Map([['settlement', soleLeader]]),
    });
    const finance = FinanceModule.register({ timeZone: 'Asia/Shanghai', hubName: 'Tongbao' });
    const app = await createHttpApplication({ module: RootModule, imports: [hub, finance] }, { logger, bodyLimitBytes: 65_536 });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    const stop = async () => {
      await app.close();
      for (const runner of runners) await runner.stop();
      await feed.stop();
      await sql.close();
    };
    return new FinanceHub({ log, app, runners, sql, stop });
  }

  /** Both projections have everything that is in the log. */
  async folded(): Promise<void> {
    for (const runner of this.parts.runners)
      if (!(await runner.reached(this.log.last, 20_000))) throw new Error(`${runner.name} is at ${runner.status().position}`);
  }

  async get(path: string, who: string | RequestSigner = 'finance', headers: Record<string, string> = {}): Promise<Reply> {
    const url = `/v1/finance/${path}`;
    const proof =
      typeof who === 'string'
        ? { authorization: `Bearer ${who}` }
        : who.sign({ method: 'GET', authority: host, path: url }, now.getTime() / 1_000);
    const reply = await this.parts.app.inject({ method: 'GET', url, headers: { host, ...proof, ...headers } });
    const isJson = String(reply.headers['content-type']).includes('json');
    return {
      status: reply.statusCode,
      body: isJson ? reply.json<Answer>() : noAnswer,
      text: reply.body,
      bytes: reply.rawPayload,
      headers: reply.headers,
    };
  }

  /** The answer, all pages of it: the items of all, the rest of the first. */
  async all(path: string, who: string | RequestSigner = 'finance', list: 'items' | 'lines' = 'items'): Promise<Answer> {
    const first = await this.get(path, who);
    if (first.status !== 200) throw new Error(`${path}: ${first.text}`);
    const items = [...first.body[list]];
    for (let { next } = first.body; next !== undefined;) {
      const { body } = await this.get(`${path}${path.includes('?') ? '&' : '?'}cursor=${next}`, who);
      items.push(...body[list]);
      next = body.next;
    }
    return { ...first.body, [list]: items };
  }

  /** Gives a platform a key to sign with. */
  platformKey(platformId: string, at: Date): RequestSigner {
    const key = generateKey();
    const { kid, ...jwk } = publicKeyOf(key);
    const party = `platform:${platformId}`;
    this.log.append(`participant-${party}`, { type: 'PlatformKeyRegistered', party, kid, jwk } as never, at);
    return new RequestSigner(platformId, key);
  }

  /** Builds both projections again and compares. */
  async rebuilt(): Promise<boolean> {
    const results = [];
    for (const runner of this.parts.runners) results.push(await runner.rebuild());
    return results.every(({ equal }) => equal);
  }

  get sql(): SqlClient {
    return this.parts.sql;
  }

  close(): Promise<void> {
    return this.parts.stop();
  }
}
