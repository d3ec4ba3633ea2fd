import type { AgreementEvent, AgreementVersionRegistered, ParticipantEvent, PaymentMethod } from '@tongbao/contracts';
import { account } from '@tongbao/contracts';
import { Outage, type FeedConsumer, type LogFeed, type StoredEvent } from '@tongbao/event-store';
import { agreementFold, versionAt, type AgreementState } from './agreement.decide.js';
import { participantFold, type Participant } from './participant.decide.js';
import type { RequestContext } from './payment.decide.js';

/** What the hub offers, from its configuration. */
export interface Offer {
  currencies: readonly string[];
  /** Provider names, and whether each can authorize first. */
  providers: ReadonlyMap<string, { authorizes: boolean }>;
}

/** Participants and agreements, folded in memory from their streams: what every request is judged by. */
export class Directory {
  readonly #participants = new Map<string, Participant>();
  readonly #agreements = new Map<string, AgreementState>();
  #feed: LogFeed | undefined;
  #consumer: FeedConsumer | undefined;
  #isStarted = false;

  constructor(private readonly offer: Offer) {}

  /** Follows the log; resolves when everything up to now is known. */
  async start(feed: LogFeed): Promise<void> {
    this.#feed = feed;
    this.#consumer = feed.consume({ name: 'payment-directory', categories: ['participant', 'agreement'], after: 0n }, ({ events }) => {
      for (const stored of events) this.#apply(stored);
      return Promise.resolve();
    });
    await this.refresh();
    this.#isStarted = true;
  }

  /** @throws Outage while the log is still being read for the first time: nothing may be judged by a part of it */
  requireStarted(): void {
    if (!this.#isStarted) throw new Outage('participants and agreements are still being read');
  }

  /** Reads the log to its end: asked for before something is refused because it is unknown here; it may be a moment old. */
  async refresh(): Promise<void> {
    const feed = this.#feed;
    if (feed) await this.#consumer?.reached(await feed.end(), 5_000);
  }

  participant(party: string): Participant | undefined {
    return this.#participants.get(party);
  }

  participants(kind: 'platform' | 'creator'): Participant[] {
    return [...this.#participants.values()].filter(({ registered }) => registered.kind === kind);
  }

  agreementVersions(agreementId: string): AgreementState {
    return this.#agreements.get(agreementId) ?? agreementFold.initial;
  }

  agreementIds(): string[] {
    return [...this.#agreements.keys()];
  }

  /** Everything that a request is judged by, as it is now. */
  contextAt(now: Date): RequestContext {
    return {
      currencies: this.offer.currencies,
      isSuspended: (party) => this.participant(party)?.suspended ?? false,
      sellsIn: (platformId, currency) => this.participant(account.platform(platformId))?.registered.currencies.includes(currency) ?? false,
      agreement: (agreementId): AgreementVersionRegistered | undefined => versionAt(this.agreementVersions(agreementId), now),
      offers: (platformId, method, captureMode) => this.offers(platformId, method, captureMode),
      hasLimits: (party, currency) => this.#hasLimits(party, currency),
    };
  }

  /** Whether a platform may use a method, and the hub has it. */
  offers(platformId: string, method: PaymentMethod, captureMode: string): boolean {
    if (!this.participant(account.platform(platformId))?.registered.methods.includes(method.provider)) return false;
    if (method.provider === 'wallet') return true;
    const provider = this.offer.providers.get(method.provider);
    return provider !== undefined && (captureMode === 'automatic' || provider.authorizes);
  }

  #hasLimits(party: string, currency: string): boolean {
    const limits = this.participant(party)?.limits.get(currency);
    return limits?.minimumBalanceMinor !== undefined || limits?.netDebitCapMinor !== undefined;
  }

  #apply({ event, stream }: StoredEvent): void {
    if (stream.startsWith('agreement-')) {
      const agreement = event as AgreementEvent;
      this.#agreements.set(agreement.agreementId, agreementFold.evolve(this.agreementVersions(agreement.agreementId), agreement));
    } else {
      const participant = event as ParticipantEvent;
      const next = participantFold.evolve(this.#participants.get(participant.party), participant);
      if (next) this.#participants.set(participant.party, next);
    }
  }
}
