import { randomUUID } from 'node:crypto';
import { generateKey, publicKeyOf, RequestSigner, type PrivateKeyJwk } from '@tongbao/client';
import { eventually, HubClient, HubProcess, type HubAnswer } from '@tongbao/testing';

/** A hub with platforms A, B and C, creator K, and the agreements of the worked examples. */
export class World {
  hub!: HubProcess;
  readonly #platforms = new Map<string, HubClient>();
  readonly #keys = new Map<string, PrivateKeyJwk>();
  readonly #env: Record<string, string>;

  private constructor(env: Record<string, string>) {
    this.#env = env;
  }

  static async begin(env: Record<string, string> = {}): Promise<World> {
    const world = new World(env);
    world.hub = await HubProcess.start({ env });
    await world.#register();
    return world;
  }

  operator(name: string): HubClient {
    return new HubClient(() => this.hub.url, this.hub.token(name));
  }

  /** Nobody in particular. */
  get anonymous(): HubClient {
    return new HubClient(() => this.hub.url, undefined);
  }

  platform(id: string): HubClient {
    const client = this.#platforms.get(id);
    if (!client) throw new Error(`platform ${id} is not registered`);
    return client;
  }

  /** What a platform signs with. */
  keyOf(id: string): PrivateKeyJwk {
    const key = this.#keys.get(id);
    if (!key) throw new Error(`platform ${id} is not registered`);
    return key;
  }

  /** Starts the hub again on the same data. */
  async restart(): Promise<void> {
    this.hub = await HubProcess.start({ dataDir: this.hub.dataDir, env: this.#env });
  }

  async end(): Promise<void> {
    await this.hub.stop();
    this.hub.removeData();
  }

  /** @param accountNumber at the bank; the sandbox bank takes its mood from what follows `#` */
  async addPlatform(id: string, change: object = {}, accountNumber?: string): Promise<void> {
    const ops = this.operator('ops');
    const methods = ['alipay', 'wechatpay', 'stripe', 'sandbox', 'wallet'];
    expectStatus(
      await ops.post('/v1/platforms', { platformId: id, name: `Platform ${id}`, currencies: ['CNY', 'USD'], methods, ...change }),
      201,
    );
    const key = generateKey();
    expectStatus(await ops.post(`/v1/platforms/${id}/keys`, { jwk: publicKeyOf(key) }), 201);
    this.#keys.set(id, key);
    this.#platforms.set(id, new HubClient(() => this.hub.url, new RequestSigner(id, key)));
    await this.#bankAccount('platforms', id, accountNumber);
  }

  async addCreator(id: string): Promise<void> {
    expectStatus(await this.operator('ops').post('/v1/creators', { creatorId: id, name: `Creator ${id}` }), 201);
    await this.#bankAccount('creators', id);
  }

  async addAgreement(agreementId: string, rules: object[]): Promise<void> {
    expectStatus(await this.operator('ops').post('/v1/agreements', { agreementId, name: agreementId, rules }), 201);
  }

  /** Balances of accounts in a currency, from the ledger, reflecting at least what has been posted up to now. */
  async balances(currency: string, ...accounts: string[]): Promise<Record<string, number>> {
    const auditor = this.operator('auditor');
    const all = await Promise.all(
      accounts.map(async (name): Promise<[string, number]> => {
        const answer = await auditor.get(`/v1/ledger/accounts/${encodeURIComponent(name)}/balance?currency=${currency}`);
        return [name, answer.status === 404 ? 0 : Number(expectStatus(answer, 200).body.postedMinor)];
      }),
    );
    return Object.fromEntries(all);
  }

  /** Waits until balances are as they should be, and says how they differ when they do not become so. */
  async balancesBecome(currency: string, expected: Record<string, number>): Promise<void> {
    const names = Object.keys(expected);
    await eventually(
      () => this.balances(currency, ...names),
      (found) => names.every((name) => found[name] === expected[name]),
    );
  }

  async #register(): Promise<void> {
    for (const id of ['A', 'B', 'C']) await this.addPlatform(id);
    await this.addCreator('K');
    await this.addAgreement('example-1', [
      { from: 'seller', to: 'hub', kind: 'platform-service-fee', basis: 'gross', rateBasisPoints: 1000, refundable: true },
      { from: 'processor', to: 'hub', kind: 'payment-handling-fee', basis: 'gross', rateBasisPoints: 500, refundable: true },
    ]);
    await this.addAgreement('example-2', [
      { from: 'seller', to: 'owner', kind: 'content-share', basis: 'gross', rateBasisPoints: 8000, refundable: true },
      { from: 'owner', to: 'hub', kind: 'hub-fee', basis: 'gross', rateBasisPoints: 100, refundable: true },
      { from: 'owner', to: 'creator', kind: 'royalty', basis: 'left', rateBasisPoints: 7000, refundable: true },
    ]);
  }

  async #bankAccount(kind: 'platforms' | 'creators', id: string, accountNumber = `6222-${id}`): Promise<void> {
    const account = { bank: 'sandbox', accountNumber, holder: `Holder of ${id}` };
    const path = `/v1/${kind}/${id}/bank-account`;
    const { body } = expectStatus(await this.operator('finance').put(path, account), 200);
    const { proposalId } = body.bankAccountProposal;
    const note = 'called the number on the contract';
    expectStatus(await this.operator('approver').post(`${path}/approve`, { proposalId, note }), 200);
  }
}

/** The body of an order of one item; the seller owns it and processes the payment itself unless told otherwise. */
export function orderOf(platformId: string, amountMinor: number, change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    platformId,
    orderId: `order-${randomUUID()}`,
    payer: { userId: 'u1' },
    items: [{ contentId: 'course-1', unitPriceMinor: amountMinor, quantity: 1, agreementId: 'example-1' }],
    amountMinor,
    currency: 'CNY',
    method: { provider: 'alipay' },
    ...change,
  };
}

/** @throws Error showing the whole answer when it is not as expected */
export function expectStatus(answer: HubAnswer, status: number): HubAnswer {
  if (answer.status !== status) throw new Error(`answered ${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
  return answer;
}
