import type { DatabaseSync } from 'node:sqlite';
import { EventStoreFatalError, messageOf } from './errors.js';
import type { WriteOutcome } from './events.js';

/** A write that waits for the next group. */
export interface QueuedWrite {
  /** Decides and writes, inside the transaction of its group. */
  readonly run: () => WriteOutcome;
  /** Called once, after the group is durable or certain not to be. Must not throw. */
  readonly done: (outcome: WriteOutcome) => void;
  /** After this moment (ms since the epoch) the client has given up, and the write must not happen. */
  readonly deadlineMs: number;
}

export interface GroupCommitHooks {
  /** Just before COMMIT. */
  readonly beforeCommit: () => void;
  /** After COMMIT and before any acknowledgement. */
  readonly afterCommit: () => void;
  /** Once, when a commit failed. Nothing is accepted from then on. */
  readonly onFatal: (error: EventStoreFatalError) => void;
}

/** Bounds the time that one transaction keeps the event loop. */
const MAX_GROUP = 1024;

/**
 * Group commit: the writes that arrive in one turn of the event loop become one transaction with one fsync.
 * They are queued while the turn's sockets are read, run together in its check phase, and answered only when COMMIT has returned.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #hooks: GroupCommitHooks;
  readonly #clock: () => number;
  #queue: QueuedWrite[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #refusal: string | undefined;
  #hasFailed = false;
  #groups = 0;
  #writes = 0;

  constructor(database: DatabaseSync, clock: () => number, hooks: GroupCommitHooks) {
    this.#database = database;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  get groups(): number {
    return this.#groups;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  get writes(): number {
    return this.#writes;
  }

  submit(write: QueuedWrite): void {
    if (this.#refusal !== undefined) {
      write.done({ kind: 'unavailable', reason: this.#refusal });
      return;
    }
    this.#queue.push(write);
    this.#scheduled ??= setImmediate(() => this.#runScheduled());
  }

  /** Finishes what is queued, and accepts nothing more. */
  close(reason: string): void {
    while (this.#queue.length > 0) this.#runGroup();
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#refusal ??= reason;
  }

  #runScheduled(): void {
    this.#scheduled = undefined;
    this.#runGroup();
    if (this.#queue.length > 0) this.#scheduled = setImmediate(() => this.#runScheduled());
  }

  #runGroup(): void {
    const group = this.#queue.splice(0, MAX_GROUP);
    if (group.length === 0) return;
    let outcomes: WriteOutcome[];
    try {
      outcomes = this.#commit(group);
    } catch (error) {
      this.#fail(group, error);
      return;
    }
    this.#groups += 1;
    this.#writes += group.length;
    this.#hooks.afterCommit();
    for (const [index, outcome] of outcomes.entries()) group[index]?.done(outcome);
  }

  #commit(group: readonly QueuedWrite[]): WriteOutcome[] {
    const nowMs = this.#clock();
    this.#database.exec('BEGIN IMMEDIATE');
    const outcomes = group.map((write): WriteOutcome => (write.deadlineMs < nowMs ? { kind: 'timed-out' } : write.run()));
    this.#hooks.beforeCommit();
    this.#database.exec('COMMIT');
    return outcomes;
  }

  /**
   * A failed write or commit (full disk, I/O error) ends this instance: after it, what the memory believes and what the disk holds may differ,
   * and only reading the disk again makes them agree. The whole group, and all that wait, are told that nothing of theirs is known to be stored.
   */
  #fail(group: readonly QueuedWrite[], cause: unknown): void {
    const fatal = new EventStoreFatalError(rollBack(this.#database, cause));
    this.#hasFailed = true;
    this.#refusal = fatal.message;
    const waiting = this.#queue;
    this.#queue = [];
    for (const write of [...group, ...waiting]) write.done({ kind: 'unavailable', reason: fatal.message });
    this.#hooks.onFatal(fatal);
  }
}

/** SQLite has rolled back by itself after some errors; the first error is the one to report, and a second one must not hide it. */
function rollBack(database: DatabaseSync, cause: unknown): unknown {
  try {
    if (database.isTransaction) database.exec('ROLLBACK');
    return cause;
  } catch (error) {
    return new AggregateError([cause, error], `${messageOf(cause)}; and the rollback failed as well`);
  }
}
