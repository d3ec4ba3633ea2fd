import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bookkeeper, captured, placeHold, registered, split } from '../test/builders.js';
import type { AnyFact } from './posting-rules.js';

const A = 'platform:A';
const start = () => new Bookkeeper().facts(registered(A), registered('platform:B'));
const earned = (party: string, amountMinor: number, currency: string): AnyFact =>
  captured([split('provider:alipay', party, amountMinor)], { currency, amountMinor });
const exchanged = (soldMinor: number, boughtMinor: number, holdId?: string): AnyFact => ({
  ...{ type: 'CurrencyExchanged', party: A, amountMinor: soldMinor, currency: 'CNY', exchangeId: 'x1', settlementId: 's1', rate: '0.14' },
  ...{ bought: { amountMinor: boughtMinor, currency: 'USD' }, ...(holdId !== undefined && { holdId }) },
});
const leave = (holdId: string, amountMinor: number) => placeHold(holdId, 'hub:fx', amountMinor, { currency: 'USD', purpose: 'payout' });

describe('leave to exchange', () => {
  it('is refused where cash of the bought currency would not cover what clients have and what is bought', () => {
    const keeper = start().facts(earned(A, 1_000, 'CNY'), earned('platform:B', 100, 'USD'));
    expect(keeper.command(leave('h1', 1))).toMatchObject({ outcome: { code: 'client_money_not_covered' } });
    expect(keeper.command(placeHold('h2', 'platform:B', 100, { currency: 'USD', purpose: 'payout' }))).toMatchObject({
      outcome: { result: 'accepted' },
    });
  });

  it('keeps the cash that it needs from others until the exchange, and the payout has it after that', () => {
    const keeper = start().facts(earned(A, 1_000, 'CNY'), {
      ...{
        type: 'BankLineRecorded',
        bank: 'icbc',
        lineId: 'l1',
        sequence: 1,
        amountMinor: 140,
        currency: 'USD',
        reference: '',
        bookedAt: '',
      },
      match: { kind: 'unmatched', reason: 'unknown_reference' },
    });
    expect(keeper.command(leave('h1', 140))).toMatchObject({ outcome: { result: 'accepted' } });
    expect(keeper.command(leave('h2', 1))).toMatchObject({ outcome: { code: 'client_money_not_covered' } });
    keeper.facts(exchanged(1_000, 140, 'h1'));
    expect([keeper.posted(A), keeper.posted(A, 'USD'), keeper.posted('hub:fx'), keeper.posted('hub:fx', 'USD')]).toEqual([
      0, 140, 1_000, -140,
    ]);
    expect(keeper.available('hub:fx', 'USD')).toBe(-140);
    expect(keeper.books.currency('USD').clientMoney).toBe(140n);
    expect(keeper.command(placeHold('h3', A, 140, { currency: 'USD', purpose: 'payout' }))).toMatchObject({
      outcome: { result: 'accepted' },
    });
    expect(keeper.alarms).toEqual([]);
  });
});

describe('over any exchanges', () => {
  const rates = fc.record({ units: fc.integer({ min: 1, max: 99_999_999 }), scale: fc.integer({ min: 0, max: 8 }) });

  it('each currency sums to zero, and what hub:fx has got, and given with its roundings, is what was locked', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), rates), { minLength: 1, maxLength: 25 }), (all) => {
        const keeper = start();
        let [sold, bought, exact, rounding] = [0n, 0n, 0n, 0n];
        // Exact amounts in units of 10^-8 of a minor unit: no rate has more digits.
        const fine = 10n ** 8n;
        for (const [amount, { units, scale }] of all) {
          const due = BigInt(amount) * BigInt(units) * 10n ** BigInt(8 - scale);
          const whole = (due + fine / 2n) / fine;
          if (whole === 0n || whole > 1_000_000_000_000n) continue;
          const left = due - whole * fine;
          expect(2n * (left < 0n ? -left : left) <= fine).toBe(true);
          keeper.facts(exchanged(amount, Number(whole)));
          sold += BigInt(amount);
          bought += whole;
          exact += due;
          rounding += left;
        }
        const sums = new Map<string, bigint>();
        for (const { currency, balance } of keeper.books.balances()) sums.set(currency, (sums.get(currency) ?? 0n) + balance.posted);
        expect([...sums.values()].every((sum) => sum === 0n)).toBe(true);
        expect(keeper.books.balance('hub:fx', 'CNY').posted).toBe(sold);
        expect(-keeper.books.balance('hub:fx', 'USD').posted).toBe(bought);
        expect(-keeper.books.balance('hub:fx', 'USD').posted * fine + rounding).toBe(exact);
        expect(keeper.net(A)).toBe(0);
      }),
      { numRuns: 100 },
    ));
});
