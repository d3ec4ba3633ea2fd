import type { CheckpointSigned, CheckpointWitnessed, EntriesPosted } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import {
  checkSignatures,
  LogRefused,
  openCheckpoint,
  parseNote,
  sameHash,
  unwitnessed,
  type Checkpoint,
  type Hash,
  type OpenedCheckpoint,
} from '@tongbao/transparency-log';
import type { Findings } from './findings.js';
import { isCheckpointSigned, isCheckpointWitnessed } from './journal.shape.js';
import type { TrustedKeys } from './log-keys.js';
import { journalStream, logStream } from './stream.reader.js';

/** So many signed checkpoints are remembered for what witnesses say of them later. */
const rememberedCheckpoints = 10_000;

interface Signed {
  readonly event: CheckpointSigned;
  readonly at: string;
  readonly checkpoint: Checkpoint;
}

const base64 = (hash: Hash): string => Buffer.from(hash).toString('base64');

/** A signed checkpoint, by whichever of the log's keys has signed it, with what known witnesses have put on it. @throws LogRefused */
export function openByAny(signed: string, { logs, policy }: TrustedKeys): OpenedCheckpoint {
  let refused: unknown;
  for (const log of logs) {
    try {
      return openCheckpoint(signed, log, policy.witnesses);
    } catch (error) {
      if (!(error instanceof LogRefused)) throw error;
      // Of several keys, the one that should have signed tells more than those that have not.
      if (refused === undefined || error.code !== 'log_signature_missing') refused = error;
    }
  }
  throw refused;
}

/**
 * The checkpoints that the event store has, each in its order, against the tree that is made anew meanwhile: as many as entries, in one pass.
 */
export class CheckpointsAudit {
  readonly #events: AsyncGenerator<StoredEvent>;
  readonly #texts = new Map<number, { text: string; needed: number }>();
  readonly #unknownCosigners = new Set<string>();
  #next: Signed | undefined;
  #before: Signed | undefined;
  #served: { text: string; found: boolean } | undefined;
  /** Proven, and waiting for the journal event that they name. */
  #named: Signed[] = [];
  #unproven = 0;
  /** Of the journal event that was done last. */
  #revision = -1;
  signed = 0;
  witnessed = 0;
  /** The newest that the log has signed, as a note. */
  newest: { size: number; signed: string } | undefined;
  /** Size of the newest that as many known witnesses have cosigned as are wanted here; undefined for none. */
  witnessedSize: number | undefined;

  constructor(
    pages: AsyncIterable<readonly StoredEvent[]>,
    private readonly keys: TrustedKeys,
    private readonly findings: Findings,
  ) {
    this.#events = eventsOf(pages);
  }

  /** Reads up to the first checkpoint. @param served text of the checkpoint that is served, which must be among them */
  async start(served: string | undefined): Promise<void> {
    this.#served = served === undefined ? undefined : { text: served, found: false };
    await this.#advance();
  }

  /** The tree has come to a size. @param root undefined where nobody can know it, as leaves before are unknown */
  async reached(size: number, root: (() => Hash) | undefined): Promise<void> {
    while (this.#next && this.#next.checkpoint.size <= size) {
      const signed = this.#next;
      if (root === undefined) this.#unproven += 1;
      // A smaller one is out of order, which is told already.
      else if (signed.checkpoint.size === size) this.#compareRoot(signed, root());
      this.#named.push(signed);
      await this.#advance();
    }
  }

  /** A journal event is done, with the entries up to a size. */
  posted(event: EntriesPosted, revision: number, size: number): void {
    const before = this.#revision;
    this.#revision = revision;
    if (this.#named.length === 0) return;
    this.#named = this.#named.filter((signed) => {
      const named = signed.event.journalRevision;
      if (named > revision) return true;
      // Of an event that cannot be read, nobody knows what it had.
      const isUnread = named > before && named < revision;
      if (!isUnread) this.#compareRecord(signed, { size, journalRevision: revision, sourcePosition: event.sourcePosition });
      return false;
    });
  }

  /** The journal has no more. */
  async end(size: number): Promise<void> {
    while (this.#next) {
      const { at, checkpoint } = this.#next;
      this.findings.add({ finding: 'checkpoint_beyond', at, expected: checkpoint.size, found: size, detail: 'entries' });
      await this.#advance();
    }
    // Where the journal ends with an event that cannot be read, it may be that one.
    for (const { at, event } of this.findings.isDamaged(journalStream) ? [] : this.#named)
      this.findings.add({
        finding: 'checkpoint_record',
        at,
        field: 'journalRevision',
        found: event.journalRevision,
        detail: 'no such event',
      });
    if (this.#unproven > 0) this.findings.add({ finding: 'checkpoint_unproven', at: `${this.#unproven} checkpoints` });
    const { quorum } = this.keys.policy;
    if (quorum > 0 && this.newest && this.witnessedSize === undefined)
      this.findings.add({ finding: 'cosigners_too_few', at: logStream, expected: `at least ${quorum} on some checkpoint` });
    if (this.#served && !this.#served.found)
      this.findings.add({ finding: 'served_checkpoint_unrecorded', at: 'checkpoint', found: this.#served.text.trimEnd() });
  }

  /** To the next checkpoint that can be read. */
  async #advance(): Promise<void> {
    this.#next = undefined;
    while (!this.#next) {
      const next = await this.#events.next();
      if (next.done) return;
      const { event, stream, revision } = next.value;
      const at = `${stream}@${revision}`;
      if (isCheckpointSigned(event)) this.#next = this.#signed(event, at);
      else if (isCheckpointWitnessed(event)) this.#witnessed(event, at);
      else this.findings.add({ finding: 'event_malformed', at, detail: event.type });
    }
  }

  #signed(event: CheckpointSigned, at: string): Signed | undefined {
    this.signed += 1;
    let opened: OpenedCheckpoint;
    try {
      opened = openByAny(event.checkpoint, this.keys);
    } catch (error) {
      this.#refuse('checkpoint_refused', at, error);
      return undefined;
    }
    const { checkpoint, note } = opened;
    if (this.#served?.text === note.text) this.#served.found = true;
    const recorded = { size: event.size, rootHash: event.rootHash };
    this.findings.addDifferences('checkpoint_record', at, { size: checkpoint.size, rootHash: base64(checkpoint.root) }, recorded);
    const signed = { event, at, checkpoint };
    this.#compareOrder(signed);
    this.#before = signed;
    this.newest = { size: checkpoint.size, signed: event.checkpoint };
    this.#texts.set(checkpoint.size, { text: note.text, needed: event.witnessesNeeded });
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > rememberedCheckpoints && oldest !== undefined) this.#texts.delete(oldest);
    return signed;
  }

  #compareOrder({ at, checkpoint: { size, root } }: Signed): void {
    const before = this.#before?.checkpoint;
    if (!before || size > before.size) return;
    if (size < before.size)
      this.findings.add({ finding: 'checkpoint_order', at, field: 'size', expected: `at least ${before.size}`, found: size });
    else if (!sameHash(root, before.root))
      this.findings.add({ finding: 'checkpoint_order', at, field: 'root', expected: base64(before.root), found: base64(root) });
  }

  #compareRoot({ at, checkpoint: { size, root } }: Signed, made: Hash): void {
    if (sameHash(root, made)) return;
    this.findings.add({ finding: 'checkpoint_root', at: `${at} (${size} entries)`, expected: base64(made), found: base64(root) });
  }

  /** What settlement believes of a checkpoint besides what it says. */
  #compareRecord({ at, event, checkpoint }: Signed, posted: { size: number; journalRevision: number; sourcePosition: string }): void {
    const { journalRevision, sourcePosition } = event;
    this.findings.addDifferences('checkpoint_record', at, posted, { size: checkpoint.size, journalRevision, sourcePosition });
  }

  #witnessed({ checkpoint, size, cosigners }: CheckpointWitnessed, at: string): void {
    this.witnessed += 1;
    const signed = this.#texts.get(size);
    try {
      const note = parseNote(checkpoint);
      if (note.text !== signed?.text)
        this.findings.add({ finding: 'checkpoint_record', at, field: 'checkpoint', expected: signed?.text, found: note.text });
      openByAny(checkpoint, { ...this.keys, policy: unwitnessed });
      const { verified, failed } = checkSignatures(note, this.keys.policy.witnesses);
      for (const { name } of failed) this.findings.add({ finding: 'cosignature_refused', at, detail: `${name}: cosignature_invalid` });
      const names = new Set(verified.map(({ key }) => key.name));
      if (names.size > 0 && names.size >= this.keys.policy.quorum) this.witnessedSize = Math.max(size, this.witnessedSize ?? 0);
      const unproven = cosigners.filter((name) => !names.has(name));
      for (const name of unproven) this.#unprovenCosigner(name, at);
      const unknown = unproven.filter((name) => this.#unknownCosigners.has(name)).length;
      const needed = signed?.needed ?? 0;
      if (names.size + unknown < needed)
        this.findings.add({ finding: 'cosigners_too_few', at, expected: `at least ${needed}`, found: names.size });
    } catch (error) {
      this.#refuse('cosignature_refused', at, error);
    }
  }

  #unprovenCosigner(name: string, at: string): void {
    if (this.keys.policy.witnesses.some((key) => key.name === name)) {
      this.findings.add({ finding: 'cosignature_refused', at, detail: `${name} has not cosigned` });
    } else if (!this.#unknownCosigners.has(name)) {
      this.#unknownCosigners.add(name);
      this.findings.add({ finding: 'cosigner_unknown', at, detail: `${name}: name its key with --witness` });
    }
  }

  #refuse(finding: 'checkpoint_refused' | 'cosignature_refused', at: string, error: unknown): void {
    if (!(error instanceof LogRefused)) throw error;
    this.findings.add({ finding, at, detail: error.message });
  }
}

async function* eventsOf(pages: AsyncIterable<readonly StoredEvent[]>): AsyncGenerator<StoredEvent> {
  for await (const page of pages) yield* page;
}
