import { describe, expect, it } from '@jest/globals';
import type { SplitRule, SplitTransfer } from '@tongbao/contracts';
import { sumMinor } from '@tongbao/money';
import fc from 'fast-check';
import { example1Rules, example2Rules, item, order } from '../test/builders.js';
import { ruleProblem } from './agreement.decide.js';
import { refundTransfers } from './reversal.js';
import { netDebits, reservationsOf, splitOf } from './split.js';

const split = (rules: SplitRule[], change: Parameters<typeof order>[0] = {}) =>
  splitOf({ ...order(change), source: 'provider:alipay', external: order(change).collection === 'platform' }, () => rules);

/** Refunds of a split, one after another: what each reverses, given what those before it have. */
function refunds(transfers: readonly SplitTransfer[], captured: number, parts: readonly number[]): SplitTransfer[][] {
  const reversed = transfers.map((transfer) => ({ transfer, reversedMinor: 0n }));
  let after = 0;
  return parts.map((part) => {
    after += part;
    const back = refundTransfers(reversed, captured, after);
    for (const each of reversed) {
      const mine = back.filter(
        ({ from, to, kind }) => from === each.transfer.to && to === each.transfer.from && kind === `${each.transfer.kind}-refund`,
      );
      if (each.transfer.refundable) each.reversedMinor += sumMinor(mine.map(({ amountMinor }) => amountMinor));
    }
    return back;
  });
}

const lines = (transfers: readonly SplitTransfer[]) =>
  transfers.map(({ from, to, amountMinor, kind }) => `${from} > ${to} ${amountMinor} ${kind}`);

function balances(...splits: (readonly SplitTransfer[])[]): Record<string, number> {
  const all = new Map<string, number>();
  for (const { from, to, amountMinor, external } of splits.flat()) {
    if (external) continue;
    all.set(from, (all.get(from) ?? 0) - amountMinor);
    all.set(to, (all.get(to) ?? 0) + amountMinor);
  }
  return Object.fromEntries(all);
}

const example2 = {
  platformId: 'A',
  items: [item({ unitPriceMinor: 3000, ownerId: 'B', creators: [{ creatorId: 'K', share: 1 }] })],
  amountMinor: 3000,
};
const example3 = { platformId: 'B', items: [item({ unitPriceMinor: 5000, ownerId: 'A' })], amountMinor: 5000, processorId: 'A' };

describe('a split', () => {
  it('is the one of example 1: A 9.00, B -0.50, hub 1.50', () => {
    expect(lines(split(example1Rules))).toEqual([
      'provider:alipay > platform:A 1000 purchase',
      'platform:A > hub:fees 100 platform-service-fee',
      'platform:B > hub:fees 50 payment-handling-fee',
    ]);
    expect(balances(split(example1Rules))).toEqual({ 'provider:alipay': -1000, 'platform:A': 900, 'platform:B': -50, 'hub:fees': 150 });
  });

  it('is the one of example 2: A 6.00, B 7.11, K 16.59, hub 0.30', () => {
    expect(lines(split(example2Rules, example2))).toEqual([
      'provider:alipay > platform:A 3000 purchase',
      'platform:A > platform:B 2400 content-share',
      'platform:B > hub:fees 30 hub-fee',
      'platform:B > creator:K 1659 royalty',
    ]);
  });

  it('of examples 2 and 3 together: A 45.50, B 17.11, K 16.59, hub 0.80', () =>
    expect(balances(split(example2Rules, example2), split(example2Rules, example3))).toEqual({
      'provider:alipay': -8000,
      'platform:A': 4550,
      'platform:B': 1711,
      'creator:K': 1659,
      'hub:fees': 80,
    }));

  it('marks the purchase external where the platform collects: it counts as a basis and is not posted', () => {
    const transfers = split(example1Rules, { collection: 'platform' });
    expect(transfers[0]).toMatchObject({ kind: 'purchase', external: true });
    expect(balances(transfers)).toEqual({ 'platform:A': -100, 'platform:B': -50, 'hub:fees': 150 });
  });

  it('takes a fixed amount once per payment, however many groups there are', () => {
    const rules: SplitRule[] = [
      { from: 'seller', to: 'hub', kind: 'fee', basis: 'gross', rateBasisPoints: 0, fixedMinor: 31, refundable: false },
    ];
    const items = [item({ ownerId: 'A' }), item({ ownerId: 'B', unitPriceMinor: 333 }), item({ ownerId: 'C', unitPriceMinor: 1 })];
    expect(lines(split(rules, { items }))).toContain('platform:A > hub:fees 31 fee');
  });

  it('keeps between minimum and maximum', () => {
    const fee = (minimumMinor: number, maximumMinor: number): SplitRule[] => [
      { from: 'seller', to: 'hub', kind: 'fee', basis: 'gross', rateBasisPoints: 500, minimumMinor, maximumMinor, refundable: false },
    ];
    expect([split(fee(80, 90))[1]?.amountMinor, split(fee(10, 20))[1]?.amountMinor, split(fee(10, 90))[1]?.amountMinor]).toEqual([
      80, 20, 50,
    ]);
  });

  it('divides among creators by their shares, the odd cent to the largest remainder', () => {
    const creators = [
      { creatorId: 'K1', share: 1 },
      { creatorId: 'K2', share: 1 },
      { creatorId: 'K3', share: 1 },
    ];
    const rules: SplitRule[] = [
      { from: 'seller', to: 'creator', kind: 'royalty', basis: 'gross', rateBasisPoints: 10_000, refundable: true },
    ];
    expect(
      split(rules, { items: [item({ creators })] })
        .slice(1)
        .map(({ amountMinor }) => amountMinor),
    ).toEqual([334, 333, 333]);
  });

  it('leaves a creator-less share with the owner, drops self transfers and what concerns an absent referrer', () => {
    const rules: SplitRule[] = [
      { from: 'owner', to: 'creator', kind: 'royalty', basis: 'gross', rateBasisPoints: 5000, refundable: true },
      { from: 'seller', to: 'owner', kind: 'share', basis: 'gross', rateBasisPoints: 5000, refundable: true },
      { from: 'seller', to: 'referrer', kind: 'referral', basis: 'gross', rateBasisPoints: 500, refundable: true },
    ];
    expect(lines(split(rules))).toEqual(['provider:alipay > platform:A 1000 purchase']);
  });

  it('sends provider fees to their own account', () => {
    const rules: SplitRule[] = [
      { from: 'seller', to: 'hub', kind: 'provider-fee', basis: 'gross', rateBasisPoints: 60, refundable: false },
    ];
    expect(split(rules)[1]).toMatchObject({ to: 'hub:provider-fees', amountMinor: 6 });
  });
});

const role = fc.constantFrom('seller', 'owner', 'creator', 'processor', 'referrer', 'hub') as fc.Arbitrary<SplitRule['from']>;
const rule: fc.Arbitrary<SplitRule> = fc
  .record({
    from: role,
    to: role,
    kind: fc.constantFrom('fee', 'share', 'royalty', 'provider-fee'),
    basis: fc.constantFrom('gross' as const, 'left' as const),
    rateBasisPoints: fc.integer({ min: 0, max: 10_000 }),
    refundable: fc.boolean(),
    fixedMinor: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  })
  .filter((each) => ruleProblem([each]) === undefined);
const items = fc.array(
  fc.record({
    contentId: fc.constantFrom('c1', 'c2'),
    unitPriceMinor: fc.integer({ min: 0, max: 1_000_000_000 }),
    quantity: fc.integer({ min: 1, max: 99 }),
    ownerId: fc.constantFrom('A', 'B', 'C'),
    creators: fc.uniqueArray(fc.record({ creatorId: fc.constantFrom('K1', 'K2', 'K3'), share: fc.integer({ min: 1, max: 100 }) }), {
      selector: ({ creatorId }) => creatorId,
      maxLength: 3,
    }),
    agreementId: fc.constantFrom('x', 'y'),
  }),
  { minLength: 1, maxLength: 8 },
);

describe('any order under any agreement', () => {
  const anySplit = fc
    .record({ items, rules: fc.array(rule, { maxLength: 6 }), referrerId: fc.option(fc.constant('R'), { nil: undefined }) })
    .map(({ items: chosen, rules, referrerId }) => ({
      gross: Number(sumMinor(chosen.map((each) => each.unitPriceMinor * each.quantity))),
      split: splitOf({ ...order({ items: chosen, referrerId }), source: 'provider:alipay', external: false }, () => rules),
    }));

  it('splits to the minor unit: every transfer is a positive integer, the purchase is the whole, all balances sum to zero', () =>
    fc.assert(
      fc.property(anySplit, ({ gross, split: transfers }) => {
        for (const { from, to, amountMinor } of transfers)
          expect(Number.isSafeInteger(amountMinor) && amountMinor > 0 && from !== to).toBe(true);
        expect(sumMinor(transfers.filter(({ kind }) => kind === 'purchase').map(({ amountMinor }) => amountMinor))).toBe(BigInt(gross));
        expect(sumMinor(Object.values(balances(transfers)))).toBe(0n);
      }),
    ));

  it('is refunded in any parts to exactly what is not refundable', () =>
    fc.assert(
      fc.property(anySplit, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }), ({ gross, split: transfers }, cuts) => {
        fc.pre(gross > 0);
        const points = [...new Set([...cuts.map((cut) => Math.floor(cut * gross)), 0, gross])].sort((a, b) => a - b);
        const parts = points.slice(1).map((point, index) => point - points[index]!);
        const left = balances(transfers, ...refunds(transfers, gross, parts));
        const kept = balances(transfers.filter(({ refundable }) => !refundable));
        for (const [name, amount] of Object.entries(left)) expect(amount).toBe(kept[name] ?? 0);
      }),
    ));
});

describe('refunds', () => {
  it('of 4.00 from example 1 leave A 5.40, B -0.30, hub 0.90, the provider -6.00', () =>
    expect(balances(split(example1Rules), ...refunds(split(example1Rules), 1000, [400]))).toEqual({
      'provider:alipay': -600,
      'platform:A': 540,
      'platform:B': -30,
      'hub:fees': 90,
    }));

  it.each([
    ['3.33, 3.33, 3.34', [333, 333, 334]],
    ['3.33 (after one that was declined), 6.67', [333, 667]],
  ])('%s end at exactly zero', (_, parts) => {
    const left = balances(split(example1Rules), ...refunds(split(example1Rules), 1000, parts));
    expect(Object.values(left).every((amount) => amount === 0)).toBe(true);
  });
});

describe('what must be held', () => {
  it('is what a party with limits gives net', () =>
    expect(reservationsOf(split(example1Rules), undefined, (party) => party === 'platform:B')).toEqual([
      { account: 'platform:B', amountMinor: 50 },
    ]));

  it('is nothing for a party that gets more than it gives', () =>
    expect(reservationsOf(split(example1Rules), undefined, (party) => party === 'platform:A')).toEqual([]));

  it('is what comes from a wallet', () => {
    const transfers = splitOf({ ...order(), source: 'user:u1:wallet', external: false }, () => example1Rules);
    expect(reservationsOf(transfers, 'user:u1:wallet', () => false)).toEqual([{ account: 'user:u1:wallet', amountMinor: 1000 }]);
  });

  it('leaves out what the platform collects itself', () =>
    expect(netDebits(split(example1Rules, { collection: 'platform' })).get('platform:A')).toBe(100n));
});

describe('an agreement', () => {
  const wrong = (change: Partial<SplitRule>) => ruleProblem([{ ...example1Rules[0]!, ...change }])?.field;
  it.each<[string, Partial<SplitRule>, string]>([
    ['from and to alike', { to: 'seller' }, 'rules[0].to'],
    ['nothing to move', { rateBasisPoints: 0 }, 'rules[0]'],
    ['a minimum above the maximum', { minimumMinor: 2, maximumMinor: 1 }, 'rules[0].minimumMinor'],
    ['a fixed amount from an owner, who differs by group', { from: 'owner', fixedMinor: 1 }, 'rules[0].from'],
  ])('with %s is refused', (_, change, field) => expect(wrong(change)).toBe(field));
});
