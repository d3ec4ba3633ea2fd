import type { LogFeed } from '@tongbao/event-store';
import { openAttempt, type Payment, type PaymentState } from './payment.js';

/** True when nothing more happens by itself at once: an outcome, or the payer's turn, or another method's. */
export function isAtRest(payment: Payment): boolean {
  if (payment.hold === 'asked') return false;
  const open = openAttempt(payment);
  return !open || open.status === 'action_required' || (open.status === 'authorized' && !open.captureRequested && !open.closing);
}

interface Waiter {
  latest: PaymentState;
  finish: () => void;
}

/** Requests that wait for what becomes of their payment (`Prefer: wait`). Only a convenience: the truth is in the stream. */
export class PaymentWaiters {
  readonly #waiting = new Map<string, Set<Waiter>>();

  constructor(private readonly onError: (paymentId: string, error: unknown) => void) {}

  /** The payment once it rests, or what was known of it last when the time is over. */
  rest(paymentId: string, waitMs: number, known: PaymentState): Promise<PaymentState> {
    if (known && isAtRest(known)) return Promise.resolve(known);
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(paymentId) ?? new Set();
      this.#waiting.set(paymentId, waiters);
      const finish = () => {
        clearTimeout(timer);
        waiters.delete(waiter);
        if (waiters.size === 0) this.#waiting.delete(paymentId);
        resolve(waiter.latest);
      };
      const timer = setTimeout(finish, waitMs);
      const waiter: Waiter = { latest: known, finish };
      waiters.add(waiter);
    });
  }

  /** A payment has changed. */
  changed(paymentId: string, payment: PaymentState): void {
    for (const waiter of this.#waiting.get(paymentId) ?? []) {
      waiter.latest = payment;
      if (payment && isAtRest(payment)) waiter.finish();
    }
  }

  /**
   * Follows the log for what another process does to a payment that somebody waits for here.
   * @param isBusy this process works on the payment itself, and will tell by `changed`
   */
  follow(feed: LogFeed, load: (paymentId: string) => Promise<PaymentState>, isBusy: (paymentId: string) => boolean): void {
    feed.consume({ name: 'payment-waiters', categories: ['payment'], after: feed.head }, async ({ events }) => {
      if (this.#waiting.size === 0) return;
      const changed = new Set(events.map(({ stream }) => stream.slice('payment-'.length)));
      const elsewhere = [...changed].filter((paymentId) => this.#waiting.has(paymentId) && !isBusy(paymentId));
      await Promise.all(elsewhere.map(async (paymentId) => this.changed(paymentId, await load(paymentId))));
    });
  }

  /** The reactor works on a payment; whoever waits is told when it has. A failure is the timers' to repair: the intent is in the stream. */
  started(paymentId: string, run: Promise<PaymentState>): void {
    run.then(
      (payment) => this.changed(paymentId, payment),
      (error: unknown) => this.onError(paymentId, error),
    );
  }
}
