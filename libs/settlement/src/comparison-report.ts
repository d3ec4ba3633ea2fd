import { isNetted, type JournalTransfer } from '@tongbao/contracts';
import { load, type EventStore, type StoredEvent } from '@tongbao/event-store';
import { toSafeInteger } from '@tongbao/money';
import { encodeCursor, Problem } from '@tongbao/service';
import { isJournalFact } from './facts.js';
import type { SettlementModels } from './models.js';
import { settlementFold, settlementStream } from './settlement.js';
import type { SettlementQueries } from './settlement.queries.js';
import type { RowOf } from './settlement.rows.js';
import { moneyFactOf, nettedSidesOf, type FactTransfer } from './sides.js';

/** A fact that the ledger has posted otherwise, not at all, or where there is none. */
export interface Difference {
  windowId: string;
  /** Log position of the fact; decimal. */
  position: string;
  kind: string;
  /** The payment, or the bank's line; absent where the ledger has an entry of no fact that counts. */
  ref?: string;
  /** Those that differ, in the order of their names. */
  parties: { party: string; factMinor: number; ledgerMinor: number; sides: number; ledgerSides: number }[];
}

export interface DifferencesPage {
  items: Difference[];
  next?: string;
}

/** A page looks at no more facts, however few of them differ, and so is answered in seconds. */
const factsAtOnce = 20_000;

interface Side {
  minor: bigint;
  count: number;
}

/** By party. */
type Sides = Map<string, Side>;

/** The categories that have facts of nets. */
const factCategories = ['payment', 'reconciliation'] as const;

/** What happened at a place of the log, by the facts or by the journal. */
interface Moved {
  position: bigint;
  kind: string;
  ref?: string;
  sides: Sides;
}

/** The part of a window that is looked at, and whose sides are its. */
interface Span {
  windowId: string;
  currency: string;
  after: bigint;
  through: bigint;
  isMine: (party: string, position: bigint) => boolean;
}

/**
 * Tells where a settlement's facts and the ledger's entries of them differ, fact by fact. The log's span of each window is read twice at once: the streams of the
 * facts and the journal have them in the same order, so nothing is kept but the two that are compared.
 */
export class ComparisonReport {
  constructor(
    private readonly store: EventStore,
    private readonly queries: SettlementQueries,
    private readonly models: SettlementModels,
  ) {}

  /**
   * @param after how far the page before has come
   * @throws Problem not_found; state_conflict before it is compared; invalid for a cursor that was made up
   */
  async page(settlementId: string, limit: number, after: string[] | undefined): Promise<DifferencesPage> {
    const { state } = await load(this.store, settlementStream(settlementId), settlementFold);
    if (state.status === 'none') throw new Problem('not_found', `There is no settlement ${settlementId}.`);
    if (state.status === 'requested' || state.status === 'calculated' || state.cutOff === undefined)
      throw new Problem('state_conflict', 'It has not been compared with the ledger yet.');
    const from = positionIn(after);
    const page = new DifferencesSoFar(limit);
    for (const window of await this.queries.windowsOf(state.windowIds)) {
      const span = await this.#spanOf(window, from);
      if (span && !(await this.#compare(span, page))) break;
    }
    return page.answer;
  }

  async #spanOf({ windowId, model, currency, afterPosition, cutOff }: RowOf<'windows'>, from: bigint): Promise<Span | undefined> {
    if (cutOff === null || cutOff <= from) return undefined;
    const partyModels = await this.models.partyModels(currency);
    const isMine = (party: string, position: bigint) => partyModels.at(party, position) === model;
    return { windowId, currency, after: from > afterPosition ? from : afterPosition, through: cutOff, isMine };
  }

  /** @returns false when the page is full */
  async #compare(span: Span, page: DifferencesSoFar): Promise<boolean> {
    const mended = await this.#mended(span);
    for await (const { position, fact, entry } of abreast(this.#facts(span), this.#entries(span))) {
      const posted = { sides: entry?.sides ?? new Map<string, Side>(), mended: mended.get(position) ?? new Map<string, Side>() };
      if (!page.add(position, differenceOf(span, position, fact, entry, posted))) return false;
    }
    return true;
  }

  async *#facts(span: Span): AsyncGenerator<Moved, void> {
    for await (const { event, position } of this.#between(factCategories, span.after, (stored) => stored.position > span.through)) {
      const fact = moneyFactOf(event);
      if (fact?.currency !== span.currency) continue;
      const sides = sidesIn(fact.transfers, position, span);
      if (sides.size > 0) yield { position, kind: fact.kind, ref: fact.paymentId, sides };
    }
  }

  /** The entries of facts; those of one fact together. */
  async *#entries(span: Span): AsyncGenerator<Moved, void> {
    let last: Moved | undefined;
    for await (const { position, kind, transfers } of this.#postings(span)) {
      const sides = sidesIn(transfers, position, span);
      if (sides.size === 0) continue;
      if (last?.position === position) {
        for (const [party, { minor, count }] of sides) addSide(last.sides, party, minor, count);
        continue;
      }
      if (last) yield last;
      last = { position, kind, sides };
    }
    if (last) yield last;
  }

  /** The ledger posts facts in their order: an event that has come past the span has the last of it. */
  async *#postings({ currency, after, through }: Span): AsyncGenerator<{ position: bigint; kind: string; transfers: JournalTransfer[] }> {
    let isPast = false;
    for await (const stored of this.#between(['journal'], after, () => isPast)) {
      if (!isJournalFact(stored)) continue;
      for (const entry of stored.event.entries) {
        const position = BigInt(entry.position ?? 0);
        if (position <= after || position > through || !isNetted(entry)) continue;
        yield { position, kind: entry.kind, transfers: entry.transfers.filter((transfer) => transfer.currency === currency) };
      }
      isPast = BigInt(stored.event.sourcePosition) >= through;
    }
  }

  /** What corrections have mended since, by the place of the fact. */
  async #mended(span: Span): Promise<ReadonlyMap<bigint, Sides>> {
    const byFact = new Map<bigint, Sides>();
    for (const { position, transfers } of await this.queries.mendings(span.after, span.through)) {
      const sides = byFact.get(position) ?? new Map<string, Side>();
      byFact.set(position, sides);
      const own = transfers.filter(({ currency }) => currency === span.currency);
      for (const [party, { minor, count }] of sidesIn(own, position, span)) addSide(sides, party, minor, count);
    }
    return byFact;
  }

  /** Events of a category, until one is past what is looked for, or there are no more. */
  async *#between(categories: readonly string[], after: bigint, isPast: (stored: StoredEvent) => boolean): AsyncGenerator<StoredEvent> {
    const done = new AbortController();
    try {
      for await (const { events, caughtUp } of this.store.follow(categories, after, done.signal)) {
        for (const stored of events) {
          if (isPast(stored)) return;
          yield stored;
        }
        if (caughtUp) return;
      }
    } finally {
      done.abort();
    }
  }
}

/** A page under way: as many differences as it may hold, of so many facts as it may look at. */
class DifferencesSoFar {
  readonly #items: Difference[] = [];
  #looked = 0;
  #end: bigint | undefined;

  constructor(private readonly limit: number) {}

  /** @returns false when it is full, and ends here */
  add(position: bigint, difference: Difference | undefined): boolean {
    if (difference) this.#items.push(difference);
    this.#looked += 1;
    if (this.#items.length < this.limit && this.#looked < factsAtOnce) return true;
    this.#end = position;
    return false;
  }

  get answer(): DifferencesPage {
    return { items: this.#items, ...(this.#end !== undefined && { next: encodeCursor([this.#end]) }) };
  }
}

/** Both, in the order of the log; what stands at one place of it, together. */
async function* abreast(
  facts: AsyncGenerator<Moved, void>,
  entries: AsyncGenerator<Moved, void>,
): AsyncGenerator<{ position: bigint; fact?: Moved; entry?: Moved }> {
  try {
    let [fact, entry] = [await next(facts), await next(entries)];
    for (let first = earlier(fact, entry); first; first = earlier(fact, entry)) {
      const { position } = first;
      const here = { fact: fact?.position === position ? fact : undefined, entry: entry?.position === position ? entry : undefined };
      yield { position, ...(here.fact && { fact: here.fact }), ...(here.entry && { entry: here.entry }) };
      if (here.fact) fact = await next(facts);
      if (here.entry) entry = await next(entries);
    }
  } finally {
    await facts.return(undefined);
    await entries.return(undefined);
  }
}

async function next(from: AsyncGenerator<Moved, void>): Promise<Moved | undefined> {
  const { done, value } = await from.next();
  return done ? undefined : value;
}

const earlier = (one: Moved | undefined, other: Moved | undefined): Moved | undefined =>
  one && other ? (one.position <= other.position ? one : other) : (one ?? other);

/** Where something was mended there are more sides, or fewer, than the fact has: only the amount must be right. */
function differenceOf(
  { windowId }: Span,
  position: bigint,
  fact: Moved | undefined,
  entry: Moved | undefined,
  posted: { sides: Sides; mended: Sides },
): Difference | undefined {
  const names = new Set([...(fact?.sides.keys() ?? []), ...posted.sides.keys(), ...posted.mended.keys()]);
  const parties = [...names].sort().flatMap((party) => {
    const [said, first, later] = [fact?.sides.get(party) ?? none, posted.sides.get(party) ?? none, posted.mended.get(party) ?? none];
    const ledger = { minor: first.minor + later.minor, count: first.count + later.count };
    if (said.minor === ledger.minor && (said.count === ledger.count || later.count > 0)) return [];
    const amounts = { factMinor: toSafeInteger(said.minor), ledgerMinor: toSafeInteger(ledger.minor) };
    return [{ party, ...amounts, sides: said.count, ledgerSides: ledger.count }];
  });
  if (parties.length === 0) return undefined;
  const kind = fact?.kind ?? entry?.kind ?? 'PostEntry';
  return { windowId, position: String(position), kind, ...(fact?.ref !== undefined && { ref: fact.ref }), parties };
}

function sidesIn(transfers: readonly FactTransfer[], position: bigint, { isMine }: Span): Sides {
  const sides: Sides = new Map();
  for (const { party, amountMinor } of nettedSidesOf(transfers)) if (isMine(party, position)) addSide(sides, party, BigInt(amountMinor), 1);
  return sides;
}

function addSide(sides: Sides, party: string, minor: bigint, count: number): void {
  const known = sides.get(party) ?? none;
  sides.set(party, { minor: known.minor + minor, count: known.count + count });
}

const none: Side = { minor: 0n, count: 0 };

/** A number that a cursor carries: whoever sends it may have made it up. */
function positionIn(after: string[] | undefined): bigint {
  if (after === undefined) return 0n;
  const [position = ''] = after;
  if (/^\d{1,20}$/.test(position)) return BigInt(position);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}
