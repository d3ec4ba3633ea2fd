import type { HubApi } from './hub-api.js';
import { until } from '../until.js';
import type { WebhookReceiver } from './webhook-receiver.js';

/** The example of the domain's description, in a currency of its own: the data's figures stay the data's. */
const currency = 'CNY';
const platforms = ['A', 'B'];
const agreementId = 'example-1';
const orderId = 'example-1';

/** What its payer pays and gets back. */
export const exampleOne = { paidMinor: 1_000, refundedMinor: 400 };

/** Balances in minor units. */
type Balances = Record<string, number>;

export interface ExampleRow {
  account: string;
  afterPurchase: number;
  afterRefund: number;
  expectedAfterPurchase: number;
  expectedAfterRefund: number;
}

export interface ExampleResult {
  currency: string;
  rows: ExampleRow[];
  matches: boolean;
}

const afterPurchase: Balances = { 'platform:A': 900, 'platform:B': -50, 'hub:fees': 150, 'provider:alipay': -1_000 };
const afterRefund: Balances = { 'platform:A': 540, 'platform:B': -30, 'hub:fees': 90, 'provider:alipay': -600 };

const ledgerWithinMs = 10_000;

/**
 * One article for 10.00 on platform A, processed by platform B. A pays the hub 1.00 for the platform, B pays it 0.50 for the handling of the payment. Then 4.00
 * go back to the payer.
 */
export async function runExampleOne(api: HubApi, receiver: WebhookReceiver): Promise<ExampleResult> {
  for (const platformId of platforms) {
    await api.join({ platformId, name: `Platform ${platformId}`, currencies: [currency], methods: ['alipay'] });
    receiver.trust(platformId, await api.registerEndpoint(platformId, receiver.urlFor(platformId)));
  }
  const fee = { basis: 'gross' as const, rateBasisPoints: 0, refundable: true };
  await api.agree(agreementId, 'A pays 1.00, the processor 0.50', [
    { from: 'seller', to: 'hub', kind: 'platform-service-fee', fixedMinor: 100, ...fee },
    { from: 'processor', to: 'hub', kind: 'payment-handling-fee', fixedMinor: 50, ...fee },
  ]);
  const item = { contentId: 'article-1', unitPriceMinor: exampleOne.paidMinor, quantity: 1, ownerId: 'A', creators: [], agreementId };
  const order = {
    platformId: 'A',
    orderId,
    payer: { userId: 'reader' },
    items: [item],
    amountMinor: exampleOne.paidMinor,
    currency,
    method: { provider: 'alipay' },
    processorId: 'B',
  };
  const { paymentId } = await api.request(order, false);
  const purchase = await balancesLike(api, afterPurchase);
  await api.refund(
    { platformId: 'A', orderId, refundId: 'example-1-refund', date: '', amountMinor: exampleOne.refundedMinor },
    paymentId,
    currency,
  );
  const refund = await balancesLike(api, afterRefund);
  const rows = Object.keys(afterPurchase).map((account) => ({
    account,
    afterPurchase: purchase[account] ?? 0,
    afterRefund: refund[account] ?? 0,
    expectedAfterPurchase: afterPurchase[account] ?? 0,
    expectedAfterRefund: afterRefund[account] ?? 0,
  }));
  const matches = rows.every((row) => row.afterPurchase === row.expectedAfterPurchase && row.afterRefund === row.expectedAfterRefund);
  return { currency, rows, matches };
}

/** The ledger's balances once they are as expected; or, when they do not become so, as they are. */
async function balancesLike(api: HubApi, expected: Balances): Promise<Balances> {
  let found: Balances = {};
  const ask = async () => {
    const accounts = Object.keys(expected);
    const balances = await Promise.all(accounts.map((account) => api.balance(account, currency)));
    found = Object.fromEntries(accounts.map((account, index) => [account, balances[index] ?? 0]));
    return accounts.every((account) => found[account] === expected[account]) ? found : undefined;
  };
  return until(ask, { everyMs: 20, timeoutMs: ledgerWithinMs, what: 'the balances of example 1' }).catch(() => found);
}
