import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandSigner, generateKey, TongbaoClient, TongbaoKafka } from '@tongbao/client';
import { LocalCluster, type LocalClusterOptions } from '@tongbao/cluster';
import { eventually } from '@tongbao/testing';

export interface Answer {
  status: number;
  // The tests look into answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** A cluster with platform A, creator K and an agreement, for tests that disturb it. */
export class Market {
  private constructor(
    readonly cluster: LocalCluster,
    readonly dataDir: string,
    private readonly key: ReturnType<typeof generateKey>,
  ) {}

  static async open(options: Partial<LocalClusterOptions> = {}): Promise<Market> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-'));
    const cluster = await LocalCluster.start({ dataDir, ...options });
    const key = generateKey();
    const market = new Market(cluster, dataDir, key);
    try {
      await market.#register();
    } catch (error) {
      await market.close();
      throw error;
    }
    return market;
  }

  async close(): Promise<void> {
    await this.cluster.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Platform A, signing its requests; a refusal or an unreachable hub is thrown at once. */
  platform(url = this.cluster.url): TongbaoClient {
    return new TongbaoClient({ url, platformId: 'A', key: this.key, retries: 0, timeoutMs: 45_000 });
  }

  /** Platform A over Kafka; to be closed. */
  platformOverKafka(): TongbaoKafka {
    return new TongbaoKafka({ brokers: this.cluster.addresses.kafkaBrokers.split(','), platformId: 'A', key: this.key });
  }

  /** What platform A signs commands with. */
  get signer(): CommandSigner {
    return new CommandSigner('A', this.key);
  }

  async get(operator: string, path: string, url = this.cluster.url): Promise<Answer> {
    return this.#send(operator, 'GET', path, undefined, url);
  }

  async post(operator: string, path: string, body: object = {}): Promise<Answer> {
    return this.#send(operator, 'POST', path, body, this.cluster.url);
  }

  /** An answer that has no end. */
  follow(operator: string, path: string, signal: AbortSignal): Promise<Response> {
    return fetch(`${this.cluster.url}${path}`, { headers: { authorization: `Bearer ${this.#token(operator)}` }, signal });
  }

  /** @throws Error showing the whole answer when it is not as expected */
  async done(answer: Promise<Answer>, status: number): Promise<Answer> {
    const { status: found, body } = await answer;
    if (found !== status) throw new Error(`answered ${found} instead of ${status}: ${JSON.stringify(body)}`);
    return { status, body };
  }

  /** Closes the open window of a currency and asks for the settlement of all that are closed. @returns the settlement's id */
  async settle(currency = 'CNY'): Promise<string> {
    // What payouts are paid from.
    await this.done(this.post('finance', '/v1/sandbox/providers/alipay/pay-out', { currency }), 200);
    const [open] = await this.#windows('open', currency);
    if (open !== undefined) await this.done(this.post('finance', `/v1/settlement/windows/${open}/close`), 200);
    const windowIds = await eventually(
      () => this.#windows('closed', currency),
      (closed) => open === undefined || closed.includes(open),
    );
    const { settlementId } = (await this.done(this.post('finance', '/v1/settlement/settlements', { windowIds }), 201)).body;
    return settlementId;
  }

  async #windows(state: string, currency: string): Promise<string[]> {
    const { body } = await this.done(this.get('finance', `/v1/settlement/windows?state=${state}&limit=100`), 200);
    const items = body.items as { windowId: string; currency: string }[];
    return items.filter((window) => window.currency === currency).map(({ windowId }) => windowId);
  }

  #token(operator: string): string {
    const operators = JSON.parse(readFileSync(join(this.dataDir, 'operators.json'), 'utf8')) as { name: string; token: string }[];
    const found = operators.find(({ name }) => name === operator);
    if (!found) throw new Error(`there is no operator ${operator}`);
    return found.token;
  }

  async #send(operator: string, method: string, path: string, body: object | undefined, url: string): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token(operator)}`,
        ...(body && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: response.headers.get('content-type')?.includes('json') ? (JSON.parse(text) as unknown) : text };
  }

  async #register(): Promise<void> {
    const ops = (path: string, body: object) => this.done(this.post('ops', path, body), 201);
    const { kty, crv, x } = this.key;
    await ops('/v1/platforms', { platformId: 'A', name: 'Platform A', currencies: ['CNY'], methods: ['alipay', 'wechatpay', 'wallet'] });
    await ops('/v1/platforms/A/keys', { jwk: { kty, crv, x } });
    await ops('/v1/creators', { creatorId: 'K', name: 'Creator K' });
    const rules = [
      { from: 'seller', to: 'hub', kind: 'platform-service-fee', basis: 'gross', rateBasisPoints: 1000, refundable: true },
      { from: 'seller', to: 'creator', kind: 'royalty', basis: 'left', rateBasisPoints: 5000, refundable: true },
    ];
    await ops('/v1/agreements', { agreementId: 'market', name: 'market', rules });
    const account = (id: string) => ({ bank: 'sandbox', accountNumber: `6222-${id}`, holder: `Holder of ${id}` });
    for (const path of ['/v1/platforms/A/bank-account', '/v1/creators/K/bank-account']) {
      const proposed = await this.done(this.#send('finance', 'PUT', path, account(path.split('/')[3] ?? ''), this.cluster.url), 200);
      const { proposalId } = proposed.body.bankAccountProposal;
      await this.done(this.post('approver', `${path}/approve`, { proposalId, note: 'called the number on the contract' }), 200);
    }
  }
}

/** The body of an order of one item whose content creator K made. */
export const orderOf = (orderId: string, amountMinor: number) => ({
  orderId,
  payer: { userId: 'u1' },
  items: [
    { contentId: 'course-1', unitPriceMinor: amountMinor, quantity: 1, agreementId: 'market', creators: [{ creatorId: 'K', share: 1 }] },
  ],
  amountMinor,
  currency: 'CNY',
  method: { provider: 'alipay' },
});
