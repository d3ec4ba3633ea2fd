import { describe, expect, it } from '@jest/globals';
import type { BankLineMatch, BankLineRecorded, PayoutEvent, SplitTransfer, Transfer } from '@tongbao/contracts';
import { postingOf, postingRules, type AnyFact, type Posting, type PostedFact } from './posting-rules.js';

const of = { paymentId: 'pay_1', platformId: 'A', orderId: 'o1' };
const taken = { attempt: 1, provider: 'alipay', providerRef: 'r1', amountMinor: 1000, currency: 'CNY' };
const t = (from: string, to: string, amountMinor: number, kind: string): Transfer => ({ from, to, amountMinor, kind });
const purchase: SplitTransfer = { ...t('provider:alipay', 'platform:A', 1000, 'purchase'), refundable: true };
const fee: SplitTransfer = { ...t('platform:A', 'hub:fees', 100, 'platform-service-fee'), refundable: true };
const back: SplitTransfer = { ...t('platform:A', 'provider:alipay', 400, 'purchase'), refundable: true };
const payout = { payoutId: 'po_1', settlementId: 's1', party: 'platform:A', amountMinor: 900, currency: 'CNY', bank: 'icbc' };
const out = { ...payout, direction: 'payout' } as const;
const collected = { ...payout, direction: 'collection' } as const;
const account = { accountNumber: '62', holder: 'A' };
const line = (amountMinor: number, match: BankLineMatch): BankLineRecorded => ({
  type: 'BankLineRecorded',
  bank: 'icbc',
  lineId: 'l1',
  sequence: 1,
  amountMinor,
  currency: 'CNY',
  reference: '',
  match,
  bookedAt: '2026-01-01T00:00:00Z',
});
const window = { windowId: 'w1', model: 'm', currency: 'CNY', sequence: 1 };

const billLine = { provider: 'alipay', billId: '20260101', lineId: 'b1', amountMinor: 6, currency: 'CNY', billedAt: '' };
const withheld: SplitTransfer[] = [{ ...t('platform:A', 'dispute:d1', 1000, 'purchase'), refundable: true }];
const givenBack: SplitTransfer = { ...t('dispute:d1', 'platform:A', 1000, 'purchase'), refundable: true };
const lost = (amountMinor: number): SplitTransfer => ({ ...t('dispute:d1', 'provider:alipay', amountMinor, 'purchase'), refundable: true });
const disputeFee: SplitTransfer = { ...t('platform:A', 'provider:alipay', 15, 'dispute-fee'), refundable: false };
const dispute = { disputeId: 'd1', currency: 'CNY', closedAt: '' };
const withdrawal = { withdrawalId: 'w1', account: 'user:u1:wallet', amountMinor: 300, currency: 'CNY', bank: 'icbc' };
const position = { party: 'platform:A', amountMinor: 500, currency: 'CNY' };

const payment = { ref: 'pay_1', currency: 'CNY' };
const leaving = { ref: 'w1', currency: 'CNY' };
const ofSettlement = { ref: 's1', currency: 'CNY' };
const toParty = { ref: 'po_1', currency: 'CNY' };
const bankLine = { ref: 'l1', currency: 'CNY' };

const rows: [string, PostedFact, Posting][] = [
  [
    'a capture posts its split and commits its hold',
    { type: 'PaymentCaptured', ...of, ...taken, split: [purchase, fee], expectedProviderFeeMinor: 6, capturedAt: '', holdId: 'h1' },
    { ...payment, transfers: [purchase, fee], holds: [{ end: 'committed', holdId: 'h1' }] },
  ],
  [
    'a capture by the merchant account of the platform posts what follows from it only',
    {
      type: 'PaymentCaptured',
      ...of,
      ...taken,
      split: [{ ...purchase, external: true }, fee],
      expectedProviderFeeMinor: 0,
      capturedAt: '',
    },
    { ...payment, transfers: [fee] },
  ],
  [
    'a refund posts the reversed part',
    {
      type: 'PaymentRefunded',
      ...of,
      refundId: 'r1',
      amountMinor: 400,
      currency: 'CNY',
      refundedMinor: 400,
      providerRef: 'x',
      transfers: [back, { ...back, external: true }],
      refundedAt: '',
    },
    { ...payment, transfers: [back] },
  ],
  [
    'a conflicting capture waits in suspense',
    { type: 'CaptureConflicted', ...of, ...taken },
    { ...payment, transfers: [t('provider:alipay', 'hub:suspense', 1000, 'conflicting-capture')] },
  ],
  [
    'a late capture waits in suspense',
    { type: 'LateCaptureFound', ...of, ...taken },
    { ...payment, transfers: [t('provider:alipay', 'hub:suspense', 1000, 'late-capture')] },
  ],
  [
    'a late capture that went back leaves suspense',
    { type: 'LateCaptureRefunded', ...of, ...taken },
    { ...payment, transfers: [t('hub:suspense', 'provider:alipay', 1000, 'late-capture-refund')] },
  ],
  [
    'an accepted conflict posts its transfers and commits the hold',
    {
      type: 'ConflictResolved',
      ...of,
      ...taken,
      resolution: 'accepted',
      by: 'op',
      note: '',
      split: [],
      transfers: [t('hub:suspense', 'platform:A', 1000, 'purchase')],
      holdId: 'h1',
    },
    { ...payment, transfers: [t('hub:suspense', 'platform:A', 1000, 'purchase')], holds: [{ end: 'committed', holdId: 'h1' }] },
  ],
  [
    'a conflict that is refunded voids the hold; its money leaves suspense when it has gone back',
    { type: 'ConflictResolved', ...of, ...taken, resolution: 'refunded', by: 'op', note: '', split: [], transfers: [], holdId: 'h1' },
    { ...payment, transfers: [], holds: [{ end: 'voided', holdId: 'h1' }] },
  ],
  [
    'a declined payment voids its hold',
    { type: 'PaymentDeclined', ...of, code: 'x', holdId: 'h1' },
    { ref: 'pay_1', holds: [{ end: 'voided', holdId: 'h1' }] },
  ],
  [
    'an expired payment voids its hold',
    { type: 'PaymentExpired', ...of, holdId: 'h1' },
    { ref: 'pay_1', holds: [{ end: 'voided', holdId: 'h1' }] },
  ],
  ['a cancelled payment without a hold does nothing', { type: 'PaymentCancelled', ...of, reason: '', by: 'A' }, { ref: 'pay_1' }],
  [
    'a top-up goes to the wallet',
    { type: 'TopUpCaptured', topUpId: 'tu1', userId: 'u1', provider: 'wechat', providerRef: 'x', amountMinor: 500, currency: 'CNY' },
    { ref: 'tu1', currency: 'CNY', transfers: [t('provider:wechat', 'user:u1:wallet', 500, 'top-up')] },
  ],
  [
    'a conflicting top-up waits in suspense',
    { type: 'TopUpConflicted', topUpId: 'tu1', provider: 'wechat', providerRef: 'x', amountMinor: 500, currency: 'CNY' },
    { ref: 'tu1', currency: 'CNY', transfers: [t('provider:wechat', 'hub:suspense', 500, 'conflicting-top-up')] },
  ],
  [
    'an instructed payout is in transit and commits its hold',
    { type: 'PayoutInstructed', ...out, ...account, attempt: 1, holdId: 'hold_po_1' },
    { ...toParty, transfers: [t('platform:A', 'transit:po_1', 900, 'payout')], holds: [{ end: 'committed', holdId: 'hold_po_1' }] },
  ],
  ['an instructed collection moves nothing', { type: 'PayoutInstructed', ...collected, ...account, attempt: 1 }, toParty],
  [
    'a confirmed payout has left the bank',
    { type: 'PayoutConfirmed', ...out, lineId: 'l1' },
    { ...toParty, transfers: [t('transit:po_1', 'bank:icbc', 900, 'payout')] },
  ],
  [
    'a confirmed collection has come into the bank',
    { type: 'PayoutConfirmed', ...collected, lineId: 'l1' },
    { ...toParty, transfers: [t('bank:icbc', 'platform:A', 900, 'collection')] },
  ],
  [
    'a failed payout goes back to the party',
    { type: 'PayoutFailed', ...out, code: 'x' },
    { ...toParty, transfers: [t('transit:po_1', 'platform:A', 900, 'payout-failed')] },
  ],
  ['a failed collection moves nothing', { type: 'PayoutFailed', ...collected, code: 'x' }, toParty],
  [
    'a payout returned later comes back into the bank',
    { type: 'PayoutReturned', ...out, lineId: 'l2' },
    { ...toParty, transfers: [t('bank:icbc', 'platform:A', 900, 'payout-returned')] },
  ],
  [
    'a collection returned later leaves the bank',
    { type: 'PayoutReturned', ...collected, lineId: 'l2' },
    { ...toParty, transfers: [t('platform:A', 'bank:icbc', 900, 'collection-returned')] },
  ],
  [
    'a carried payout releases its hold',
    { type: 'PayoutCarried', ...out, model: 'm', by: 'op', holdId: 'hold_po_1' },
    { ...toParty, holds: [{ end: 'voided', holdId: 'hold_po_1' }] },
  ],
  ['the bank line of a payout moves nothing more', line(-900, { kind: 'payout', payoutId: 'po_1' }), { ...bankLine, transfers: [] }],
  [
    'what a provider pays out is at the bank',
    line(5000, { kind: 'provider_payout', provider: 'alipay' }),
    { ...bankLine, transfers: [t('bank:icbc', 'provider:alipay', 5000, 'provider-payout')] },
  ],
  [
    'what a provider draws from us has left the bank',
    line(-5000, { kind: 'provider_payout', provider: 'alipay' }),
    { ...bankLine, transfers: [t('provider:alipay', 'bank:icbc', 5000, 'provider-payout')] },
  ],
  ['a bank fee', line(-20, { kind: 'bank_fee' }), { ...bankLine, transfers: [t('hub:bank-fees', 'bank:icbc', 20, 'bank-fee')] }],
  [
    'money that came in for nobody knows what',
    line(70, { kind: 'unmatched', reason: '' }),
    { ...bankLine, transfers: [t('bank:icbc', 'hub:suspense', 70, 'unmatched-bank-line')] },
  ],
  [
    'money that went out for nobody knows what',
    line(-70, { kind: 'unmatched', reason: '' }),
    { ...bankLine, transfers: [t('hub:suspense', 'bank:icbc', 70, 'unmatched-bank-line')] },
  ],
  [
    'the fee of a provider by its bill is a cost, about the payment that it was for',
    { type: 'ProviderFeeBilled', ...billLine, paymentId: 'pay_1' },
    { ...payment, transfers: [t('hub:provider-fees', 'provider:alipay', 6, 'provider-fee')] },
  ],
  [
    'a fee that the provider bills for no one payment is about its bill',
    { type: 'ProviderFeeBilled', ...billLine },
    { ref: '20260101', currency: 'CNY', transfers: [t('hub:provider-fees', 'provider:alipay', 6, 'provider-fee')] },
  ],
  [
    'a fee that the provider gives back on a refund',
    { type: 'ProviderFeeReturned', ...billLine, paymentId: 'pay_1' },
    { ...payment, transfers: [t('provider:alipay', 'hub:provider-fees', 6, 'provider-fee-returned')] },
  ],
  [
    'a line of our bank that is explained leaves suspense',
    {
      ...{ type: 'BankLineExplained', bank: 'icbc', lineId: 'l1', amountMinor: 70, currency: 'CNY', account: 'platform:A', note: '' },
      transfers: [t('hub:suspense', 'platform:A', 70, 'bank-line-explained')],
      ...{ proposedBy: 'fin', by: 'boss', explainedAt: '' },
    },
    { ref: 'l1', currency: 'CNY', transfers: [t('hub:suspense', 'platform:A', 70, 'bank-line-explained')] },
  ],
  [
    'a break with a bill is corrected by its transfers',
    {
      ...{ type: 'BreakCorrected', breakId: 'brk_1', currency: 'CNY', note: '', proposedBy: 'fin', by: 'boss', correctedAt: '' },
      transfers: [t('hub:losses', 'provider:alipay', 5, 'reconciliation-correction')],
    },
    { ref: 'brk_1', currency: 'CNY', transfers: [t('hub:losses', 'provider:alipay', 5, 'reconciliation-correction')] },
  ],
  [
    'an opened dispute withholds what a refund would move',
    { type: 'DisputeOpened', ...of, disputeId: 'd1', amountMinor: 1000, currency: 'CNY', reason: '', transfers: withheld, openedAt: '' },
    { ...payment, transfers: withheld },
  ],
  [
    'a won dispute moves it back',
    { type: 'DisputeClosed', ...of, ...dispute, outcome: 'won', lostMinor: 0, transfers: [givenBack, { ...givenBack, external: true }] },
    { ...payment, transfers: [givenBack] },
  ],
  [
    'a lost dispute leaves to the provider, with its fee',
    { type: 'DisputeClosed', ...of, ...dispute, outcome: 'lost', lostMinor: 1000, transfers: [lost(1000), disputeFee] },
    { ...payment, transfers: [lost(1000), disputeFee] },
  ],
  [
    'a dispute lost in part does both in proportion',
    {
      type: 'DisputeClosed',
      ...of,
      ...dispute,
      outcome: 'part',
      lostMinor: 400,
      transfers: [lost(400), { ...givenBack, amountMinor: 600 }],
    },
    { ...payment, transfers: [lost(400), { ...givenBack, amountMinor: 600 }] },
  ],
  [
    'an instructed withdrawal of a wallet is in transit and commits its hold',
    { type: 'WithdrawalInstructed', ...withdrawal, attempt: 1, holdId: 'h1' },
    { ...leaving, transfers: [t('user:u1:wallet', 'transit:w1', 300, 'wallet-withdrawal')], holds: [{ end: 'committed', holdId: 'h1' }] },
  ],
  [
    'a confirmed withdrawal has left the bank',
    { type: 'WithdrawalConfirmed', ...withdrawal, lineId: 'l1' },
    { ...leaving, transfers: [t('transit:w1', 'bank:icbc', 300, 'wallet-withdrawal')] },
  ],
  [
    'a cancelled withdrawal voids its hold',
    { type: 'WithdrawalCancelled', ...withdrawal, by: '', reason: '', holdId: 'h1' },
    { ...leaving, holds: [{ end: 'voided', holdId: 'h1' }] },
  ],
  [
    'a withdrawal that is cancelled without a hold moves nothing',
    { type: 'WithdrawalCancelled', ...withdrawal, by: '', reason: '' },
    { ...leaving },
  ],
  [
    'liquidity that was found in suspense is its party’s',
    {
      type: 'LiquidityAssigned',
      depositId: 'd1',
      bank: 'icbc',
      lineId: 'l1',
      party: 'platform:A',
      amountMinor: 300,
      currency: 'CNY',
      by: '',
    },
    { ref: 'd1', currency: 'CNY', transfers: [t('hub:suspense', 'liquidity:platform:A', 300, 'liquidity-assigned')] },
  ],
  [
    'liquidity that the bank refused to send goes back',
    { type: 'WithdrawalFailed', ...withdrawal, account: 'liquidity:platform:A', code: 'x' },
    { ...leaving, transfers: [t('transit:w1', 'liquidity:platform:A', 300, 'liquidity-withdrawal-failed')] },
  ],
  [
    'a fee sweep leaves the fees of the hub',
    { type: 'WithdrawalInstructed', ...withdrawal, account: 'hub:fees', attempt: 1 },
    { ...leaving, transfers: [t('hub:fees', 'transit:w1', 300, 'fee-sweep')] },
  ],
  [
    'a fee sweep that comes back is in the fees again',
    { type: 'WithdrawalReturned', ...withdrawal, account: 'hub:fees', lineId: 'l2' },
    { ...leaving, transfers: [t('bank:icbc', 'hub:fees', 300, 'fee-sweep-returned')] },
  ],
  [
    'a withheld reserve is still owed, but elsewhere',
    { type: 'ReserveWithheld', ...position, settlementId: 's1', releaseAt: '' },
    { ...ofSettlement, transfers: [t('platform:A', 'reserve:platform:A', 500, 'reserve')] },
  ],
  [
    'a released reserve is in the position again',
    { type: 'ReserveReleased', ...position, settlementId: 's1' },
    { ...ofSettlement, transfers: [t('reserve:platform:A', 'platform:A', 500, 'reserve-released')] },
  ],
  [
    'liquidity that came in',
    { type: 'LiquidityReceived', ...position, depositId: 'd1', bank: 'icbc', lineId: 'l1' },
    { ref: 'd1', currency: 'CNY', transfers: [t('bank:icbc', 'liquidity:platform:A', 500, 'liquidity')] },
  ],
  [
    'liquidity pays what its party owes, and its hold is committed',
    { type: 'LiquidityDrawn', ...position, settlementId: 's1', drawId: 'd1', holdId: 'h1' },
    {
      ...ofSettlement,
      transfers: [t('liquidity:platform:A', 'platform:A', 500, 'liquidity-drawn')],
      holds: [{ end: 'committed', holdId: 'h1' }],
    },
  ],
  [
    'A pays directly what it owes B: the position of B falls, that of A rises',
    { type: 'ObligationPaid', ...position, settlementId: 's1', creditor: 'platform:B' },
    { ...ofSettlement, transfers: [t('platform:B', 'platform:A', 500, 'obligation-paid')] },
  ],
  [
    'an exchange moves two currencies in one entry',
    {
      type: 'CurrencyExchanged',
      ...position,
      exchangeId: 'x1',
      settlementId: 's1',
      bought: { amountMinor: 70, currency: 'USD' },
      rate: '0.14',
    },
    {
      ref: 'x1',
      currency: 'CNY',
      transfers: [
        t('platform:A', 'hub:fx', 500, 'exchange-sold'),
        { ...t('hub:fx', 'platform:A', 70, 'exchange-bought'), currency: 'USD' },
      ],
    },
  ],
  [
    'an exchange that the ledger gave leave for commits its hold',
    {
      type: 'CurrencyExchanged',
      ...position,
      exchangeId: 'x1',
      settlementId: 's1',
      bought: { amountMinor: 70, currency: 'USD' },
      rate: '0.14',
      holdId: 'h1',
    },
    {
      ref: 'x1',
      currency: 'CNY',
      transfers: [
        t('platform:A', 'hub:fx', 500, 'exchange-sold'),
        { ...t('hub:fx', 'platform:A', 70, 'exchange-bought'), currency: 'USD' },
      ],
      holds: [{ end: 'committed', holdId: 'h1' }],
    },
  ],
  [
    'an exchange commits what is held on the party, too',
    {
      type: 'CurrencyExchanged',
      ...position,
      exchangeId: 'x1',
      settlementId: 's1',
      bought: { amountMinor: 70, currency: 'USD' },
      rate: '0.14',
      holdId: 'h1',
      fundsHoldId: 'h0',
    },
    {
      ref: 'x1',
      currency: 'CNY',
      transfers: [
        t('platform:A', 'hub:fx', 500, 'exchange-sold'),
        { ...t('hub:fx', 'platform:A', 70, 'exchange-bought'), currency: 'USD' },
      ],
      holds: [
        { end: 'committed', holdId: 'h0' },
        { end: 'committed', holdId: 'h1' },
      ],
    },
  ],
  [
    'an exchange of a settlement that is aborted releases what is held on the party, and says how far the books are',
    { type: 'ExchangeFundsReleased', ...position, exchangeId: 'x1', settlementId: 's1', holdId: 'h0' },
    { ref: 'x1', currency: 'CNY', holds: [{ end: 'voided', holdId: 'h0' }], marksPosition: true },
  ],
  [
    'an exchange that is given up releases what is held on the party',
    { type: 'ExchangeCarried', ...position, exchangeId: 'x1', settlementId: 's1', model: 'm', by: 'op', holdId: 'h0' },
    { ref: 'x1', currency: 'CNY', holds: [{ end: 'voided', holdId: 'h0' }] },
  ],
  [
    'a debt that is written off is a loss of the hub',
    { type: 'DebtWrittenOff', ...position, writeOffId: 'wo1', by: 'op', note: '' },
    { ref: 'wo1', currency: 'CNY', transfers: [t('hub:losses', 'platform:A', 500, 'write-off')] },
  ],
  [
    'a registered participant has an account',
    { type: 'ParticipantRegistered', party: 'platform:A', kind: 'platform', id: 'A', name: 'A', currencies: ['CNY'], methods: [] },
    { ref: 'platform:A', opens: 'platform:A' },
  ],
  [
    'limits replace those before',
    { type: 'LimitsSet', party: 'platform:A', currency: 'CNY', netDebitCapMinor: 500 },
    { ref: 'platform:A', currency: 'CNY', limits: { netDebitCapMinor: 500 } },
  ],
  [
    'a settled settlement lowers the nets of its parties',
    {
      type: 'SettlementSettled',
      settlementId: 's1',
      model: 'm',
      currency: 'CNY',
      windowIds: ['w1'],
      parties: [
        { party: 'platform:A', netMinor: 900 },
        { party: 'platform:B', netMinor: 0 },
      ],
      settledAt: '',
    },
    { ref: 's1', settled: [{ party: 'platform:A', currency: 'CNY', netMinor: 900 }] },
  ],
  [
    'and so does a slice of one with very many',
    {
      type: 'SettlementPartiesSettled',
      settlementId: 's1',
      currency: 'CNY',
      parties: [
        { party: 'creator:K', netMinor: -5 },
        { party: 'creator:L', netMinor: 0 },
      ],
    },
    { ref: 's1', settled: [{ party: 'creator:K', currency: 'CNY', netMinor: -5 }] },
  ],
  [
    'a closed window only marks its position',
    { type: 'WindowClosed', ...window, nextWindowId: 'w2', closedAt: '', by: 'op' },
    { ref: 'w1', marksPosition: true },
  ],
];

describe('posting rules', () => {
  it.each(rows)('%s', (_, fact, posting) => expect(postingOf(fact)).toEqual(posting));

  it('has an example of every rule here', () =>
    expect(new Set(rows.map(([, { type }]) => type))).toEqual(new Set(Object.keys(postingRules))));

  it.each<AnyFact>([
    { type: 'AttemptDeclined', attempt: 1, code: 'x' },
    { type: 'PayoutAwaitingFunds', ...out } satisfies PayoutEvent,
    { type: 'WindowOpened', ...window, openedAt: '' },
    { type: 'ObligationDue', ...position, obligationId: 'o1', settlementId: 's1', creditor: 'platform:B' },
  ])('$type is not for the books', (fact) => expect(postingOf(fact)).toBeUndefined());
});
