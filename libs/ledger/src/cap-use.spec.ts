import { describe, expect, it } from '@jest/globals';
import type { CapUseChanged } from '@tongbao/contracts';
import fc from 'fast-check';
import { Bookkeeper, captured, placeHold, registered, split } from '../test/builders.js';
import { capFold, capUseOf, decideCapUse, shareAfter, type CapAlarms, type CappedBalance } from './cap-use.js';
import { JournalBatch } from './journal.batch.js';
import type { AnyFact } from './posting-rules.js';

const alarms: CapAlarms = { percents: [50, 75, 90], fallPercent: 5 };
const balance = (change: Partial<Record<'cap' | 'net' | 'reserved' | 'liquidity', number>>): CappedBalance => ({
  ...{ party: 'platform:B', currency: 'CNY', capMinor: BigInt(change.cap ?? 1_000), netMinor: BigInt(change.net ?? 0) },
  ...{ reservedMinor: BigInt(change.reserved ?? 0), liquidityMinor: BigInt(change.liquidity ?? 0) },
});

describe('the use of a cap', () => {
  it.each([
    ['nothing', {}, { usedMinor: 0, limitMinor: 1_000, availableMinor: 1_000, percent: 0 }],
    [
      'net debits and what is reserved',
      { net: -400, reserved: 100 },
      { usedMinor: 500, limitMinor: 1_000, availableMinor: 500, percent: 50 },
    ],
    ['what the party has earned is room, too', { net: 300 }, { usedMinor: 0, availableMinor: 1_300, percent: 0 }],
    ['prefunded money is room', { net: -400, liquidity: 600 }, { usedMinor: 400, limitMinor: 1_600, availableMinor: 1_200, percent: 25 }],
    ['facts may go past it', { net: -1_200 }, { usedMinor: 1_200, availableMinor: -200, percent: 120 }],
    ['a cap of 0, unused', { cap: 0 }, { limitMinor: 0, percent: 0 }],
    ['a cap of 0, used', { cap: 0, net: -1 }, { limitMinor: 0, availableMinor: -1, percent: 100 }],
    ['is rounded down', { net: -749 }, { percent: 74 }],
  ])('%s', (_, change, expected) => expect(capUseOf(balance(change))).toMatchObject(expected));

  it.each([
    [0, 49, 0],
    [0, 50, 50],
    [0, 95, 90],
    [50, 74, 50],
    [50, 75, 75],
    [50, 45, 50],
    [50, 44, 0],
    [90, 85, 90],
    [90, 84, 75],
    [90, 70, 75],
    [90, 69, 50],
    [90, 0, 0],
    [80, 85, 75],
  ])('after %i is told of, %i %% is %i', (told, percent, expected) => expect(shareAfter(told, percent, alarms)).toBe(expected));

  it('is told of once for each crossing, however it moves around a share', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 60 }), (percents) => {
        let share = 0;
        const told: CapUseChanged[] = [];
        for (const percent of percents) {
          const use = { ...capUseOf(balance({ net: -percent * 10 })), percent };
          const decision = decideCapUse(use, share, alarms, '');
          const events = 'events' in decision ? decision.events : [];
          told.push(...events);
          const before = share;
          share = events.reduce((state, event) => capFold.evolve(state, event), share);
          if (share > before) expect(percent).toBeGreaterThanOrEqual(share);
          if (share < before) expect(percent).toBeLessThan(before - alarms.fallPercent);
        }
        for (const [index, event] of told.entries()) {
          expect(event.percent).not.toBe(event.previousPercent);
          expect(event.previousPercent).toBe(told[index - 1]?.percent ?? 0);
        }
      }),
    ));
});

describe('a net debit cap', () => {
  const B = 'platform:B';
  const liquidity = `liquidity:${B}`;
  const received = (amountMinor: number): AnyFact => ({
    ...{
      type: 'LiquidityReceived',
      party: B,
      amountMinor,
      currency: 'CNY',
      depositId: `d${amountMinor}`,
      bank: 'icbc',
      lineId: `l${amountMinor}`,
    },
  });
  const capped = (cap: number) =>
    new Bookkeeper().facts(registered('platform:A'), registered(B), {
      type: 'LimitsSet',
      party: B,
      currency: 'CNY',
      netDebitCapMinor: cap,
    });
  const debit = (id: string, amount: number) => placeHold(id, B, amount);
  const takeOut = (id: string, amount: number) => placeHold(id, liquidity, amount, { purpose: 'payout' });
  const draw = (id: string, amount: number) => placeHold(id, liquidity, amount, { purpose: 'payout', paysDebt: true });
  const owes = (amountMinor: number): AnyFact => captured([split(B, 'hub:fees', amountMinor)], { amountMinor });
  const accepted = { outcome: { result: 'accepted' } };
  const refused = { outcome: { result: 'refused', code: 'cap_exceeded' } };

  it('has room at once for what comes in as liquidity', () => {
    const keeper = capped(100);
    expect(keeper.command(debit('h1', 101))).toMatchObject(refused);
    keeper.facts(received(50));
    expect(keeper.command(debit('h2', 150))).toMatchObject(accepted);
    expect(keeper.command(debit('h3', 1))).toMatchObject(refused);
  });

  it('keeps in what is needed of that; what is reserved to go out is room no more', () => {
    const keeper = capped(100).facts(received(50), owes(120));
    expect(keeper.command(takeOut('w1', 31))).toMatchObject(refused);
    expect(keeper.command(takeOut('w2', 30))).toMatchObject(accepted);
    expect(keeper.command(debit('h1', 1))).toMatchObject(refused);
    keeper.facts({
      ...{
        type: 'WithdrawalCancelled',
        withdrawalId: 'w',
        account: liquidity,
        amountMinor: 30,
        currency: 'CNY',
        bank: 'icbc',
        holdId: 'w2',
      },
      ...{ by: 'operator:fin', reason: 'no' },
    });
    expect(keeper.command(debit('h2', 30))).toMatchObject(accepted);
  });

  it('lets a settlement draw what is owed already, and has the room back only when that is settled', () => {
    const keeper = capped(0).facts(received(100), owes(100));
    expect(keeper.command(takeOut('w1', 1))).toMatchObject(refused);
    expect(keeper.command(draw('d1', 100))).toMatchObject(accepted);
    const drawn = { party: B, amountMinor: 100, currency: 'CNY', drawId: 's1_platform.B', settlementId: 's1', holdId: 'd1' };
    keeper.facts({ type: 'LiquidityDrawn', ...drawn }, received(60));
    expect(keeper.command(debit('h1', 1))).toMatchObject(refused);
    keeper.facts({
      ...{ type: 'SettlementSettled', settlementId: 's1', model: 'dnm', currency: 'CNY', windowIds: ['w'], settledAt: '' },
      parties: [{ party: B, netMinor: -100 }],
    });
    expect(keeper.command(debit('h2', 60))).toMatchObject(accepted);
    expect(keeper.alarms).toEqual([]);
  });

  it.each([
    ['two debits', [debit('h1', 80), debit('h2', 80)]],
    ['a debit and a withdrawal of what it stands on', [debit('h1', 120), takeOut('w1', 40)]],
    ['a withdrawal, and a debit that stands on it', [takeOut('w1', 40), debit('h1', 120)]],
  ])('refuses exactly one of %s at the same moment, and whichever comes second', (_, commands) => {
    const keeper = capped(100).facts(received(50));
    const batch = new JournalBatch(keeper.books, keeper.nowMs);
    const results = commands.map((command) => batch.decide(command).outcome);
    expect(results).toMatchObject([{ result: 'accepted' }, { result: 'refused', code: 'cap_exceeded' }]);
  });
});
