import { beforeEach, describe, expect, it } from '@jest/globals';
import { memoryCache } from '@tongbao/cache';
import type { VelocityLimit } from '@tongbao/contracts';
import { VelocityCounters, type VelocitySubject } from './velocity.js';

const hour = 3_600;
const payment = (change: Partial<VelocitySubject> = {}): VelocitySubject => ({
  platformId: 'A',
  userId: 'u1',
  provider: 'alipay',
  currency: 'CNY',
  amountMinor: 1_000,
  ...change,
});

let nowMs: number;
let counters: VelocityCounters;
beforeEach(() => {
  nowMs = 0;
  counters = new VelocityCounters(memoryCache({ now: () => nowMs }));
});

async function passes(limits: readonly VelocityLimit[], change: Partial<VelocitySubject> = {}): Promise<boolean> {
  return (await counters.take(limits, payment(change))) !== undefined;
}

describe('a velocity limit', () => {
  it.each([
    ['user', { userId: 'u2' }],
    ['method', { provider: 'wechatpay' }],
    ['platform', { platformId: 'B' }],
  ] as const)('of scope %s is about that alone, at that platform', async (scope, another) => {
    const limits = [{ scope, windowSeconds: hour, maxCount: 1 }];
    expect(await passes(limits)).toBe(true);
    expect(await passes(limits)).toBe(false);
    expect(await passes(limits, another)).toBe(true);
    expect(await passes(limits, { platformId: 'C' })).toBe(true);
  });

  it('limits how often, and how much', async () => {
    const limits: VelocityLimit[] = [{ scope: 'user', windowSeconds: hour, maxCount: 3, maxAmountMinor: 2_500 }];
    expect(await passes(limits)).toBe(true);
    expect(await passes(limits)).toBe(true);
    expect(await passes(limits)).toBe(false);
    expect(await passes(limits, { amountMinor: 500 })).toBe(true);
    expect(await passes(limits, { amountMinor: 0 })).toBe(false);
  });

  it('of one currency leaves payments in others alone', async () => {
    const limits: VelocityLimit[] = [{ scope: 'user', windowSeconds: hour, currency: 'USD', maxCount: 0 }];
    expect(await passes(limits)).toBe(true);
    expect(await passes(limits, { currency: 'USD' })).toBe(false);
  });

  it('begins anew after its time, also after a month', async () => {
    const limits: VelocityLimit[] = [{ scope: 'user', windowSeconds: 2_678_400, maxCount: 1 }];
    expect(await passes(limits)).toBe(true);
    nowMs = 2_678_399_000;
    expect(await passes(limits)).toBe(false);
    nowMs = 2_678_400_000;
    expect(await passes(limits)).toBe(true);
  });
});

describe('several velocity limits', () => {
  const limits: VelocityLimit[] = [
    { scope: 'platform', windowSeconds: hour, maxAmountMinor: 10_000 },
    { scope: 'user', windowSeconds: hour, maxCount: 1 },
  ];

  it('count all, or where one is passed nothing', async () => {
    expect(await passes(limits)).toBe(true);
    for (let time = 0; time < 20; time += 1) expect(await passes(limits)).toBe(false);
    for (let user = 2; user <= 10; user += 1) expect(await passes(limits, { userId: `u${user}` })).toBe(true);
    expect(await passes(limits, { userId: 'u11' })).toBe(false);
  });

  it('give back what turned out to be a repetition', async () => {
    const takeBack = await counters.take(limits, payment({ amountMinor: 10_000 }));
    await takeBack?.();
    expect(await passes(limits, { amountMinor: 10_000 })).toBe(true);
  });

  it('on the same thing count once, and the narrowest holds', async () => {
    const same: VelocityLimit[] = [3, 2, 5].map((maxCount) => ({ scope: 'user', windowSeconds: hour, maxCount }));
    expect([await passes(same), await passes(same), await passes(same)]).toEqual([true, true, false]);
  });

  it('let no more in of many at the same moment', async () => {
    const ten: VelocityLimit[] = [{ scope: 'platform', windowSeconds: hour, maxAmountMinor: 10_000 }];
    const passed = await Promise.all(Array.from({ length: 200 }, (_, user) => passes(ten, { userId: `u${user}` })));
    expect(passed.filter(Boolean)).toHaveLength(10);
  });
});
