import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { dayDate, planDay } from './day-orders.js';
import { readPurchases } from './purchases.js';
import { Scenario } from './scenario.js';

const file = fileURLToPath(new URL('../../../../examples/cdnow-purchases.csv', import.meta.url));
const scenario = new Scenario(19_970_101, '1998-06-30');

describe('the orders of the day', () => {
  const purchases = readPurchases(file, 'sample');
  const orders = planDay(purchases, scenario);

  it('are those of the sample on the day, with the figures of the data', () => {
    const those = purchases.filter(({ date }) => date === dayDate);
    const sum = (amounts: number[]) => amounts.reduce((total, each) => total + each, 0);
    expect(orders.length).toBeGreaterThan(50);
    expect(sum(orders.map(({ body }) => body.amountMinor))).toBe(sum(those.map(({ amountMinor }) => amountMinor)));
  });

  it('are the same when all of the data is replayed', () => expect(planDay(readPurchases(file, 'all'), scenario)).toEqual(orders));

  it('have names of their own, are in yuan, and are sold at six platforms', () => {
    expect(orders.every(({ body }) => body.orderId.startsWith('yuan-1997-03-24-') && body.currency === 'CNY')).toBe(true);
    expect(new Set(orders.map(({ body }) => body.platformId)).size).toBe(6);
  });

  it('add up: price times quantity is the amount', () => {
    for (const { body } of orders)
      expect(body.items.reduce((sum, { unitPriceMinor, quantity }) => sum + unitPriceMinor * quantity, 0)).toBe(body.amountMinor);
  });

  it('go back wholly and by half', () => {
    const parts = orders.flatMap(({ body, refundMinor }) => (refundMinor === undefined ? [] : [refundMinor / body.amountMinor]));
    expect(parts.length).toBe(5);
    expect(new Set(parts.map((part) => Math.round(part * 10)))).toEqual(new Set([10, 5]));
  });
});
