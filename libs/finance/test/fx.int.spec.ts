import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AwaitedRate, CurrencyExchanged, JournalTransfer, LockedRate, SettlementEvent } from '@tongbao/contracts';
import { BookKeeper } from './book-keeper.js';
import { FinanceHub } from './finance-hub.js';

const A = 'platform:A';
const at = (minute: number): Date => new Date(Date.UTC(2026, 2, 2, 1, minute));

let hub: FinanceHub;
beforeAll(async () => {
  hub = await FinanceHub.open();
  history();
  await hub.folded();
}, 120_000);
afterAll(() => hub.close());

const locked = (party: string, soldMinor: number, boughtMinor: number, numerator: number, denominator: number): LockedRate => ({
  ...{ party, exchangeId: `x_${party}`, quoteId: 'q', quotedBy: 'operator:fin', rateUnits: 1, rateScale: 0, soldMinor },
  ...{ bought: { amountMinor: boughtMinor, currency: 'USD' }, rounding: { numerator, denominator } },
});
const awaited = (party: string, soldMinor: number): AwaitedRate => ({ party, payIn: 'USD', soldMinor, code: 'quote_missing' });

/** One settlement that has exchanged for A, has a rate for B, and none for C; one that was aborted; and dollars that the hub bought. */
function history(): void {
  const { log } = hub;
  const books = new BookKeeper(log);
  const settlement = (event: SettlementEvent, minute: number) => log.append(`settlement-${event.settlementId}`, event, at(minute));
  for (const [settlementId, waiting] of [
    ['s1', 'platform:C'],
    ['s2', 'platform:D'],
  ] as const) {
    const about = { settlementId, currency: 'CNY' };
    settlement({ type: 'SettlementRequested', ...about, model: 'dnm', windowIds: [], requestedBy: 'operator:fin', requestedAt: '' }, 1);
    const rates =
      settlementId === 's1' ? [locked(A, 72_000, 10_000, 1, 125), locked('platform:B', 1_000, 140, -1, 4)] : [locked(A, 5, 1, 0, 1)];
    settlement({ type: 'FxRatesLocked', ...about, rates, lockedAt: '' }, 2);
    settlement({ type: 'FxRatesAwaited', ...about, waiting: [awaited(waiting, 500)], awaitedAt: '' }, 2);
  }
  settlement({ type: 'SettlementAborted', settlementId: 's2', model: 'dnm', currency: 'CNY', by: 'operator:fin', reason: '' }, 3);
  const exchanged: CurrencyExchanged = {
    ...{ type: 'CurrencyExchanged', party: A, amountMinor: 72_000, currency: 'CNY', exchangeId: 'x', settlementId: 's1', rate: '0.138889' },
    bought: { amountMinor: 10_000, currency: 'USD' },
  };
  log.append(`position-${A}`, exchanged, at(4));
  const move = (from: string, to: string, amountMinor: number, currency: string, kind: string): JournalTransfer => ({
    ...{ from, to, amountMinor, currency, kind },
  });
  books.post(at(5), [
    {
      kind: 'CurrencyExchanged',
      ref: 'x',
      transfers: [move(A, 'hub:fx', 72_000, 'CNY', 'exchange-sold'), move('hub:fx', A, 10_000, 'USD', 'exchange-bought')],
    },
    { kind: 'BankLineExplained', ref: 'l1', transfers: [move('hub:suspense', 'hub:fx', 12_000, 'USD', 'explained')] },
    { kind: 'BankLineExplained', ref: 'l2', transfers: [move('hub:fx', 'hub:suspense', 71_000, 'CNY', 'explained')] },
  ]);
}

const none = { soldMinor: 0, boughtMinor: 0, otherMinor: 0, positionMinor: 0, lockedInMinor: 0, lockedOutMinor: 0, awaitingRateMinor: 0 };

describe('foreign exchange', () => {
  it('is what hub:fx has, what is locked, what waits, and what roundings left out; of no settlement that was aborted', async () => {
    const { status, body } = await hub.get('fx');
    expect(status).toBe(200);
    expect(body.items).toEqual([
      {
        ...{ ...none, currency: 'CNY', soldMinor: 72_000, otherMinor: -71_000, positionMinor: 1_000, lockedInMinor: 1_000 },
        ...{ awaitingRateMinor: 500, roundingMinor: '0' },
      },
      {
        ...{ ...none, currency: 'USD', boughtMinor: 10_000, otherMinor: 12_000, positionMinor: 2_000, lockedOutMinor: 140 },
        roundingMinor: '0.008',
      },
    ]);
  });

  it('is asked for by currency', async () =>
    expect((await hub.get('fx?currency=USD')).body.items.map(({ currency }) => currency)).toEqual(['USD']));
});
