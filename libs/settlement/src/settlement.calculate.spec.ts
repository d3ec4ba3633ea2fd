import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SettlementModel } from './models.js';
import { bilateralObligations, calculateParties, differencesOf, type PartyNet } from './settlement.calculate.js';

const model: SettlementModel = {
  name: 'dnm',
  currency: 'USD',
  minimumPayoutMinor: 100,
  collection: 'debit',
  automaticApprovalUpToMinor: 0,
};
const net = (party: string, netMinor: number, sides = 1): PartyNet => ({
  party,
  receivedMinor: netMinor > 0 ? BigInt(netMinor) : 0n,
  paidMinor: netMinor < 0 ? BigInt(-netMinor) : 0n,
  sides,
  ledgerMinor: BigInt(netMinor),
  ledgerSides: sides,
});
const always = () => true;

describe('what a party is paid', () => {
  it.each<[string, number, number, Partial<SettlementModel>, boolean, string, number]>([
    ['a payable is paid out', 500, 0, {}, true, 'pay_out', 0],
    ['exactly the minimum is paid out', 100, 0, {}, true, 'pay_out', 0],
    ['less than the minimum is carried', 99, 0, {}, true, 'carry', 99],
    ['what was carried in counts', 60, 40, {}, true, 'pay_out', 0],
    ['a debt is collected', -500, 0, {}, true, 'collect', 0],
    ['a debt below the minimum is carried', -99, 0, {}, true, 'carry', -99],
    ['a debt is carried where the model says so', -500, 0, { collection: 'carry' }, true, 'carry', -500],
    ['a debt carried in is paid off', 500, -500, {}, true, 'none', 0],
    ['without a bank account it is carried', 500, 0, {}, false, 'carry', 500],
    ['a debt without a bank account is carried', -500, 0, {}, false, 'carry', -500],
    ['nothing is nothing', 0, 0, { minimumPayoutMinor: 0 }, true, 'none', 0],
  ])('%s', (_, netMinor, carriedIn, change, hasBankAccount, action, carriedOutMinor) => {
    const carried = carriedIn === 0 ? [] : [{ party: 'platform:A', amountMinor: BigInt(carriedIn) }];
    const [party] = calculateParties([net('platform:A', netMinor)], carried, { ...model, ...change }, () => hasBankAccount);
    expect(party).toMatchObject({ netMinor, carriedInMinor: carriedIn, payableMinor: netMinor + carriedIn, action, carriedOutMinor });
  });

  it('adds up several windows, and takes in who has only something carried', () => {
    const parties = calculateParties(
      [net('b', 300, 2), net('a', -20), net('b', -100)],
      [
        { party: 'c', amountMinor: 150n },
        { party: 'd', amountMinor: 0n },
      ],
      model,
      always,
    );
    expect(parties).toEqual([
      { party: 'a', carriedInMinor: 0, netMinor: -20, payableMinor: -20, action: 'carry', carriedOutMinor: -20, sides: 1 },
      { party: 'b', carriedInMinor: 0, netMinor: 200, payableMinor: 200, action: 'pay_out', carriedOutMinor: 0, sides: 3 },
      { party: 'c', carriedInMinor: 150, netMinor: 0, payableMinor: 150, action: 'pay_out', carriedOutMinor: 0, sides: 0 },
    ]);
  });

  it('of an empty window is nothing at all', () => expect(calculateParties([], [], model, always)).toEqual([]));

  it('never loses a minor unit: carried in + net = moved + carried out, for each party', () => {
    const party = fc.constantFrom('platform:A', 'platform:B', 'creator:K');
    const amount = fc.integer({ min: -10_000, max: 10_000 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(party, amount)),
        fc.uniqueArray(fc.tuple(party, amount), { selector: ([name]) => name }),
        fc.boolean(),
        (nets, carried, account) => {
          const parties = calculateParties(
            nets.map(([name, minor]) => net(name, minor)),
            carried.map(([name, minor]) => ({ party: name, amountMinor: BigInt(minor) })),
            model,
            () => account,
          );
          for (const { party: name, carriedInMinor, netMinor, payableMinor, action, carriedOutMinor } of parties) {
            expect(netMinor).toBe(nets.filter(([each]) => each === name).reduce((sum, [, minor]) => sum + minor, 0));
            expect(carriedInMinor + netMinor).toBe(payableMinor);
            expect(payableMinor - carriedOutMinor).toBe(action === 'pay_out' || action === 'collect' ? payableMinor : 0);
            if (action === 'pay_out') expect(payableMinor).toBeGreaterThanOrEqual(model.minimumPayoutMinor);
            if (action === 'collect') expect(payableMinor).toBeLessThanOrEqual(-model.minimumPayoutMinor);
          }
        },
      ),
    );
  });
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
  it('finds nothing where amounts and sides are equal', () => expect(differencesOf([net('a', 5), net('b', -5)])).toEqual([]));

  it('names who differs in amount', () =>
    expect(differencesOf([net('a', 5), { ...net('b', -5), ledgerMinor: -4n }])).toEqual([
      { party: 'b', netMinor: -5, ledgerMinor: -4, sides: 1, ledgerSides: 1 },
    ]));

  it('names who differs in sides, though the amounts agree', () =>
    expect(differencesOf([{ ...net('a', 5), ledgerSides: 3 }])).toEqual([
      { party: 'a', netMinor: 5, ledgerMinor: 5, sides: 1, ledgerSides: 3 },
    ]));
});
