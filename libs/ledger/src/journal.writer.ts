import type { EntriesPosted, LedgerAlarm } from '@tongbao/contracts';
import { LeaseNotHeld, Outage, WrongRevision, type AppendCauses, type EventStore, type FeedBatch } from '@tongbao/event-store';
import { metrics, tracing } from '@tongbao/telemetry';
import { setTimeout as delay } from 'node:timers/promises';
import type { Books, Memory } from './books.js';
import { namedBy, type Command } from './commands.js';
import { JournalBatch } from './journal.batch.js';
import { causesOf, decideAll, postFacts } from './journal.decisions.js';
import { foldJournal, journalStream, type FoldedJournal } from './journal.fold.js';
import { readEntries, withBalances } from './journal.originals.js';
import { CommandQueue, type Answer, type Answered, type Flight, type PendingFacts } from './journal.pending.js';
import { SnapshotSchedule, type SnapshotInterval } from './journal.snapshot-schedule.js';
import type { Snapshots } from './journal.snapshots.js';

export type { Answer } from './journal.pending.js';

export interface WriterOptions {
  store: Pick<EventStore, 'append' | 'read'>;
  now: () => Date;
  /** The books are the stream `journal-<name>`. */
  name?: string;
  memory?: Memory;
  /** Where starts begin, and what is taken for them. */
  snapshots?: Pick<Snapshots, 'newest' | 'take'>;
  snapshotEvery?: SnapshotInterval;
  /** Of the lease that this process holds on the journal. */
  epoch?: number;
  /** Whether it holds it at this moment. Nothing is written when it does not. */
  leads?: () => boolean;
  /** Something has been posted that limits would have refused to a command. */
  onAlarm?: (alarm: LedgerAlarm) => void;
  /** An append failed or its outcome is in doubt: the writer goes on by itself. */
  onOutage?: (error: unknown) => void;
  /** The journal or this code is broken: the writer stands still. */
  onFailure?: (error: unknown) => void;
}

/** How far the books are behind what has happened. */
export interface LedgerLag {
  /** All facts up to this log position are in the books. */
  position: bigint;
  pendingFacts: number;
  pendingCommands: number;
  /** Age of the oldest fact of the batch under way, or of the last one while nothing newer is known. */
  oldestFactMs: number;
}

const longestTimerMs = 2 ** 31 - 1;

/** A batch has room for fewer. */
const mostCommands = 2_000;

/** Appends under way at a time. The store sees them in the order of their sending once one has landed on a connection: the first flies alone. */
const mostFlights = 2;

/** So much must wait before a second append is sent while one is under way: fewer and larger ones cost less. */
const aheadFrom = 250;

const entriesPosted = metrics.counter('tongbao_ledger_entries_total', {});

/**
 * The one writer of the books. Takes facts and commands, decides them together on a working copy, appends one event for all of them at the revision it
 * was decided on, and answers once that is durable. While an append is under way the next batch collects; when it is large it is decided and sent on top
 * of the one before it, whose revision it expects: it cannot be in the journal without it.
 *
 * An append that fails, or whose outcome is unknown, leaves the journal as the only thing to believe: memory is folded again from it, and what is
 * pending is decided again; facts are recognised by their position and commands by their id, so that nothing is posted twice.
 */
export class JournalWriter {
  #books: Books;
  #trusted = true;
  readonly #epoch: number;
  readonly #commands = new CommandQueue();
  #facts: PendingFacts | undefined;
  readonly #flights: Flight[] = [];
  #hasLanded = false;
  /** Facts up to here have been looked at, and what they post is durable. */
  #reached: bigint;
  /** Facts up to here have been looked at. */
  #decided: bigint;
  #oldestFactMs = 0;
  #journalPosition: bigint;
  readonly #schedule: SnapshotSchedule | undefined;
  readonly #stopping = new AbortController();
  #failure: unknown;
  #wake: () => void = () => undefined;
  /** Resolves when the writer has stopped or failed. */
  readonly finished: Promise<void>;

  /** Folds the journal and begins to write. */
  static async start(options: WriterOptions): Promise<JournalWriter> {
    const folded = await foldJournal(options);
    return new JournalWriter(options, folded);
  }

  private constructor(
    private readonly options: WriterOptions,
    { books, position, resumed }: FoldedJournal,
  ) {
    this.#books = books;
    this.#journalPosition = position;
    this.#reached = this.#decided = books.sourcePosition;
    // Higher than that of whoever wrote before, and, where there is a lease, of whoever held it before and may believe that it still does.
    this.#epoch = Math.max(books.epoch + 1, options.epoch ?? 0);
    const { snapshots, snapshotEvery } = options;
    this.#schedule = snapshots && new SnapshotSchedule(snapshots, resumed, snapshotEvery);
    this.finished = this.#run();
  }

  /** What has been decided; the last of it may not be durable yet. Only to be read. */
  get books(): Books {
    return this.#books;
  }

  /** Where the facts that are not yet in the books begin. */
  get sourcePosition(): bigint {
    return this.#reached;
  }

  lag(): LedgerLag {
    return {
      position: this.#reached,
      pendingFacts: this.#facts?.batch.events.length ?? 0,
      pendingCommands: this.#flights.reduce((sum, { answers }) => sum + answers.length, this.#commands.length),
      oldestFactMs: this.#oldestFactMs,
    };
  }

  /**
   * Decides a command; resolves when its outcome is durable, a refusal's too.
   * @throws Outage when the writer has stopped: the command may be tried again
   */
  submit(command: Command): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#hasStopped()) {
        reject(this.#stopped());
        return;
      }
      this.#commands.push({ command, traceparent: tracing.traceparent, resolve, reject });
      this.#wakeFor();
    });
  }

  /** Why the writer stands still, if it does. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Posts the next facts of the log; resolves when they are in the books. One batch at a time, in log order: the handler of a feed's consumer. */
  async post(batch: FeedBatch): Promise<void> {
    if (this.#hasStopped()) throw this.#stopped();
    if (this.#facts) throw new Error('facts come one batch at a time');
    const [oldest] = batch.events;
    this.#oldestFactMs = oldest ? Math.max(0, this.options.now().getTime() - oldest.createdAt.getTime()) : 0;
    await new Promise<void>((resolve, reject) => {
      this.#facts = { batch, resolve, reject };
      this.#wakeFor();
    });
  }

  /** Finishes the appends under way; what is still pending is rejected with an Outage. Then takes a snapshot. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.finished;
  }

  async #run(): Promise<void> {
    try {
      for (let pauseMs = 20; !this.#stopping.signal.aborted;) {
        try {
          await this.#step();
          pauseMs = 20;
        } catch (error) {
          if (!(error instanceof Outage) && !(error instanceof WrongRevision)) throw error;
          this.options.onOutage?.(error);
          await this.#distrust();
          await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
          pauseMs = Math.min(pauseMs * 2, 2_000);
        }
      }
      while (this.#flights.length > 0) await this.#land();
    } catch (error) {
      if (!this.#stopping.signal.aborted || !(error instanceof Outage || error instanceof WrongRevision)) {
        this.#failure = error;
        this.options.onFailure?.(error);
      }
      await this.#distrust();
    }
    this.#rejectAll();
    if (this.#trusted) await this.#schedule?.finish(this.#books);
    else await this.#schedule?.end();
  }

  async #step(): Promise<void> {
    const isSnapshotDue = this.#trusted && this.#schedule?.isDue(this.#books) === true;
    // Of what is durable, so nothing new is sent before all that is under way has landed.
    if (isSnapshotDue && this.#flights.length === 0) this.#schedule.begin(this.#books);
    else if (!isSnapshotDue && this.#mayTakeOff()) return this.#takeOff();
    if (this.#flights.length > 0) return this.#landOrWake();
    if (!this.#hasWork()) await this.#change();
  }

  /** Decides what waits, as much as one event holds, and sends it on its way. */
  async #takeOff(): Promise<void> {
    if (this.options.leads?.() === false) throw new LeaseNotHeld('the journal is not led by this process at the moment');
    if (!this.#trusted) await this.#foldAgain();
    const commands = this.#commands.first(mostCommands);
    const named = commands.flatMap(({ command }) => namedBy(command));
    // Only what is durable can be read. Several may be asked for, whose entries are there or not.
    while (named.length > 0 && this.#flights.length > 0) await this.#land();
    const originals = await readEntries(this.options, this.#books, named);
    const batch = new JournalBatch(this.#books, this.options.now().getTime());
    // However many facts wait, commands do not wait for all of them.
    const reached = this.#postFacts(batch, commands.length > 0 ? 0.5 : 1);
    const decided = decideAll(batch, commands, originals);
    if ('undecidable' in decided) {
      // The batch is void; the next one is made without it.
      this.#commands.remove(decided.undecidable);
      decided.undecidable.reject(decided.error);
      return;
    }
    const { answers } = decided;
    const facts = (this.#facts?.batch.events ?? []).filter(({ position }) => position > this.#decided && position <= reached);
    const landed = batch.mustBeWritten ? this.#append(batch, causesOf(facts, answers)) : Promise.resolve({ done: () => undefined });
    this.#flights.push({ answers, reached, landed });
    this.#decided = reached;
    this.#commands.drop(answers.length);
  }

  /** @returns how far the batch has got in the log */
  #postFacts(batch: JournalBatch, share: number): bigint {
    const { events = [], position = 0n } = this.#facts?.batch ?? {};
    const { reached, all } = postFacts(batch, events, this.#decided, share);
    const furthest = all && position > reached ? position : reached;
    batch.reach(furthest);
    return furthest;
  }

  /** Sends the batch's event, and lets it take effect in memory at once: nobody is told before it is durable. */
  #append(batch: JournalBatch, causes: AppendCauses): Flight['landed'] {
    const { revision } = this.#books;
    const event = batch.toEvent(this.#epoch);
    const commandId = `journal ${this.#epoch} ${revision === undefined ? 0 : revision + 1}`;
    const context = { commandId, causes, outcomeKey: batch.outcomeKey() };
    const appended = this.options.store.append(journalStream(this.options.name), revision ?? 'no_stream', [event], context);
    batch.adoptInto(this.#books, event);
    return appended.then(
      ({ position }) => ({ done: () => this.#posted(event, position) }),
      (error: unknown) => ({ error }),
    );
  }

  #posted({ entries, alarms }: EntriesPosted, position: bigint): void {
    this.#journalPosition = position;
    entriesPosted.inc(entries.length);
    for (const alarm of alarms) this.options.onAlarm?.(alarm);
  }

  /** The oldest append under way has landed, or there is more to do. */
  async #landOrWake(): Promise<void> {
    const woken = this.#woken();
    if ((await Promise.race([this.#flights[0]?.landed, woken])) !== undefined) await this.#land();
  }

  /** @throws what the oldest append under way has failed with */
  async #land(): Promise<void> {
    const [flight] = this.#flights;
    if (!flight) return;
    const landing = await flight.landed;
    if ('error' in landing) throw landing.error;
    this.#flights.shift();
    this.#hasLanded = true;
    landing.done();
    this.#reached = flight.reached;
    this.#settleFacts();
    for (const answered of flight.answers) this.#answer(answered);
  }

  /** Outcomes of entries that were given before come from the journal, which has them by now. */
  #answer({ pending, outcome, replayed }: Answered): void {
    const answer = { replayed, position: this.#journalPosition };
    if (!replayed || outcome.entry === undefined) pending.resolve({ ...outcome, ...answer });
    else withBalances(this.options, this.#books, outcome).then((whole) => pending.resolve({ ...whole, ...answer }), pending.reject);
  }

  /** What memory says is no longer believed; what was under way and is not known to have landed is pending again. */
  async #distrust(): Promise<void> {
    this.#trusted = false;
    for (let next = this.#flights[0]; next && !('error' in (await next.landed)); next = this.#flights[0]) await this.#land();
    await Promise.all(this.#flights.map(({ landed }) => landed));
    this.#commands.putBack(this.#flights.splice(0).flatMap(({ answers }) => answers.map(({ pending }) => pending)));
    this.#decided = this.#reached;
    this.#hasLanded = false;
  }

  async #foldAgain(): Promise<void> {
    const { books, position } = await foldJournal(this.options);
    this.#books = books;
    this.#journalPosition = position;
    if (books.sourcePosition > this.#reached) this.#reached = books.sourcePosition;
    this.#decided = this.#reached;
    this.#trusted = true;
  }

  #settleFacts(): void {
    if (!this.#facts || this.#facts.batch.position > this.#reached) return;
    const { resolve } = this.#facts;
    this.#facts = undefined;
    resolve();
  }

  #hasWork(): boolean {
    const expiryMs = this.#books.nextExpiryMs;
    return this.#commands.length > 0 || this.#facts !== undefined || (expiryMs !== undefined && expiryMs <= this.options.now().getTime());
  }

  #mayTakeOff(): boolean {
    return this.#flights.length === 0 ? this.#hasWork() : this.#isWorthMore();
  }

  /** Enough waits for a second append beside the one under way. */
  #isWorthMore(): boolean {
    if (!this.#hasLanded || this.#flights.length >= mostFlights) return false;
    const facts = this.#facts && this.#facts.batch.position > this.#decided ? this.#facts.batch.events.length : 0;
    return this.#commands.entries + facts >= aheadFrom;
  }

  /** Until there is something to do, or the next hold expires. */
  async #change(): Promise<void> {
    const expiryMs = this.#books.nextExpiryMs;
    const woken = this.#woken();
    const timer =
      expiryMs === undefined ? undefined : setTimeout(this.#wake, Math.min(expiryMs - this.options.now().getTime(), longestTimerMs));
    await woken;
    clearTimeout(timer);
  }

  #woken(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#wake = () => resolve(undefined);
    });
  }

  #wakeFor(): void {
    if (this.#flights.length === 0 || this.#isWorthMore()) this.#wake();
  }

  #hasStopped(): boolean {
    return this.#failure !== undefined || this.#stopping.signal.aborted;
  }

  #stopped(): Outage {
    return new Outage('the ledger has stopped', { cause: this.#failure });
  }

  #rejectAll(): void {
    this.#commands.rejectAll(this.#stopped());
    // The feed's consumer fails with the writer, so that whoever watches it sees why nothing moves.
    this.#facts?.reject(this.#failure ?? this.#stopped());
    this.#facts = undefined;
  }
}
