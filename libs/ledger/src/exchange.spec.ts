import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bookkeeper, captured, placeHold, postEntry, registered, split, transfer } from '../test/builders.js';
import type { AnyFact } from './posting-rules.js';

const A = 'platform:A';
const start = () => new Bookkeeper().facts(registered(A), registered('platform:B'));
const earned = (party: string, amountMinor: number, currency: string): AnyFact =>
  captured([split('provider:alipay', party, amountMinor)], { currency, amountMinor });
const exchanged = (soldMinor: number, boughtMinor: number, holdId?: string, fundsHoldId?: string): AnyFact => ({
  ...{ type: 'CurrencyExchanged', party: A, amountMinor: soldMinor, currency: 'CNY', exchangeId: 'x1', settlementId: 's1', rate: '0.14' },
  ...{
    bought: { amountMinor: boughtMinor, currency: 'USD' },
    ...(holdId !== undefined && { holdId }),
    ...(fundsHoldId !== undefined && { fundsHoldId }),
  },
});
const about = { party: A, amountMinor: 1_000, currency: 'CNY', exchangeId: 'x1', settlementId: 's1' };
const funds = (holdId: string, amountMinor: number) => placeHold(holdId, A, amountMinor, { purpose: 'payout', staysInHub: true });
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

describe('what is to be sold', () => {
  const limited = () =>
    start().facts({ type: 'LimitsSet', party: A, currency: 'CNY', minimumBalanceMinor: 0, netDebitCapMinor: 300 }, earned(A, 1_000, 'CNY'));

  it('is there for the exchange alone from when it is held: neither payments nor entries nor another hold get it', () => {
    const keeper = limited();
    expect(keeper.command(funds('h0', 900))).toMatchObject({ outcome: { result: 'accepted' } });
    expect(keeper.command(placeHold('p1', A, 101))).toMatchObject({ outcome: { code: 'insufficient_funds' } });
    expect(keeper.command(postEntry('e1', [transfer(A, 'hub:fees', 101)]))).toMatchObject({ outcome: { code: 'insufficient_funds' } });
    expect(keeper.command(placeHold('p2', A, 100))).toMatchObject({ outcome: { result: 'accepted' } });
  });

  it('takes no room of the net debit cap: it pays what the party has earned', () => {
    const keeper = limited();
    keeper.command(funds('h0', 1_000));
    keeper.facts({ type: 'LimitsSet', party: A, currency: 'CNY', netDebitCapMinor: 300 });
    expect(keeper.command(placeHold('p1', A, 1_300))).toMatchObject({ outcome: { result: 'accepted' } });
    expect(keeper.command(placeHold('p2', A, 1))).toMatchObject({ outcome: { code: 'cap_exceeded' } });
  });

  it('is held, too, where its cash has been spent on what is bought: only the exchange brings cover back', () => {
    const spent: AnyFact = {
      ...{
        type: 'BankLineRecorded',
        bank: 'icbc',
        lineId: 'l1',
        sequence: 1,
        amountMinor: -600,
        currency: 'CNY',
        reference: '',
        bookedAt: '',
      },
      match: { kind: 'unmatched', reason: 'unknown_reference' },
    };
    const keeper = start().facts(earned(A, 1_000, 'CNY'), spent);
    expect(keeper.command(placeHold('p1', A, 1, { purpose: 'payout' }))).toMatchObject({ outcome: { code: 'client_money_not_covered' } });
    expect(keeper.command(funds('h0', 1_000))).toMatchObject({ outcome: { result: 'accepted' } });
    keeper.facts(exchanged(1_000, 140, 'h1', 'h0'));
    expect([keeper.posted(A), keeper.books.currency('CNY').clientMoney]).toEqual([0, 0n]);
  });

  it('is refused where the party does not have it any more', () => {
    const keeper = limited();
    keeper.command(placeHold('p1', A, 200));
    expect(keeper.command(funds('h0', 900))).toMatchObject({ outcome: { code: 'insufficient_funds' } });
  });

  it('leaves with the exchange, and the hold with it; nothing passes a limit', () => {
    const keeper = limited();
    keeper.command(funds('h0', 1_000));
    keeper.facts(exchanged(1_000, 140, 'h1', 'h0'));
    expect([keeper.posted(A), keeper.available(A), keeper.books.hold('h0')?.status]).toEqual([0, 0, 'committed']);
    // The one of what is bought was never placed here.
    expect(keeper.alarms).toEqual([`hold_missing ${A}`]);
  });

  it.each<[string, AnyFact]>([
    ['the settlement is aborted', { type: 'ExchangeFundsReleased', ...about, holdId: 'h0' }],
    ['the exchange is given up', { type: 'ExchangeCarried', ...about, model: 'dnm', by: 'operator:fin', holdId: 'h0' }],
  ])('is free again when %s, once and again', (_, released) => {
    const keeper = limited();
    keeper.facts(released);
    keeper.command(funds('h0', 1_000));
    keeper.facts(released, released);
    expect([keeper.available(A), keeper.books.hold('h0')?.status]).toEqual([1_000, 'voided']);
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
