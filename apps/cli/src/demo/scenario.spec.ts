import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { agreements, albumsOf, creators, platforms } from './cast.js';
import type { Purchase } from './purchases.js';
import { currency, RefundCalendar, Scenario, type PlannedOrder } from './scenario.js';

const scenario = new Scenario(42, '1998-06-30');

const purchase = (change: Partial<Purchase> = {}): Purchase => ({
  ...{ orderId: 17, customerId: '00042', date: '1997-03-14', quantity: 3, amountMinor: 1_000, inSample: true },
  ...change,
});

const purchases = fc.record({
  orderId: fc.integer({ min: 1, max: 69_659 }),
  customerId: fc.integer({ min: 1, max: 23_570 }).map((number) => String(number).padStart(5, '0')),
  date: fc.constant('1997-03-14'),
  quantity: fc.integer({ min: 1, max: 99 }),
  amountMinor: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 128_601 })),
  inSample: fc.boolean(),
});

/** Enough orders for everything rare to occur. */
const many = Array.from({ length: 5_000 }, (_, index) =>
  scenario.order(purchase({ orderId: index + 1, customerId: String(index + 1).padStart(5, '0') })),
);

describe('a generated order', () => {
  it('is the same in every run', () => expect(new Scenario(42, '1998-06-30').order(purchase())).toEqual(scenario.order(purchase())));

  it('is another one under another seed', () => {
    const orders = (seed: number) => [1, 2, 3, 4, 5].map((orderId) => new Scenario(seed, '1998-06-30').order(purchase({ orderId })));
    expect(orders(43)).not.toEqual(orders(42));
  });

  it('bears the day and the number of the data', () => expect(scenario.order(purchase()).body.orderId).toBe('cdnow-1997-03-14-000017'));

  it('multiplies out: price times quantity over its items is the amount, and no disc is lost', () => {
    fc.assert(
      fc.property(purchases, (drawn) => {
        const { items, amountMinor } = scenario.order(drawn).body;
        expect(items.reduce((sum, { unitPriceMinor, quantity }) => sum + unitPriceMinor * quantity, 0)).toBe(drawn.amountMinor);
        expect(items.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(drawn.quantity);
        expect(amountMinor).toBe(drawn.amountMinor);
        expect(items.every(({ unitPriceMinor, quantity }) => unitPriceMinor >= 0 && quantity >= 1)).toBe(true);
      }),
    );
  });

  it('has one item where the amount divides, two where it does not', () => {
    const shape = (change: Partial<Purchase>) =>
      scenario.order(purchase(change)).body.items.map(({ unitPriceMinor, quantity }) => [unitPriceMinor, quantity]);
    expect(shape({ quantity: 4, amountMinor: 1_000 })).toEqual([[250, 4]]);
    expect(shape({ quantity: 3, amountMinor: 1_000 })).toEqual([
      [333, 2],
      [334, 1],
    ]);
  });

  it('names only platforms, creators and agreements that are registered', () => {
    const agreementIds = new Set(agreements.map(({ agreementId }) => agreementId));
    const platformIds = new Set(platforms.map(({ platformId }) => platformId));
    const creatorIds = new Set(creators.map(({ creatorId }) => creatorId));
    for (const { body } of many) {
      expect(platformIds).toContain(body.platformId);
      for (const item of body.items) {
        expect(agreementIds).toContain(item.agreementId);
        expect(platformIds).toContain(item.ownerId);
        for (const { creatorId } of item.creators) expect(creatorIds).toContain(creatorId);
      }
    }
  });

  it('of amount 0 needs no provider to do anything', () => {
    fc.assert(
      fc.property(purchases, (drawn) => {
        const order = scenario.order({ ...drawn, amountMinor: 0 });
        expect([order.mood, order.furtherMethods, order.refunds]).toEqual(['approves', [], []]);
        expect(order.body.method).not.toHaveProperty('token');
      }),
    );
  });
});

describe('all orders together', () => {
  const share = (is: (order: PlannedOrder) => boolean) => many.filter(is).length / many.length;

  it('use every platform, agreement and method', () => {
    expect(new Set(many.map(({ body }) => body.platformId)).size).toBe(platforms.length);
    expect(new Set(many.flatMap(({ body }) => body.items.map(({ agreementId }) => agreementId))).size).toBe(agreements.length);
    expect(new Set(many.map(({ body }) => body.method.provider))).toEqual(new Set(['alipay', 'wechatpay', 'stripe', 'wallet']));
    expect(many.some(({ body }) => body.referrerId !== undefined)).toBe(true);
    expect(many.some(({ body }) => body.processorId !== undefined)).toBe(true);
  });

  it('meet every mood, few of them bad', () => {
    expect(new Set(many.map(({ mood }) => mood)).size).toBe(6);
    expect(share(({ mood }) => mood === 'declines')).toBeGreaterThan(0.03);
    expect(share(({ mood }) => mood === 'declines')).toBeLessThan(0.05);
  });

  it('have a method left after every one that takes no money', () => {
    const takesNoMoney = (token: string | undefined) => token?.startsWith('decline') === true || token === 'unreachable';
    for (const { body, furtherMethods } of many) {
      const tokens = [body.method, ...furtherMethods].map(({ token }) => token);
      expect(tokens.slice(0, -1).every(takesNoMoney)).toBe(true);
      expect(takesNoMoney(tokens.at(-1))).toBe(false);
      expect(tokens.length).toBeLessThanOrEqual(3);
    }
  });

  it('are refunded in about two of a hundred cases, never by more than was paid, never after the end of the data', () => {
    expect(share(({ refunds }) => refunds.length > 0)).toBeGreaterThan(0.015);
    expect(share(({ refunds }) => refunds.length > 0)).toBeLessThan(0.025);
    for (const { body, refunds } of many) {
      expect(refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBeLessThanOrEqual(body.amountMinor);
      expect(refunds.every(({ amountMinor, date }) => amountMinor > 0 && date > '1997-03-14' && date <= '1998-06-30')).toBe(true);
    }
    expect(many.some(({ refunds }) => refunds.length === 3)).toBe(true);
  });
});

describe('albums', () => {
  it('belong to platforms that have an agreement of their own, with one to three different creators', () => {
    for (const { ownerId, creators: its } of albumsOf(42)) {
      expect(platforms.find(({ platformId }) => platformId === ownerId)?.agreementId).toBeDefined();
      expect(new Set(its.map(({ creatorId }) => creatorId)).size).toBe(its.length);
      expect(its.length).toBeGreaterThanOrEqual(1);
      expect(its.length).toBeLessThanOrEqual(3);
    }
  });
});

describe('top-ups of a month', () => {
  it('cover what each wallet pays in it, and nothing else', () => {
    const orders = many.slice(0, 500);
    const paid = new Map<string, number>();
    for (const { body } of orders.filter(({ body: { method } }) => method.provider === 'wallet'))
      paid.set(body.payer.userId, (paid.get(body.payer.userId) ?? 0) + body.amountMinor);
    const topUps = scenario.topUps('1997-03', orders);
    expect(new Set(topUps.map(({ userId }) => userId))).toEqual(new Set(paid.keys()));
    for (const { userId, amountMinor } of topUps) {
      expect(amountMinor).toBeGreaterThanOrEqual(paid.get(userId) ?? 0);
      expect(amountMinor).toBeLessThan((paid.get(userId) ?? 0) + 1_000);
    }
  });
});

describe('the calendar of refunds', () => {
  const order = (refunds: [id: string, date: string][]): PlannedOrder => ({
    body: {
      platformId: 'lyra',
      orderId: 'o',
      payer: { userId: 'u' },
      items: [],
      amountMinor: 100,
      currency,
      method: { provider: 'alipay' },
    },
    mood: 'approves',
    furtherMethods: [],
    refunds: refunds.map(([refundId, date]) => ({ platformId: 'lyra', orderId: 'o', refundId, date, amountMinor: 1 })),
  });

  it('gives each refund in the month in which it falls, those of one order together and in their order', () => {
    const calendar = new RefundCalendar();
    calendar.add(
      order([
        ['a1', '1997-03-20'],
        ['a2', '1997-03-25'],
        ['a3', '1997-04-02'],
      ]),
    );
    calendar.add(order([['b1', '1997-04-01']]));
    const ids = (month: string) => calendar.of(month).map((refunds) => refunds.map(({ refundId }) => refundId));
    expect(ids('1997-03')).toEqual([['a1', 'a2']]);
    expect(ids('1997-04')).toEqual([['a3'], ['b1']]);
    expect(ids('1997-05')).toEqual([]);
  });
});
