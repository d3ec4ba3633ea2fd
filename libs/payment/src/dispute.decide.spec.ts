import { describe, expect, it } from '@jest/globals';
import type { PaymentEvent, ProblemCode, SplitRule, SplitTransfer } from '@tongbao/contracts';
import fc from 'fast-check';
import { agreement, at, context, example1Rules, example2Rules, item, order, requested, stateOf } from '../test/builders.js';
import {
  decideCloseDispute,
  decideOpenDispute,
  closeRefusals,
  openRefusals,
  type CloseDispute,
  type OpenDispute,
} from './dispute.decide.js';
import { decideHoldPlaced, decideRefund, decideSettled, type PaymentDecision } from './payment.decide.js';
import { decideOutcome, decideRefundOutcome } from './payment-outcome.decide.js';
import { refundableMinor, type PaymentState } from './payment.js';

type Step = (state: PaymentState) => PaymentDecision;

const eventsOf = (decision: PaymentDecision): PaymentEvent[] => ('events' in decision ? [...decision.events] : []);
const after = (history: PaymentEvent[], ...steps: Step[]): PaymentEvent[] =>
  steps.reduce((all, step) => [...all, ...eventsOf(step(stateOf(...all)))], history);
const given = (history: PaymentEvent[]) => ({
  when: (decide: Step) => ({
    then: (...expected: object[]) => {
      const events = eventsOf(decide(stateOf(...history)));
      expect(events).toMatchObject(expected);
      expect(events).toHaveLength(expected.length);
    },
    isRefused: (code: ProblemCode) => expect(decide(stateOf(...history))).toEqual({ refused: code }),
    changesNothing: () => expect(decide(stateOf(...history))).toEqual({ events: [] }),
  }),
});

const capture =
  (amountMinor = 1000): Step =>
  (state) =>
    decideOutcome(1, { kind: 'captured', providerRef: 'p1', amountMinor, currency: 'CNY' }, at, state);
const open =
  (disputeId: string, amountMinor: number, change: Partial<OpenDispute> = {}): Step =>
  (state) =>
    decideOpenDispute({ disputeId, amountMinor, currency: 'CNY', reason: 'not_received', now: at, ...change }, state);
const close =
  (disputeId: string, outcome: CloseDispute['outcome'], change: Partial<CloseDispute> = {}): Step =>
  (state) =>
    decideCloseDispute({ disputeId, outcome, feeMinor: 0, now: at, ...change }, state);
const refund =
  (refundId: string, amountMinor: number): Step =>
  (state) =>
    decideRefund({ refundId, amountMinor, currency: 'CNY', reason: '', now: at }, state);
const refunded =
  (refundId: string): Step =>
  (state) =>
    decideRefundOutcome(refundId, { kind: 'refunded', providerRef: 'r' }, at, state);
const settled: Step = (state) => decideSettled({ settlementId: 's1', windowId: 'w1', sides: [] }, state);

const pending = requested();
const paid = after(pending, capture());
const wallet = after(requested({ method: { provider: 'wallet' } }), (state) => decideHoldPlaced(at, state));

const lines = (history: PaymentEvent[]): string[] => {
  const last = history.at(-1);
  if (!last || !('transfers' in last)) return [];
  return last.transfers.map(({ from, to, amountMinor, kind }) => `${from} > ${to} ${amountMinor} ${kind}`);
};

/** What a payment's facts come to, by account. */
function balances(history: PaymentEvent[], isPosted: (transfer: SplitTransfer) => boolean = () => true): Map<string, number> {
  const all = new Map<string, number>();
  for (const event of history) {
    const transfers: readonly SplitTransfer[] =
      event.type === 'PaymentCaptured'
        ? event.split
        : event.type === 'PaymentRefunded' || event.type === 'DisputeOpened' || event.type === 'DisputeClosed'
          ? event.transfers
          : [];
    for (const { from, to, amountMinor } of transfers.filter(isPosted)) {
      all.set(from, (all.get(from) ?? 0) - amountMinor);
      all.set(to, (all.get(to) ?? 0) + amountMinor);
    }
  }
  return new Map([...all].filter(([, amount]) => amount !== 0));
}

describe('a dispute', () => {
  it('withholds what a refund of its amount would reverse, with its own account in the provider’s place', () => {
    expect(lines(after(paid, open('d1', 400)))).toEqual([
      'platform:A > dispute:d1 400 purchase',
      'hub:fees > platform:A 40 platform-service-fee',
      'hub:fees > platform:B 20 payment-handling-fee',
    ]);
    given(paid)
      .when(open('d1', 400))
      .then({ type: 'DisputeOpened', disputeId: 'd1', amountMinor: 400, currency: 'CNY', reason: 'not_received', openedAt: at });
  });
  it('that is won gives the opening’s transfers back', () => {
    const won = after(paid, open('d1', 333), close('d1', 'won'));
    expect(balances(won)).toEqual(balances(paid));
    expect(won.at(-1)).toMatchObject({ type: 'DisputeClosed', outcome: 'won', lostMinor: 0 });
  });
  it('that is lost is as a refund of its amount', () => {
    const lost = after(paid, open('d1', 333), close('d1', 'lost'));
    expect(lines(lost)).toEqual(['dispute:d1 > provider:alipay 333 purchase']);
    expect(balances(lost)).toEqual(balances(after(paid, refund('r1', 333), refunded('r1'))));
    expect(lost.at(-1)).toMatchObject({ outcome: 'lost', lostMinor: 333 });
  });
  it('that is lost in part is divided in proportion', () => {
    const part = after(paid, open('d1', 1000), close('d1', 'part', { lostMinor: 250 }));
    expect(lines(part)).toEqual([
      'dispute:d1 > platform:A 750 purchase',
      'dispute:d1 > provider:alipay 250 purchase',
      'platform:A > hub:fees 75 platform-service-fee',
      'platform:B > hub:fees 37 payment-handling-fee',
    ]);
    expect(stateOf(...part)?.disputes.get('d1')).toMatchObject({ status: 'part', lostMinor: 250 });
  });
  it('takes the money of a wallet’s payment to the wallet', () =>
    expect(lines(after(wallet, open('d1', 1000), close('d1', 'lost')))).toEqual(['dispute:d1 > user:u1:wallet 1000 purchase']));
  it('about what the platform took in itself moves only what was posted', () => {
    const external = after(requested({ collection: 'platform' }), capture(), open('d1', 1000));
    expect(balances(external, (transfer) => !transfer.external)).toEqual(new Map());
    const closed = after(external, close('d1', 'lost', { feeMinor: 15 }));
    expect(closed.at(-1)).toMatchObject({
      transfers: [
        { from: 'dispute:d1', amountMinor: 1000, external: true },
        { from: 'platform:A', to: 'provider:alipay', amountMinor: 15, kind: 'dispute-fee', external: true },
      ],
    });
  });
  it('repeated changes nothing', () => {
    given(after(paid, open('d1', 400)))
      .when(open('d1', 400))
      .changesNothing();
    given(after(paid, open('d1', 400), close('d1', 'lost')))
      .when(open('d1', 400))
      .changesNothing();
    given(after(paid, open('d1', 400), close('d1', 'part', { lostMinor: 100 })))
      .when(close('d1', 'part', { lostMinor: 100 }))
      .changesNothing();
    given(after(paid, open('d1', 400), close('d1', 'won')))
      .when(close('d1', 'won'))
      .changesNothing();
  });
  it('leaves what the payment is as it was', () => {
    expect(stateOf(...after(paid, open('d1', 1000)))?.status).toBe('captured');
    expect(stateOf(...after(paid, refund('r1', 1000), refunded('r1'), open('d1', 1)))?.status).toBe('refunded');
    expect(stateOf(...after(paid, settled, open('d1', 1000), close('d1', 'lost')))?.status).toBe('captured');
  });

  it.each<[ProblemCode, string, PaymentEvent[], Step]>([
    ['not_found', 'of no payment', [], open('d1', 1)],
    ['already_exists', 'under an id used for another amount', after(paid, open('d1', 400)), open('d1', 500)],
    ['already_exists', 'under an id used for another reason', after(paid, open('d1', 400)), open('d1', 400, { reason: 'fraud' })],
    ['payment_not_captured', 'before the capture', pending, open('d1', 1)],
    ['currency_mismatch', 'in another currency', paid, open('d1', 1, { currency: 'USD' })],
    ['amount_not_positive', 'about nothing', paid, open('d1', 0)],
    ['exceeds_captured', 'about more than was captured', paid, open('d1', 1001)],
    ['exceeds_captured', 'about what is refunded', after(paid, refund('r1', 1000), refunded('r1')), open('d1', 1)],
    ['exceeds_captured', 'about what is being refunded', after(paid, refund('r1', 600)), open('d1', 401)],
    ['exceeds_captured', 'beside one that is open', after(paid, open('d0', 600)), open('d1', 401)],
    ['exceeds_captured', 'beside one that was lost', after(paid, open('d0', 600), close('d0', 'lost')), open('d1', 401)],
    ['exceeds_captured', 'a refund beside one that is open', after(paid, open('d0', 600)), refund('r1', 401)],
    [
      'exceeds_captured',
      'a refund beside one that was lost in part',
      after(paid, open('d0', 600), close('d0', 'part', { lostMinor: 100 })),
      refund('r1', 901),
    ],
  ])('is refused with %s: %s', (code, _, history, decide) => given(history).when(decide).isRefused(code));

  it.each<[string, PaymentEvent[], Step]>([
    ['what one gave back', after(paid, open('d0', 1000), close('d0', 'won')), open('d1', 1000)],
    ['what is left of one', after(paid, open('d0', 600), close('d0', 'part', { lostMinor: 100 })), open('d1', 900)],
    ['what is refunded in part', after(paid, refund('r1', 400), refunded('r1')), open('d1', 600)],
    ['what is settled', after(paid, settled), open('d1', 1000)],
  ])('may be about %s', (_, history, decide) => given(history).when(decide).then({ type: 'DisputeOpened' }));
});

describe('the end of a dispute', () => {
  const disputed = after(paid, open('d1', 400));
  it.each<[ProblemCode, string, PaymentEvent[], Step]>([
    ['not_found', 'of no payment', [], close('d1', 'won')],
    ['not_found', 'of another dispute', disputed, close('d2', 'won')],
    ['state_conflict', 'with another outcome than before', after(disputed, close('d1', 'won')), close('d1', 'lost')],
    [
      'state_conflict',
      'with another part than before',
      after(disputed, close('d1', 'part', { lostMinor: 1 })),
      close('d1', 'part', { lostMinor: 2 }),
    ],
    ['invalid', 'in part, without the part', disputed, close('d1', 'part')],
    ['invalid', 'won, with a part', disputed, close('d1', 'won', { lostMinor: 1 })],
    ['invalid', 'lost, with a part', disputed, close('d1', 'lost', { lostMinor: 400 })],
    ['invalid', 'in part, of all of it', disputed, close('d1', 'part', { lostMinor: 400 })],
    ['invalid', 'in part, of nothing of it', disputed, close('d1', 'part', { lostMinor: 0 })],
    ['invalid', 'with a fee below nothing', disputed, close('d1', 'won', { feeMinor: -1 })],
    ['invalid', 'with a fee where there is no provider', after(wallet, open('d1', 400)), close('d1', 'lost', { feeMinor: 1 })],
  ])('is refused with %s: %s', (code, _, history, decide) => given(history).when(decide).isRefused(code));

  it.each<[string, SplitRule[], string]>([
    ['the seller, where no rule says', example1Rules, 'platform:A'],
    [
      'whoever bears the provider’s fees',
      [
        ...example1Rules,
        { from: 'processor', to: 'hub', kind: 'provider-fee', basis: 'gross', rateBasisPoints: 60, refundable: false } as const,
      ],
      'platform:B',
    ],
  ])('has its fee borne by %s', (_, rules, bearer) => {
    const history = after(requested({}, { agreement: () => agreement(rules) }), capture(), open('d1', 400));
    expect(lines(after(history, close('d1', 'won', { feeMinor: 15 }))).at(-1)).toBe(`${bearer} > provider:alipay 15 dispute-fee`);
  });
});

describe('of all refusals that apply the first answers', () => {
  it('to an opening', () =>
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom('CNY', 'USD'),
        fc.integer({ min: -5, max: 2_000 }),
        (isCaptured, isUsed, currency, amountMinor) => {
          const state = stateOf(...(isCaptured ? after(paid, ...(isUsed ? [open('d1', 400)] : [])) : pending))!;
          const command = { disputeId: 'd1', amountMinor, currency, reason: 'not_received', now: at };
          const applying = openRefusals.filter(([, applies]) => applies(command, state)).map(([code]) => code);
          const decision = decideOpenDispute(command, state);
          if (isCaptured && isUsed && amountMinor === 400 && currency === 'CNY') expect(decision).toEqual({ events: [] });
          else expect(decision).toEqual(applying.length > 0 ? { refused: applying[0] } : { events: [expect.anything()] });
        },
      ),
    ));
  it('to an end', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('won', 'lost', 'part'),
        fc.option(fc.integer({ min: -1, max: 500 }), { nil: undefined }),
        fc.integer({ min: -1, max: 2 }),
        fc.boolean(),
        (outcome: CloseDispute['outcome'], lostMinor, feeMinor, isClosed) => {
          const history = after(paid, open('d1', 400), ...(isClosed ? [close('d1', 'won')] : []));
          const state = stateOf(...history)!;
          const command = { disputeId: 'd1', outcome, feeMinor, now: at, ...(lostMinor !== undefined && { lostMinor }) };
          const dispute = state.disputes.get('d1')!;
          const applying = closeRefusals.filter(([, applies]) => applies(command, dispute, state.capture!)).map(([code]) => code);
          const decision = decideCloseDispute(command, state);
          if (isClosed && outcome === 'won' && (lostMinor ?? 0) === 0) expect(decision).toEqual({ events: [] });
          else expect(decision).toEqual(applying.length > 0 ? { refused: applying[0] } : { events: [expect.anything()] });
        },
      ),
    ));
});

describe('refunds and disputes of a payment, in any number and order', () => {
  type Move =
    | { kind: 'refund'; id: string; amount: number }
    | { kind: 'answer'; id: string; isTaken: boolean }
    | { kind: 'open'; id: string; amount: number }
    | { kind: 'close'; id: string; outcome: CloseDispute['outcome']; lost: number };
  const move: fc.Arbitrary<Move> = fc.oneof(
    fc.record({ kind: fc.constant('refund' as const), id: fc.constantFrom('a', 'b', 'c'), amount: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({ kind: fc.constant('answer' as const), id: fc.constantFrom('a', 'b', 'c'), isTaken: fc.boolean() }),
    fc.record({ kind: fc.constant('open' as const), id: fc.constantFrom('d', 'e', 'f'), amount: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({
      kind: fc.constant('close' as const),
      id: fc.constantFrom('d', 'e', 'f'),
      outcome: fc.constantFrom('won' as const, 'lost' as const, 'part' as const),
      lost: fc.integer({ min: 1, max: 2_000 }),
    }),
  );
  const run = (each: Move): Step => {
    switch (each.kind) {
      case 'refund':
        return refund(each.id, each.amount);
      case 'answer':
        return each.isTaken ? refunded(each.id) : (state) => decideRefundOutcome(each.id, { kind: 'declined', code: 'no' }, at, state);
      case 'open':
        return open(each.id, each.amount);
      case 'close':
        return close(each.id, each.outcome, each.outcome === 'part' ? { lostMinor: each.lost } : {});
    }
  };
  const amountMinor = 3_001;
  const sold = after(
    requested(
      { items: [item({ unitPriceMinor: amountMinor, ownerId: 'B', creators: [{ creatorId: 'K', share: 1 }] })], amountMinor },
      context({ agreement: () => agreement(example2Rules) }),
    ),
    capture(amountMinor),
  );

  it('never pass what was captured, move only whole minor units, and leave nobody with what another one lacks', () =>
    fc.assert(
      fc.property(fc.array(move, { maxLength: 25 }), (steps) => {
        const history = after(sold, ...steps.map(run));
        expect(refundableMinor(stateOf(...history)!)).toBeGreaterThanOrEqual(0);
        for (const event of history.slice(sold.length)) {
          if (!('transfers' in event)) continue;
          for (const each of event.transfers) expect(Number.isSafeInteger(each.amountMinor) && each.amountMinor > 0).toBe(true);
        }
        expect([...balances(history).values()].reduce((sum, each) => sum + each, 0)).toBe(0);
      }),
    ));

  it('end at exactly nothing when the rest is refunded: no rounding stays with anybody', () =>
    fc.assert(
      fc.property(fc.array(move, { maxLength: 25 }), (steps) => {
        const ends: Step[] = ['a', 'b', 'c'].map(refunded).concat(['d', 'e', 'f'].map((id) => close(id, 'won')));
        const history = after(sold, ...steps.map(run), ...ends);
        const left = refundableMinor(stateOf(...history)!);
        const done = left > 0 ? after(history, refund('rest', left), refunded('rest')) : history;
        expect(balances(done)).toEqual(new Map());
      }),
    ));
});

it('of an order that costs nothing there is nothing in dispute', () => {
  const free = requested({ items: [item({ unitPriceMinor: 0 })], amountMinor: 0, contentHash: order().contentHash });
  given(free).when(open('d1', 1)).isRefused('exceeds_captured');
});
