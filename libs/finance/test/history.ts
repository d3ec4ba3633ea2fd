import type { SplitTransfer } from '@tongbao/contracts';
import { isParty } from '@tongbao/contracts';
import fc from 'fast-check';
import { BookKeeper } from './book-keeper.js';
import {
  captured,
  disputed,
  disputeLost,
  lateCapture,
  payoutFact,
  refunded,
  transfer,
  type Fact,
  type OfPayment,
  type PaymentTerms,
} from './facts.js';
import type { MemoryLog } from './memory-log.js';
import { closeWindow } from './sample.js';

/** Something that happens, some minutes after what was before it, or before it where a clock goes back. */
export interface Step {
  what:
    | 'pay'
    | 'payExternally'
    | 'refund'
    | 'dispute'
    | 'lose'
    | 'late'
    | 'payOut'
    | 'confirm'
    | 'fail'
    | 'bill'
    | 'bankFee'
    | 'unmatched'
    | 'correct'
    | 'close'
    | 'post'
    | 'noise';
  minutes: number;
  amountMinor: number;
  seller: number;
  owner: number;
  creator: number;
  provider: number;
  currency: number;
}

const weights: [Step['what'], number][] = [
  ['pay', 12],
  ['payExternally', 3],
  ['refund', 4],
  ['dispute', 2],
  ['lose', 2],
  ['late', 2],
  ['payOut', 4],
  ['confirm', 3],
  ['fail', 2],
  ['bill', 2],
  ['bankFee', 1],
  ['unmatched', 1],
  ['correct', 2],
  ['close', 1],
  ['post', 6],
  ['noise', 2],
];

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(...weights.map(([what, weight]) => ({ arbitrary: fc.constant(what), weight }))),
  minutes: fc.oneof({ arbitrary: fc.integer({ min: 0, max: 700 }), weight: 9 }, { arbitrary: fc.integer({ min: -90, max: 0 }), weight: 1 }),
  amountMinor: fc.integer({ min: 1, max: 50_000 }),
  seller: fc.integer({ min: 0, max: 2 }),
  owner: fc.integer({ min: 0, max: 2 }),
  creator: fc.integer({ min: 0, max: 3 }),
  provider: fc.integer({ min: 0, max: 2 }),
  currency: fc.integer({ min: 0, max: 1 }),
});

export const histories = fc.array(step, { minLength: 150, maxLength: 260 });

const platforms = ['A', 'B', 'C'];
const providers = ['alipay', 'wechatpay', 'stripe'];
const currencies = ['CNY', 'USD'];
const nameOf = (names: readonly string[], index: number): string => names[index] ?? '';

const start = Date.UTC(2026, 0, 4, 20);

/** Writes what happens into a log; what cannot happen is passed over. */
export function writeHistory(log: MemoryLog, steps: readonly Step[]): void {
  const history = new History(log);
  for (const each of steps) history.take(each);
  history.end();
}

class History {
  readonly #books: BookKeeper;
  readonly #payments: { terms: PaymentTerms; state: 'captured' | 'refunded' | 'disputed' | 'lost' }[] = [];
  readonly #payouts: { payoutId: string; party: string; amountMinor: number; currency: string; isOpen: boolean }[] = [];
  readonly #windows = new Map<string, number>();
  #count = 0;
  #time = start;

  constructor(private readonly log: MemoryLog) {
    this.#books = new BookKeeper(log);
  }

  take(step: Step): void {
    this.#time += step.minutes * 60_000 + 7_000;
    this.#count += 1;
    this.#do(step);
  }

  /** The ledger has posted everything. */
  end(): void {
    this.#books.post(this.#at);
  }

  get #at(): Date {
    return new Date(this.#time);
  }

  #do(step: Step): void {
    const currency = nameOf(currencies, step.currency);
    switch (step.what) {
      case 'pay':
      case 'payExternally':
        this.#pay(step, currency);
        return;
      case 'refund':
        this.#of('captured', (payment) => {
          this.#payment(refunded(payment.terms, step.owner === 0 ? 1 : 0.37));
          payment.state = 'refunded';
        });
        return;
      case 'dispute':
        this.#of('captured', (payment) => {
          this.#payment(disputed(payment.terms, `dsp_${payment.terms.paymentId}`));
          payment.state = 'disputed';
        });
        return;
      case 'lose':
        this.#of('disputed', (payment) => {
          this.#payment(disputeLost(payment.terms, `dsp_${payment.terms.paymentId}`));
          payment.state = 'lost';
        });
        return;
      case 'late':
        this.#of('captured', ({ terms }) => this.#payment(lateCapture(terms, step.amountMinor)));
        return;
      case 'payOut':
        this.#payOut(step, currency);
        return;
      case 'confirm':
      case 'fail':
        this.#endPayout(step.what);
        return;
      case 'bill':
        this.#append('reconciliation-bills', this.#bill(step, currency));
        return;
      case 'bankFee':
        this.#append('reconciliation-bank', this.#bankLine(-step.amountMinor, currency, { kind: 'bank_fee' }));
        return;
      case 'unmatched':
        this.#append('reconciliation-bank', this.#bankLine(step.amountMinor, currency, { kind: 'unmatched', reason: 'unknown' }));
        return;
      case 'correct': {
        const [from, to] = step.owner === 0 ? ['hub:fees', 'creator:k1'] : ['platform:A', 'platform:B'];
        const transfers = [{ from, to, amountMinor: step.amountMinor, currency, kind: 'correction' }];
        this.#books.post(this.#at, [{ kind: 'PostEntry', ref: `corr_${this.#count}`, transfers }]);
        return;
      }
      case 'close': {
        const sequence = (this.#windows.get(currency) ?? 0) + 1;
        this.#windows.set(currency, sequence);
        closeWindow(this.log, this.#at, currency, sequence);
        return;
      }
      case 'post':
        this.#books.post(this.#at);
        return;
      case 'noise': {
        // Moves nothing, and what finance tells must not change by it.
        const noise = {
          type: 'AttemptStarted',
          attempt: 1,
          method: { provider: 'alipay' },
          providerKey: 'x',
          startedAt: this.#at.toISOString(),
        };
        this.log.append(`payment-noise${this.#count}`, noise, this.#at);
        return;
      }
      default:
        return step.what satisfies never;
    }
  }

  #pay({ what, amountMinor, seller, owner, creator, provider }: Step, currency: string): void {
    const [selling, owning] = [`platform:${nameOf(platforms, seller)}`, `platform:${nameOf(platforms, owner)}`];
    const from = provider === 2 && what === 'pay' ? `user:u${creator}:wallet` : `provider:${nameOf(providers, provider)}`;
    const purchase = transfer(from, selling, amountMinor, 'purchase');
    const split: SplitTransfer[] = [
      what === 'payExternally' ? { ...purchase, external: true } : purchase,
      transfer(selling, 'hub:fees', Math.ceil(amountMinor / 50), 'platform-service-fee'),
      transfer(owning, 'hub:provider-fees', Math.ceil(amountMinor / 90), 'provider-fee'),
    ];
    if (selling !== owning) split.push(transfer(selling, owning, Math.floor(amountMinor / 2), 'content-share'));
    if (creator > 0) split.push(transfer(owning, `creator:k${creator}`, Math.floor(amountMinor / 5), 'royalty'));
    const terms = { paymentId: `pay_${this.#count}`, platformId: nameOf(platforms, seller), currency, split };
    const paid = { ...terms, provider: from.startsWith('user:') ? 'wallet' : nameOf(providers, provider) };
    this.#payments.push({ terms: paid, state: 'captured' });
    this.#payment(captured(paid));
  }

  #payOut({ seller, creator, amountMinor }: Step, currency: string): void {
    const party = creator > 0 ? `creator:k${creator}` : `platform:${nameOf(platforms, seller)}`;
    if (!isParty(party)) throw new Error(`${party} is no party`);
    const payout = { payoutId: `stl_${this.#count}`, party, amountMinor, currency };
    this.#payouts.push({ ...payout, isOpen: true });
    for (const type of ['PayoutRequested', 'PayoutInstructed'] as const)
      this.#append(`payout-${payout.payoutId}`, payoutFact(type, { ...payout, direction: 'payout' }));
  }

  #endPayout(what: 'confirm' | 'fail'): void {
    const payout = this.#payouts.find(({ isOpen }) => isOpen);
    if (!payout) return;
    const { payoutId, party, amountMinor, currency } = payout;
    payout.isOpen = false;
    const type = what === 'confirm' ? 'PayoutConfirmed' : 'PayoutFailed';
    this.#append(`payout-${payout.payoutId}`, payoutFact(type, { ...{ payoutId, party, amountMinor, currency }, direction: 'payout' }));
  }

  #of(state: 'captured' | 'disputed', work: (payment: { terms: PaymentTerms; state: string }) => void): void {
    const payment = this.#payments.find((each) => each.state === state);
    if (payment) work(payment);
  }

  #payment(event: OfPayment): void {
    this.#append(`payment-${event.paymentId}`, event);
  }

  #append(stream: string, event: Fact): void {
    this.log.append(stream, event, this.#at);
  }

  #bill({ amountMinor, provider }: Step, currency: string): Fact {
    const id = `bill_${this.#count}`;
    return {
      type: 'ProviderFeeBilled',
      provider: nameOf(providers, provider),
      billId: id,
      lineId: id,
      amountMinor,
      currency,
      billedAt: '2026-01-01T00:00:00Z',
    };
  }

  #bankLine(amountMinor: number, currency: string, match: Extract<Fact, { type: 'BankLineRecorded' }>['match']): Fact {
    const lineId = `line_${this.#count}`;
    return {
      type: 'BankLineRecorded',
      bank: 'sandbox',
      lineId,
      sequence: this.#count,
      amountMinor,
      currency,
      reference: lineId,
      match,
      bookedAt: '2026-01-01T00:00:00Z',
    };
  }
}
