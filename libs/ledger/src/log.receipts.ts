import type { PaymentEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { drizzleOver, type SqlClient } from '@tongbao/read-model';
import {
  formatJournalReceipt,
  leafHash,
  openings,
  parseLeaf,
  TreeProver,
  verifyInclusion,
  type JournalLeaf,
  type NumberedEntry,
  type Opening,
} from '@tongbao/transparency-log';
import { asc, eq } from 'drizzle-orm';
import { entries } from './ledger.tables.js';
import type { PublishedCheckpoint } from './log.checkpoints.js';
import type { LogLeaves } from './log.leaves.js';
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
  leaves: LogLeaves;
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
    const posted = (await this.#entriesOf(paymentId)).filter((number) => entry === undefined || number === entry);
    const { checkpoints } = this.parts.log;
    const [witnessed, newest] = await Promise.all([checkpoints.witnessed(), checkpoints.newest()]);
    const prover = new TreeProver(this.#queries.tiles);
    const items: EntryReceipt[] = [];
    const pending: number[] = [];
    for (const number of posted) {
      const checkpoint = [witnessed, newest].find((each) => each && each.size > number);
      if (!checkpoint) pending.push(number);
      else items.push(await this.#receipt({ number, checkpoint, isWitnessed: checkpoint === witnessed, insight, prover }));
    }
    return { items, pending };
  }

  /** Those about the payment, and those that correct them. */
  async #entriesOf(paymentId: string): Promise<number[]> {
    const database = drizzleOver(this.parts.sql);
    const about = await database
      .select({ number: entries.number, correctedBy: entries.correctedBy })
      .from(entries)
      .where(eq(entries.ref, paymentId))
      .orderBy(asc(entries.number))
      .limit(mostEntries);
    const all = new Set(about.flatMap(({ number, correctedBy }) => [number, ...(correctedBy ?? []).slice(0, mostEntries)]));
    return [...all].sort((left, right) => left - right);
  }

  async #receipt({ number, checkpoint, isWitnessed, insight, prover }: Wanted): Promise<EntryReceipt> {
    const { size, root, note } = checkpoint;
    const [entry] = await this.parts.leaves.entries(number, 1);
    if (!entry) throw new NotAsSigned(`entry ${number} is not in the journal, and was signed`);
    const leaf = this.parts.leaves.leafOf(entry);
    const proof = await prover.inclusionProof(number, size);
    if (!verifyInclusion({ index: number, size, leaf: leafHash(leaf), root, proof }))
      throw new NotAsSigned(`entry ${number}, as the journal has it, is not in the tree of ${size} entries that was signed`);
    const { kind, postedAt } = parseLeaf(leaf);
    const receipt = formatJournalReceipt({ leaf, openings: this.#shown(entry, insight), proof, checkpoint: note });
    return { entry: number, kind, postedAt, isWitnessed, size, receipt };
  }

  #shown(entry: NumberedEntry, insight: Insight): Opening[] {
    if (insight === 'nothing') return [];
    const all = openings(entry, this.parts.settings.commitments);
    return insight === 'business' ? all.filter(({ field }) => !internal.includes(field)) : all;
  }
}

interface Wanted {
  number: number;
  checkpoint: PublishedCheckpoint;
  isWitnessed: boolean;
  insight: Insight;
  prover: TreeProver;
}
