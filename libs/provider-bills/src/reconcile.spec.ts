import { period, reconciled, without } from '../test/bills.js';
import type { Movement, ReconcileOptions, Side } from './index.js';

const at = '2026-03-01T04:00:00.000Z';
const payment: Movement = {
  kind: 'payment',
  ourKey: 'p1',
  providerRef: 'ref1',
  amountMinor: 1000,
  feeMinor: 6,
  currency: 'CNY',
  at,
  status: 'succeeded',
};
const refund: Movement = {
  ...payment,
  kind: 'refund',
  ourKey: 'r1',
  providerRef: 'ref2',
  paymentKey: 'p1',
  amountMinor: -400,
  feeMinor: -2,
};
const feeLine: Movement = { ...payment, kind: 'fee', amountMinor: 0, feeMinor: 6, feeOf: 'payment' };
const paymentOfFund: Movement = { ...payment, feeMinor: 0 };

type Given = Partial<Record<Side, readonly Movement[]>>;

/** The breaks of these sides: kind, key and sides, and what each adds to the difference of the totals. */
async function breaksOf({ events = [], ...bills }: Given, options?: ReconcileOptions) {
  const { breaks, summary } = await reconciled({ events, ...bills }, options);
  for (const { total, breaks: inBreaks, carried, tolerated } of summary.explained) {
    expect(total.amountMinor).toBe(inBreaks.amountMinor + carried.amountMinor + tolerated.amountMinor);
    expect(total.feeMinor).toBe(inBreaks.feeMinor + carried.feeMinor + tolerated.feeMinor);
  }
  return breaks.map(({ kind, ourKey, on, differences }) => [
    kind,
    ourKey,
    on.join(),
    ...differences.map(({ side, amountMinor, feeMinor }) => `${side} ${amountMinor}/${feeMinor}`),
  ]);
}

describe('three sides that say the same', () => {
  it('have no break', async () => {
    const given = { events: [payment, refund], trade: [payment, refund], fund: [paymentOfFund, feeLine, refund] };
    const { breaks, carried, summary } = await reconciled(given);
    expect([breaks, carried]).toEqual([[], []]);
    expect(summary.matched).toBe(2);
    expect(summary.lines).toMatchObject({ events: { matched: 2 }, trade: { matched: 2 }, fund: { matched: 3 } });
    expect(summary.totals.fund).toEqual({ CNY: { lines: 3, amountMinor: 600n, feeMinor: 4n } });
  });

  it('need not be three', async () => {
    expect(await breaksOf({ events: [payment], trade: [payment] })).toEqual([]);
    expect(await breaksOf({ events: [payment], fund: [payment] })).toEqual([]);
    expect((await reconciled({ events: [] })).summary).toMatchObject({ matched: 0, explained: [] });
  });

  it('have payouts and disputes in the fund bill only', async () => {
    const payout: Movement = { ...payment, kind: 'payout', ourKey: 'po', amountMinor: -500, feeMinor: 0 };
    expect(await breaksOf({ events: [payout], trade: [], fund: [payout] })).toEqual([]);
  });
});

describe('what is missing', () => {
  it('at the provider is said with the bills that lack it', async () => {
    const fund = [paymentOfFund, feeLine];
    const whole = ['missing_at_provider', 'p1', 'trade,fund', 'trade -1000/-6', 'fund -1000/-6'];
    expect(await breaksOf({ events: [payment], trade: [], fund: [] })).toEqual([whole]);
    expect(await breaksOf({ events: [payment], trade: [payment], fund: [] })).toEqual([
      ['missing_at_provider', 'p1', 'fund', 'fund -1000/-6'],
    ]);
    expect(await breaksOf({ events: [payment], trade: [], fund })).toEqual([['missing_at_provider', 'p1', 'trade', 'trade -1000/-6']]);
  });

  it('here is one break, whichever bills have it', async () => {
    const fund = [paymentOfFund, feeLine];
    expect(await breaksOf({ trade: [payment], fund })).toEqual([['missing_here', 'p1', 'events', 'trade 1000/6', 'fund 1000/6']]);
    expect(await breaksOf({ trade: [payment], fund: [] })).toEqual([['missing_here', 'p1', 'events,fund', 'trade 1000/6']]);
    expect(await breaksOf({ trade: [], fund })).toEqual([['missing_here', 'p1', 'events,trade', 'fund 1000/6']]);
  });

  it('here may be a fee of no payment', async () => {
    const fee: Movement = { kind: 'fee', providerRef: 'monthly', amountMinor: 0, feeMinor: 99, currency: 'CNY', at, status: 'succeeded' };
    expect(await breaksOf({ trade: [], fund: [fee] })).toEqual([['missing_here', undefined, 'events', 'fund 0/99']]);
    expect(await breaksOf({ events: [fee], trade: [], fund: [fee] })).toEqual([]);
  });

  it('is the payment, where only its fee is in the fund bill', async () => {
    expect(await breaksOf({ events: [payment], fund: [feeLine] })).toEqual([['missing_at_provider', 'p1', 'fund', 'fund -1000/0']]);
  });

  it('is nothing that has moved no money', async () => {
    const [pending, failed]: Movement[] = [
      { ...payment, status: 'pending' },
      { ...payment, status: 'failed' },
    ];
    for (const line of [pending!, failed!]) {
      expect(await breaksOf({ events: [line], trade: [], fund: [] })).toEqual([]);
      expect(await breaksOf({ events: [], trade: [line] })).toEqual([]);
    }
    const { summary } = await reconciled({ events: [failed!], trade: [failed!] });
    expect(summary.lines.events).toEqual({ matched: 0, broken: 0, carried: 0, void: 1 });
  });
});

describe('what differs', () => {
  it('is an amount', async () => {
    const trade = [{ ...payment, amountMinor: 1001 }];
    expect(await breaksOf({ events: [payment], trade, fund: [payment] })).toEqual([['amount_differs', 'p1', 'trade', 'trade 1/0']]);
  });

  it('is a currency, with the whole amount in both', async () => {
    const { breaks } = await reconciled({ events: [payment], trade: [{ ...payment, currency: 'USD' }] });
    expect(breaks).toMatchObject([
      {
        kind: 'amount_differs',
        differences: [
          { currency: 'USD', amountMinor: 1000, feeMinor: 6 },
          { currency: 'CNY', amountMinor: -1000, feeMinor: -6 },
        ],
      },
    ]);
  });

  it('is a fee', async () => {
    const fund = [paymentOfFund, { ...feeLine, feeMinor: 7 }];
    expect(await breaksOf({ events: [payment], trade: [payment], fund })).toEqual([['fee_differs', 'p1', 'fund', 'fund 0/1']]);
    expect(await breaksOf({ events: [payment], fund: [paymentOfFund] })).toEqual([['fee_differs', 'p1', 'fund', 'fund 0/-6']]);
  });

  it('is a fee between the bills, where none is expected', async () => {
    const unpriced = without(payment, 'feeMinor');
    expect(await breaksOf({ events: [unpriced], trade: [payment], fund: [{ ...payment, feeMinor: 8 }] })).toEqual([
      ['fee_differs', 'p1', 'fund', 'fund 0/2'],
    ]);
    expect(await breaksOf({ events: [unpriced], trade: [payment] })).toEqual([]);
  });

  it('is no fee of a fund bill that has none', async () => {
    expect(await breaksOf({ events: [payment], fund: [paymentOfFund] }, { compareFundFees: false })).toEqual([]);
  });

  it('is an amount and a fee, two breaks', async () => {
    const trade = [{ ...payment, amountMinor: 999, feeMinor: 5 }];
    expect(await breaksOf({ events: [payment], trade })).toEqual([
      ['amount_differs', 'p1', 'trade', 'trade -1/0'],
      ['fee_differs', 'p1', 'trade', 'trade 0/-1'],
    ]);
  });

  it('is a status, with all that has moved', async () => {
    expect(await breaksOf({ events: [{ ...payment, status: 'failed' }], trade: [payment] })).toEqual([
      ['status_differs', 'p1', 'trade', 'trade 1000/6'],
    ]);
    expect(await breaksOf({ events: [{ ...payment, status: 'pending' }], trade: [payment], fund: [paymentOfFund, feeLine] })).toEqual([
      ['status_differs', 'p1', 'trade,fund', 'trade 1000/6', 'fund 1000/6'],
    ]);
    expect(await breaksOf({ events: [refund], trade: [{ ...refund, status: 'failed' }] })).toEqual([
      ['status_differs', 'r1', 'trade', 'trade 400/2'],
    ]);
  });

  it('is no status of a refund that a bill shows as it begins', async () => {
    const trade = [{ ...refund, status: 'pending' as const }];
    expect(await breaksOf({ events: [refund], trade })).toEqual([]);
    expect(await breaksOf({ events: [refund], trade }, { pendingMatches: [] })).toMatchObject([['status_differs', 'r1', 'trade']]);
  });

  it('is nothing where a coupon pays a part of what reaches the account', async () => {
    const trade = [{ ...payment, settledMinor: 800 }];
    expect(await breaksOf({ events: [payment], trade, fund: [{ ...payment, amountMinor: 800 }] })).toEqual([]);
    expect(await breaksOf({ events: [payment], trade, fund: [{ ...payment, amountMinor: 801 }] })).toEqual([
      ['amount_differs', 'p1', 'fund', 'fund -199/0'],
    ]);
  });

  it('is nothing within the tolerance of its currency', async () => {
    const trade = [{ ...payment, amountMinor: 1002, feeMinor: 5 }];
    const options = { amountToleranceMinor: { CNY: 2 }, feeToleranceMinor: { CNY: 1 } };
    expect(await breaksOf({ events: [payment], trade }, options)).toEqual([]);
    expect(await breaksOf({ events: [payment], trade: [{ ...payment, amountMinor: 1003 }] }, options)).toHaveLength(1);
    expect(await breaksOf({ events: [payment], trade }, { amountToleranceMinor: { USD: 2 }, feeToleranceMinor: { USD: 1 } })).toHaveLength(
      2,
    );
  });
});

describe('what is there twice', () => {
  const second = { ...payment, providerRef: 'ref9', at: '2026-03-01T05:00:00.000Z' };

  it.each([
    ['trade', ['trade 1000/6']],
    ['fund', ['fund 1000/6']],
    ['events', ['trade -1000/-6', 'fund -1000/-6']],
  ] as const)('is a break of %s, and the first is compared', async (side, differences) => {
    const given = { events: [payment], trade: [payment], fund: [payment] };
    expect(await breaksOf({ ...given, [side]: [second, payment] })).toEqual([['duplicate', 'p1', side, ...differences]]);
  });

  it('is compared by the number that we know, though another one was earlier', async () => {
    const earlier = { ...second, at: '2026-03-01T03:00:00.000Z' };
    const { breaks } = await reconciled({ events: [payment], trade: [earlier, payment] });
    expect(breaks).toMatchObject([
      { kind: 'duplicate', says: { trade: { providerRef: 'ref1' } }, extra: { count: 1, lines: [{ providerRef: 'ref9' }] } },
    ]);
  });

  it('is one break however often, with the first ten', async () => {
    const trade = Array.from({ length: 500 }, (_, index) => ({ ...payment, providerRef: `x${String(index).padStart(3, '0')}` }));
    const { breaks, summary } = await reconciled({ events: [payment], trade });
    expect(breaks).toMatchObject([{ kind: 'duplicate', extra: { count: 499 }, differences: [{ amountMinor: 499_000 }] }]);
    expect(breaks[0]?.extra?.lines.map(({ providerRef }) => providerRef)).toEqual(
      'x001 x002 x003 x004 x005 x006 x007 x008 x009 x010'.split(' '),
    );
    expect(summary.lines.trade).toEqual({ matched: 1, broken: 499, carried: 0, void: 0 });
  });
});

describe('a line without a key of ours', () => {
  const keyless = without(payment, 'ourKey');

  it("goes by the provider's number", async () => {
    expect(await breaksOf({ events: [payment], trade: [keyless], fund: [keyless] })).toEqual([]);
    expect(await breaksOf({ events: [keyless], trade: [payment] })).toEqual([]);
    expect(await breaksOf({ trade: [keyless], fund: [keyless] })).toEqual([
      ['missing_here', undefined, 'events', 'trade 1000/6', 'fund 1000/6'],
    ]);
  });

  it('belongs to none of several movements of one number', async () => {
    const partial = { ...payment, kind: 'refund' as const, amountMinor: -100, feeMinor: 0 };
    const events = [
      { ...partial, ourKey: 'r1' },
      { ...partial, ourKey: 'r2' },
    ];
    const found = await breaksOf({ events, fund: [without(partial, 'ourKey')] });
    expect(found.map(([kind]) => kind).sort()).toEqual(['missing_at_provider', 'missing_at_provider', 'missing_here']);
  });

  it('is another movement than a payment where it is a refund of the same number', async () => {
    const back = without({ ...refund, providerRef: 'ref1' }, 'ourKey');
    expect(await breaksOf({ events: [payment], trade: [payment, back] })).toEqual([['missing_here', undefined, 'events', 'trade -400/-2']]);
  });
});

describe("at the day's cut", () => {
  const late = { ...payment, at: '2026-03-01T15:55:00.000Z' };
  const options = { periods: { events: period, trade: period, fund: period } };

  it('what is missing is carried, with all lines of it, and matched with the next bill', async () => {
    const today = await reconciled({ events: [late], trade: [late], fund: [] }, options);
    expect(today.breaks).toEqual([]);
    expect(today.carried.map(({ side, movement }) => [side, movement.ourKey, movement.carried])).toEqual([
      ['events', 'p1', true],
      ['trade', 'p1', true],
    ]);
    expect(today.summary).toMatchObject({ carried: 1, lines: { events: { carried: 1 }, trade: { carried: 1 } } });
    const next = { periods: { events: nextDay, trade: nextDay, fund: nextDay } };
    const carriedOf = (side: Side) => today.carried.filter((each) => each.side === side).map(({ movement }) => movement);
    const fund = [{ ...late, at: '2026-03-01T16:00:01.000Z' }];
    expect(await breaksOf({ events: carriedOf('events'), trade: carriedOf('trade'), fund }, next)).toEqual([]);
    expect(await breaksOf({ events: carriedOf('events'), trade: carriedOf('trade'), fund: [] }, next)).toEqual([
      ['missing_at_provider', 'p1', 'fund', 'fund -1000/-6'],
    ]);
  });

  it('a line of a bill that we do not have yet is carried too', async () => {
    const { breaks, carried } = await reconciled({ events: [], trade: [late] }, options);
    expect([breaks, carried.map(({ side }) => side)]).toEqual([[], ['trade']]);
  });

  it('fees in lines of their own are carried with their payment', async () => {
    const { carried } = await reconciled(
      {
        events: [],
        fund: [
          { ...late, feeMinor: 0 },
          { ...feeLine, at: late.at },
        ],
      },
      options,
    );
    expect(carried).toMatchObject([{ side: 'fund', movement: { kind: 'payment', amountMinor: 1000, feeMinor: 6 } }]);
  });

  it.each([
    ['2026-03-01T15:49:59.000Z', 'missing_at_provider'],
    ['2026-03-01T15:50:00.000Z', undefined],
    ['2026-02-28T16:09:59.000Z', undefined],
    ['2026-02-28T16:10:00.000Z', 'missing_at_provider'],
  ])('ten minutes are close: what is of %s is %s', async (time, kind) => {
    const found = await breaksOf({ events: [{ ...payment, at: time }], trade: [] }, options);
    expect(found[0]?.[0]).toBe(kind);
  });

  it('the tolerance may be another, and without a period nothing is close', async () => {
    expect(await breaksOf({ events: [late], trade: [] }, { ...options, cutToleranceMs: 60_000 })).toHaveLength(1);
    expect(await breaksOf({ events: [late], trade: [] })).toHaveLength(1);
  });
});

const nextDay = { from: period.to, to: '2026-03-02T16:00:00.000Z' };
