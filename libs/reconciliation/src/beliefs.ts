import { account, providerKeyOf, type PaymentEvent, type ReconciliationTerms, type SplitTransfer } from '@tongbao/contracts';
import type { EventStore, StoredEvent } from '@tongbao/event-store';
import { basisPointsOf, toSafeInteger } from '@tongbao/money';
import type { LineKind, Movement } from '@tongbao/provider-bills';
import type { Period } from './bill-day.js';
import { isMoneyAtProvider, type MoneyAtProvider } from './facts.js';
import { currencyTerms } from './terms.js';

/** What we believe of one movement of money at a provider. */
export interface Belief extends Movement {
  readonly paymentId?: string;
}

export interface BeliefQuery {
  provider: string;
  terms: ReconciliationTerms;
  /** Movements from `from` (inclusive) to `to` (exclusive). */
  period: Period;
  /** The span of the log that is looked at: what happened in the period is written there. */
  after: bigint;
  through: bigint;
  /** Whether refunds are to have the key of their payment; it costs a read for each. */
  withPaymentKeys?: boolean;
}

/** A clock may have been set between the happening and the writing of an event, or the store may have been away. */
export const clockSlackMs = 3_600_000;

/** Keys of refunds that have been asked for and not ended. */
const mostOpenRefunds = 50_000;

/**
 * What we believe that moved at a provider in a period, from the facts in the log, in their order. Memory does not grow with the log. What a platform's own
 * merchant account took, and what a wallet paid, is not at a provider of ours.
 */
export async function* beliefsOf(store: EventStore, query: BeliefQuery, signal: AbortSignal): AsyncGenerator<Belief> {
  const { after, through, period } = query;
  const reader = new BeliefReader(store, query);
  const done = new AbortController();
  try {
    for await (const { events, caughtUp } of store.follow(['payment', 'topup'], after, AbortSignal.any([signal, done.signal]))) {
      for (const stored of events) {
        if (stored.position > through || stored.createdAt.getTime() > Date.parse(period.to) + clockSlackMs) return;
        const belief = await reader.read(stored);
        if (belief !== undefined && belief.at >= period.from && belief.at < period.to) yield belief;
      }
      if (caughtUp) return;
    }
    signal.throwIfAborted();
  } finally {
    done.abort();
  }
}

class BeliefReader {
  /** Keys of refunds under way: the request says it, and the outcome does not. */
  readonly #refundKeys = new Map<string, string>();
  readonly #source: string;

  constructor(
    private readonly store: EventStore,
    private readonly query: BeliefQuery,
  ) {
    this.#source = account.provider(query.provider);
  }

  async read(stored: StoredEvent): Promise<Belief | undefined> {
    if (!isMoneyAtProvider(stored)) return undefined;
    const { event } = stored;
    const at = stored.createdAt.toISOString();
    switch (event.type) {
      case 'PaymentCaptured':
        return this.#captured(event);
      case 'CaptureConflicted':
      case 'LateCaptureFound':
        return this.#isOurs(event) ? this.#taken(event, providerKeyOf(event.paymentId, 'attempt', event.attempt), at) : undefined;
      case 'TopUpCaptured':
      case 'TopUpConflicted':
        return this.#isOurs(event) ? this.#taken(event, providerKeyOf(event.topUpId, 'top-up', 1), at) : undefined;
      case 'LateCaptureRefunded':
        return this.#isOurs(event) ? lateRefund(event, at) : undefined;
      case 'RefundRequested':
        this.#remember(`${stored.stream} ${event.refundId}`, event.providerKey);
        return undefined;
      case 'RefundDeclined':
        this.#refundKeys.delete(`${stored.stream} ${event.refundId}`);
        return undefined;
      case 'PaymentRefunded':
        return this.#refunded(event, stored.stream);
      case 'DisputeOpened':
      case 'DisputeClosed':
        return this.#disputed(event, stored.stream);
      default:
        return event satisfies never;
    }
  }

  #isOurs({ provider }: { provider: string }): boolean {
    return provider === this.query.provider;
  }

  #captured(event: FactOf<'PaymentCaptured'>): Belief | undefined {
    if (!this.#isOurs(event) || !event.split.some((transfer) => transfer.from === this.#source && !transfer.external)) return undefined;
    const belief = this.#taken(event, providerKeyOf(event.paymentId, 'attempt', event.attempt), new Date(event.capturedAt).toISOString());
    return event.expectedProviderFeeMinor > 0 ? { ...belief, feeMinor: event.expectedProviderFeeMinor } : belief;
  }

  #taken(fact: Taken, ourKey: string, at: string): Belief {
    const { amountMinor, currency, providerRef, paymentId } = fact;
    const { fee } = currencyTerms(this.query.terms, currency);
    const feeMinor = fee && toSafeInteger(basisPointsOf(BigInt(amountMinor), fee.basisPoints)) + fee.fixedMinor;
    return {
      ...{ kind: 'payment', ourKey, providerRef, amountMinor, currency, at, status: 'succeeded' },
      ...(feeMinor !== undefined && { feeMinor }),
      ...(paymentId !== undefined && { paymentId }),
    };
  }

  async #refunded(event: FactOf<'PaymentRefunded'>, stream: string): Promise<Belief | undefined> {
    const known = this.#refundKeys.get(`${stream} ${event.refundId}`);
    this.#refundKeys.delete(`${stream} ${event.refundId}`);
    if (!movesTo(event.transfers, this.#source)) return undefined;
    const story = known === undefined || this.query.withPaymentKeys ? await this.#storyOf(stream) : undefined;
    const ourKey = known ?? story?.refundKeys.get(event.refundId);
    if (ourKey === undefined) throw new Error(`${stream} was refunded as ${event.refundId}, and never asked for it`);
    const { paymentId, providerRef, amountMinor, currency, refundedAt } = event;
    const at = new Date(refundedAt).toISOString();
    return {
      ...{ kind: 'refund', ourKey, providerRef, amountMinor: -amountMinor, currency, at, status: 'succeeded', paymentId },
      ...(story?.paymentKey !== undefined && { paymentKey: story.paymentKey }),
    };
  }

  /**
   * Providers take what is in dispute when it is opened, and give it back when it is won. The operator names the dispute as the provider does, so that their
   * bill is found by it; their fee for it is theirs to say.
   */
  async #disputed(event: FactOf<'DisputeOpened' | 'DisputeClosed'>, stream: string): Promise<Belief | undefined> {
    const story = await this.#storyOf(stream);
    if (story.provider !== this.query.provider) return undefined;
    const { disputeId, currency, paymentId } = event;
    const common = { kind: 'dispute' as LineKind, providerRef: disputeId, currency, status: 'succeeded' as const, paymentId };
    if (event.type === 'DisputeOpened') return { ...common, amountMinor: -event.amountMinor, at: new Date(event.openedAt).toISOString() };
    const givenBack = (story.disputes.get(disputeId) ?? event.lostMinor) - event.lostMinor;
    return givenBack === 0 ? undefined : { ...common, amountMinor: givenBack, at: new Date(event.closedAt).toISOString() };
  }

  #remember(refund: string, key: string): void {
    this.#refundKeys.set(refund, key);
    const [oldest] = this.#refundKeys.keys();
    // One that is forgotten is read from its stream.
    if (this.#refundKeys.size > mostOpenRefunds && oldest !== undefined) this.#refundKeys.delete(oldest);
  }

  async #storyOf(stream: string): Promise<Story> {
    const story: Story = { refundKeys: new Map(), disputes: new Map(), provider: undefined, paymentKey: undefined };
    for (const { event } of await this.store.read<PaymentEvent>(stream)) {
      if (event.type === 'RefundRequested') story.refundKeys.set(event.refundId, event.providerKey);
      if (event.type === 'DisputeOpened') story.disputes.set(event.disputeId, event.amountMinor);
      const isAccepted = event.type === 'ConflictResolved' && event.resolution === 'accepted';
      if (event.type !== 'PaymentCaptured' && !isAccepted) continue;
      story.provider = event.split.some(({ external }) => external) ? undefined : event.provider;
      story.paymentKey = providerKeyOf(event.paymentId, 'attempt', event.attempt);
    }
    return story;
  }
}

type FactOf<Type extends MoneyAtProvider['type']> = Extract<MoneyAtProvider, { type: Type }>;

interface Taken {
  amountMinor: number;
  currency: string;
  providerRef: string;
  paymentId?: string;
}

/** What else a payment's stream says. */
interface Story {
  refundKeys: Map<string, string>;
  disputes: Map<string, number>;
  /** Where the money is; undefined where it is not at a provider of ours. */
  provider: string | undefined;
  paymentKey: string | undefined;
}

/** Money that came too late, or a second time, goes back under a key of its own. */
function lateRefund({ paymentId, attempt, providerRef, amountMinor, currency }: FactOf<'LateCaptureRefunded'>, at: string): Belief {
  const [ourKey, paymentKey] = [providerKeyOf(paymentId, 'late-refund', attempt), providerKeyOf(paymentId, 'attempt', attempt)];
  return { kind: 'refund', ourKey, paymentKey, providerRef, amountMinor: -amountMinor, currency, at, status: 'succeeded', paymentId };
}

const movesTo = (transfers: readonly SplitTransfer[], target: string): boolean =>
  transfers.some(({ to, external }) => to === target && !external);
