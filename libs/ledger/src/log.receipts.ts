import type { EntriesPosted, PaymentEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { drizzleOver, type SqlClient } from '@tongbao/read-model';
import {
  checkOpening,
  formatJournalReceipt,
  leafHash,
  numberedEntries,
  openings,
  parseLeaf,
  TreeProver,
  verifyInclusion,
  type JournalLeaf,
  type NumberedEntry,
  type Opening,
} from '@tongbao/transparency-log';
import { asc, eq, inArray } from 'drizzle-orm';
import { journalStream } from './journal.fold.js';
import { entries } from './ledger.tables.js';
import type { PublishedCheckpoint } from './log.checkpoints.js';
import { LogQueries } from './log.queries.js';
import type { TransparencyLog } from './log.service.js';
import type { LogSettings } from './log.settings.js';

/** What somebody may learn of an entry besides its leaf, which is for everybody. */
export type Insight = 'all' | 'nothing' /** All but who of the hub acted, and why. */ | 'business';

export interface EntryReceipt {
  entry: number;
  kind: JournalLeaf['kind'];
  postedAt: string;
  /** Whether as many witnesses as are needed have cosigned its checkpoint. */
  isWitnessed: boolean;
  /** Entries that the checkpoint covers. */
  size: number;
  /** A tlog-proof. */
  receipt: string;
}

export interface PaymentReceipts {
  items: EntryReceipt[];
  /** Entries that no checkpoint covers yet. */
  pending: number[];
}

export interface ReceiptParts {
  sql: SqlClient;
  store: EventStore;
  settings: LogSettings;
  log: TransparencyLog;
}

/** A payment has an entry for its capture, and one for each refund, dispute and correction. */
const mostEntries = 500;
/** Of the hub's people: no platform's business. */
const internal = ['by', 'note'];

/** The journal, or the tables of the log, are not what was signed. */
export class NotAsSigned extends Error {
  override readonly name = 'NotAsSigned';
}

/** Receipts for what was posted of a payment: each entry with its proof that it is in the log. */
export class Receipts {
  readonly #queries: LogQueries;

  constructor(private readonly parts: ReceiptParts) {
    this.#queries = new LogQueries(parts.sql);
  }

  /** The platform that sells; undefined: there is no such payment. */
  async sellerOf(paymentId: string): Promise<string | undefined> {
    const [requested] = await this.parts.store.read<PaymentEvent>(`payment-${paymentId}`, { limit: 1 });
    return requested?.event.type === 'PaymentRequested' ? requested.event.platformId : undefined;
  }

  /** @param entry only this one of them */
  async of(paymentId: string, insight: Insight, entry?: number): Promise<PaymentReceipts> {
    const posted = (await this.#entriesOf(paymentId)).filter(({ number }) => entry === undefined || number === entry);
    const { checkpoints } = this.parts.log;
    const [witnessed, newest] = await Promise.all([checkpoints.witnessed(), checkpoints.newest()]);
    const prover = new TreeProver(this.#queries.tiles);
    const journal = new Map<number, Promise<NumberedEntry[]>>();
    const items: EntryReceipt[] = [];
    const pending: number[] = [];
    for (const { number, revision } of posted) {
      const checkpoint = [witnessed, newest].find((each) => each && each.size > number);
      if (!checkpoint) pending.push(number);
      else {
        const shown = insight === 'nothing' ? [] : await this.#openings(number, revision, insight, journal);
        items.push(await this.#receipt(number, checkpoint, checkpoint === witnessed, shown, prover));
      }
    }
    return { items, pending };
  }

  /** Those about the payment, and those that correct them. */
  async #entriesOf(paymentId: string): Promise<{ number: number; revision: number }[]> {
    const database = drizzleOver(this.parts.sql);
    const columns = { number: entries.number, revision: entries.revision, correctedBy: entries.correctedBy };
    const about = await database
      .select(columns)
      .from(entries)
      .where(eq(entries.ref, paymentId))
      .orderBy(asc(entries.number))
      .limit(mostEntries);
    const corrections = about.flatMap(({ correctedBy }) => correctedBy ?? []).slice(0, mostEntries);
    if (corrections.length === 0) return about;
    const others = await database.select(columns).from(entries).where(inArray(entries.number, corrections)).orderBy(asc(entries.number));
    const known = new Set(about.map(({ number }) => number));
    return [...about, ...others.filter(({ number }) => !known.has(number))].sort((left, right) => left.number - right.number);
  }

  async #receipt(
    number: number,
    checkpoint: PublishedCheckpoint,
    isWitnessed: boolean,
    shown: readonly Opening[],
    prover: TreeProver,
  ): Promise<EntryReceipt> {
    const { size, root, note } = checkpoint;
    const leaf = await this.#queries.leaf(number);
    if (!leaf) throw new NotAsSigned(`entry ${number} has no leaf, and was signed`);
    const proof = await prover.inclusionProof(number, size);
    if (!verifyInclusion({ index: number, size, leaf: leafHash(leaf), root, proof }))
      throw new NotAsSigned(`entry ${number} is not in the tree of ${size} that was signed, as the tables have it`);
    const parsed = parseLeaf(leaf);
    const wrong = shown.find((opening) => !checkOpening(parsed, opening));
    if (wrong) throw new NotAsSigned(`${wrong.field} of entry ${number} in the journal is not what was logged`);
    const receipt = formatJournalReceipt({ leaf, openings: shown, proof, checkpoint: note });
    return { entry: number, kind: parsed.kind, postedAt: parsed.postedAt, isWitnessed, size, receipt };
  }

  /** From the journal itself: nothing else knows who has posted an entry. */
  async #openings(number: number, revision: number, insight: Insight, journal: Map<number, Promise<NumberedEntry[]>>): Promise<Opening[]> {
    const reading = journal.get(revision) ?? this.#journalEvent(revision);
    journal.set(revision, reading);
    const entry = (await reading).find((each) => each.entry === number);
    if (!entry) throw new NotAsSigned(`journal event ${revision} has no entry ${number}`);
    const all = openings(entry, this.parts.settings.commitments);
    return insight === 'business' ? all.filter(({ field }) => !internal.includes(field)) : all;
  }

  async #journalEvent(revision: number): Promise<NumberedEntry[]> {
    const [stored] = await this.parts.store.read<EntriesPosted>(journalStream(), { from: revision, limit: 1 });
    return stored ? numberedEntries(stored.event) : [];
  }
}
