import type { KeyObject } from 'node:crypto';
import type { EntriesPosted, JournalEntry } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { leafHash, leafOf, MerkleTree, numberedEntries, sameHash, type Hash } from '@tongbao/transparency-log';
import type { AccountsFold } from './accounts.fold.js';
import type { CheckpointsAudit } from './checkpoints.audit.js';
import type { Findings } from './findings.js';
import { isJournalEvent } from './journal.shape.js';
import type { KnownCheckpoint } from './known-checkpoints.js';
import type { LeavesAudit } from './leaves.audit.js';
import type { EntriesAudit } from './rows.audit.js';

/** What goes along the journal. */
export interface JournalParts {
  readonly commitments: KeyObject;
  readonly accounts: AccountsFold;
  readonly checkpoints: CheckpointsAudit;
  /** Undefined where no hub is asked. */
  readonly leaves: LeavesAudit | undefined;
  readonly entries: EntriesAudit | undefined;
  /** Each must be a checkpoint of what the journal makes. */
  readonly known: readonly KnownCheckpoint[];
  readonly findings: Findings;
  /** After each event, with its position. */
  readonly onProgress: (position: bigint, entries: number) => void;
}

/** The journal from its first event on, once: everything else is compared as it passes by. */
export class JournalAudit {
  readonly #tree = new MerkleTree();
  #next = 0;
  #epoch = 0;
  #sourcePosition = 0n;
  /** Every leaf up to here is known, from the journal or from what the log serves. */
  #isWhole = true;
  events = 0;

  constructor(private readonly parts: JournalParts) {}

  /** Number of the entry that follows. */
  get size(): number {
    return this.#next;
  }

  /** Hashes of leaves, as long as all are known; everything is compared whether they are or not. */
  async *leaves(pages: AsyncIterable<readonly StoredEvent[]>): AsyncGenerator<Hash> {
    await this.#grown();
    for await (const page of pages) {
      for (const { event, stream, revision, position } of page) {
        this.events += 1;
        if (isJournalEvent(event)) yield* this.#event(event, revision, `${stream}@${revision}`);
        else this.parts.findings.add({ finding: 'event_malformed', at: `${stream}@${revision}` });
        this.parts.onProgress(position, this.#next);
      }
    }
    const { known, findings } = this.parts;
    for (const { at, checkpoint } of known)
      if (checkpoint.size > this.#next)
        findings.add({ finding: 'rolled_back', at, expected: checkpoint.size, found: this.#next, detail: 'entries' });
  }

  async *#event(event: EntriesPosted, revision: number, at: string): AsyncGenerator<Hash> {
    const { commitments, accounts, checkpoints, entries, findings } = this.parts;
    this.#compareOrder(event, at);
    yield* this.#unknown(event, at);
    for (const entry of numberedEntries(event)) {
      this.#compareTransfers(entry, entry.entry);
      yield* this.#leaf(leafOf(entry, commitments));
    }
    accounts.apply(event, revision, (holdId) => findings.add({ finding: 'hold_unknown', at, detail: holdId }));
    checkpoints.posted(event, revision, this.#next);
    await entries?.add(event, revision);
  }

  /** What is missing before an event, as it is served: whether that is what was signed, the roots tell. */
  async *#unknown({ firstEntry }: EntriesPosted, at: string): AsyncGenerator<Hash> {
    const { findings, leaves } = this.parts;
    if (firstEntry < this.#next)
      findings.add({ finding: 'entry_number', at, field: 'firstEntry', expected: this.#next, found: firstEntry });
    if (firstEntry <= this.#next) return;
    const [first, last] = [this.#next, firstEntry - 1];
    findings.add({ finding: 'entries_unknown', at: first === last ? `entry ${first}` : `entries ${first} to ${last}` });
    this.parts.entries?.passOver(first, firstEntry);
    // What nobody serves needs no look at each: an event may claim to begin anywhere.
    while (this.#next < firstEntry && (this.#isWhole || this.#next < (leaves?.size ?? 0)))
      yield* this.#leaf(undefined, this.#isWhole ? await leaves?.servedLeaf(this.#next) : undefined);
    if (this.#next === firstEntry) return;
    this.#next = firstEntry;
    await this.#grown();
  }

  /** @param standIn what is taken for the leaf where the journal makes none */
  async *#leaf(made: Uint8Array | undefined, standIn?: Uint8Array): AsyncGenerator<Hash> {
    const leaf = made ?? standIn;
    await this.parts.leaves?.add(this.#next, made);
    this.#next += 1;
    this.#isWhole &&= leaf !== undefined;
    const hash = leaf && this.#isWhole ? leafHash(leaf) : undefined;
    if (hash) this.#tree.append(hash);
    await this.#grown();
    if (hash) yield hash;
  }

  async #grown(): Promise<void> {
    const { checkpoints, known, findings } = this.parts;
    await checkpoints.reached(this.#next, this.#isWhole ? () => this.#tree.root() : undefined);
    if (!this.#isWhole) return;
    for (const { at, checkpoint } of known) {
      if (checkpoint.size !== this.#next || sameHash(checkpoint.root, this.#tree.root())) continue;
      const [expected, found] = [base64(checkpoint.root), base64(this.#tree.root())];
      findings.add({ finding: 'forked', at, expected, found, detail: `root of ${checkpoint.size} entries` });
    }
  }

  #compareOrder({ epoch, sourcePosition }: EntriesPosted, at: string): void {
    const { findings } = this.parts;
    const source = BigInt(sourcePosition);
    if (epoch < this.#epoch)
      findings.add({ finding: 'journal_order', at, field: 'epoch', expected: `at least ${this.#epoch}`, found: epoch });
    if (source < this.#sourcePosition)
      findings.add({
        finding: 'journal_order',
        at,
        field: 'sourcePosition',
        expected: `at least ${this.#sourcePosition}`,
        found: sourcePosition,
      });
    this.#epoch = Math.max(this.#epoch, epoch);
    if (source > this.#sourcePosition) this.#sourcePosition = source;
  }

  #compareTransfers({ transfers }: JournalEntry, number: number): void {
    for (const [n, { amountMinor }] of transfers.entries()) {
      if (amountMinor > 0) continue;
      const at = `entry ${number}`;
      this.parts.findings.add({
        finding: 'transfer_invalid',
        at,
        field: `transfers/${n}/amountMinor`,
        expected: 'more than 0',
        found: amountMinor,
      });
    }
  }
}

const base64 = (hash: Hash): string => Buffer.from(hash).toString('base64');
