import fc from 'fast-check';
import {
  type BillType,
  type BilledMovement,
  type Break,
  type ChosenError,
  type Movement,
  type Provider,
  factsOf,
  generateBill,
  plantedBreaks,
} from '../src/index.js';
import { all, made, period, read, reconciled, without } from './bills.js';

const dayBegins = Date.parse(period.from);

interface Planned {
  readonly movements: readonly BilledMovement[];
  readonly errors: Partial<Record<BillType, readonly ChosenError[]>>;
}

const seconds = fc.integer({ min: 0, max: 86_399 });
const atOf = (second: number): string => new Date(dayBegins + second * 1000).toISOString();
const priced = { amountMinor: fc.integer({ min: 100, max: 10_000_000 }), feeMinor: fc.integer({ min: 0, max: 40 }), at: seconds.map(atOf) };
const title = fc.string({ unit: 'grapheme', maxLength: 12 });

const payment = (currency: fc.Arbitrary<string>) =>
  fc.record({ ...priced, currency, title, refunds: fc.array(fc.record({ ...priced }), { maxLength: 2 }) });

const movementsOf = (currency: fc.Arbitrary<string>): fc.Arbitrary<BilledMovement[]> =>
  fc.array(payment(currency), { minLength: 1, maxLength: 12 }).map((payments) =>
    payments.flatMap(({ refunds, ...each }, index) => [
      { ...each, kind: 'payment' as const, key: `pay${index}` },
      ...refunds.map((refund, number) => ({
        ...refund,
        kind: 'refund' as const,
        key: `ref${index}-${number}`,
        paymentKey: `pay${index}`,
        currency: each.currency,
      })),
    ]),
  );

const byMinor = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: -50, max: -1 }));

/** At most one error for a movement, of those that the bill can show. */
function errorOf(provider: Provider, bill: BillType, { key, kind }: BilledMovement): fc.Arbitrary<ChosenError | undefined> {
  const shown: fc.Arbitrary<ChosenError>[] = [
    fc.constant({ error: 'missing', key }),
    byMinor.map((by) => ({ error: 'amount', key, byMinor: by })),
    fc.integer({ min: 1, max: 9 }).map((by) => ({ error: 'fee', key, byMinor: by })),
    fc.constant({ error: 'duplicate', key }),
    ...(provider === 'wechat' && bill === 'trade' && kind === 'refund' ? [fc.constant({ error: 'status', key } as const)] : []),
  ];
  return fc.option(fc.oneof(...shown), { nil: undefined, freq: 3 });
}

const billsOf: Readonly<Record<Provider, readonly BillType[]>> = {
  alipay: ['trade'],
  wechat: ['trade', 'fund'],
  stripe: ['trade', 'fund'],
};

function plan(provider: Provider): fc.Arbitrary<Planned> {
  const currency = provider === 'stripe' ? fc.constantFrom('USD', 'JPY', 'KWD', 'UGX') : fc.constant('CNY');
  return movementsOf(currency).chain((movements) => {
    const extra = fc.record({ ...priced, currency, bills: fc.subarray([...billsOf[provider]], { minLength: 1 }) });
    const errors = billsOf[provider].map((bill) => fc.tuple(...movements.map((movement) => errorOf(provider, bill, movement))));
    return fc.tuple(fc.tuple(...errors), fc.array(extra, { maxLength: 2 })).map(([chosen, extras]) => ({
      movements,
      errors: Object.fromEntries(
        billsOf[provider].map((bill, index) => {
          const added = extras.flatMap(({ bills, ...each }, number) =>
            bills.includes(bill) ? [{ error: 'extra', movement: { ...each, kind: 'payment', key: `extra${number}` } } as const] : [],
          );
          return [bill, [...(chosen[index] ?? []).filter((error) => error !== undefined), ...added]];
        }),
      ),
    }));
  });
}

const foundOf = (breaks: readonly Break[]) =>
  breaks
    .map(({ kind, ourKey, on }) => ({ kind, key: ourKey, on }))
    .sort((a, b) => (`${a.key} ${a.kind} ${a.on.join()}` < `${b.key} ${b.kind} ${b.on.join()}` ? -1 : 1));

const plantedOf = (errors: Planned['errors']) =>
  plantedBreaks(errors).sort((a, b) => (`${a.key} ${a.kind} ${a.on.join()}` < `${b.key} ${b.kind} ${b.on.join()}` ? -1 : 1));

type Sides = Partial<Record<BillType, Movement[]>>;

async function readBills(provider: Provider, { movements, errors }: Planned, format: 'csv' | 'json' = 'csv'): Promise<Sides> {
  const sides: Sides = {};
  for (const bill of billsOf[provider]) {
    const bytes = await made(movements, { provider, bill, errors: errors[bill] ?? [], format, gzip: bill === 'fund' });
    const { lines, problems, end } = await read(provider, bytes, provider === 'stripe' ? {} : { bill });
    expect(problems).toEqual([]);
    expect(end.verified).toBe(provider !== 'stripe');
    sides[bill] = lines;
  }
  return sides;
}

describe.each([
  ['alipay', 'csv'],
  ['wechat', 'csv'],
  ['stripe', 'csv'],
  ['stripe', 'json'],
] as const)('bills of %s that the generator made (%s)', (provider, format) => {
  it('have the errors that were put in, and no other', () =>
    fc.assert(
      fc.asyncProperty(plan(provider), async (planned) => {
        const sides = await readBills(provider, planned, format);
        const { breaks, carried, summary } = await reconciled({ events: factsOf(provider, planned.movements), ...sides });
        expect(foundOf(breaks)).toEqual(plantedOf(planned.errors));
        expect(carried).toEqual([]);
        const broken = new Set(breaks.filter(({ kind }) => kind !== 'duplicate').map(({ subject }) => subject));
        const missingHere = breaks.filter(({ kind }) => kind === 'missing_here').length;
        expect(summary.matched).toBe(planned.movements.length + missingHere - broken.size);
      }),
      { numRuns: 60 },
    ));
});

it('the order of lines changes nothing, in memory or in files', () =>
  fc.assert(
    fc.asyncProperty(plan('wechat'), fc.infiniteStream(fc.nat()), fc.constantFrom(1, 3, 256), async (planned, numbers, partitions) => {
      const sides = await readBills('wechat', planned);
      const events = [...factsOf('wechat', planned.movements)];
      const shuffled = <T>(lines: readonly T[] = []): T[] =>
        lines
          .map((line) => ({ line, by: numbers.next().value ?? 0 }))
          .sort((a, b) => a.by - b.by)
          .map(({ line }) => line);
      const withoutKeys = (sides.fund ?? []).map((line) => without(line, 'ourKey'));
      for (const fund of [sides.fund ?? [], withoutKeys]) {
        const once = await reconciled({ events, trade: sides.trade ?? [], fund }, { partitions });
        const again = await reconciled({ events: shuffled(events), trade: shuffled(sides.trade), fund: shuffled(fund) }, { partitions });
        expect(again).toEqual(once);
      }
    }),
    { numRuns: 60 },
  ));

it('parts that become files say what they say in memory', async () => {
  const movements = Array.from({ length: 3000 }, (_, index) => ({
    kind: 'payment' as const,
    key: `键${index}`,
    amountMinor: 1000 + index,
    feeMinor: 6,
    currency: 'USD',
    at: atOf(index),
  }));
  const errors: ChosenError[] = [
    { error: 'missing', key: '键7' },
    { error: 'amount', key: '键2999', byMinor: 1 },
  ];
  const { lines } = await read('stripe', await made(movements, { provider: 'stripe', bill: 'trade', errors }));
  const keyless = lines.map((line) => without(line, 'ourKey'));
  for (const [partitions, trade] of [
    [1, lines],
    [2, keyless],
    [4096, lines],
  ] as const) {
    const { breaks, summary } = await reconciled({ events: factsOf('stripe', movements), trade }, { partitions });
    expect(foundOf(breaks)).toEqual(plantedOf({ trade: errors }));
    expect(summary.matched).toBe(2998);
  }
});

describe('the generator refuses', () => {
  const one: BilledMovement = { kind: 'payment', key: 'p1', amountMinor: 10, feeMinor: 1, currency: 'CNY', at: period.from };
  const refusal = async (options: Partial<Parameters<typeof generateBill>[1]>, movements: BilledMovement[] = [one]) => {
    const bill = generateBill(movements, { provider: 'wechat', bill: 'trade', period, ...options });
    await expect(all(bill)).rejects.toThrow(RangeError);
  };

  it.each<[string, ChosenError[]]>([
    ['an error of a key that no movement has', [{ error: 'missing', key: 'p2' }]],
    [
      'two errors of one key',
      [
        { error: 'missing', key: 'p1' },
        { error: 'duplicate', key: 'p1' },
      ],
    ],
    ['an extra movement that is there', [{ error: 'extra', movement: one }]],
    ['an amount that is wrong by nothing', [{ error: 'amount', key: 'p1', byMinor: 0 }]],
    ['an amount below 0', [{ error: 'amount', key: 'p1', byMinor: -11 }]],
    ['a status of a payment, which no bill says', [{ error: 'status', key: 'p1' }]],
  ])('%s', async (_name, errors) => {
    await refusal({ errors });
    await refusal({ errors, gzip: true });
  });

  it('a bill or a currency that the provider has not', async () => {
    await refusal({}, [{ ...one, currency: 'USD' }]);
    expect(() => generateBill([one], { provider: 'alipay', bill: 'fund', period })).toThrow(RangeError);
  });
});

it('a payout that the generator ends a list with is the sum of its nets', async () => {
  const movements: BilledMovement[] = [
    { kind: 'payment', key: 'p1', amountMinor: 1000, feeMinor: 59, currency: 'USD', at: period.from },
    { kind: 'refund', key: 'r1', paymentKey: 'p1', amountMinor: 400, feeMinor: 0, currency: 'USD', at: period.from },
  ];
  const payout = { id: 'po_1', currency: 'USD', at: period.to };
  for (const format of ['csv', 'json'] as const) {
    const bytes = await made(movements, { provider: 'stripe', bill: 'fund', format, payout });
    const bill = await read('stripe', bytes, { payout: { amountMinor: 541, currency: 'USD' } });
    expect([bill.problems, bill.end.verified]).toEqual([[], true]);
    expect(bill.lines.at(-1)).toMatchObject({ kind: 'payout', providerRef: 'po_1', amountMinor: -541 });
  }
});
