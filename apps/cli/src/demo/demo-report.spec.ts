import { describe, expect, it } from '@jest/globals';
import { exampleText, monthHead, monthText, monthTotal, webhooksText, type MonthResult } from './demo-report.js';

const month = (change: Partial<MonthResult> = {}): MonthResult => ({
  ...{ month: '1997-01', orders: 885, grossMinor: 2_859_270n, refunds: 8, refundedMinor: 11_151n },
  ...{ windowId: 'dnm_USD_000001', settlementId: 'stl_1', payouts: [], carried: 2 },
  ...change,
});

const payout = (amountMinor: number, direction: 'payout' | 'collection', status = 'confirmed') => ({
  ...{ payoutId: 'p', settlementId: 's', party: 'platform:lyra', currency: 'USD', code: null },
  ...{ amountMinor, direction, status },
});

describe('the table of months', () => {
  const result = month({
    payouts: [payout(100_000, 'payout'), payout(2_000, 'payout'), payout(50, 'collection'), payout(9, 'payout', 'carried')],
  });
  const words = (line: string | undefined) => line?.trim().split(/\s{2,}/);

  it('has a column for each figure, confirmed payouts apart from collections', () => {
    expect(words(monthHead().split('\n')[0])?.length).toBe(11);
    expect(words(monthText(result))).toEqual([
      '1997-01',
      '885',
      '28,592.70',
      '8',
      '111.51',
      'dnm_USD_000001',
      '2',
      '1,020.00',
      '1',
      '0.50',
      '2',
    ]);
  });

  it('puts every month under its title', () => {
    const [head = ''] = monthHead().split('\n');
    const line = monthText(result);
    expect(line.length).toBe(head.length);
    expect(line.indexOf('28,592.70') + '28,592.70'.length).toBe(head.indexOf('gross') + 'gross'.length);
  });

  it('ends with their sum', () =>
    expect(words(monthTotal([result, month()]).split('\n')[1])).toEqual([
      'sum',
      '1,770',
      '57,185.40',
      '16',
      '223.02',
      '2 windows',
      '2',
      '1,020.00',
      '1',
      '0.50',
      '4',
    ]));
});

describe('the table of the example', () => {
  const row = { account: 'platform:A', afterPurchase: 900, afterRefund: 540, expectedAfterPurchase: 900, expectedAfterRefund: 540 };

  it('shows balances and their sum', () => {
    const text = exampleText({
      currency: 'CNY',
      rows: [row, { ...row, account: 'provider:alipay', afterPurchase: -900, expectedAfterPurchase: -900 }],
      matches: true,
    });
    expect(text).toMatch(/platform:A +9\.00 +5\.40/);
    expect(text).toMatch(/sum +0\.00 +10\.80/);
    expect(text).toContain('as expected');
  });

  it('shows what was expected where something else came', () => {
    const text = exampleText({ currency: 'CNY', rows: [{ ...row, afterPurchase: 899 }], matches: false });
    expect(text).toContain('8.99 (expected 9.00)');
    expect(text).toContain('NOT as expected');
  });
});

describe('the table of webhooks', () => {
  it('shows what depends on the orders alone', () => {
    const text = webhooksText(
      new Map([
        ['payout.status', 77],
        ['payment.settled', 3],
        ['payment.captured', 1_000],
      ]),
    );
    expect(text).toMatch(/payment\.captured +1,000\n +payment\.settled +3$/);
    expect(text).not.toContain('payout');
  });
});
