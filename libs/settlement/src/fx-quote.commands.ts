import type { FxQuoted, FxQuoteEvent, FxRate } from '@tongbao/contracts';
import { handle, type EventStore, type Loaded, type StoredEvent } from '@tongbao/event-store';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import {
  countingQuote,
  currenciesIn,
  decideFxQuote,
  fxQuoteIdOf,
  fxQuoteProblem,
  fxQuotesFold,
  fxQuoteStream,
  longestQuoteMs,
  type FxQuoteCommand,
  type FxQuoteRefusal,
  type FxQuotes,
} from './fx-quote.js';
import { rateText } from './fx-rate.js';

/** What somebody says that the hub gives. */
export interface QuoteRequest extends FxRate {
  from: string;
  to: string;
  /** ISO 8601. */
  expiresAt: string;
  source: string;
}

const quotesAtOnce = 100;

/**
 * What operators say of rates, and what counts of it.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class FxQuoteCommands {
  constructor(
    private readonly store: EventStore,
    private readonly currencies: readonly string[],
    private readonly clock: Clock,
  ) {}

  async record(request: QuoteRequest, { commandId, by }: Asked): Promise<Answer & { quoteId: string }> {
    const { from, to, rateUnits, rateScale, source } = request;
    for (const field of ['from', 'to'] as const) {
      if (!this.currencies.includes(request[field]))
        throw new Problem('currency_unsupported', `The hub does not settle ${request[field]}.`, field);
    }
    const quoteId = fxQuoteIdOf(from, to, commandId);
    const now = this.#now();
    const expiresAt = new Date(request.expiresAt).toISOString();
    const quote = { quoteId, from, to, rateUnits, rateScale, expiresAt, by, source };
    const command: FxQuoteCommand = { type: 'RecordQuote', quote, inverse: await this.counting(to, from, now), now };
    const refusal = await this.#handle(from, to, command, { commandId, by });
    if (refusal) throw refusalOf(refusal, command);
    return { quoteId, ...(await this.#answer(from, to)) };
  }

  async withdraw(quoteId: string, reason: string, { commandId, by }: Asked): Promise<Answer> {
    const command: FxQuoteCommand = { type: 'WithdrawQuote', quoteId, by, reason };
    const [from, to] = currenciesIn(quoteId) ?? [];
    if (from === undefined || to === undefined) throw refusalOf('not_found', command);
    const refusal = await this.#handle(from, to, command, { commandId, by });
    if (refusal) throw refusalOf(refusal, command);
    return this.#answer(from, to);
  }

  /** What the hub gives for a currency at a time, by the stream itself: what is withdrawn a moment before does not count. */
  async counting(from: string, to: string, at: string): Promise<FxQuoted | undefined> {
    const last = await this.store.readLast<FxQuoteEvent>(fxQuoteStream(from, to));
    return last?.event.type === 'FxQuoted' ? countingQuote({ newest: last.event }, at) : undefined;
  }

  async #handle(from: string, to: string, command: FxQuoteCommand, { commandId, by }: Asked): Promise<FxQuoteRefusal | undefined> {
    const stream = fxQuoteStream(from, to);
    const handled = await handle<FxQuotes, FxQuoteEvent, FxQuoteRefusal>(
      this.store,
      stream,
      fxQuotesFold,
      (state) => decideFxQuote(command, state),
      { commandId, actor: by },
      await this.#recent(stream),
    );
    return handled.outcome === 'refused' ? handled.refusal : undefined;
  }

  /**
   * Read back as far as quotes may still count, and at least to the newest: a command that is repeated is about one of these, or about one that is refused as
   * expired.
   */
  async #recent(stream: string): Promise<Loaded<FxQuotes>> {
    const oldestMs = this.clock.now().getTime() - longestQuoteMs;
    const newest: StoredEvent<FxQuoteEvent>[] = [];
    for (let from: number | 'end' = 'end'; ;) {
      const page: StoredEvent<FxQuoteEvent>[] = await this.store.read<FxQuoteEvent>(stream, { backwards: true, from, limit: quotesAtOnce });
      newest.push(...page);
      const oldest = page.at(-1);
      if (!oldest || oldest.revision === 0 || oldest.createdAt.getTime() < oldestMs) break;
      from = oldest.revision - 1;
    }
    const state = newest.reduceRight((before, { event }) => fxQuotesFold.evolve(before, event), fxQuotesFold.initial);
    return { state, revision: newest[0]?.revision };
  }

  async #answer(from: string, to: string): Promise<Answer> {
    return { position: (await this.store.readLast(fxQuoteStream(from, to)))?.position ?? 0n };
  }

  #now(): string {
    return this.clock.now().toISOString();
  }
}

function refusalOf(refusal: FxQuoteRefusal, command: FxQuoteCommand): Problem {
  switch (refusal) {
    case 'invalid': {
      const problem = command.type === 'RecordQuote' ? fxQuoteProblem(command) : undefined;
      return new Problem('invalid', problem?.detail ?? 'A field is invalid.', problem?.field);
    }
    case 'rate_implausible': {
      const inverse = command.type === 'RecordQuote' ? command.inverse : undefined;
      const against = inverse ? `${rateText(inverse)} from ${inverse.from} to ${inverse.to}, or ` : '';
      return new Problem(
        refusal,
        `It does not fit what counts: ${against}the quote before it. Withdraw that first, if it is the wrong one.`,
        'rate',
      );
    }
    case 'four_eyes':
      return new Problem(refusal, 'It is far from the one before, which you recorded or withdrew: somebody else records it.', 'rate');
    case 'not_found':
      return new Problem(refusal, 'There is no such quote.');
    case 'idempotency_key_reused':
      return new Problem(refusal, 'This Idempotency-Key was used for another quote.');
    case 'state_conflict':
      return new Problem(refusal, 'It counts no more.');
    default:
      return refusal satisfies never;
  }
}
