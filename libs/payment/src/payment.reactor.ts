import type { AttemptOutcome, PaymentEvent, Provider, RefundOutcome } from '@tongbao/contracts';
import { handle, load, type AppendContext, type EventStore, type Loaded } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import { tracing } from '@tongbao/telemetry';
import { decideOutcome, decideRefundOutcome, decideStrayRefunded } from './payment-outcome.decide.js';
import { decideExpiry, type PaymentDecision } from './payment.decide.js';
import { openAttempt, paymentFold, type Attempt, type Payment, type PaymentState } from './payment.js';
import { providerKeyOf } from './payment-id.js';
import type { Providers } from './providers.js';

/** One call to the outside that a payment's events ask for. */
type Step =
  | { kind: 'pay' | 'close' | 'capture'; attempt: Attempt }
  | { kind: 'refund'; refundId: string; providerKey: string; amountMinor: number }
  | { kind: 'refund-stray'; attempt: number; amountMinor: number; currency: string; provider: string };

export const paymentStream = (paymentId: string): string => `payment-${paymentId}`;

/**
 * Makes the calls that events ask for, and records what came of them. The intent is in the stream before the call; the outcome goes there after it.
 * Where an intent may be older than this call (after a crash, or an unknown outcome) the provider is asked first.
 */
export class PaymentReactor {
  readonly #running = new Map<string, Promise<PaymentState>>();

  constructor(
    private readonly store: EventStore,
    private readonly providers: Providers,
    private readonly clock: Clock,
  ) {}

  /**
   * Does what a payment needs until nothing is left to do now. Runs once at a time for each payment.
   * @param fresh its newest intent was appended by this process a moment ago, nobody has acted on it yet
   */
  run(paymentId: string, fresh?: Loaded<PaymentState>): Promise<PaymentState> {
    const before = this.#running.get(paymentId);
    const run = (
      before
        ? before.then(
            () => this.#advance(paymentId),
            () => this.#advance(paymentId),
          )
        : this.#advance(paymentId, fresh)
    ).finally(() => {
      if (this.#running.get(paymentId) === run) this.#running.delete(paymentId);
    });
    this.#running.set(paymentId, run);
    return run;
  }

  /** Asks the provider about an attempt, because it sent a notification or time has passed, and records the answer. */
  async inquire(paymentId: string, attemptNumber: number): Promise<PaymentState> {
    const loaded = await load(this.store, paymentStream(paymentId), paymentFold);
    const attempt = loaded.state?.attempts.find((each) => each.attempt === attemptNumber);
    if (!attempt) return loaded.state;
    return tracing.follow(loaded.traceparent, () => this.#ask(paymentId, loaded, attempt));
  }

  /** Whether this process works on a payment right now. */
  isRunning(paymentId: string): boolean {
    return this.#running.has(paymentId);
  }

  /** Waits for the calls that are under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  async #ask(paymentId: string, loaded: Loaded<PaymentState>, attempt: Attempt): Promise<PaymentState> {
    const { provider } = attempt.method;
    const outcome = await this.providers.call(provider, 'query', (connector, signal) => connector.query(attempt.providerKey, signal));
    if (outcome.kind === 'not_found') return loaded.state;
    const { state, revision } = await this.#record(paymentId, `inquire ${attempt.providerKey} ${outcome.kind}`, loaded, (current) =>
      decideOutcome(attempt.attempt, outcome, this.#now(), current),
    );
    return this.run(paymentId, { state, revision });
  }

  async #advance(paymentId: string, fresh?: Loaded<PaymentState>): Promise<PaymentState> {
    if (fresh) return this.#proceed(paymentId, fresh, true);
    const loaded = await load(this.store, paymentStream(paymentId), paymentFold);
    // Nobody asks for it now, or somebody who does not know the payment's trace.
    return tracing.follow(loaded.traceparent, () => this.#proceed(paymentId, loaded, false));
  }

  async #proceed(paymentId: string, known: Loaded<PaymentState>, fresh: boolean): Promise<PaymentState> {
    let loaded = await this.#record(paymentId, 'expire', known, (state) => decideExpiry(this.clock.now(), state));
    const done = new Set<string>();
    for (let step = nextStep(loaded.state, done); step && loaded.state; step = nextStep(loaded.state, done)) {
      done.add(nameOf(step));
      loaded = await this.#perform(loaded.state, loaded, step, fresh);
    }
    return loaded.state;
  }

  async #perform(payment: Payment, loaded: Loaded<PaymentState>, step: Step, fresh: boolean): Promise<Loaded<PaymentState>> {
    const { paymentId } = payment.order;
    if (step.kind === 'refund') {
      const outcome = await this.#refund(payment, step, fresh);
      return this.#record(paymentId, `${nameOf(step)} ${outcome.kind}`, loaded, (state) =>
        decideRefundOutcome(step.refundId, outcome, this.#now(), state),
      );
    }
    if (step.kind === 'refund-stray') return this.#refundStray(payment, loaded, step);
    const outcome = await this.#attempt(payment, step.kind, step.attempt, fresh);
    return this.#record(paymentId, `${nameOf(step)} ${outcome.kind}`, loaded, (state) =>
      decideOutcome(step.attempt.attempt, outcome, this.#now(), state),
    );
  }

  async #attempt(payment: Payment, call: 'pay' | 'close' | 'capture', attempt: Attempt, fresh: boolean): Promise<AttemptOutcome> {
    const { provider } = attempt.method;
    const key = attempt.providerKey;
    if (call === 'close') return this.providers.call(provider, 'close', (connector, signal) => connector.close(key, signal));
    if (call === 'capture') return this.providers.call(provider, 'capture', (connector, signal) => connector.capture(key, signal));
    if (!fresh) {
      const known = await this.providers.call(provider, 'query', (connector, signal) => connector.query(key, signal));
      if (known.kind !== 'not_found') return known;
    }
    const { amountMinor, currency, captureMode } = payment.order;
    const request = {
      key,
      amountMinor,
      currency,
      capture: captureMode === 'automatic',
      ...(attempt.method.token && { token: attempt.method.token }),
    };
    return this.providers.call(provider, 'pay', (connector, signal) => connector.pay(request, signal));
  }

  async #refund(
    payment: Payment,
    step: Extract<Step, { kind: 'refund' }>,
    fresh: boolean,
  ): Promise<Exclude<RefundOutcome, { kind: 'not_found' }>> {
    const { capture, order } = payment;
    const paymentKey = payment.attempts.find(({ attempt }) => attempt === capture?.attempt)?.providerKey ?? '';
    const provider = capture?.provider ?? '';
    if (!fresh) {
      const known = await this.providers.callRefund(provider, 'query_refund', (connector, signal) =>
        connector.queryRefund(step.providerKey, signal),
      );
      if (known.kind !== 'not_found') return known;
    }
    const request = { key: step.providerKey, paymentKey, amountMinor: step.amountMinor, currency: order.currency };
    const outcome = await this.providers.callRefund(provider, 'refund', (connector, signal) => connector.refund(request, signal));
    return outcome.kind === 'not_found' ? { kind: 'unknown', reason: 'the provider does not know the refund' } : outcome;
  }

  async #refundStray(
    payment: Payment,
    loaded: Loaded<PaymentState>,
    step: Extract<Step, { kind: 'refund-stray' }>,
  ): Promise<Loaded<PaymentState>> {
    const { paymentId } = payment.order;
    const paymentKey = payment.attempts.find(({ attempt }) => attempt === step.attempt)?.providerKey ?? '';
    const request = {
      key: providerKeyOf(paymentId, 'late-refund', step.attempt),
      paymentKey,
      amountMinor: step.amountMinor,
      currency: step.currency,
    };
    const outcome = await this.providers.callRefund(step.provider, 'refund', (connector: Provider, signal) =>
      connector.refund(request, signal),
    );
    // Anything but a refund leaves the money in hub:suspense, where its age shows; the same key is tried again when the timer is due.
    if (outcome.kind !== 'refunded') return loaded;
    return this.#record(paymentId, nameOf(step), loaded, (state) => decideStrayRefunded(step.attempt, state));
  }

  async #record(
    paymentId: string,
    cause: string,
    known: Loaded<PaymentState>,
    decide: (state: PaymentState) => PaymentDecision,
  ): Promise<Loaded<PaymentState>> {
    const context: AppendContext = {
      commandId: `${paymentId} ${cause} after ${known.revision ?? 'nothing'}`,
      correlationId: paymentId,
      actor: 'hub',
    };
    const handled = await handle<PaymentState, PaymentEvent, unknown>(
      this.store,
      paymentStream(paymentId),
      paymentFold,
      decide,
      context,
      known,
    );
    return { state: handled.state, revision: handled.revision };
  }

  #now(): string {
    return this.clock.now().toISOString();
  }
}

/** The next call that a payment asks for, of those that have not been made in this run. */
function nextStep(payment: PaymentState, done: ReadonlySet<string>): Step | undefined {
  return payment && stepsOf(payment).find((step) => !done.has(nameOf(step)));
}

function stepsOf(payment: Payment): Step[] {
  const open = openAttempt(payment);
  const refunds = [...payment.refunds].filter(([, { status }]) => status === 'requested' || status === 'unknown');
  const strays = payment.strays.filter(({ status }) => status === 'refunding');
  return [
    ...(open ? attemptSteps(open) : []),
    ...refunds.map(([refundId, { providerKey, amountMinor }]): Step => ({ kind: 'refund', refundId, providerKey, amountMinor })),
    ...strays.map(({ attempt, amountMinor, currency, provider }): Step => ({
      kind: 'refund-stray',
      attempt,
      amountMinor,
      currency,
      provider,
    })),
  ];
}

function attemptSteps(attempt: Attempt): Step[] {
  if (attempt.closing) return [{ kind: 'close', attempt }];
  if (attempt.captureRequested) return [{ kind: 'capture', attempt }];
  return attempt.status === 'started' || attempt.status === 'unknown' ? [{ kind: 'pay', attempt }] : [];
}

function nameOf(step: Step): string {
  switch (step.kind) {
    case 'refund':
      return `refund ${step.refundId}`;
    case 'refund-stray':
      return `refund-stray ${step.attempt}`;
    default:
      return `${step.kind} ${step.attempt.attempt}`;
  }
}
