import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { beliefsOf, type Belief } from '../src/beliefs.js';
import { builtInTerms } from '../src/terms.js';
import { World } from './application.js';
import { keyOf, paymentIdOf, refundAsked, refunded, refundKeyOf, type Sale } from './facts.js';

let world: World;
beforeAll(async () => {
  world = await World.begin();
}, 60_000);
afterAll(() => world.end());

const period = { from: '2026-03-01T16:00:00.000Z', to: '2026-03-02T16:00:00.000Z' };
const noon = '2026-03-02T04:00:00.000Z';
const sale = (change: Partial<Sale> = {}): Sale => ({ provider: 'alipay', amountMinor: 1_000, currency: 'CNY', at: noon, ...change });
const terms = builtInTerms('alipay')!;

async function beliefs(change: Partial<Parameters<typeof beliefsOf>[1]> = {}): Promise<Belief[]> {
  const found: Belief[] = [];
  const query = { provider: 'alipay', terms, period, after: 0n, through: await world.store.head(), ...change };
  for await (const belief of beliefsOf(world.store, query, new AbortController().signal)) found.push(belief);
  return found;
}

let number = 0;
/** What is believed of what happens now. */
async function believed(
  happen: (paymentId: string, stream: string) => Promise<unknown>,
  change: Partial<Parameters<typeof beliefsOf>[1]> = {},
) {
  const after = await world.store.head();
  const paymentId = paymentIdOf((number += 1));
  await happen(paymentId, `payment-${paymentId}`);
  return { paymentId, found: await beliefs({ after, ...change }) };
}

const reference = (paymentId: string) => ({ paymentId, platformId: 'A', orderId: 'o' });

describe('what we believe of money at a provider', () => {
  it('is what was captured, under the key of the attempt, with the fee that the agreement says', async () => {
    const { paymentId, found } = await believed(() => world.sold(number, sale({ expectedFeeMinor: 6 })));
    expect(found).toEqual([
      {
        ...{ kind: 'payment', ourKey: keyOf(paymentId), providerRef: `ref_${paymentId}`, paymentId },
        ...{ amountMinor: 1_000, feeMinor: 6, currency: 'CNY', at: noon, status: 'succeeded' },
      },
    ]);
  });

  it('has the fee of the terms where the agreement says none, and else none', async () => {
    const fee = { basisPoints: 65, fixedMinor: 3 };
    const withFee = { ...terms, currencies: [{ currency: 'CNY', amountToleranceMinor: 0, feeToleranceMinor: 0, fee }] };
    const sell = () => world.sold(number, sale());
    expect((await believed(sell, { terms: withFee })).found).toMatchObject([{ feeMinor: 10 }]);
    expect((await believed(sell)).found[0]).not.toHaveProperty('feeMinor');
  });

  it.each<[string, Partial<Sale>]>([
    ['of another provider', { provider: 'stripe' }],
    ['of a wallet', { provider: 'wallet' }],
    ["of a platform's own account", { isExternal: true }],
    ['of the day before', { at: '2026-03-01T15:59:59.999Z' }],
    ['of the day after', { at: '2026-03-02T16:00:00.000Z' }],
  ])('is nothing %s', async (_, change) => expect((await believed(() => world.sold(number, sale(change)))).found).toEqual([]));

  it('is what was given back, under the key of the refund', async () => {
    const { paymentId, found } = await believed(async () => world.gaveBack(await world.sold(number, sale()), sale({ amountMinor: 400 })));
    expect(found.slice(1)).toEqual([
      {
        ...{ kind: 'refund', ourKey: refundKeyOf(paymentId), providerRef: `back_${paymentId}`, paymentId },
        ...{ amountMinor: -400, currency: 'CNY', at: noon, status: 'succeeded' },
      },
    ]);
  });

  it('finds the key of a refund that was asked for before it looked', async () => {
    const paymentId = await world.sold((number += 1), sale());
    await world.happened(`payment-${paymentId}`, refundAsked(paymentId, sale()));
    const after = await world.store.head();
    await world.happened(`payment-${paymentId}`, refunded(paymentId, sale()));
    expect(await beliefs({ after })).toMatchObject([{ kind: 'refund', ourKey: refundKeyOf(paymentId), amountMinor: -1_000 }]);
  });

  it('has the key of the payment of a refund where that is asked for', async () => {
    const { paymentId, found } = await believed(async () => world.gaveBack(await world.sold(number, sale()), sale()), {
      withPaymentKeys: true,
    });
    expect(found[1]).toMatchObject({ kind: 'refund', paymentKey: keyOf(paymentId) });
  });

  it('is money in conflict, and money that came too late and went back', async () => {
    const money = { attempt: 2, provider: 'alipay', providerRef: 'r', amountMinor: 999, currency: 'CNY' };
    const { paymentId, found } = await believed(async (id, stream) => {
      world.at(noon);
      await world.happened(stream, { type: 'CaptureConflicted', ...reference(id), ...money });
      await world.happened(stream, { type: 'LateCaptureFound', ...reference(id), ...money, attempt: 1 } as never);
      await world.happened(stream, { type: 'LateCaptureRefunded', ...reference(id), ...money, attempt: 1 } as never);
    });
    const key = keyOf(paymentId).slice(0, 26);
    expect(found.map(({ kind, ourKey, amountMinor, at }) => [kind, ourKey, amountMinor, at])).toEqual([
      ['payment', `${key}02`, 999, noon],
      ['payment', `${key}01`, 999, noon],
      ['refund', `${key}l01`, -999, noon],
    ]);
  });

  it('is what was paid into wallets', async () => {
    const topUpId = `top_${'a'.repeat(32)}`;
    const money = { topUpId, provider: 'alipay', providerRef: 'r', amountMinor: 50, currency: 'CNY' };
    const { found } = await believed(async () => {
      world.at(noon);
      await world.happened(`topup-${topUpId}`, { type: 'TopUpCaptured', ...money, userId: 'u' } as never);
      await world.happened(`topup-${topUpId}`, { type: 'TopUpConflicted', ...money, provider: 'stripe' } as never);
    });
    expect(found).toMatchObject([{ kind: 'payment', ourKey: `${'a'.repeat(26)}t01`, amountMinor: 50, at: noon }]);
  });

  it('is what a provider takes for a dispute, and gives back of it', async () => {
    const disputed = { disputeId: 'du_1', currency: 'CNY', reason: '', transfers: [] };
    const { paymentId, found } = await believed(async (id, stream) => {
      await world.sold(number, sale());
      await world.happened(stream, { type: 'DisputeOpened', ...reference(id), ...disputed, amountMinor: 1_000, openedAt: noon } as never);
      const closed = { ...reference(id), disputeId: 'du_1', currency: 'CNY', transfers: [], closedAt: noon };
      await world.happened(stream, { type: 'DisputeClosed', ...closed, outcome: 'part', lostMinor: 400 } as never);
    });
    const common = { kind: 'dispute', providerRef: 'du_1', currency: 'CNY', status: 'succeeded', paymentId, at: noon };
    expect(found.slice(1)).toEqual([
      { ...common, amountMinor: -1_000 },
      { ...common, amountMinor: 600 },
    ]);
  });

  it('ends at the place of the log that it is asked for', async () => {
    const after = await world.store.head();
    await world.sold((number += 1), sale());
    const through = await world.store.head();
    await world.sold((number += 1), sale());
    expect(await beliefs({ after, through })).toHaveLength(1);
    expect(await beliefs({ after })).toHaveLength(2);
  });
});
