import type { KeyObject } from 'node:crypto';
import type { EventStore } from '@tongbao/event-store';
import { auditLog, historyOf, LogRefused, type Checkpoint, type Hash, type LogFinding } from '@tongbao/transparency-log';
import { AccountsFold } from './accounts.fold.js';
import type { AuditReport } from './audit.report.js';
import { CheckpointsAudit, openByAny } from './checkpoints.audit.js';
import type { Findings } from './findings.js';
import { JournalAudit } from './journal.audit.js';
import { isCheckpointSigned, isJournalEvent } from './journal.shape.js';
import type { KnownCheckpoint } from './known-checkpoints.js';
import { LeavesAudit } from './leaves.audit.js';
import type { TrustedKeys } from './log-keys.js';
import type { ReadModels } from './read-models.js';
import { AccountsAudit, EntriesAudit } from './rows.audit.js';
import { servedCheckpoint, type ServedCheckpoint, type ServedLog } from './served-log.js';
import { journalStream, logStream, newestIn, newestOf, readStream } from './stream.reader.js';

export interface HubAuditParts {
  readonly store: Pick<EventStore, 'read' | 'readLast'>;
  readonly commitments: KeyObject;
  readonly keys: TrustedKeys;
  /** Undefined where no hub is asked. */
  readonly served: ServedLog | undefined;
  readonly rows: { readonly source: string; readonly models: ReadModels } | undefined;
  /** From before; the log must continue each. */
  readonly known: readonly KnownCheckpoint[];
  readonly findings: Findings;
  /** How far the journal is read; `end` is the position that it goes to. */
  readonly onProgress: (position: bigint, entries: number, end: bigint) => void;
}

export type Audited = Omit<AuditReport, 'seconds' | 'ok' | 'counts' | 'findings'> & {
  /** The newest checkpoint that the log has signed, as a note. */
  readonly newest: string | undefined;
};

const journalEventsAtOnce = 50;
const logEventsAtOnce = 500;
const lookedBack = 50;

/** Everything once: the log and the books made anew from the event store, beside what was signed, what is served and what queries read. */
export class HubAudit {
  readonly #accounts = new AccountsFold();
  readonly #notes: string[] = [];

  constructor(private readonly parts: HubAuditParts) {}

  /** @throws Outage, HubUnreachable */
  async run(): Promise<Audited> {
    const { store, findings, rows, keys, known, commitments } = this.parts;
    const served = await this.#served();
    // In this order: what is served was recorded before, and what was recorded is in the journal.
    const logEnd = (await newestOf(store, logStream))?.position;
    const journalEnd = (await newestOf(store, journalStream))?.position;
    if (rows && journalEnd !== undefined) await this.#mustReach(rows.models, journalEnd);
    const recorded = readStream(store, { stream: logStream, upTo: logEnd, pageSize: logEventsAtOnce }, findings);
    const checkpoints = new CheckpointsAudit(recorded, keys, findings);
    await checkpoints.start(served?.note.text);
    const leaves = served && this.parts.served && new LeavesAudit(this.parts.served, served.checkpoint, findings);
    const entries = rows && new EntriesAudit(rows.models, findings);
    const onProgress = (position: bigint, count: number) => this.parts.onProgress(position, count, journalEnd ?? position);
    const journal = new JournalAudit({
      ...{ commitments, accounts: this.#accounts, checkpoints, leaves, entries, known, findings, onProgress },
    });
    await this.#readJournal(journal, served?.checkpoint, journalEnd);
    await checkpoints.end(journal.size);
    const books = { entries: journal.size, accounts: this.#accounts.size, currencies: this.#compareSums() };
    const accountsCompared = rows && (await this.#compareRows(rows.models, entries, journal.size));
    return {
      log: keys.logs[0]?.origin ?? '',
      ...{ ...books, journalEvents: journal.events, notes: this.#notes, newest: checkpoints.newest?.signed },
      checkpoints: {
        signed: checkpoints.signed,
        witnessed: checkpoints.witnessed,
        newestSize: checkpoints.newest?.size ?? 0,
        witnessedSize: checkpoints.witnessedSize ?? 0,
      },
      ...(this.parts.served && leaves && { served: { url: this.parts.served.url, size: leaves.size, leavesCompared: leaves.compared } }),
      ...(rows && { rows: { source: rows.source, entriesCompared: entries?.compared ?? 0, accountsCompared: accountsCompared ?? 0 } }),
    };
  }

  /** The checkpoint that is served, which must continue what was signed last and what was known before. */
  async #served(): Promise<ServedCheckpoint | undefined> {
    const { served, keys, findings, known } = this.parts;
    if (!served) return undefined;
    const recorded = await this.#newestSigned();
    try {
      const found = await servedCheckpoint(served, (signed) => openByAny(signed, keys), recorded?.checkpoint.size ?? 0);
      if (!found) {
        if (recorded) findings.add({ finding: 'served_checkpoint_missing', at: `${served.url}/log/checkpoint` });
        return undefined;
      }
      for (const older of [...(recorded ? [recorded] : []), ...known]) await this.#compareHistory(older, found.checkpoint, served);
      return found;
    } catch (error) {
      if (!(error instanceof LogRefused)) throw error;
      findings.add({ finding: 'served_checkpoint_refused', at: `${served.url}/log/checkpoint`, detail: error.message });
      return undefined;
    }
  }

  /** Undefined where there is none that is in order: the whole stream is looked at later. */
  async #newestSigned(): Promise<KnownCheckpoint | undefined> {
    const events = await newestIn(this.parts.store, logStream, lookedBack);
    for (const { event, revision } of events) {
      if (!isCheckpointSigned(event)) continue;
      try {
        return { at: `${logStream}@${revision}`, checkpoint: openByAny(event.checkpoint, this.parts.keys).checkpoint };
      } catch (error) {
        if (!(error instanceof LogRefused)) throw error;
      }
    }
    return undefined;
  }

  async #compareHistory({ at, checkpoint: older }: KnownCheckpoint, newer: Checkpoint, { tiles, url }: ServedLog): Promise<void> {
    const { findings } = this.parts;
    const history = await orTilesDamaged(() => historyOf(older, newer, tiles));
    const [expected, found] = [
      `${older.size} entries with root ${base64(older.root)}`,
      `${newer.size} entries with root ${base64(newer.root)}`,
    ];
    if (history !== 'continued') findings.add({ finding: history, at: `${url}/log/checkpoint`, expected, found, detail: `beside ${at}` });
  }

  async #mustReach(rows: ReadModels, position: bigint): Promise<void> {
    const why = await rows.behind(position);
    if (why !== undefined) this.parts.findings.add({ finding: 'read_model_behind', at: `position ${position}`, detail: why });
  }

  async #readJournal(journal: JournalAudit, served: Checkpoint | undefined, upTo: bigint | undefined): Promise<void> {
    const { store, findings } = this.parts;
    const leaves = journal.leaves(readStream(store, { stream: journalStream, upTo, pageSize: journalEventsAtOnce }, findings));
    if (served && this.parts.served) {
      for await (const each of auditLog(leftOpen(leaves), this.parts.served.tiles, served)) this.#tell(each);
    }
    while (!(await leaves.next()).done);
  }

  #tell(finding: LogFinding): void {
    const { findings } = this.parts;
    switch (finding.finding) {
      case 'leaves_missing':
        findings.add({ finding: 'served_leaves_missing', at: 'checkpoint', expected: finding.size, found: finding.leaves });
        return;
      case 'tile_differs':
        findings.add({ finding: 'tile_differs', at: finding.tile, detail: `hashes ${finding.differing.join(', ')} of its level` });
        return;
      case 'tile_missing':
      case 'tile_length':
        findings.add({ finding: finding.finding, at: finding.tile });
        return;
      case 'root_differs':
        findings.add({ finding: 'served_root', at: `${finding.size} entries` });
        return;
      default:
        finding satisfies never;
    }
  }

  /** @returns the currencies that there are */
  #compareSums(): string[] {
    const sums = this.#accounts.sums();
    for (const [currency, sum] of sums)
      if (sum !== 0n) this.parts.findings.add({ finding: 'books_unbalanced', at: currency, expected: 0, found: String(sum) });
    return [...sums.keys()].sort();
  }

  /** @returns how many accounts were compared */
  async #compareRows(models: ReadModels, entries: EntriesAudit | undefined, size: number): Promise<number> {
    const isDamaged = this.parts.findings.isDamaged(journalStream);
    await entries?.end(size, async (entry) => isDamaged || entry < (await this.#entriesNow()));
    if (isDamaged) {
      this.#notes.push('balances are not compared: not all of the journal could be read');
      return 0;
    }
    const audit = new AccountsAudit(models, this.#accounts, this.parts.findings);
    const newest = await audit.start();
    if (newest > this.#accounts.revision) await this.#readOn(audit, newest);
    audit.end();
    return audit.compared;
  }

  /** Rows may have gone on while the journal was read: the balances go after them. */
  async #readOn(audit: AccountsAudit, newest: number): Promise<void> {
    const { store, findings } = this.parts;
    const upTo = (await newestOf(store, journalStream))?.position;
    const from = this.#accounts.revision + 1;
    for await (const page of readStream(store, { stream: journalStream, from, upTo, pageSize: journalEventsAtOnce }, findings)) {
      for (const { event, revision } of page) {
        if (revision > newest) return;
        // What is malformed here is found by the next audit.
        if (isJournalEvent(event)) this.#accounts.apply(event, revision, () => undefined);
        audit.reached(revision);
      }
    }
  }

  /** How many entries the journal has by now. */
  async #entriesNow(): Promise<number> {
    const event = (await newestOf(this.parts.store, journalStream))?.event;
    return isJournalEvent(event) ? event.firstEntry + event.entries.length : 0;
  }
}

async function orTilesDamaged<T extends string>(work: () => Promise<T>): Promise<T | 'tiles_damaged'> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LogRefused && (error.code === 'tile_missing' || error.code === 'tile_length')) return 'tiles_damaged';
    throw error;
  }
}

/** Whoever leaves a loop over it does not end it. */
const leftOpen = (leaves: AsyncGenerator<Hash>): AsyncIterable<Hash> => ({
  [Symbol.asyncIterator]: () => ({ next: () => leaves.next() }),
});

const base64 = (hash: Hash): string => Buffer.from(hash).toString('base64');
