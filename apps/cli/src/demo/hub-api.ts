import { generateKey, publicKeyOf, RequestSigner } from '@tongbao/client';
import type { SplitRule } from '@tongbao/contracts';
import { HubClient, Refused } from '../hub-client.js';
import { tokenOf, type Role } from '../operators-file.js';
import type { Method, OrderBody, PlannedRefund, TopUp } from './scenario.js';

/** A payment as the hub answers. */
export interface PaymentAnswer {
  paymentId: string;
  status: string;
  code?: string;
  amountMinor: number;
  refundedMinor: number;
  attempts: { attempt: number; provider: string; status: string; action?: { value: string } }[];
  refunds: { refundId: string; status: string; code?: string }[];
}

export interface BankAccount {
  bank: string;
  accountNumber: string;
  holder: string;
}

const connections = 64;
/** The hub asks to wait a second where it has no room; a minute of that is too long. */
const repetitions = 60;
const waitSeconds = 10;

const accountNumberOf = (id: string): string => `6222-${id}`;

/** What the demo's platforms and operators do, each with its own proof. */
export class HubApi {
  readonly client: HubClient;
  readonly #signers = new Map<string, RequestSigner>();

  constructor(
    readonly url: string,
    private readonly dataDir: string,
  ) {
    this.client = new HubClient(url, { connections, repetitions });
  }

  as(role: Role): { token: string } {
    return { token: tokenOf(role, this.dataDir) };
  }

  asPlatform(platformId: string): { signer: RequestSigner } {
    const signer = this.#signers.get(platformId);
    if (signer === undefined) throw new Error(`${platformId} has no key yet`);
    return { signer };
  }

  /** Registers a platform and a new key of its own, and names its bank account, which another operator approves. */
  async join(
    platform: { platformId: string; name: string; currencies: string[]; methods: string[] },
    accountNumber = accountNumberOf(platform.platformId),
  ): Promise<void> {
    const { platformId } = platform;
    await this.client.post('/v1/platforms', { ...this.as('ops'), key: `register-${platformId}`, body: platform });
    const key = generateKey();
    await this.client.post(`/v1/platforms/${platformId}/keys`, { ...this.as('ops'), body: { jwk: publicKeyOf(key) } });
    this.#signers.set(platformId, new RequestSigner(platformId, key));
    await this.#setBankAccount('platforms', platformId, platform.name, accountNumber);
  }

  async addCreator(creatorId: string, name: string, hasBankAccount: boolean): Promise<void> {
    await this.client.post('/v1/creators', { ...this.as('ops'), key: `register-${creatorId}`, body: { creatorId, name } });
    if (hasBankAccount) await this.#setBankAccount('creators', creatorId, name, accountNumberOf(creatorId));
  }

  async #setBankAccount(kind: 'platforms' | 'creators', id: string, holder: string, accountNumber: string): Promise<void> {
    const body: BankAccount = { bank: 'sandbox', accountNumber, holder };
    const path = `/v1/${kind}/${id}/bank-account`;
    const { bankAccountProposal: proposal } = await this.client.put<{ bankAccountProposal?: { proposalId: string } }>(path, {
      ...this.as('finance'),
      key: `bank-account-${id}`,
      body,
    });
    // Of an earlier run of the demo on the same data: it is in force.
    if (!proposal) return;
    const approval = { proposalId: proposal.proposalId, note: 'demo: nobody was called' };
    await this.client.post(`${path}/approve`, { ...this.as('approver'), key: `bank-account-approval-${id}`, body: approval });
  }

  async agree(agreementId: string, name: string, rules: readonly SplitRule[]): Promise<void> {
    await this.client.post('/v1/agreements', {
      ...this.as('finance'),
      key: `agreement-${agreementId}`,
      body: { agreementId, name, rules },
    });
  }

  /** @returns the secret that its webhooks are signed with */
  async registerEndpoint(platformId: string, url: string): Promise<string> {
    const body = { url, description: 'demo' };
    const { secret } = await this.client.post<{ secret: string }>('/v1/endpoints', {
      ...this.asPlatform(platformId),
      key: `endpoint-${platformId}`,
      body,
    });
    return secret;
  }

  request(order: OrderBody, mayBeUnknown: boolean): Promise<PaymentAnswer> {
    // Where the provider cannot be reached there is nothing to wait for.
    const wait = mayBeUnknown ? 1 : waitSeconds;
    return this.client.post('/v1/payments', { ...this.asPlatform(order.platformId), key: order.orderId, waitSeconds: wait, body: order });
  }

  payAgain({ platformId, orderId }: OrderBody, paymentId: string, attempt: number, method: Method): Promise<PaymentAnswer> {
    const options = { ...this.asPlatform(platformId), key: `${orderId}-attempt-${attempt}`, waitSeconds, body: { method } };
    return this.client.post(`/v1/payments/${paymentId}/attempts`, options);
  }

  payment(platformId: string, paymentId: string): Promise<PaymentAnswer> {
    return this.client.get(`/v1/payments/${paymentId}`, {}, this.asPlatform(platformId));
  }

  /** The payer opens the page that the provider has asked for, and pays. */
  async openPayPage(path: string): Promise<void> {
    await this.client.getText(path);
  }

  refund({ platformId, refundId, amountMinor }: PlannedRefund, paymentId: string, currency: string): Promise<PaymentAnswer> {
    const body = { refundId, amountMinor, currency, reason: 'demo: generated' };
    return this.client.post(`/v1/payments/${paymentId}/refunds`, { ...this.asPlatform(platformId), key: refundId, waitSeconds, body });
  }

  topUp({ platformId, userId, amountMinor, method, key }: TopUp, currency: string): Promise<{ status: string }> {
    return this.client.post(`/v1/wallets/${userId}/top-ups`, {
      ...this.asPlatform(platformId),
      key,
      body: { amountMinor, currency, method },
    });
  }

  /** A provider pays what it holds for the hub out to the hub's bank, or less. */
  payOut(provider: string, currency: string, amountMinor?: number): Promise<{ amountMinor: number }> {
    const body = { currency, ...(amountMinor !== undefined && { amountMinor }) };
    return this.client.post(`/v1/sandbox/providers/${provider}/pay-out`, { ...this.as('finance'), body });
  }

  /** Posted; undefined where the books have no such account yet. */
  async balance(account: string, currency: string): Promise<number | undefined> {
    try {
      const path = `/v1/ledger/accounts/${encodeURIComponent(account)}/balance`;
      return (await this.client.get<{ postedMinor: number }>(path, { currency }, this.as('finance'))).postedMinor;
    } catch (error) {
      if (error instanceof Refused && error.code === 'account_not_found') return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
