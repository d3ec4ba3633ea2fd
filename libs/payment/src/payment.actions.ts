import { createHash } from 'node:crypto';
import type { PaymentEvent, ProblemCode } from '@tongbao/contracts';
import { handle, load, type EventStore, type Loaded } from '@tongbao/event-store';
import { nameOf, Problem, type Principal } from '@tongbao/service';
import type { PaymentDecision } from './payment.decide.js';
import { problemOf } from './payment.intake.js';
import { paymentFold, type Payment, type PaymentState } from './payment.js';
import { paymentStream, type PaymentReactor } from './payment.reactor.js';
import type { PaymentWaiters } from './payment.waiters.js';

/** What is done to a payment that there is, from whichever edge it comes. */
export class PaymentActions {
  constructor(
    private readonly store: EventStore,
    private readonly reactor: PaymentReactor,
    private readonly waiters: PaymentWaiters,
  ) {}

  /** @throws Problem not_found, also for a payment of another platform: its existence is nobody else's business */
  async load(paymentId: string, caller: Principal): Promise<Payment> {
    const loaded: Loaded<PaymentState> = /^pay_[a-z2-7]{32}$/.test(paymentId)
      ? await load(this.store, paymentStream(paymentId), paymentFold)
      : { state: undefined, revision: undefined };
    const isOwn = caller.kind === 'operator' || loaded.state?.order.platformId === caller.platformId;
    if (!loaded.state || !isOwn) throw new Problem('not_found', `There is no payment ${paymentId}.`);
    return loaded.state;
  }

  /**
   * Decides, appends, and sets the reactor off.
   * @param waitMs how long the caller would wait for what comes of it
   * @throws Problem for every refusal of the decider
   */
  async act(
    paymentId: string,
    decide: (state: PaymentState) => PaymentDecision,
    commandId: string,
    caller: Principal,
    waitMs: number,
  ): Promise<Payment> {
    const context = { commandId, correlationId: paymentId, actor: nameOf(caller) };
    const handled = await handle<PaymentState, PaymentEvent, ProblemCode>(
      this.store,
      paymentStream(paymentId),
      paymentFold,
      decide,
      context,
    );
    if (handled.outcome === 'refused') throw problemOf(handled.refusal);
    const run = handled.events.length > 0 ? this.reactor.run(paymentId, handled) : Promise.resolve(handled.state);
    this.waiters.started(paymentId, run);
    // What a command asks for ends with the reactor's run: a refund at rest is one whose outcome is known.
    const after = waitMs > 0 ? await firstOf(run, waitMs, handled.state) : handled.state;
    if (!after) throw new Error(`${paymentId} was acted on and has no state`);
    return after;
  }
}

/** A refund that its platform gives no id is named by its command. */
export const refundIdOf = (commandId: string): string => idOf('ref', commandId);

/** A dispute that whoever records it gives no id is named by its command. */
export const disputeIdOf = (commandId: string): string => idOf('dsp', commandId);

const idOf = (prefix: string, commandId: string): string =>
  `${prefix}_${createHash('sha256').update(commandId).digest('hex').slice(0, 24)}`;

/** What comes first: the result, or the end of the time with what was known. */
async function firstOf<T>(work: Promise<T>, waitMs: number, known: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(known), waitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
