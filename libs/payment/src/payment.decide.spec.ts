import { describe, expect, it } from '@jest/globals';
import type { PaymentEvent, ProblemCode } from '@tongbao/contracts';
import fc from 'fast-check';
import { at, context, item, order, requested, stateOf } from '../test/builders.js';
import {
  decideCancel,
  decideCapture,
  decideExpiry,
  decideHoldPlaced,
  decideHoldRefused,
  decideNewAttempt,
  decideRefund,
  decideRequest,
  decideSettled,
  decideSupersede,
  refundRefusals,
  requestRefusals,
  type PaymentDecision,
  type RequestContext,
  type RequestPayment,
} from './payment.decide.js';
import { decideConflict, decideOutcome, decideRefundOutcome, decideStrayRefunded } from './payment-outcome.decide.js';
import type { PaymentState } from './payment.js';

const given = (...history: PaymentEvent[]) => ({
  when: (decide: (state: PaymentState) => PaymentDecision) => ({
    then: (...expected: (Partial<PaymentEvent> & { type: string })[]) => {
      const decision = decide(stateOf(...history));
      expect('events' in decision ? decision.events : decision).toMatchObject(expected);
      if ('events' in decision) expect(decision.events).toHaveLength(expected.length);
    },
    isRefused: (code: ProblemCode) => expect(decide(stateOf(...history))).toEqual({ refused: code }),
    changesNothing: () => expect(decide(stateOf(...history))).toEqual({ events: [] }),
  }),
});

const captured =
  (attempt = 1) =>
  (state: PaymentState) =>
    decideOutcome(attempt, { kind: 'captured', providerRef: 'p1', amountMinor: 1000, currency: 'CNY' }, at, state);
const events = (decision: PaymentDecision): PaymentEvent[] => ('events' in decision ? [...decision.events] : []);
const after = (history: PaymentEvent[], ...steps: ((state: PaymentState) => PaymentDecision)[]): PaymentEvent[] =>
  steps.reduce((all, step) => [...all, ...events(step(stateOf(...all)))], history);

const pending = requested();
const paid = after(pending, captured());
const held = requested({ method: { provider: 'wallet' } });
const declined = (attempt: number) => (state: PaymentState) =>
  decideOutcome(attempt, { kind: 'declined', code: 'card_declined' }, at, state);
const again = (state: PaymentState) => decideNewAttempt({ provider: 'stripe' }, true, at, state);
const unknown = (state: PaymentState) => decideOutcome(1, { kind: 'unknown', reason: 'timeout' }, at, state);
const cancel = (state: PaymentState) => decideCancel('platform:A', 'changed mind', state);
const late = new Date('2026-01-31T10:00:01.000Z');
const expire = (state: PaymentState) => decideExpiry(late, state);
const closed = (state: PaymentState) => decideOutcome(1, { kind: 'closed' }, at, state);
const authorized = after(requested({ captureMode: 'manual' }), (state) =>
  decideOutcome(1, { kind: 'authorized', providerRef: 'p1' }, at, state),
);
const conflicted = after(pending, (state) =>
  decideOutcome(1, { kind: 'captured', providerRef: 'p1', amountMinor: 900, currency: 'CNY' }, at, state),
);
const refund =
  (refundId: string, amountMinor: number, currency = 'CNY') =>
  (state: PaymentState) =>
    decideRefund({ refundId, amountMinor, currency, reason: 'changed mind', now: at }, state);
const refundDone = (refundId: string) => (state: PaymentState) =>
  decideRefundOutcome(refundId, { kind: 'refunded', providerRef: 'r' }, at, state);

describe('a request', () => {
  it('begins the first attempt at once', () =>
    given()
      .when((state) => decideRequest(order(), context(), state))
      .then({ type: 'PaymentRequested', amountMinor: 1000 }, { type: 'AttemptStarted', attempt: 1 }));
  it('of amount 0 is captured at once, without a provider and without transfers', () =>
    given()
      .when((state) => decideRequest(order({ items: [item({ unitPriceMinor: 0 })], amountMinor: 0 }), context(), state))
      .then({ type: 'PaymentRequested', split: [] }, { type: 'PaymentCaptured', attempt: 0, split: [] }));
  it('by wallet waits for the ledger to hold the funds', () =>
    given()
      .when((state) => decideRequest(order({ method: { provider: 'wallet' } }), context(), state))
      .then({ type: 'PaymentRequested', reservations: [{ account: 'user:u1:wallet', amountMinor: 1000 }] }));
  it('waits for a hold on what a party with limits gives', () =>
    given()
      .when((state) => decideRequest(order(), context({ hasLimits: (party) => party === 'platform:B' }), state))
      .then({ type: 'PaymentRequested', reservations: [{ account: 'platform:B', amountMinor: 50 }] }));
  it('repeated with the same content changes nothing, whatever has happened since', () =>
    given(...paid)
      .when((state) => decideRequest(order({ method: { provider: 'stripe' } }), context({ isSuspended: () => true }), state))
      .changesNothing());
  it('with other content under the same order is a conflict', () =>
    given(...pending)
      .when((state) => decideRequest(order({ contentHash: 'other' }), context(), state))
      .isRefused('order_conflict'));
  it('uses a key that the narrowest provider takes', () => {
    const [, attempt] = requested();
    expect(attempt).toMatchObject({ providerKey: expect.stringMatching(/^[a-z2-7]{26}01$/) as unknown as string });
  });

  const violations: [ProblemCode, Partial<RequestPayment>, Partial<RequestContext>][] = [
    ['platform_suspended', {}, { isSuspended: (party) => party === 'platform:B' }],
    ['currency_unsupported', {}, { sellsIn: () => false }],
    ['amount_mismatch', { amountMinor: 1001 }, {}],
    ['agreement_missing', {}, { agreement: () => undefined }],
    ['method_unavailable', {}, { offers: () => false }],
  ];
  it.each(violations)('is refused with %s', (code, change, contextChange) =>
    given()
      .when((state) => decideRequest(order(change), context(contextChange), state))
      .isRefused(code),
  );
  it.each([
    ['collected by the platform', { collection: 'platform' as const }],
    ['captured by hand', { captureMode: 'manual' as const }],
  ])('by wallet cannot be %s', (_, change) =>
    given()
      .when((state) => decideRequest(order({ method: { provider: 'wallet' }, ...change }), context(), state))
      .isRefused('method_unavailable'),
  );
  it('of all refusals that apply is answered with the first', () =>
    fc.assert(
      fc.property(fc.subarray(violations, { minLength: 1 }), (chosen) => {
        const decision = decideRequest(
          Object.assign(order(), ...chosen.map(([, change]) => change)) as RequestPayment,
          context(Object.assign({}, ...chosen.map(([, , change]) => change)) as Partial<RequestContext>),
          undefined,
        );
        const precedence = requestRefusals.map(([code]) => code);
        const first = precedence.find((code) => chosen.some(([each]) => each === code));
        expect(decision).toEqual({ refused: first });
      }),
    ));
});

describe('a hold', () => {
  it('that is placed captures a wallet payment in the same append', () =>
    given(...held)
      .when((state) => decideHoldPlaced(at, state))
      .then({ type: 'FundsReserved' }, { type: 'PaymentCaptured', provider: 'wallet', holdId: `hold_${order().paymentId}` }));
  it('that is placed for a party with limits begins the attempt', () =>
    given(...requested({}, { hasLimits: (party) => party === 'platform:B' }))
      .when((state) => decideHoldPlaced(at, state))
      .then({ type: 'FundsReserved' }, { type: 'AttemptStarted' }));
  it('that is refused declines the payment with its code', () =>
    given(...held)
      .when((state) => decideHoldRefused('insufficient_funds', state))
      .then({ type: 'FundsRefused', code: 'insufficient_funds' }, { type: 'PaymentDeclined', code: 'insufficient_funds' }));
  it('answered twice changes nothing', () =>
    given(...after(held, (state) => decideHoldPlaced(at, state)))
      .when((state) => decideHoldPlaced(at, state))
      .changesNothing());
});

describe('a provider', () => {
  it('that took the money captures the payment, with its split', () =>
    given(...pending)
      .when(captured())
      .then({ type: 'PaymentCaptured', attempt: 1, providerRef: 'p1' }));
  it('that says so twice captures once', () =>
    given(...paid)
      .when(captured())
      .changesNothing());
  it('that asks the payer to act is passed on', () =>
    given(...pending)
      .when((state) => decideOutcome(1, { kind: 'action_required', action: { kind: 'qr', value: 'x' } }, at, state))
      .then({ type: 'PayerActionRequired', attempt: 1 }));
  it('that does not answer leaves the outcome unknown, once', () => {
    given(...pending)
      .when(unknown)
      .then({ type: 'AttemptOutcomeUnknown' });
    given(...after(pending, unknown))
      .when(unknown)
      .changesNothing();
  });
  it('that answers later captures an unknown attempt', () =>
    given(...after(pending, unknown))
      .when(captured())
      .then({ type: 'PaymentCaptured' }));
  it('that declines leaves the payment to another method', () => {
    given(...pending)
      .when(declined(1))
      .then({ type: 'AttemptDeclined', code: 'card_declined' });
    expect(stateOf(...after(pending, declined(1)))?.status).toBe('requested');
  });
  it('that declines for the third time ends the payment', () =>
    given(...after(pending, declined(1), again, declined(2), again))
      .when(declined(3))
      .then({ type: 'AttemptDeclined' }, { type: 'PaymentDeclined', code: 'card_declined' }));
  it('that took another amount is a conflict', () => expect(stateOf(...conflicted)?.status).toBe('conflicted'));
  it('that took another currency is a conflict', () =>
    given(...pending)
      .when((state) => decideOutcome(1, { kind: 'captured', providerRef: 'p1', amountMinor: 1000, currency: 'USD' }, at, state))
      .then({ type: 'CaptureConflicted', currency: 'USD' }));
  it.each<[string, PaymentEvent[], number]>([
    ['of an attempt that it had declined', after(pending, declined(1)), 1],
    ['of an earlier attempt while another is open', after(pending, declined(1), again), 1],
    ['a second time, by another attempt', after(pending, declined(1), again, captured(2)), 1],
    ['after the payment was cancelled', after(pending, cancel, closed), 1],
    ['after it expired', after(pending, expire, closed), 1],
  ])('that took money %s finds it waiting to be refunded', (_, history, attempt) =>
    given(...history)
      .when(captured(attempt))
      .then({ type: 'LateCaptureFound', attempt, amountMinor: 1000 }),
  );
  it('refunds late money once', () => {
    const found = after(pending, declined(1), captured());
    given(...found)
      .when((state) => decideStrayRefunded(1, state))
      .then({ type: 'LateCaptureRefunded' });
    given(...after(found, (state) => decideStrayRefunded(1, state)))
      .when((state) => decideStrayRefunded(1, state))
      .changesNothing();
    given(...after(found, (state) => decideStrayRefunded(1, state)))
      .when(captured())
      .changesNothing();
  });
  it('is not heard about an attempt that does not exist', () =>
    given(...pending)
      .when(captured(2))
      .isRefused('not_found'));
});

describe('another attempt', () => {
  it('follows a decline', () =>
    given(...after(pending, declined(1)))
      .when(again)
      .then({ type: 'AttemptStarted', attempt: 2, method: { provider: 'stripe' } }));
  it.each<[string, PaymentEvent[], ProblemCode]>([
    ['while one may still take money', pending, 'attempt_open'],
    ['while one is unknown', after(pending, unknown), 'attempt_open'],
    ['of a captured payment', paid, 'state_conflict'],
    ['of a cancelled payment', after(pending, declined(1), cancel), 'state_conflict'],
  ])('%s is refused', (_, history, code) =>
    given(...history)
      .when(again)
      .isRefused(code),
  );
  it('before the request is refused', () => given().when(again).isRefused('not_found'));
  it('by a wallet, which needs a hold of its own, is refused', () =>
    given(...after(pending, declined(1)))
      .when((state) => decideNewAttempt({ provider: 'wallet' }, true, at, state))
      .isRefused('method_unavailable'));
  it('by what the platform may not use is refused', () =>
    given(...after(pending, declined(1)))
      .when((state) => decideNewAttempt({ provider: 'x' }, false, at, state))
      .isRefused('method_unavailable'));
  it('may replace an open one once it is closed', () => {
    const superseded = after(pending, (state) => decideSupersede('platform:A', state), closed);
    expect(stateOf(...superseded)?.status).toBe('requested');
    given(...superseded)
      .when(again)
      .then({ type: 'AttemptStarted', attempt: 2 });
  });
  it('captured by another provider takes the money from there', () => {
    const [transfer] = events(captured(2)(stateOf(...after(pending, declined(1), again)))).flatMap((event) =>
      event.type === 'PaymentCaptured' ? event.split : [],
    );
    expect(transfer?.from).toBe('provider:stripe');
  });
});

describe('cancelling', () => {
  it('ends at once what nobody can pay', () =>
    given(...after(pending, declined(1)))
      .when(cancel)
      .then({ type: 'PaymentCancelled', by: 'platform:A' }));
  it('first closes an attempt that somebody may still pay', () =>
    given(...pending)
      .when(cancel)
      .then({ type: 'AttemptCloseRequested', reason: 'cancelled' }));
  it('ends the payment once the attempt is closed', () =>
    given(...after(pending, cancel))
      .when(closed)
      .then({ type: 'AttemptClosed' }, { type: 'PaymentCancelled' }));
  it('loses against money that was taken meanwhile', () =>
    given(...after(pending, cancel))
      .when(captured())
      .then({ type: 'PaymentCaptured' }));
  it('twice changes nothing', () => {
    given(...after(pending, cancel))
      .when(cancel)
      .changesNothing();
    given(...after(pending, declined(1), cancel))
      .when(cancel)
      .changesNothing();
  });
  it.each<[string, PaymentEvent[]]>([
    ['captured', paid],
    ['waiting for its hold', held],
    ['conflicted', conflicted],
  ])('what is %s is refused', (_, history) =>
    given(...history)
      .when(cancel)
      .isRefused('state_conflict'),
  );
});

describe('expiry', () => {
  it('before its time does nothing', () =>
    given(...after(pending, declined(1)))
      .when((state) => decideExpiry(new Date(at), state))
      .changesNothing());
  it('ends what nobody can pay', () =>
    given(...after(pending, declined(1)))
      .when(expire)
      .then({ type: 'PaymentExpired' }));
  it('closes an open attempt first, also an unknown one', () => {
    given(...pending)
      .when(expire)
      .then({ type: 'AttemptCloseRequested', reason: 'expired' });
    given(...after(pending, unknown))
      .when(expire)
      .then({ type: 'AttemptCloseRequested', reason: 'expired' });
    given(...after(pending, expire))
      .when(closed)
      .then({ type: 'AttemptClosed' }, { type: 'PaymentExpired' });
  });
  it.each<[string, PaymentEvent[]]>([
    ['captured', paid],
    ['waiting for its hold', held],
    ['conflicted', conflicted],
  ])('leaves alone what is %s', (_, history) =>
    given(...history)
      .when(expire)
      .changesNothing(),
  );
  it('voids the hold of what it ends', () => {
    const reserved = after(
      requested({}, { hasLimits: (party) => party === 'platform:B' }),
      (state) => decideHoldPlaced(at, state),
      declined(1),
    );
    given(...reserved)
      .when(expire)
      .then({ type: 'PaymentExpired', holdId: `hold_${order().paymentId}` });
  });
});

describe('capturing by hand', () => {
  it('asks for what was authorized, once', () => {
    given(...authorized)
      .when(decideCapture)
      .then({ type: 'CaptureRequested', attempt: 1 });
    given(...after(authorized, decideCapture))
      .when(decideCapture)
      .changesNothing();
  });
  it('of what is captured changes nothing', () =>
    given(...paid)
      .when(decideCapture)
      .changesNothing());
  it('of what is not authorized is refused', () =>
    given(...pending)
      .when(decideCapture)
      .isRefused('state_conflict'));
  it('of what is being cancelled is refused', () =>
    given(...after(authorized, cancel))
      .when(decideCapture)
      .isRefused('state_conflict'));
});

describe('a refund', () => {
  it('of a part is requested, and reverses its part of the split when it is confirmed', () => {
    given(...paid)
      .when(refund('r1', 400))
      .then({ type: 'RefundRequested', refundId: 'r1', amountMinor: 400 });
    given(...after(paid, refund('r1', 400)))
      .when(refundDone('r1'))
      .then({
        type: 'PaymentRefunded',
        refundedMinor: 400,
        transfers: [{ from: 'platform:A', amountMinor: 400 }, { amountMinor: 40 }, { amountMinor: 20 }] as never,
      });
  });
  it('of the whole makes the payment refunded', () =>
    expect(stateOf(...after(paid, refund('r1', 1000), refundDone('r1')))?.status).toBe('refunded'));
  it('asked for twice changes nothing', () =>
    given(...after(paid, refund('r1', 400)))
      .when(refund('r1', 400))
      .changesNothing());
  it('confirmed twice is recorded once', () =>
    given(...after(paid, refund('r1', 400), refundDone('r1')))
      .when(refundDone('r1'))
      .changesNothing());
  it('may use what a declined one gave back', () => {
    const history = after(paid, refund('r1', 700), (state) => decideRefundOutcome('r1', { kind: 'declined', code: 'X' }, at, state));
    given(...history)
      .when(refund('r2', 1000))
      .then({ type: 'RefundRequested', refundId: 'r2' });
  });
  it('of a wallet payment goes back at once', () =>
    given(...after(held, (state) => decideHoldPlaced(at, state)))
      .when(refund('r1', 1000))
      .then(
        { type: 'RefundRequested' },
        { type: 'PaymentRefunded', transfers: [{ to: 'user:u1:wallet', amountMinor: 1000 }, {}, {}] as never },
      ));
  it('whose outcome is unknown counts as gone', () => {
    const history = after(paid, refund('r1', 700), (state) => decideRefundOutcome('r1', { kind: 'unknown', reason: 'timeout' }, at, state));
    given(...history)
      .when(refund('r2', 301))
      .isRefused('exceeds_captured');
  });
  it.each<[ProblemCode, string, PaymentEvent[], ReturnType<typeof refund>]>([
    ['already_exists', 'under an id used for another amount', after(paid, refund('r1', 400)), refund('r1', 500)],
    ['payment_not_captured', 'before the capture', pending, refund('r1', 1)],
    ['currency_mismatch', 'in another currency', paid, refund('r1', 1, 'USD')],
    ['amount_not_positive', 'of nothing', paid, refund('r1', 0)],
    ['exceeds_captured', 'of more than is left while another is under way', after(paid, refund('r1', 700)), refund('r2', 301)],
  ])('is refused with %s: %s', (code, _, history, decide) =>
    given(...history)
      .when(decide)
      .isRefused(code),
  );
  it('of all refusals that apply is answered with the first', () =>
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom('CNY', 'USD'),
        fc.integer({ min: -5, max: 2_000 }),
        (isCaptured, isReused, currency, amountMinor) => {
          const history = isCaptured ? after(paid, ...(isReused ? [refund('r1', 400)] : [])) : pending;
          const command = { refundId: 'r1', amountMinor, currency, reason: '', now: at };
          const state = stateOf(...history)!;
          const decision = decideRefund(command, state);
          const applying = refundRefusals.filter(([, applies]) => applies(command, state)).map(([code]) => code);
          const isReplay = isCaptured && isReused && amountMinor === 400 && currency === 'CNY';
          if (isReplay) expect(decision).toEqual({ events: [] });
          else if (applying.length > 0) expect(decision).toEqual({ refused: applying[0] });
          else expect('events' in decision).toBe(true);
        },
      ),
    ));
  it('and any others at once never pass what was captured', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            id: fc.constantFrom('a', 'b', 'c', 'd'),
            amount: fc.integer({ min: 1, max: 600 }),
            how: fc.constantFrom('refunded', 'declined', 'unknown'),
          }),
        ),
        (steps) => {
          let history = paid;
          for (const { id, amount, how } of steps) {
            history = after(history, refund(id, amount));
            const outcome =
              how === 'refunded'
                ? { kind: 'refunded' as const, providerRef: 'r' }
                : how === 'declined'
                  ? { kind: 'declined' as const, code: 'X' }
                  : { kind: 'unknown' as const, reason: 't' };
            history = after(history, (state) => decideRefundOutcome(id, outcome, at, state));
          }
          const refunds = [...(stateOf(...history)?.refunds.values() ?? [])].filter(({ status }) => status !== 'declined');
          expect(refunds.reduce((sum, each) => sum + each.amountMinor, 0)).toBeLessThanOrEqual(1000);
        },
      ),
    ));
});

describe('a conflict', () => {
  const resolve = (resolution: 'accepted' | 'refunded') => (state: PaymentState) =>
    decideConflict({ resolution, by: 'operator:fin', note: 'seen' }, state);
  it('accepted captures the payment and books what is missing to losses', () => {
    given(...conflicted)
      .when(resolve('accepted'))
      .then({
        type: 'ConflictResolved',
        transfers: [
          { from: 'hub:suspense', to: 'provider:alipay', amountMinor: 900 },
          { from: 'hub:losses', to: 'provider:alipay', amountMinor: 100 },
          { amountMinor: 1000 },
          { amountMinor: 100 },
          { amountMinor: 50 },
        ] as never,
      });
    expect(stateOf(...after(conflicted, resolve('accepted')))?.status).toBe('captured');
  });
  it('refunded declines the payment and sends the money back', () => {
    const history = after(conflicted, resolve('refunded'));
    expect(stateOf(...history)).toMatchObject({ status: 'declined', strays: [{ status: 'refunding', amountMinor: 900 }] });
  });
  it('of another currency cannot be accepted', () =>
    given(
      ...after(pending, (state) => decideOutcome(1, { kind: 'captured', providerRef: 'p', amountMinor: 1000, currency: 'USD' }, at, state)),
    )
      .when(resolve('accepted'))
      .isRefused('currency_mismatch'));
  it('that there is not is refused', () =>
    given(...paid)
      .when(resolve('accepted'))
      .isRefused('state_conflict'));
});

describe('a settlement', () => {
  const settled = { settlementId: 's1', windowId: 'w1', sides: [{ party: 'platform:A', netMinor: 900 }] };
  it('of a side is recorded once', () => {
    given(...paid)
      .when((state) => decideSettled(settled, state))
      .then({ type: 'PaymentSettled', settlementId: 's1' });
    given(...after(paid, (state) => decideSettled(settled, state)))
      .when((state) => decideSettled(settled, state))
      .changesNothing();
  });
  it('of another window is recorded too', () =>
    given(...after(paid, (state) => decideSettled(settled, state)))
      .when((state) => decideSettled({ ...settled, windowId: 'w2' }, state))
      .then({ type: 'PaymentSettled', windowId: 'w2' }));
});
