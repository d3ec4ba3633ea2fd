import type { SplitTransfer } from '@tongbao/contracts';
import { windowIdOf } from '@tongbao/settlement';
import { BookKeeper } from './book-keeper.js';
import {
  captured,
  disputed,
  disputeLost,
  lateCapture,
  lateRefunded,
  payoutFact,
  refunded,
  transfer,
  type Fact,
  type OfPayment,
  type PaymentTerms,
  type PayoutTerms,
} from './facts.js';
import type { MemoryLog } from './memory-log.js';

/** The examples of the splits, in cents, each from 8 o'clock in Shanghai of its day on; 2026-03-02 is a Monday. */
const at = (day: number, hour: number, minute = 0): Date => new Date(Date.UTC(2026, 2, day, hour - 8, minute));

const split1 = (): SplitTransfer[] => [
  transfer('provider:alipay', 'platform:A', 1_000, 'purchase'),
  transfer('platform:A', 'hub:fees', 100, 'platform-service-fee'),
  transfer('platform:B', 'hub:fees', 50, 'payment-handling-fee'),
];
const split2 = (): SplitTransfer[] => [
  transfer('provider:wechatpay', 'platform:A', 3_000, 'purchase'),
  transfer('platform:A', 'platform:B', 2_400, 'content-share'),
  transfer('platform:B', 'hub:fees', 30, 'hub-fee'),
  transfer('platform:B', 'creator:K', 1_659, 'royalty'),
];
const split3 = (): SplitTransfer[] => [
  transfer('provider:alipay', 'platform:B', 5_000, 'purchase'),
  transfer('platform:B', 'platform:A', 4_000, 'content-share'),
  transfer('platform:A', 'hub:fees', 50, 'hub-fee'),
];
/** A takes the money in through its own merchant account. */
const split4 = (): SplitTransfer[] => [
  { ...transfer('provider:stripe', 'platform:A', 2_000, 'purchase'), external: true },
  transfer('platform:A', 'hub:fees', 200, 'platform-service-fee'),
];

const terms = (paymentId: string, platformId: string, provider: string, split: SplitTransfer[], currency = 'CNY'): PaymentTerms => ({
  paymentId,
  ...{ platformId, provider, split, currency },
});

/** A small history that has something of everything. Days are those of Shanghai. */
export function writeSample(log: MemoryLog): void {
  const books = new BookKeeper(log);
  const payment = (event: OfPayment, when: Date) => log.append(`payment-${event.paymentId}`, event, when);
  const payout = (type: Parameters<typeof payoutFact>[0], of: PayoutTerms, when: Date) =>
    log.append(`payout-${of.payoutId}`, payoutFact(type, of), when);
  for (const [party, name] of [
    ['platform:A', '知识星球 A'],
    ['platform:B', 'Course Market B'],
    ['creator:K', '柯老师'],
  ] as const) {
    const [kind = '', id = ''] = party.split(':');
    const registered = { type: 'ParticipantRegistered', party, kind, id, name, currencies: [], methods: [] };
    log.append(`participant-${party}`, registered as never, at(2, 7));
  }
  const one = terms('pay_one', 'A', 'alipay', split1());
  payment(captured(one), at(2, 8));
  payment(captured(terms('pay_two', 'A', 'wechatpay', split2())), at(2, 9, 30));
  books.post(at(2, 9, 31));
  payment(captured(terms('pay_three', 'B', 'alipay', split3())), at(2, 23, 59));
  // After midnight in Shanghai, the day before in UTC.
  payment(refunded(one, 0.4), at(3, 0, 1));
  payment(captured(terms('pay_four', 'A', 'stripe', split4())), at(3, 10));
  books.post(at(3, 10, 1));
  closeWindow(log, at(3, 12));
  const toB: PayoutTerms = { payoutId: 'stl_1_platform.B', party: 'platform:B', direction: 'payout', amountMinor: 1_000, currency: 'CNY' };
  payout('PayoutRequested', toB, at(3, 13));
  payout('PayoutInstructed', toB, at(3, 13, 1));
  books.post(at(3, 13, 2));
  payout('PayoutConfirmed', toB, at(3, 14));
  const toA: PayoutTerms = { payoutId: 'stl_1_platform.A', party: 'platform:A', direction: 'payout', amountMinor: 500, currency: 'CNY' };
  payout('PayoutRequested', toA, at(3, 13));
  payout('PayoutInstructed', toA, at(3, 13, 1));
  const five = terms('pay_five', 'A', 'alipay', split1());
  payment(captured(five), at(9, 9));
  payment(disputed(five, 'dsp_1'), at(9, 10));
  payment(lateCapture(one, 1_000), at(9, 11));
  const six = terms('pay_six', 'B', 'alipay', split3());
  payment(captured(six), at(9, 12));
  payment(disputed(six, 'dsp_2'), at(9, 13));
  books.post(at(9, 13, 30));
  payment(disputeLost(six, 'dsp_2'), at(10, 9));
  payment(lateRefunded(one, 1_000), at(10, 10));
  log.append('reconciliation-alipay', feeBilled(60), at(10, 11));
  log.append('reconciliation-bank_sandbox', bankLine('line_fee', -7, { kind: 'bank_fee' }), at(10, 12));
  log.append('reconciliation-bank_sandbox', bankLine('line_odd', 123, { kind: 'unmatched', reason: 'nobody knows it' }), at(10, 12, 1));
  books.post(at(10, 13), [
    {
      kind: 'PostEntry',
      ref: 'corr_1',
      note: 'a favour',
      transfers: [{ from: 'hub:fees', to: 'creator:K', amountMinor: 11, currency: 'CNY', kind: 'correction' }],
    },
  ]);
  payment(
    captured(
      terms(
        'pay_usd',
        'A',
        'stripe',
        split1().map((each) => ({ ...each, amountMinor: each.amountMinor * 2 })),
        'USD',
      ),
    ),
    at(16, 9),
  );
  books.post(at(16, 9, 1));
}

export function closeWindow(log: MemoryLog, when: Date, currency = 'CNY', sequence = 1): void {
  const window = { windowId: windowIdOf('dnm', currency, sequence), model: 'dnm', currency, sequence };
  const stream = `window-${window.windowId}`;
  if (sequence === 1) log.append(stream, { type: 'WindowOpened', ...window, openedAt: when.toISOString() } as never, when);
  const next = { nextWindowId: windowIdOf('dnm', currency, sequence + 1), closedAt: when.toISOString(), by: 'operator:fin' };
  log.append(stream, { type: 'WindowClosed', ...window, ...next } as never, when);
}

const feeBilled = (amountMinor: number): Fact => ({
  type: 'ProviderFeeBilled',
  provider: 'alipay',
  billId: 'bill_1',
  lineId: '1',
  amountMinor,
  currency: 'CNY',
  billedAt: '2026-03-10T00:00:00Z',
});

const bankLine = (lineId: string, amountMinor: number, match: Extract<Fact, { type: 'BankLineRecorded' }>['match']): Fact => ({
  type: 'BankLineRecorded',
  bank: 'sandbox',
  lineId,
  sequence: 1,
  amountMinor,
  currency: 'CNY',
  reference: lineId,
  match,
  bookedAt: '2026-03-10T00:00:00Z',
});
