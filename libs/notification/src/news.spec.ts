import { describe, expect, it } from '@jest/globals';
import type { PaymentMessage, SettlementMessage } from '@tongbao/contracts';
import { hashId, newsBody, newsOfCap, newsOfPayment, newsOfSettlement } from './news.js';

const origin = { id: 'e1:0', time: '2026-01-02T03:04:05.678Z' };
const named = { paymentId: 'pay_1', platformId: 'A', orderId: 'o1' };
const captured: PaymentMessage = {
  type: 'PaymentCaptured',
  ...named,
  amountMinor: 1000,
  currency: 'CNY',
  provider: 'alipay',
};

describe('the news of a payment', () => {
  it('go to the platform of the payment', () =>
    expect(newsOfPayment(origin, captured)).toEqual([
      {
        messageId: 'e1:0',
        platformId: 'A',
        type: 'payment.captured',
        subject: 'pay_1',
        occurredAt: origin.time,
        data: { ...named, amountMinor: 1000, currency: 'CNY', provider: 'alipay' },
      },
    ]));

  it.each<[PaymentMessage, string]>([
    [{ type: 'PayerActionRequired', ...named, action: { kind: 'qr', value: 'x' } }, 'payment.action_required'],
    [{ type: 'PaymentDeclined', ...named, code: 'insufficient_funds' }, 'payment.declined'],
    [{ type: 'PaymentExpired', ...named }, 'payment.expired'],
    [{ type: 'PaymentCancelled', ...named, reason: 'asked' }, 'payment.cancelled'],
    [{ type: 'CaptureConflicted', ...named }, 'payment.conflicted'],
    [{ type: 'PaymentRefunded', ...named, refundId: 'r1', amountMinor: 1, currency: 'CNY', refundedMinor: 1 }, 'payment.refunded'],
    [{ type: 'RefundDeclined', ...named, refundId: 'r1', code: 'refused' }, 'refund.declined'],
    [{ type: 'DisputeOpened', ...named, disputeId: 'd1', amountMinor: 1, currency: 'CNY', reason: 'not_received' }, 'dispute.opened'],
    [{ type: 'DisputeClosed', ...named, disputeId: 'd1', outcome: 'lost', lostMinor: 1, currency: 'CNY' }, 'dispute.closed'],
    [{ type: 'PaymentSettled', ...named, settlementId: 's1', windowId: 'w1', sides: [] }, 'payment.settled'],
  ])('%j is told as %s', (message, type) => expect(newsOfPayment(origin, message).map((item) => item.type)).toEqual([type]));

  it('are none for a refused command', () =>
    expect(
      newsOfPayment(origin, {
        type: 'CommandRefused',
        commandId: 'c',
        platformId: 'A',
        operation: 'RequestPayment',
        contentHash: '',
        code: 'invalid',
        status: 422,
        detail: '',
      }),
    ).toEqual([]));

  it('are type, timestamp and data in the body', () =>
    expect(newsOfPayment(origin, { type: 'PaymentExpired', ...named }).map(newsBody)).toEqual([
      '{"type":"payment.expired","timestamp":"2026-01-02T03:04:05.678Z","data":{"paymentId":"pay_1","platformId":"A","orderId":"o1"}}',
    ]));
});

describe('the news of a cap', () => {
  const use = { currency: 'CNY', percent: 75, previousPercent: 50, usedMinor: 800, limitMinor: 1_000 };

  it('go to the platform whose it is', () =>
    expect(newsOfCap(origin, { type: 'CapUseChanged', party: 'platform:A', ...use })).toEqual([
      {
        ...{ messageId: 'e1:0', platformId: 'A', type: 'cap.use', subject: 'platform:A', occurredAt: origin.time },
        data: { party: 'platform:A', ...use },
      },
    ]));

  it('are none of a creator', () => expect(newsOfCap(origin, { type: 'CapUseChanged', party: 'creator:K', ...use })).toEqual([]));
});

describe('the news of a settlement', () => {
  const told = (message: SettlementMessage) =>
    newsOfSettlement(origin, message).map(({ platformId, type, subject, data }) => ({ platformId, type, subject, data }));

  it('go to every party that is a platform, once, and name no other', () =>
    expect(
      told({
        type: 'SettlementStatusChanged',
        settlementId: 's1',
        currency: 'CNY',
        status: 'settled',
        parties: ['platform:A', 'creator:K', 'platform:B', 'platform:A'],
      }),
    ).toEqual(
      ['A', 'B'].map((platformId) => ({
        platformId,
        type: 'settlement.status',
        subject: 's1',
        data: { settlementId: 's1', currency: 'CNY', status: 'settled' },
      })),
    ));

  const payout = { payoutId: 'p1', settlementId: 's1', direction: 'payout', amountMinor: 900, currency: 'CNY', status: 'confirmed' };

  it('tell a payout to its platform', () =>
    expect(told({ type: 'PayoutStatusChanged', party: 'platform:A', ...payout })).toEqual([
      { platformId: 'A', type: 'payout.status', subject: 'p1', data: { party: 'platform:A', ...payout } },
    ]));

  const withdrawal = { withdrawalId: 'w1', amountMinor: 900, currency: 'CNY', status: 'confirmed' };

  it.each<[string, string, string | undefined, string[]]>([
    ['of a wallet to the platform that asked for it', 'user:u1:wallet', 'platform:A', ['A']],
    ['of liquidity to the platform whose it is', 'liquidity:platform:B', 'operator:jo', ['B']],
    ['of its own liquidity to a platform once', 'liquidity:platform:A', 'platform:A', ['A']],
    ['of the fees of the hub to nobody', 'hub:fees', 'operator:jo', []],
  ])('tell a withdrawal %s', (_, account, requestedBy, platforms) =>
    expect(told({ type: 'WithdrawalStatusChanged', account, requestedBy, ...withdrawal })).toEqual(
      platforms.map((platformId) => ({ platformId, type: 'withdrawal.status', subject: 'w1', data: { account, ...withdrawal } })),
    ),
  );

  it('tell what a platform owes another one to both of them', () => {
    const obligation = {
      obligationId: 'o1',
      settlementId: 's1',
      debtor: 'platform:B',
      creditor: 'platform:A',
      amountMinor: 1600,
      currency: 'CNY',
      status: 'due',
    };
    expect(told({ type: 'ObligationStatusChanged', ...obligation })).toEqual(
      ['B', 'A'].map((platformId) => ({ platformId, type: 'obligation.status', subject: 'o1', data: obligation })),
    );
  });

  it.each<[string, SettlementMessage]>([
    ['the payout of a creator', { type: 'PayoutStatusChanged', party: 'creator:K', ...payout }],
    [
      'a settled side, which PaymentSettled tells',
      { type: 'PaymentSideSettled', paymentId: 'pay_1', settlementId: 's1', windowId: 'w1', sides: [] },
    ],
    ['a closed window', { type: 'WindowClosed', windowId: 'w1', currency: 'CNY', closedAt: '' }],
  ])('are none for %s', (_, message) => expect(told(message)).toEqual([]));
});

describe('an id made of parts', () => {
  it('is the first 20 bytes of SHA-256 in lower-case base32', () =>
    expect(hashId('msg_', 'abc')).toBe('msg_xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq'.slice(0, 36)));
  it('holds no full stop, which would be ambiguous in what is signed', () =>
    expect(hashId('msg_', 'a.b', 'c')).toMatch(/^msg_[a-z2-7]{32}$/));
});
