import { account } from '@tongbao/contracts';
import { EventStore } from '@tongbao/event-store';
import { sumMinor } from '@tongbao/money';
import { paymentIdOf } from '../payment-reference.js';
import { newcomer } from './cast.js';
import { closeBooksOnBills, type BillsOfDay } from './day-bills.js';
import { lookAtFinance, type FinanceOfDay } from './day-finance.js';
import { closeDay, putCreatorsOn, settleWhatPays, type DayWindow, type SettledModel } from './day-models.js';
import { dayCurrency, planDay, type DayOrder } from './day-orders.js';
import { payoutStory, type PayoutStory } from './day-payout.js';
import type { HubApi } from './hub-api.js';
import { inParallel } from './in-parallel.js';
import type { Purchase } from './purchases.js';
import type { Scenario } from './scenario.js';

/** What one day came to, from its morning to the next one. */
export interface DayResult {
  orders: number;
  platforms: number;
  grossMinor: bigint;
  refunds: number;
  refundedMinor: bigint;
  /** What did not end as planned, for people. */
  failures: string[];
  windows: DayWindow[];
  models: SettledModel[];
  failed: PayoutStory;
  bills: BillsOfDay;
  finance: FinanceOfDay;
  durationMs: number;
}

interface DayParts {
  api: HubApi;
  eventStoreUrl: string;
  purchases: readonly Purchase[];
  scenario: Scenario;
  /** Where bills and statements are written. */
  papers: string;
}

const ordersAtOnce = 16;

/**
 * Morning: creators get a settlement model of their own. Day: orders and refunds. Night: both models' windows close, and their settlements are asked for. Next
 * morning: the provider's bills come with an error, are compared and mended; the provider pays; the banks pay out, one payee only on the second try; and
 * finance looks at what there is.
 */
export async function playDay({ api, eventStoreUrl, purchases, scenario, papers }: DayParts): Promise<DayResult> {
  const startedMs = performance.now();
  const orders = planDay(purchases, scenario);
  const store = EventStore.connect(eventStoreUrl);
  try {
    await putCreatorsOn(api);
    const failures = await sellAndRefund(api, orders);
    const windows = await closeDay(api);
    const bills = await closeBooksOnBills(api, store, orders, papers);
    const party = account.platform(newcomer.platformId);
    const { models, failedPayoutId } = await settleWhatPays(api, windows, party);
    const failed = await payoutStory(api, store, failedPayoutId);
    const finance = await lookAtFinance(api, store, { party, settlementIds: models.map(({ settlementId }) => settlementId), papers });
    const refunds = orders.flatMap(({ refundMinor }) => refundMinor ?? []);
    return {
      ...{ orders: orders.length, platforms: new Set(orders.map(({ body }) => body.platformId)).size },
      ...{ grossMinor: sumMinor(orders.map(({ body }) => body.amountMinor)), refunds: refunds.length, refundedMinor: sumMinor(refunds) },
      ...{ failures, windows, models, failed, bills, finance },
      durationMs: performance.now() - startedMs,
    };
  } finally {
    await store.close();
  }
}

/** @returns what did not end as planned */
async function sellAndRefund(api: HubApi, orders: readonly DayOrder[]): Promise<string[]> {
  const failures: string[] = [];
  await inParallel(orders, ordersAtOnce, async ({ body }) => {
    const { status } = await api.request(body, false);
    if (status !== 'captured') failures.push(`${body.orderId} is ${status}`);
  });
  await inParallel(orders, ordersAtOnce, async ({ body: { platformId, orderId }, refundMinor }) => {
    if (refundMinor === undefined) return;
    const refund = { platformId, orderId, refundId: `${orderId}-r1`, date: '', amountMinor: refundMinor };
    const { refunds } = await api.refund(refund, paymentIdOf(platformId, orderId), dayCurrency);
    const status = refunds.find(({ refundId }) => refundId === refund.refundId)?.status ?? 'unknown';
    if (status !== 'refunded') failures.push(`${refund.refundId} is ${status}`);
  });
  return failures;
}
