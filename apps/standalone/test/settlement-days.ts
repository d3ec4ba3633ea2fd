import { join } from 'node:path';
import { SandboxBank } from '@tongbao/sandbox';
import type { HubClient } from '@tongbao/testing';
import type { MortalWorld } from './mortal-world.js';
import { orderOf } from './world.js';

interface Payout {
  payoutId: string;
  party: string;
  status: string;
}

const course = {
  contentId: 'course-2',
  unitPriceMinor: 3_000,
  quantity: 1,
  ownerId: 'B',
  creators: [{ creatorId: 'K', share: 1 }],
  agreementId: 'example-2',
};
const inDollars = { currency: 'USD', method: { provider: 'stripe' } };
const inEuros = { currency: 'EUR', method: { provider: 'stripe' } };
const destination = { accountNumber: '6222-out', holder: 'Somebody' };
const waiting = ['requested', 'held'];
const ended = ['confirmed', 'carried'];

/** Days of a hub that may die at any moment: everyone who asks it for something asks again until it is done. */
export class SettlementDays {
  readonly #windows = new Map<string, number>();

  constructor(private readonly mortal: MortalWorld) {}

  /** Platforms whose bank has a mood, a model with everything that models may have, and money of the hub's own for what it pays before it has it; once. */
  async prepare(): Promise<void> {
    const { world } = this.mortal;
    this.#atBank((bank) => bank.bookUnexplained(1_000_000, 'USD', 'of the owners'));
    await this.#has('hub:suspense', 'USD', 1_000_000);
    const euros = { currencies: ['EUR'] };
    await world.addPlatform('D', euros, '6222-D#rejects-once');
    await world.addPlatform('E', euros, '6222-E#drops-once');
    await world.addPlatform('F', euros, '6222-F#returns');
    const terms = { granularity: 'net', interchange: 'bilateral', delay: 'deferred', collection: 'liquidity' };
    const reserve = { basisPoints: 1_000, releaseAfterDays: 0 };
    const amounts = { minimumPayoutMinor: 1, automaticApprovalUpToMinor: 0 };
    const path = '/v1/settlement/models/dnm/USD';
    const { version } = await this.mortal.command(this.#finance, path, { ...terms, ...amounts, reserve }, 'put');
    await this.mortal.command(this.#approver, `${path}/approve`, { version });
  }

  /** A window with payments of everyone, one of them partly refunded, others under way while it closes: settled, paid, told. */
  async whole(): Promise<void> {
    const [first] = await Promise.all([
      this.#sell('A', 1_000, { processorId: 'B' }),
      this.#sell('A', 20_000, { processorId: 'B' }),
      this.#sell('A', 3_000, { items: [course] }),
    ]);
    const refund = { amountMinor: 400, currency: 'CNY' };
    await this.mortal.command(this.mortal.world.platform('A'), `/v1/payments/${first.paymentId}/refunds`, refund);
    const [settlementId] = await Promise.all([
      this.#closeAndAsk('CNY'),
      this.#sell('A', 1_000, { processorId: 'B' }),
      this.#sell('A', 3_000, { items: [course] }),
    ]);
    await this.#approve(settlementId);
    await this.#pay(settlementId, 'CNY');
  }

  /** Aborted when it was about to be paid, and done again. */
  async aborted(): Promise<void> {
    await this.#sell('A', 1_000, { processorId: 'B' });
    const given = await this.#closeAndAsk('CNY');
    await this.#becomes(given, 'verified');
    await this.mortal.command(this.#finance, `/v1/settlement/settlements/${given}/abort`, { reason: 'once more' });
    const windowId = this.#windowOf('CNY');
    await this.mortal.until(this.#finance, `/v1/settlement/windows/${windowId}`, ({ state }) => state === 'closed');
    const settlementId = await this.#ask(windowId);
    await this.#approve(settlementId);
    await this.#pay(settlementId, 'CNY');
  }

  /** Reserves, debts between platforms, and what is taken from prefunded money. @param outcome what becomes of the debt */
  async withParts(outcome: 'paid' | 'carried'): Promise<void> {
    const { mortal } = this;
    this.#fund('platform:B', 1_700);
    this.#fund('platform:C', 500);
    await this.#sell('A', 3_000, { ...inDollars, items: [course] });
    await this.#sell('A', 1_000, { ...inDollars, processorId: 'C' });
    await this.#has('liquidity:platform:B', 'USD', 1_689);
    await this.#has('liquidity:platform:C', 'USD', 50);
    const settlementId = await this.#closeAndAsk('USD');
    await this.#approve(settlementId);
    const debt = `/v1/settlement/obligations/${settlementId}_platform.A_platform.B`;
    const path = `/v1/settlement/settlements/${settlementId}`;
    await mortal.until(this.#finance, path, ({ direct }) => direct?.length === 1 && direct[0].status === 'due');
    await mortal.command(this.#finance, `${debt}/report`, { outcome, note: 'advice of the bank' });
    const confirming = outcome === 'paid' ? mortal.world.platform('B') : this.#approver;
    await mortal.command(confirming, `${debt}/confirm`, { outcome });
    await this.#pay(settlementId, 'USD');
  }

  /** A bank that rejects, loses the line, and returns what it has paid. */
  async withMoods(): Promise<void> {
    for (const platform of ['D', 'E', 'F']) await this.#sell(platform, 1_000, inEuros);
    const settlementId = await this.#closeAndAsk('EUR');
    await this.#approve(settlementId);
    await this.#pay(settlementId, 'EUR', 'platform:F');
  }

  /** The hub takes some of its fees out. */
  async swept(): Promise<void> {
    const { mortal } = this;
    await this.#sell('A', 1_000);
    await this.#providersPayOut('CNY');
    await this.#has('bank:sandbox', 'CNY', -100);
    const withdrawalId = await this.#askForFees();
    await mortal.command(this.#approver, `/v1/withdrawals/${withdrawalId}/approve`, {});
    await mortal.until(this.#finance, `/v1/withdrawals/${withdrawalId}`, ({ status }) => status === 'confirmed');
  }

  /** Taken back before the bank was told. */
  async cancelled(): Promise<void> {
    const { mortal } = this;
    await mortal.command(this.#finance, '/v1/settlement/banks/sandbox/pause', { reason: 'for this test' });
    const withdrawalId = await this.#askForFees();
    await mortal.command(this.#approver, `/v1/withdrawals/${withdrawalId}/approve`, {});
    await mortal.until(this.#finance, `/v1/withdrawals/${withdrawalId}`, ({ status }) => status === 'held');
    await mortal.command(this.#finance, `/v1/withdrawals/${withdrawalId}/cancel`, { reason: 'changed our mind' });
    await mortal.until(this.#finance, `/v1/withdrawals/${withdrawalId}`, ({ status }) => status === 'cancelled');
    await mortal.command(this.#finance, '/v1/settlement/banks/sandbox/resume', {});
  }

  get #finance(): HubClient {
    return this.mortal.world.operator('finance');
  }

  get #approver(): HubClient {
    return this.mortal.world.operator('approver');
  }

  /** @returns once it is captured, which a hub that died meanwhile may not have said */
  async #sell(platform: string, amountMinor: number, change: Record<string, unknown> = {}): Promise<{ paymentId: string }> {
    const seller = this.mortal.world.platform(platform);
    const { paymentId } = await this.mortal.command(seller, '/v1/payments', orderOf(platform, amountMinor, change));
    return this.mortal.until(seller, `/v1/payments/${paymentId}`, ({ status }) => status === 'captured');
  }

  async #askForFees(): Promise<string> {
    const body = { from: 'fees', amountMinor: 100, currency: 'CNY', destination };
    return (await this.mortal.command(this.#finance, '/v1/withdrawals', body)).withdrawalId;
  }

  /** Somebody pays the party's prefunded money in: nobody asks the hub. */
  #fund(party: string, amountMinor: number): void {
    const accountNumber = `6222-${party.split(':')[1]}`;
    this.#atBank((bank) => bank.bookIncoming({ amountMinor, currency: 'USD', accountNumber, reference: `LIQ ${party}` }));
  }

  #atBank(happens: (bank: SandboxBank) => void): void {
    const bank = new SandboxBank({ file: join(this.mortal.world.hub.dataDir, 'sandbox-bank.db') });
    happens(bank);
    bank.close();
  }

  /** Waits until an account has so much; cash is negative. */
  async #has(account: string, currency: string, amountMinor: number): Promise<void> {
    const path = `/v1/ledger/accounts/${encodeURIComponent(account)}/balance?currency=${currency}`;
    await this.mortal.until(this.mortal.world.operator('auditor'), path, ({ postedMinor }) =>
      amountMinor < 0 ? postedMinor <= amountMinor : postedMinor >= amountMinor,
    );
  }

  #windowOf(currency: string): string {
    return `dnm_${currency}_${String(this.#windows.get(currency) ?? 0).padStart(6, '0')}`;
  }

  async #closeAndAsk(currency: string): Promise<string> {
    this.#windows.set(currency, (this.#windows.get(currency) ?? 0) + 1);
    const windowId = this.#windowOf(currency);
    await this.mortal.command(this.#finance, `/v1/settlement/windows/${windowId}/close`, {});
    return this.#ask(windowId);
  }

  async #ask(windowId: string): Promise<string> {
    return (await this.mortal.command(this.#finance, '/v1/settlement/settlements', { windowIds: [windowId] })).settlementId;
  }

  async #becomes(settlementId: string, wanted: string): Promise<void> {
    await this.mortal.until(this.#finance, `/v1/settlement/settlements/${settlementId}`, ({ status }) => status === wanted);
  }

  async #approve(settlementId: string): Promise<void> {
    await this.#becomes(settlementId, 'verified');
    await this.mortal.command(this.#approver, `/v1/settlement/settlements/${settlementId}/approve`, {});
  }

  async #providersPayOut(currency: string): Promise<void> {
    for (const provider of ['alipay', 'stripe'])
      await this.mortal.command(this.mortal.world.operator('ops'), `/v1/sandbox/providers/${provider}/pay-out`, { currency });
  }

  /** Sees a settlement to its end: what the bank did not do is asked again, or carried. @param returned a party whose bank sends back what it gets */
  async #pay(settlementId: string, currency: string, returned?: string): Promise<void> {
    const path = `/v1/settlement/settlements/${settlementId}`;
    const isAsked = ({ status, payouts }: { status: string; payouts: Payout[] }) =>
      status === 'settled' || (payouts.length > 0 && payouts.every((payout) => !waiting.includes(payout.status)));
    await this.mortal.until(this.#finance, path, isAsked);
    await this.#providersPayOut(currency);
    const isEnded = ({ party, status }: Payout) => ended.includes(status) && (party !== returned || status === 'carried');
    for (let atLeast = '0'; ;) {
      const isNext = ({ status, payouts, paymentsTold }: { status: string; payouts: Payout[]; paymentsTold: { done: boolean } }) =>
        payouts.some(isStuck) || (status === 'settled' && paymentsTold.done && payouts.every(isEnded));
      const { payouts } = (await this.mortal.until(this.#finance, `${path}?atLeast=${atLeast}`, isNext)) as { payouts: Payout[] };
      const stuck = payouts.find(isStuck);
      if (!stuck) return;
      const what = stuck.status === 'failed' ? 'retry' : 'carry';
      ({ position: atLeast } = await this.mortal.command(this.#finance, `/v1/settlement/payouts/${stuck.payoutId}/${what}`, {}));
    }
  }
}

const isStuck = ({ status }: Payout): boolean => status === 'failed' || status === 'returned';
