import { setTimeout as delay } from 'node:timers/promises';
import type { PaymentSidesSettled, SettlementEvent } from '@tongbao/contracts';
import { handle, load, type EventStore, type Loaded, type StoredEvent } from '@tongbao/event-store';
import type { PartyModels } from './models.js';
import { decideSettlement, type SettlementCommand, type SettlementRefusal } from './settlement.decide.js';
import { settlementFold, settlementStream, type Settlement, type SettlementState } from './settlement.js';
import type { SettlementQueries } from './settlement.queries.js';
import { moneyFactOf, netsByParty, nettedSidesOf, type MoneyFact, type Side } from './sides.js';

type MarkedPayment = PaymentSidesSettled['payments'][number];

export interface MarkingOptions {
  /** Payments in a slice; a slice is one event, and becomes a message for each. */
  paymentsInSlice?: number;
  /** Rest between two slices, so that telling of a large window (some 500 payments a second) leaves the store to the payments of today. */
  pauseMs?: number;
  signal?: AbortSignal;
}

/** A slice's JSON stays far under the 1 MiB that the store takes in one append. */
const fullAtCharacters = 400_000;

interface Span {
  windowId: string;
  model: string;
  /** As they were when the window closed: complete for every place of the span. */
  partyModels: PartyModels;
  currency: string;
  after: bigint;
  cutOff: bigint;
}

/**
 * Tells every payment which of its sides a settlement has settled, by reading the log's span of each window again. A payment is told once for each
 * window, of all its facts in there; so a window is read twice: once for the facts of a payment that are not its only one, once to tell. Slices are in log order
 * and the settlement's stream says how far they have come: run again after a crash, it goes on there.
 */
export class PaymentMarking {
  readonly #paymentsInSlice: number;
  readonly #pauseMs: number;
  readonly #signal: AbortSignal;

  constructor(
    private readonly store: EventStore,
    private readonly queries: SettlementQueries,
    options: MarkingOptions = {},
  ) {
    this.#paymentsInSlice = options.paymentsInSlice ?? 50;
    this.#pauseMs = options.pauseMs ?? 100;
    this.#signal = options.signal ?? new AbortController().signal;
  }

  /** Nothing to do for a settlement that is not settled, or whose payments all have been told. */
  async mark(settlementId: string): Promise<void> {
    const progress: Progress = { known: await load(this.store, settlementStream(settlementId), settlementFold) };
    const { state } = progress.known;
    if (state.status !== 'settled') return;
    const partyModels = await this.queries.partyModels(state.currency);
    for (const window of await this.queries.windowsOf(state.windowIds)) {
      const { windowId, model, currency, afterPosition, cutOff } = window;
      if (cutOff === null) throw new Error(`${windowId} is settled and has no cut-off`);
      if (cutOff <= state.marked.through) continue;
      if (!(await this.#markWindow(state, progress, { windowId, model, partyModels, currency, after: afterPosition, cutOff }))) return;
    }
    await this.#decide(state, progress, { type: 'FinishMarking' }, 'marked');
  }

  /** @returns false when it was stopped on the way */
  async #markWindow(settlement: Settlement, progress: Progress, span: Span): Promise<boolean> {
    const later = await this.#laterSides(span);
    let slice = new Slice(span.windowId);
    for await (const { position, fact } of this.#facts(span)) {
      const sides = later.take(fact, position, [...mineOf(fact, position, span)]);
      if (sides.length === 0 || position <= settlement.marked.through) continue;
      slice.add(position, { paymentId: fact.paymentId, sides: netsByParty(sides) });
      if (slice.payments.length < this.#paymentsInSlice && slice.characters < fullAtCharacters) continue;
      await this.#tell(settlement, progress, slice);
      slice = new Slice(span.windowId);
      await delay(this.#pauseMs, undefined, { signal: this.#signal }).catch(ignoreStop(this.#signal));
    }
    if (this.#signal.aborted) return false;
    if (slice.payments.length > 0) await this.#tell(settlement, progress, slice);
    return true;
  }

  /** First reading: refunds and the like, which are few; captures come once for a payment and are not kept. */
  async #laterSides(span: Span): Promise<LaterSides> {
    const later = new LaterSides();
    for await (const { position, fact } of this.#facts(span)) {
      if (fact.kind !== 'PaymentCaptured') later.add(fact.paymentId, position, mineOf(fact, position, span));
    }
    return later;
  }

  async *#facts({ after, cutOff, currency }: Span): AsyncGenerator<{ position: bigint; fact: MoneyFact }> {
    for await (const { event, position } of this.#paymentsBetween(after, cutOff)) {
      const fact = moneyFactOf(event);
      if (fact?.currency === currency) yield { position, fact };
    }
  }

  async *#paymentsBetween(after: bigint, cutOff: bigint): AsyncGenerator<StoredEvent> {
    const done = new AbortController();
    try {
      for await (const { events, caughtUp } of this.store.follow(['payment'], after, AbortSignal.any([done.signal, this.#signal]))) {
        for (const stored of events) {
          if (stored.position > cutOff) return;
          yield stored;
        }
        if (caughtUp) return;
      }
    } finally {
      done.abort();
    }
  }

  async #tell(settlement: Settlement, progress: Progress, { windowId, through, payments }: Slice): Promise<void> {
    await this.#decide(
      settlement,
      progress,
      { type: 'RecordMarkedSlice', windowId, throughPosition: through, payments },
      `mark through ${through}`,
    );
  }

  async #decide({ settlementId }: Settlement, progress: Progress, command: SettlementCommand, step: string): Promise<void> {
    const handled = await handle<SettlementState, SettlementEvent, SettlementRefusal>(
      this.store,
      settlementStream(settlementId),
      settlementFold,
      (state) => decideSettlement(command, state),
      { commandId: `${settlementId} ${step}`, correlationId: settlementId },
      progress.known,
    );
    if (handled.outcome === 'refused') throw new Error(`${settlementId} cannot ${step}: ${handled.refusal}`);
    progress.known = { state: handled.state, revision: handled.revision };
  }
}

/** The settlement's stream as it is known: read once, not for every slice. */
interface Progress {
  known: Loaded<SettlementState>;
}

class Slice {
  readonly payments: MarkedPayment[] = [];
  through = 0n;
  characters = 0;

  constructor(readonly windowId: string) {}

  add(position: bigint, payment: MarkedPayment): void {
    this.payments.push(payment);
    this.through = position;
    this.characters += 60 + payment.paymentId.length + payment.sides.reduce((sum, { party }) => sum + 50 + party.length, 0);
  }
}

/** The sides of a payment's facts that are told with its first fact in the window. */
class LaterSides {
  readonly #byPayment = new Map<string, { last: bigint; sides: Side[] } | 'told'>();

  add(paymentId: string, position: bigint, sides: Iterable<Side>): void {
    const known = this.#byPayment.get(paymentId);
    const before = known === undefined || known === 'told' ? [] : known.sides;
    this.#byPayment.set(paymentId, { last: position, sides: [...before, ...sides] });
  }

  /** Everything to be told with this fact: for a payment's first one in the window all of it, for the others nothing. */
  take({ paymentId, kind }: MoneyFact, position: bigint, own: Side[]): Side[] {
    const later = this.#byPayment.get(paymentId);
    if (later === undefined) return own;
    if (later === 'told') return [];
    if (position > later.last) throw new Error(`${paymentId} has a fact at ${position} that was not there before`);
    this.#byPayment.set(paymentId, 'told');
    return kind === 'PaymentCaptured' ? [...own, ...later.sides] : later.sides;
  }
}

/** The sides of a fact that belong to the windows of a model. */
function* mineOf(fact: MoneyFact, position: bigint, { model, partyModels }: Span): Generator<Side> {
  for (const side of nettedSidesOf(fact.transfers)) if (partyModels.at(side.party, position) === model) yield side;
}

const ignoreStop =
  (signal: AbortSignal) =>
  (error: unknown): void => {
    if (!signal.aborted) throw error;
  };
