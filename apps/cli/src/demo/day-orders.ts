import { crossPlatformAgreement, newcomer } from './cast.js';
import type { Purchase } from './purchases.js';
import type { OrderBody, Scenario } from './scenario.js';

/** The day of the data that is shown from its morning to the next one: the one with the most orders in the sample. */
export const dayDate = '1997-03-24';
/** Bills of WeChat Pay are in yuan; the rest of the data stays in dollars. */
export const dayCurrency = 'CNY';
export const dayProvider = 'wechatpay';

/** An order of the day, and what of it goes back to the payer the same evening. */
export interface DayOrder {
  body: OrderBody;
  refundMinor?: number;
}

const soldByNewcomer = 5;
const refunded = 12;

/**
 * The orders of the day once more, the same figures in yuan. Every fifth one is sold by a platform that is new, every twelfth one goes back, by turns wholly
 * and by half. The same in every run, whether the sample or all of the data is replayed.
 */
export function planDay(purchases: readonly Purchase[], scenario: Scenario): DayOrder[] {
  const those = purchases.filter(({ date, inSample, amountMinor }) => date === dayDate && inSample && amountMinor > 0);
  return those.map((purchase, index) => {
    const { body } = scenario.order(purchase);
    const own = index % soldByNewcomer === 0 ? soldBy(newcomer.platformId, body) : body;
    const order = { ...own, orderId: body.orderId.replace('cdnow', 'yuan'), currency: dayCurrency, method: { provider: dayProvider } };
    if (index % refunded !== 7) return { body: order };
    return { body: order, refundMinor: Math.ceil(order.amountMinor / (1 + (Math.floor(index / refunded) % 2))) };
  });
}

/** It has no albums of its own, processes its payments itself, and nobody refers to it. */
function soldBy(platformId: string, { orderId, payer, items, amountMinor, currency, method }: OrderBody): OrderBody {
  const ofOthers = items.map((item) => ({ ...item, agreementId: crossPlatformAgreement }));
  return { platformId, orderId, payer, items: ofOthers, amountMinor, currency, method };
}
