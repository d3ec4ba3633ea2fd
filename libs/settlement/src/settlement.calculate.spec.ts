import { describe, expect, it } from '@jest/globals';
import type { PartySettlement } from '@tongbao/contracts';
import fc from 'fast-check';
import { modelFor } from '../test/model-for.js';
import type { SettlementModel } from './models.js';
import { bilateralObligations, type Obligation } from './obligation.calculate.js';
import type { DueReserve, ReserveBase } from './reserve.calculate.js';
import { calculateSettlement, type CalculationParts, type CarriedAmount, type PartyAmounts } from './settlement.calculate.js';
import { differencesOf, type PartyNet } from './settlement.compare.js';
import { movedBy, movesOf } from './settlement.moves.js';

const cutOffAt = new Date('2026-01-31T00:00:00Z');
const amounts = (party: string, receivedMinor: number, paidMinor = 0, sides = 1): PartyAmounts => ({
  party,
  receivedMinor: BigInt(receivedMinor),
  paidMinor: BigInt(paidMinor),
  sides,
});
const net = (party: string, netMinor: number, sides = 1) =>
  netMinor < 0 ? amounts(party, 0, -netMinor, sides) : amounts(party, netMinor, 0, sides);
const calculate = (change: Partial<SettlementModel> = {}, parts: Partial<CalculationParts> = {}) =>
  calculateSettlement({
    settlementId: 's1',
    terms: modelFor('USD', change),
    cutOffAt,
    nets: [],
    carried: [],
    obligations: [],
    reserveBases: [],
    dueReserves: [],
    hasBankAccount: () => true,
    modelAfter: () => 'dnm',
    payInOf: () => undefined,
    ...parts,
  });

describe('what a party is paid', () => {
  it.each<[string, number, number, Partial<SettlementModel>, boolean, string, number]>([
    ['a payable is paid out', 500, 0, {}, true, 'pay_out', 0],
    ['exactly the minimum is paid out', 100, 0, {}, true, 'pay_out', 0],
    ['less than the minimum is carried', 99, 0, {}, true, 'carry', 99],
    ['what was carried in counts', 60, 40, {}, true, 'pay_out', 0],
    ['a debt is collected', -500, 0, {}, true, 'collect', 0],
    ['a debt below the minimum is carried', -99, 0, {}, true, 'carry', -99],
    ['a debt is carried where the model says so', -500, 0, { collection: 'carry' }, true, 'carry', -500],
    ['a debt is taken from liquidity without a bank account', -500, 0, { collection: 'liquidity' }, false, 'collect', 0],
    ['a payable without a bank account is carried, whatever is collected how', 500, 0, { collection: 'liquidity' }, false, 'carry', 500],
    ['a debt carried in is paid off', 500, -500, {}, true, 'none', 0],
    ['without a bank account it is carried', 500, 0, {}, false, 'carry', 500],
    ['a debt without a bank account is carried', -500, 0, {}, false, 'carry', -500],
    ['nothing is nothing', 0, 0, { minimumPayoutMinor: 0 }, true, 'none', 0],
  ])('%s', (_, netMinor, carriedIn, change, hasBankAccount, action, carriedOutMinor) => {
    const carried = carriedIn === 0 ? [] : [{ party: 'platform:A', amountMinor: BigInt(carriedIn) }];
    const { parties } = calculate(change, { nets: [net('platform:A', netMinor)], carried, hasBankAccount: () => hasBankAccount });
    const payableMinor = netMinor + carriedIn;
    expect(parties).toMatchObject([{ netMinor, carriedInMinor: carriedIn, payableMinor, action, carriedOutMinor }]);
  });

  it.each<[string, number, string | undefined, string[], string]>([
    ['is paid where its currency has an account', 500, undefined, ['USD'], 'pay_out'],
    ['is carried where other currencies alone have one', 500, undefined, ['CNY'], 'carry'],
    ['is paid where the currency that it is paid in has an account', 500, 'CNY', ['CNY'], 'pay_out'],
    ['is carried where the currency that it is paid in has none', 500, 'CNY', ['USD'], 'carry'],
    ['owes, and is debited as it is, whatever it is paid in', -500, 'CNY', ['USD'], 'collect'],
    ['owes, and carries it where the account is of what it is paid in', -500, 'CNY', ['CNY'], 'carry'],
  ])('who %s', (_, netMinor, payIn, currencies, action) => {
    const hasBankAccount = (_party: string, currency: string) => currencies.includes(currency);
    const nets = [net('platform:A', netMinor)];
    expect(calculate({}, { nets, hasBankAccount, payInOf: () => payIn }).parties).toMatchObject([{ action }]);
    const { legs } = calculate({ granularity: 'gross' }, { nets, hasBankAccount, payInOf: () => payIn }).parties[0]!;
    expect(netMinor > 0 ? legs?.received.action : legs?.paid.action).toBe(action);
  });

  it('adds up several windows, and takes in who has only something carried', () => {
    const { parties } = calculate(
      {},
      {
        nets: [net('b', 300, 2), net('a', -20), net('b', -100)],
        carried: [
          { party: 'c', amountMinor: 150n },
          { party: 'd', amountMinor: 0n },
        ],
      },
    );
    expect(parties).toEqual([
      { party: 'a', carriedInMinor: 0, netMinor: -20, payableMinor: -20, action: 'carry', carriedOutMinor: -20, sides: 1 },
      { party: 'b', carriedInMinor: 0, netMinor: 200, payableMinor: 200, action: 'pay_out', carriedOutMinor: 0, sides: 3 },
      { party: 'c', carriedInMinor: 150, netMinor: 0, payableMinor: 150, action: 'pay_out', carriedOutMinor: 0, sides: 0 },
    ]);
  });

  it('of an empty window is nothing at all', () => expect(calculate()).toEqual({ parties: [], obligations: [] }));

  it('says how it is collected, and where what is carried goes when the party has changed its model', () => {
    const modelAfter = (party: string) => (party === 'a' ? 'weekly' : 'dnm');
    const { parties } = calculate({ collection: 'liquidity' }, { nets: [net('a', 50), net('b', -500)], modelAfter });
    expect(parties).toMatchObject([
      { party: 'a', carriedOutMinor: 50, carriedTo: 'weekly' },
      { party: 'b', action: 'collect', collectBy: 'liquidity' },
    ]);
    expect(parties.map((row) => 'carriedTo' in row)).toEqual([true, false]);
  });
});

describe('a gross model', () => {
  const gross = { granularity: 'gross' } as const;

  it('pays what a party received and collects what it paid, each on its own', () => {
    const { parties } = calculate(gross, { nets: [amounts('platform:A', 1_000, 300, 3)] });
    expect(parties).toEqual([
      {
        ...{ party: 'platform:A', carriedInMinor: 0, netMinor: 700, payableMinor: 700, action: 'pay_out', carriedOutMinor: 0, sides: 3 },
        legs: {
          received: { carriedInMinor: 0, amountMinor: 1_000, payableMinor: 1_000, action: 'pay_out', carriedOutMinor: 0 },
          paid: { carriedInMinor: 0, amountMinor: 300, payableMinor: 300, action: 'collect', carriedOutMinor: 0 },
        },
      },
    ]);
    expect(movesOf('s1', parties[0]!)).toEqual([
      { kind: 'payout', id: 's1_platform.A', party: 'platform:A', amountMinor: 1_000 },
      { kind: 'collection', id: 'collection_s1_platform.A', party: 'platform:A', amountMinor: 300 },
    ]);
    expect(movedBy('s1', parties)).toBe(1_300n);
  });

  it('keeps apart what it carries each way', () => {
    const { parties } = calculate(gross, { nets: [amounts('a', 60, 70)], carried: [{ party: 'a', amountMinor: 10n, debitMinor: 20n }] });
    expect(parties).toMatchObject([
      {
        ...{ carriedInMinor: 10, netMinor: -10, payableMinor: 0, carriedOutMinor: 0, action: 'carry' },
        legs: {
          received: { carriedInMinor: 30, amountMinor: 60, payableMinor: 90, action: 'carry', carriedOutMinor: 90 },
          paid: { carriedInMinor: 20, amountMinor: 70, payableMinor: 90, action: 'carry', carriedOutMinor: 90 },
        },
      },
    ]);
  });

  it('takes one amount that a net model has carried for one of the two', () => {
    const legs = (amountMinor: bigint) => calculate(gross, { carried: [{ party: 'a', amountMinor }] }).parties[0]?.legs;
    expect(legs(40n)).toMatchObject({ received: { carriedInMinor: 40 }, paid: { carriedInMinor: 0 } });
    expect(legs(-40n)).toMatchObject({ received: { carriedInMinor: 0 }, paid: { carriedInMinor: 40 } });
  });

  it('withholds of what was received alone', () => {
    const reserve = { basisPoints: 1_000, releaseAfterDays: 30 };
    const { parties } = calculate({ ...gross, reserve }, { nets: [amounts('a', 1_000, 900)] });
    expect(parties).toMatchObject([
      { withheldMinor: 100, reserve: { baseMinor: 1_000 }, legs: { received: { payableMinor: 900 }, paid: { payableMinor: 900 } } },
    ]);
  });
});

describe('a bilateral model', () => {
  const bilateral = { interchange: 'bilateral' } as const;
  const oneWay: Obligation[] = [
    { debtor: 'platform:A', creditor: 'platform:B', amountMinor: 2_400n },
    { debtor: 'platform:B', creditor: 'platform:A', amountMinor: 4_000n },
  ];
  /** Examples 2 and 3: A 45.50, B 17.11, K 16.59. */
  const nets = [amounts('platform:A', 7_000, 2_450, 4), amounts('platform:B', 7_400, 5_689, 5), amounts('creator:K', 1_659)];

  it('has each pair pay the difference directly: of examples 2 and 3 B pays A 16.00, and the hub the rest', () => {
    const { parties, obligations, direct } = calculate(bilateral, { nets, obligations: oneWay });
    expect(obligations).toEqual([{ debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600 }]);
    expect(direct).toEqual([
      { obligationId: 's1_platform.B_platform.A', debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600 },
    ]);
    expect(parties).toMatchObject([
      { party: 'creator:K', netMinor: 1_659, payableMinor: 1_659 },
      { party: 'platform:A', netMinor: 4_550, directMinor: 1_600, payableMinor: 2_950 },
      { party: 'platform:B', netMinor: 1_711, directMinor: -1_600, payableMinor: 3_311 },
    ]);
  });

  it('with a reserve makes the payables of the worked example in docs/settlement.md: A 46.80, B nothing', () => {
    const reserve = { basisPoints: 1_000, releaseAfterDays: 30 };
    const { parties, direct } = calculate(
      { ...bilateral, reserve },
      {
        nets: [amounts('platform:A', 9_000, 2_800, 4), amounts('platform:B', 2_400, 4_000, 2)],
        obligations: oneWay,
        carried: [{ party: 'platform:A', amountMinor: 40n }],
        dueReserves: [{ party: 'platform:A', settlementId: 's0', amountMinor: 500 }],
      },
    );
    expect(direct).toMatchObject([{ debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600 }]);
    expect(parties).toMatchObject([
      { netMinor: 6_200, directMinor: 1_600, withheldMinor: 460, releasedMinor: 500, payableMinor: 4_680, action: 'pay_out' },
      { netMinor: -1_600, directMinor: -1_600, payableMinor: 0, action: 'none' },
    ]);
  });

  it('leaves with the hub what is less than the smallest payout', () => {
    const { parties, direct, obligations } = calculate({ ...bilateral, minimumPayoutMinor: 1_601 }, { nets, obligations: oneWay });
    expect(direct).toBeUndefined();
    expect(obligations).toHaveLength(1);
    expect(parties).toMatchObject([{}, { payableMinor: 4_550 }, { payableMinor: 1_711 }]);
  });

  it('is the only one that has anybody pay anybody directly', () =>
    expect(calculate({}, { nets, obligations: oneWay }).direct).toBeUndefined());
});

describe('the reserve', () => {
  const reserve = { basisPoints: 500, releaseAfterDays: 90 };

  it('is the part of what the party is owed by the windows, not of what is carried in', () => {
    const { parties } = calculate({ reserve }, { nets: [net('a', 1_010)], carried: [{ party: 'a', amountMinor: 5_000n }] });
    expect(parties).toMatchObject([
      {
        withheldMinor: 51,
        reserve: { baseMinor: 1_010, basisPoints: 500, releaseAt: '2026-05-01T00:00:00.000Z' },
        payableMinor: 5_000 + 1_010 - 51,
      },
    ]);
  });

  it('is of the rest where platforms pay each other directly', () => {
    const obligations = [{ debtor: 'b', creditor: 'a', amountMinor: 600n }];
    const { parties } = calculate({ reserve, interchange: 'bilateral' }, { nets: [net('a', 1_000), net('b', -600)], obligations });
    expect(parties[0]).toMatchObject({ directMinor: 600, reserve: { baseMinor: 400 }, withheldMinor: 20, payableMinor: 380 });
  });

  it('is nothing of what a party owes, nor without the terms', () => {
    expect(calculate({ reserve }, { nets: [net('a', -1_000)] }).parties[0]).not.toHaveProperty('reserve');
    expect(calculate({}, { nets: [net('a', 1_000)] }).parties[0]).not.toHaveProperty('withheldMinor');
  });

  it('comes back with the settlement after its time, in which nothing else need have happened', () => {
    const dueReserves = [
      { party: 'a', settlementId: 's-8', amountMinor: 70 },
      { party: 'a', settlementId: 's-7', amountMinor: 50 },
    ];
    expect(calculate({ reserve }, { dueReserves }).parties).toMatchObject([
      {
        ...{ party: 'a', netMinor: 0, releasedMinor: 120, payableMinor: 120, action: 'pay_out', sides: 0 },
        releases: [
          { settlementId: 's-8', amountMinor: 70 },
          { settlementId: 's-7', amountMinor: 50 },
        ],
      },
    ]);
  });

  it('is over all settlements the rounded part of all that it is of: no rounding adds up', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(1, 33, 250, 3_333, 10_000)), {
          minLength: 1,
          maxLength: 40,
        }),
        (settlements) => {
          let base: ReserveBase = { party: 'a', basisPointMinor: 0n, withheldMinor: 0n };
          let exact = 0n;
          for (const [netMinor, basisPoints] of settlements) {
            const { parties } = calculate(
              { reserve: { basisPoints, releaseAfterDays: 1 } },
              { nets: [net('a', netMinor)], reserveBases: [base] },
            );
            const { withheldMinor = 0 } = parties[0]!;
            expect(withheldMinor >= 0 && withheldMinor <= netMinor).toBe(true);
            exact += BigInt(netMinor) * BigInt(basisPoints);
            base = { party: 'a', basisPointMinor: exact, withheldMinor: base.withheldMinor + BigInt(withheldMinor) };
          }
          expect(base.withheldMinor).toBe((exact * 2n + 10_000n) / 20_000n);
        },
      ),
    ));
});

describe('whatever the model', () => {
  const names = ['platform:A', 'platform:B', 'platform:C', 'creator:K'] as const;
  const party = fc.constantFrom(...names);
  const model = fc
    .record({
      kind: fc.constantFrom(
        { granularity: 'net', interchange: 'multilateral' } as const,
        { granularity: 'net', interchange: 'bilateral' } as const,
        { granularity: 'gross', interchange: 'multilateral' } as const,
      ),
      collection: fc.constantFrom('debit', 'liquidity', 'carry'),
      minimumPayoutMinor: fc.integer({ min: 0, max: 2_000 }),
      reserve: fc.option(fc.record({ basisPoints: fc.integer({ min: 0, max: 10_000 }), releaseAfterDays: fc.constant(7) }), {
        nil: undefined,
      }),
    })
    .map(({ kind, reserve, ...terms }): Partial<SettlementModel> => ({ ...kind, ...terms, ...(reserve && { reserve }) }));
  const transfers = fc.array(
    fc.tuple(fc.constantFrom(...names, 'provider:p', 'hub:fees'), fc.constantFrom(...names, 'provider:p'), fc.nat(9_999)),
    {
      maxLength: 30,
    },
  );
  const parts = fc.record({
    transfers,
    carried: fc.uniqueArray(
      fc.record({ party, amountMinor: fc.bigInt({ min: -5_000n, max: 5_000n }), debitMinor: fc.bigInt({ min: 0n, max: 5_000n }) }),
      { selector: ({ party: name }) => name },
    ),
    dueReserves: fc.array(fc.record({ party, settlementId: fc.constantFrom('s-1', 's-2'), amountMinor: fc.integer({ min: 1, max: 500 }) })),
    paid: fc.subarray([...names]),
    moved: fc.subarray([...names]),
  });

  /** Sides and one-way obligations of transfers, counted by hand. */
  function countedOf(all: readonly (readonly [string, string, number])[]): { nets: PartyAmounts[]; obligations: Obligation[] } {
    const real = all.filter(([from, to, amount]) => from !== to && amount > 0);
    const nets = names.map((name) => {
      const received = real.filter(([, to]) => to === name);
      const paid = real.filter(([from]) => from === name);
      const sum = (some: typeof real) => some.reduce((total, [, , amount]) => total + amount, 0);
      return amounts(name, sum(received), sum(paid), received.length + paid.length);
    });
    const isPlatform = (name: string) => name.startsWith('platform:');
    const obligations = real
      .filter(([from, to]) => isPlatform(from) && isPlatform(to))
      .map(([debtor, creditor, amount]) => ({ debtor, creditor, amountMinor: BigInt(amount) }));
    return { nets, obligations };
  }
  const total = (rows: readonly PartySettlement[], of: (row: PartySettlement) => number | undefined): number =>
    rows.reduce((sum, row) => sum + (of(row) ?? 0), 0);
  const run = (
    terms: Partial<SettlementModel>,
    given: { transfers: [string, string, number][]; carried: CarriedAmount[]; dueReserves: DueReserve[]; paid: string[]; moved: string[] },
  ) => {
    const { carried, dueReserves, paid, moved } = given;
    const counted = countedOf(given.transfers);
    const modelAfter = (name: string) => (moved.includes(name) ? 'weekly' : 'dnm');
    return {
      counted,
      ...calculate(terms, { ...counted, carried, dueReserves, hasBankAccount: (name) => paid.includes(name), modelAfter }),
    };
  };

  it('the parts of a payable make it, and all of it is moved or carried', () =>
    fc.assert(
      fc.property(model, parts, (terms, given) => {
        const { parties } = run(terms, given);
        for (const row of parties) {
          const { carriedInMinor, netMinor, directMinor = 0, withheldMinor = 0, releasedMinor = 0, payableMinor, carriedOutMinor } = row;
          expect(carriedInMinor + netMinor - directMinor - withheldMinor + releasedMinor).toBe(payableMinor);
          const moves = movesOf('s1', row);
          const moved = moves.reduce((sum, { kind, amountMinor }) => sum + (kind === 'payout' ? amountMinor : -amountMinor), 0);
          expect(moved + carriedOutMinor).toBe(payableMinor);
          for (const { amountMinor } of moves) expect(amountMinor).toBeGreaterThanOrEqual(Math.max(terms.minimumPayoutMinor ?? 0, 1));
          if (!row.legs) continue;
          for (const leg of Object.values(row.legs))
            for (const amount of Object.values(leg)) if (typeof amount === 'number') expect(amount).toBeGreaterThanOrEqual(0);
        }
      }),
    ));

  it('the nets are what the transfers come to, and what was carried in is what was carried', () =>
    fc.assert(
      fc.property(model, parts, (terms, given) => {
        const { parties, counted } = run(terms, given);
        for (const { party: name, receivedMinor, paidMinor } of counted.nets)
          expect(
            total(
              parties.filter((row) => row.party === name),
              (row) => row.netMinor,
            ),
          ).toBe(Number(receivedMinor - paidMinor));
        expect(total(parties, (row) => row.carriedInMinor)).toBe(
          given.carried.reduce((sum, { amountMinor }) => sum + Number(amountMinor), 0),
        );
        expect(total(parties, (row) => row.releasedMinor)).toBe(given.dueReserves.reduce((sum, { amountMinor }) => sum + amountMinor, 0));
      }),
    ));

  it('what platforms pay each other directly sums to nothing, and with the hub they get the rest of their nets', () =>
    fc.assert(
      fc.property(model, parts, (terms, given) => {
        const { parties, direct = [] } = run(terms, given);
        expect(total(parties, (row) => row.directMinor)).toBe(0);
        for (const row of parties) {
          const owed = direct.filter(({ creditor }) => creditor === row.party).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
          const owes = direct.filter(({ debtor }) => debtor === row.party).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
          expect(owed - owes).toBe(row.directMinor ?? 0);
        }
      }),
    ));
});

describe('the bilateral view', () => {
  it('sets both directions against each other: A owes B 24.00 and B owes A 40.00, so B owes A 16.00', () => {
    const oneWay = [
      { debtor: 'platform:A', creditor: 'platform:B', amountMinor: 2_400n },
      { debtor: 'platform:B', creditor: 'platform:A', amountMinor: 4_000n },
    ];
    expect(bilateralObligations(oneWay)).toEqual([{ debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600 }]);
  });

  it('leaves out who is even', () => {
    const oneWay = [
      { debtor: 'platform:A', creditor: 'platform:B', amountMinor: 5n },
      { debtor: 'platform:B', creditor: 'platform:A', amountMinor: 5n },
      { debtor: 'platform:A', creditor: 'platform:C', amountMinor: 1n },
    ];
    expect(bilateralObligations(oneWay)).toEqual([{ debtor: 'platform:A', creditor: 'platform:C', amountMinor: 1 }]);
  });
});

describe('the check against the ledger', () => {
  const compared = (party: string, netMinor: number, ledger: Partial<PartyNet> = {}): PartyNet => ({
    ...net(party, netMinor),
    ledgerMinor: BigInt(netMinor),
    ledgerSides: 1,
    mendedSides: 0,
    ...ledger,
  });

  it('finds nothing where amounts and sides are equal', () => expect(differencesOf([compared('a', 5), compared('b', -5)])).toEqual([]));

  it('names who differs in amount', () =>
    expect(differencesOf([compared('a', 5), compared('b', -5, { ledgerMinor: -4n })])).toEqual([
      { party: 'b', netMinor: -5, ledgerMinor: -4, sides: 1, ledgerSides: 1 },
    ]));

  it('names who differs in sides, though the amounts agree', () =>
    expect(differencesOf([compared('a', 5, { ledgerSides: 3 })])).toEqual([
      { party: 'a', netMinor: 5, ledgerMinor: 5, sides: 1, ledgerSides: 3 },
    ]));

  it('lets postings be mended by further sides, but not to other amounts', () => {
    expect(differencesOf([compared('a', 5, { ledgerSides: 3, mendedSides: 1 })])).toEqual([]);
    expect(differencesOf([compared('a', 5, { ledgerMinor: 6n, ledgerSides: 3, mendedSides: 1 })])).toHaveLength(1);
  });
});

describe('a party that is paid in another currency', () => {
  const payInOf = (party: string) => (party.startsWith('platform:') ? 'EUR' : undefined);
  const rows = (change: Partial<SettlementModel>, nets: PartyAmounts[]) =>
    calculate(change, { nets, payInOf }).parties.map(({ party, action, payIn }) => [party, action, payIn]);

  it('has that with its payout, and neither with what it owes nor with what is carried', () =>
    expect(
      rows({ minimumPayoutMinor: 10 }, [net('creator:K', 50), net('platform:A', 50), net('platform:B', -50), net('platform:C', 9)]),
    ).toEqual([
      ['creator:K', 'pay_out', undefined],
      ['platform:A', 'pay_out', 'EUR'],
      ['platform:B', 'collect', undefined],
      ['platform:C', 'carry', undefined],
    ]));

  it('has it with what a gross model pays out, whatever that collects', () =>
    expect(rows({ granularity: 'gross', minimumPayoutMinor: 10 }, [amounts('platform:A', 50, 80), amounts('platform:B', 0, 80)])).toEqual([
      ['platform:A', 'pay_out', 'EUR'],
      ['platform:B', 'collect', undefined],
    ]));
});
