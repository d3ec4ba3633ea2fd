import type { Cache } from '@tongbao/cache';
import { account, type PaymentEvent, type PaymentItem, type ProblemCode } from '@tongbao/contracts';
import { handle, load, type EventStore, type Loaded } from '@tongbao/event-store';
import { contentHashOf, Problem, type Clock } from '@tongbao/service';
import type { Directory } from './directory.js';
import { decideRequest, type PaymentDecision, type RequestPayment } from './payment.decide.js';
import type { PaymentBody } from './payment.dto.js';
import { paymentIdOf } from './payment-id.js';
import { paymentFold, type Payment, type PaymentState } from './payment.js';
import { paymentStream, type PaymentReactor } from './payment.reactor.js';
import type { PaymentWaiters } from './payment.waiters.js';
import type { VelocityCounters } from './velocity.js';
import type { Workload } from './workload.js';

export interface Accepted {
  payment: Payment;
  /** The order was known already. */
  isReplay: boolean;
}

/** An order that is in its stream. */
interface Taken {
  paymentId: string;
  loaded: Loaded<PaymentState>;
  isReplay: boolean;
}

const details: Partial<Record<ProblemCode, string>> = {
  order_conflict: 'The order was requested before with different content. Method and expiry may differ, nothing else.',
  platform_suspended: 'The selling platform, or another platform that this order names, is suspended.',
  currency_unsupported: 'The hub or the platform does not take this currency.',
  amount_mismatch: 'amountMinor must be the sum of unitPriceMinor times quantity over all items.',
  agreement_missing: 'An item names an agreement that does not exist or is not valid yet.',
  method_unavailable: 'The platform may not use this method, or it cannot do what the order asks for.',
  limit_exceeded: 'A velocity limit of the platform is reached.',
  invalid: 'The split would have more than 100 transfers.',
  attempt_open: 'An earlier attempt may still take money. Ask again once it is closed.',
  state_conflict: 'The payment is in a state in which this is not possible.',
};

export const problemOf = (code: ProblemCode, field?: string): Problem =>
  new Problem(code, details[code] ?? 'The request was refused.', field);

/** Takes payment requests, from whichever edge they come: fills in what is left out, decides, appends, and sets the reactor off. */
export class PaymentIntake {
  constructor(
    private readonly store: EventStore,
    private readonly cache: Cache,
    private readonly directory: Directory,
    private readonly velocity: VelocityCounters,
    private readonly reactor: PaymentReactor,
    private readonly waiters: PaymentWaiters,
    private readonly clock: Clock,
    private readonly workload: Workload,
    private readonly expiryMinutes: number,
  ) {}

  /**
   * @param waitMs how long the caller would wait for an outcome
   * @param commandKey what the platform calls the command, where it came over Kafka
   * @throws Problem for every refusal of the table
   */
  async request(body: PaymentBody, commandId: string, waitMs: number, commandKey?: string): Promise<Accepted> {
    const { paymentId, loaded, isReplay } = await this.workload.of(() => this.#take(body, commandId, commandKey));
    return this.#answer(paymentId, loaded, isReplay, waitMs);
  }

  async #take(body: PaymentBody, commandId: string, commandKey: string | undefined): Promise<Taken> {
    const now = this.clock.now();
    const command = { ...readCommand(body, now, this.expiryMinutes), ...(commandKey && { commandKey }) };
    if (isTooLate(command, now)) return this.#repeat(command, tooLate());
    await this.#requireKnownParties(command);
    const known = await this.#hinted(command);
    if (known) return { paymentId: command.paymentId, loaded: known, isReplay: true };
    const decide = (state: PaymentState): PaymentDecision => decideRequest(command, this.directory.contextAt(now), state);
    const refusal = await this.#refusal(decide);
    const takeBack = refusal ? undefined : await this.#count(command);
    if (!takeBack) return this.#repeat(command, problemOf(refusal ?? 'limit_exceeded'));
    const handled = await this.#append(command, commandId, decide);
    const isReplay = handled.outcome === 'accepted' && handled.events.length === 0;
    if (isReplay || handled.outcome === 'refused') await takeBack();
    if (handled.outcome === 'refused') throw problemOf(handled.refusal);
    return { paymentId: command.paymentId, loaded: handled, isReplay };
  }

  /**
   * The payment, if the cache says that its order was requested before, and the stream confirms it. A repetition is told what the payment is
   * now, so no answer can be kept for it; what the cache keeps is the hint where to look first: at the stream, instead of trying to append to it.
   * A hint that is missing, or that a refused request has left behind, changes no answer.
   */
  async #hinted(command: RequestPayment): Promise<Loaded<PaymentState> | undefined> {
    if (!(await this.cache.seen('order', command.paymentId, repetitionSeconds))) return undefined;
    const loaded = await this.#load(command);
    return isOf(command, loaded.state) ? loaded : undefined;
  }

  /** A repeated order is answered as before, whatever has changed since: so before a refusal the stream is looked at. */
  async #repeat(command: RequestPayment, refusal: Problem): Promise<Taken> {
    const loaded = await this.#load(command);
    if (!isOf(command, loaded.state)) throw loaded.state ? problemOf('order_conflict') : refusal;
    return { paymentId: command.paymentId, loaded, isReplay: true };
  }

  /** Why a new order like this is refused. */
  async #refusal(decide: (state: PaymentState) => PaymentDecision): Promise<ProblemCode | undefined> {
    let decision = decide(undefined);
    if ('refused' in decision && mayBeStale.has(decision.refused)) {
      await this.directory.refresh();
      decision = decide(undefined);
    }
    return 'refused' in decision ? decision.refused : undefined;
  }

  /** @returns a way to take it back, or undefined when a velocity limit is passed */
  async #count(command: RequestPayment): Promise<(() => Promise<void>) | undefined> {
    const limits = this.directory.participant(account.platform(command.platformId))?.velocityLimits ?? [];
    if (limits.length === 0) return () => Promise.resolve();
    const { platformId, currency, amountMinor } = command;
    return this.velocity.take(limits, {
      platformId,
      userId: command.payer.userId,
      provider: command.method.provider,
      currency,
      amountMinor,
    });
  }

  #append(command: RequestPayment, commandId: string, decide: (state: PaymentState) => PaymentDecision) {
    const { paymentId } = command;
    const isNew: Loaded<PaymentState> = { state: undefined, revision: undefined };
    const context = { commandId, correlationId: paymentId, actor: account.platform(command.platformId) };
    return handle<PaymentState, PaymentEvent, ProblemCode>(this.store, paymentStream(paymentId), paymentFold, decide, context, isNew);
  }

  #load({ paymentId }: RequestPayment): Promise<Loaded<PaymentState>> {
    return load(this.store, paymentStream(paymentId), paymentFold);
  }

  async #answer(paymentId: string, handled: Loaded<PaymentState>, isReplay: boolean, waitMs: number): Promise<Accepted> {
    const settled = this.#follow(paymentId, handled, isReplay, waitMs);
    const payment = waitMs > 0 ? await settled : handled.state;
    if (!payment) throw new Error(`${paymentId} was accepted and has no state`);
    return { payment, isReplay };
  }

  /** Sets the reactor off where there is something to do, and gives what the payment is when it rests. */
  async #follow(paymentId: string, handled: Loaded<PaymentState>, isReplay: boolean, waitMs: number): Promise<PaymentState> {
    const isHeld = handled.state?.hold === 'asked';
    const rests = waitMs > 0 ? this.waiters.rest(paymentId, waitMs, handled.state) : Promise.resolve(handled.state);
    if (!isReplay && !isHeld && handled.state?.status === 'pending') {
      this.waiters.started(paymentId, this.reactor.run(paymentId, handled));
    }
    return rests;
  }

  async #requireKnownParties(command: RequestPayment): Promise<void> {
    const unknown = () => partiesOf(command).find(({ party }) => !this.directory.participant(party));
    if (unknown()) await this.directory.refresh();
    const missing = unknown();
    if (missing) throw new Problem('invalid', `${missing.party} has not joined the hub.`, missing.field);
  }
}

const isTooLate = ({ expiresAt }: RequestPayment, now: Date): boolean => new Date(expiresAt) <= now;

const tooLate = (): Problem => new Problem('invalid', 'expiresAt must be in the future.', 'expiresAt');

const isOf = (command: RequestPayment, state: PaymentState): boolean => state?.order.contentHash === command.contentHash;

/** Who repeats a request does so soon; later repetitions only cost a little more. */
const repetitionSeconds = 600;

/** Refusals that a newer directory might not give. */
const mayBeStale: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'platform_suspended',
  'currency_unsupported',
  'agreement_missing',
  'method_unavailable',
]);

function partiesOf(command: RequestPayment): { party: string; field: string }[] {
  const ofItems = command.items.flatMap((item, index) => [
    { party: account.platform(item.ownerId), field: `items[${index}].ownerId` },
    ...item.creators.map(({ creatorId }, at) => ({
      party: account.creator(creatorId),
      field: `items[${index}].creators[${at}].creatorId`,
    })),
  ]);
  return [
    { party: account.platform(command.platformId), field: 'platformId' },
    { party: account.platform(command.processorId), field: 'processorId' },
    ...(command.referrerId ? [{ party: account.platform(command.referrerId), field: 'referrerId' }] : []),
    ...ofItems,
  ];
}

/**
 * What a new order asks for, as `readCommand` has it.
 * @throws Problem invalid when its expiry has passed
 */
export function toCommand(body: PaymentBody, now: Date, expiryMinutes: number): RequestPayment {
  const command = readCommand(body, now, expiryMinutes);
  if (isTooLate(command, now)) throw tooLate();
  return command;
}

/** The order with everything that was left out, and the hash of its content: all but method and expiry. */
function readCommand(body: PaymentBody, now: Date, expiryMinutes: number): RequestPayment {
  const { platformId, orderId, amountMinor, currency } = body;
  const content = {
    platformId,
    orderId,
    payer: { userId: body.payer.userId },
    items: body.items.map((item): PaymentItem => ({
      contentId: item.contentId,
      unitPriceMinor: item.unitPriceMinor,
      quantity: item.quantity,
      ownerId: item.ownerId ?? platformId,
      creators: (item.creators ?? []).map(({ creatorId, share }) => ({ creatorId, share })),
      agreementId: item.agreementId,
    })),
    amountMinor,
    currency,
    collection: body.collection ?? ('hub' as const),
    captureMode: body.captureMode ?? ('automatic' as const),
    processorId: body.processorId ?? platformId,
    ...(body.referrerId && { referrerId: body.referrerId }),
  };
  const expiresAt = body.expiresAt === undefined ? new Date(now.getTime() + expiryMinutes * 60_000) : new Date(body.expiresAt);
  return {
    paymentId: paymentIdOf(platformId, orderId),
    ...content,
    method: { provider: body.method.provider, ...(body.method.token && { token: body.method.token }) },
    contentHash: contentHashOf(content),
    now: now.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}
