import { describe, expect, it } from '@jest/globals';
import type { PayoutEvent, PositionEvent, SettlementEvent, WindowEvent, WithdrawalEvent } from '@tongbao/contracts';
import { MemoryLog } from '../test/facts.js';
import { settlementPublisher } from './settlement.publish.js';

const published = (event: WindowEvent | SettlementEvent | PayoutEvent | PositionEvent | WithdrawalEvent) =>
  settlementPublisher.publish(new MemoryLog().append('any-1', event));
const window = { windowId: 'w1', model: 'dnm', currency: 'USD', sequence: 1 };
const about = { payoutId: 'o1', settlementId: 's1', party: 'platform:A', direction: 'payout' as const, amountMinor: 900, currency: 'USD' };
const payout = { ...about, bank: 'sandbox' };

describe('what settlement tells the others', () => {
  it('is that a window has been closed, and nothing else of windows', () => {
    const closed: WindowEvent = { type: 'WindowClosed', ...window, nextWindowId: 'w2', closedAt: 'now', by: 'operator:fin' };
    expect(published(closed)).toEqual([
      {
        topic: 'tongbao.settlement.events',
        key: 'w1',
        type: 'WindowClosed',
        data: { type: 'WindowClosed', windowId: 'w1', currency: 'USD', closedAt: 'now' },
      },
    ]);
    expect(published({ type: 'WindowOpened', ...window, openedAt: 'now' })).toEqual([]);
  });

  it('is a settlement’s status, with the parties where they are known', () => {
    const parties = [{ party: 'platform:A', netMinor: 5 }];
    expect(
      published({
        type: 'SettlementSettled',
        settlementId: 's1',
        model: 'dnm',
        currency: 'USD',
        windowIds: ['w1'],
        parties,
        settledAt: 'now',
      }),
    ).toEqual([
      {
        topic: 'tongbao.settlement.events',
        key: 's1',
        type: 'SettlementStatusChanged',
        data: { type: 'SettlementStatusChanged', settlementId: 's1', currency: 'USD', status: 'settled', parties: ['platform:A'] },
      },
    ]);
    expect(published({ type: 'PaymentsMarked', settlementId: 's1', payments: 3 })).toEqual([]);
  });

  it('is a message for each payment of a slice', () => {
    const payments = ['p1', 'p2'].map((paymentId) => ({ paymentId, sides: [{ party: 'platform:A', netMinor: 1 }] }));
    const messages = published({ type: 'PaymentSidesSettled', settlementId: 's1', windowId: 'w1', throughPosition: '9', payments });
    expect(messages.map(({ key, type }) => [key, type])).toEqual([
      ['p1', 'PaymentSideSettled'],
      ['p2', 'PaymentSideSettled'],
    ]);
    expect(messages[0]?.data).toEqual({ type: 'PaymentSideSettled', settlementId: 's1', windowId: 'w1', ...payments[0] });
  });

  it('is the hold that a payout asks the ledger for, and its status', () => {
    const asked: PayoutEvent = {
      type: 'PayoutRequested',
      ...payout,
      accountNumber: '1',
      holder: 'A',
      holdId: 'hold_o1',
      requestedAt: 'now',
    };
    expect(published(asked)).toEqual([
      {
        topic: 'tongbao.ledger.commands',
        key: 'hold_o1',
        type: 'PlaceHold',
        data: {
          type: 'PlaceHold',
          holdId: 'hold_o1',
          purpose: 'payout',
          ref: 'o1',
          currency: 'USD',
          reservations: [{ account: 'platform:A', amountMinor: 900 }],
        },
      },
      {
        topic: 'tongbao.settlement.events',
        key: 'o1',
        type: 'PayoutStatusChanged',
        data: { type: 'PayoutStatusChanged', ...about, status: 'requested' },
      },
    ]);
  });

  it('is no hold for a collection, nor for what comes after', () => {
    const collection: PayoutEvent = {
      type: 'PayoutRequested',
      ...payout,
      direction: 'collection',
      accountNumber: '1',
      holder: 'A',
      requestedAt: 'now',
    };
    expect(published(collection)).toHaveLength(1);
    expect(published({ type: 'PayoutInstructed', ...payout, accountNumber: '1', holder: 'A', attempt: 1, holdId: 'hold_o1' })).toHaveLength(
      1,
    );
  });

  it('is what becomes of a withdrawal, and the hold that it needs', () => {
    const told = { withdrawalId: 'wdr_1', account: 'hub:fees', amountMinor: 900, currency: 'USD', requestedBy: 'operator:fin' };
    const reference = { ...told, bank: 'sandbox' };
    const status = (name: string) => ({
      topic: 'tongbao.settlement.events',
      key: 'wdr_1',
      type: 'WithdrawalStatusChanged',
      data: { type: 'WithdrawalStatusChanged', ...told, status: name },
    });
    const asked = { accountNumber: '6222', holder: 'Hub', holdId: 'hold_wdr_1', requestedAt: 'now' };
    const reservations = [{ account: 'hub:fees', amountMinor: 900 }];
    expect(published({ type: 'WithdrawalRequested', ...reference, ...asked })).toEqual([
      {
        topic: 'tongbao.ledger.commands',
        key: 'hold_wdr_1',
        type: 'PlaceHold',
        data: { type: 'PlaceHold', holdId: 'hold_wdr_1', purpose: 'payout', ref: 'wdr_1', currency: 'USD', reservations },
      },
      status('requested'),
    ]);
    expect(published({ type: 'WithdrawalHeld', ...reference })).toEqual([status('held')]);
    expect(published({ type: 'WithdrawalCancelled', ...reference, by: 'operator:fin', reason: 'x' })).toEqual([status('cancelled')]);
  });

  it('is the hold of a draw, which no cap keeps back, and those of an exchange, of what is sold and of what is bought', () => {
    const of = { party: 'platform:A', amountMinor: 900, currency: 'CNY', settlementId: 's1', holdId: 'h1' };
    const hold = { type: 'PlaceHold', holdId: 'h1', purpose: 'payout', ref: 'platform.A' };
    const command = (data: object) => ({ topic: 'tongbao.ledger.commands', key: 'h1', type: 'PlaceHold', data: { ...hold, ...data } });
    expect(published({ type: 'LiquidityDrawRequested', ...of, drawId: 'd1' })).toEqual([
      command({ currency: 'CNY', reservations: [{ account: 'liquidity:platform:A', amountMinor: 900 }], paysDebt: true }),
    ]);
    const bought = { amountMinor: 125, currency: 'USD' };
    const terms = { exchangeId: 'x1', bought, rate: '0.138889', quoteId: 'q1', rounding: { numerator: 0, denominator: 1 } };
    expect(published({ type: 'ExchangeFundsRequested', ...of, exchangeId: 'x1' })).toEqual([
      command({ currency: 'CNY', reservations: [{ account: 'platform:A', amountMinor: 900 }], staysInHub: true }),
    ]);
    expect(published({ type: 'ExchangeFundsReleased', ...of, exchangeId: 'x1' })).toEqual([]);
    expect(published({ type: 'ExchangeRequested', ...of, ...terms })).toEqual([
      command({ currency: 'USD', reservations: [{ account: 'hub:fx', amountMinor: 125 }] }),
    ]);
    expect(published({ type: 'CurrencyExchanged', ...of, ...terms })).toEqual([]);
  });
});
