import type { CommandOutcome, EntriesPosted, JournalEntry, LedgerAlarm } from '@tongbao/contracts';
import { Outage, WrongRevision, type AppendCauses, type EventStore, type FeedBatch } from '@tongbao/event-store';
import { metrics, tracing } from '@tongbao/telemetry';
import { setTimeout as delay } from 'node:timers/promises';
import type { Books, Memory } from './books.js';
import type { Command } from './commands.js';
import { JournalBatch } from './journal.batch.js';
import { foldJournal, journalStream, type FoldedJournal } from './journal.fold.js';
import type { AnyFact } from './posting-rules.js';

export interface WriterOptions {
  store: Pick<EventStore, 'append' | 'read'>;
  now: () => Date;
  /** The books are the stream `journal-<name>`. */
  name?: string;
  memory?: Memory;
  /** Something has been posted that limits would have refused to a command. */
  onAlarm?: (alarm: LedgerAlarm) => void;
  /** An append failed or its outcome is in doubt: the writer goes on by itself. */
  onOutage?: (error: unknown) => void;
  /** The journal or this code is broken: the writer stands still. */
  onFailure?: (error: unknown) => void;
}

/** The outcome of a command, once it is durable. */
export interface Answer extends CommandOutcome {
  /** It had been given before. */
  replayed: boolean;
  /** Log position at which the journal holds it at the latest: for whoever wants to read it back. */
  position: bigint;
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

interface PendingCommand {
  command: Command;
  /** Of the request or message that it came with. */
  traceparent: string | undefined;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

interface PendingFacts {
  batch: FeedBatch;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const longestTimerMs = 2 ** 31 - 1;

const entriesPosted = metrics.counter('tongbao_ledger_entries_total', {});

/**
 * The one writer of the books. Takes facts and commands, decides them together on a working copy, appends one event for all of them at the revision it
 * was decided on, lets the event take effect on the books in memory and only then answers. While an append is under way the next batch collects.
 *
 * An append that fails, or whose outcome is unknown, leaves the journal as the only thing to believe: memory is folded again from it, and what is
 * pending is decided again; facts are recognised by their position and commands by their id, so that nothing is posted twice.
 */
export class JournalWriter {
  #books: Books;
  #trusted = true;
  #epoch: number;
  #commands: PendingCommand[] = [];
  #facts: PendingFacts | undefined;
  /** Facts up to here have been looked at; those not in the journal had nothing to post. */
  #reached: bigint;
  #oldestFactMs = 0;
  #journalPosition: bigint;
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
    { books, position }: FoldedJournal,
  ) {
    this.#books = books;
    this.#journalPosition = position;
    this.#reached = books.sourcePosition;
    // One epoch a start; a lease on the journal will give it, and stop whoever holds an older one.
    this.#epoch = books.epoch + 1;
    this.finished = this.#run();
  }

  /** What is durable. Only to be read. */
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
      pendingCommands: this.#commands.length,
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
      this.#wake();
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
      this.#wake();
    });
  }

  /** Finishes the append under way; what is still pending is rejected with an Outage. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.finished;
  }

  async #run(): Promise<void> {
    try {
      for (let pauseMs = 20; !this.#stopping.signal.aborted;) {
        try {
          if (this.#hasWork()) await this.#writeNext();
          else await this.#change();
          pauseMs = 20;
        } catch (error) {
          if (!(error instanceof Outage) && !(error instanceof WrongRevision)) throw error;
          this.#trusted = false;
          this.options.onOutage?.(error);
          await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
          pauseMs = Math.min(pauseMs * 2, 2_000);
        }
      }
    } catch (error) {
      this.#failure = error;
      this.options.onFailure?.(error);
    }
    this.#rejectAll();
  }

  async #writeNext(): Promise<void> {
    if (!this.#trusted) await this.#foldAgain();
    const commands = [...this.#commands];
    const originals = await this.#originals(commands);
    const batch = new JournalBatch(this.#books, this.options.now().getTime());
    // However many facts wait, commands do not wait for all of them.
    const reached = this.#postFacts(batch, commands.length > 0 ? 0.5 : 1);
    const answers = this.#decide(batch, commands, originals);
    if (!answers) return;
    if (batch.mustBeWritten) await this.#append(batch.toEvent(this.#epoch), this.#causes(reached, answers));
    this.#reached = reached;
    this.#settleFacts();
    this.#commands = this.#commands.slice(answers.length);
    for (const { pending, outcome, replayed } of answers) pending.resolve({ ...outcome, replayed, position: this.#journalPosition });
  }

  /** @returns how far the batch has got in the log */
  #postFacts(batch: JournalBatch, factsShare: number): bigint {
    let reached = this.#reached;
    for (const { event, position } of this.#facts?.batch.events ?? []) {
      if (position <= reached) continue;
      if (batch.isFull(factsShare)) {
        batch.reach(reached);
        return reached;
      }
      // The feed gives only the categories of the facts; types are unique over all of them.
      batch.postFact(event as AnyFact, position);
      reached = position;
    }
    if (this.#facts && this.#facts.batch.position > reached) reached = this.#facts.batch.position;
    batch.reach(reached);
    return reached;
  }

  /** As many commands as the batch has room for; undefined after one that could not be decided at all: the batch is void, the next tries without it. */
  #decide(batch: JournalBatch, commands: PendingCommand[], originals: ReadonlyMap<number, JournalEntry>) {
    const answers: { pending: PendingCommand; outcome: CommandOutcome; replayed: boolean }[] = [];
    for (const pending of commands) {
      if (batch.isFull()) break;
      const { command } = pending;
      const original = command.command === 'ReverseEntry' && originals.get(command.entry);
      try {
        answers.push({ pending, ...batch.decide(original ? { ...command, original } : command) });
      } catch (error) {
        this.#commands = this.#commands.filter((each) => each !== pending);
        pending.reject(error);
        return undefined;
      }
    }
    return answers;
  }

  /** Which of what the batch is about is traced. */
  #causes(reached: bigint, answers: readonly { pending: PendingCommand }[]): AppendCauses {
    if (!tracing.enabled) return {};
    const posted = (this.#facts?.batch.events ?? []).filter(({ position }) => position > this.#reached && position <= reached);
    const commands = answers.flatMap(({ pending: { command, traceparent } }) =>
      traceparent ? [[command.commandId, traceparent] as const] : [],
    );
    return {
      facts: posted.flatMap(({ metadata: { traceparent } }) => (traceparent ? [traceparent] : [])),
      ...(commands.length > 0 && { commands: Object.fromEntries(commands) }),
    };
  }

  async #append(event: EntriesPosted, causes: AppendCauses): Promise<void> {
    const { revision } = this.#books;
    const next = revision === undefined ? 0 : revision + 1;
    const { position } = await this.options.store.append(journalStream(this.options.name), revision ?? 'no_stream', [event], {
      commandId: `journal ${this.#epoch} ${next}`,
      causes,
    });
    entriesPosted.inc(event.entries.length);
    this.#books.apply(event, next);
    this.#journalPosition = position;
    for (const alarm of event.alarms) this.options.onAlarm?.(alarm);
  }

  async #foldAgain(): Promise<void> {
    const { books, position } = await foldJournal(this.options);
    this.#books = books;
    this.#journalPosition = position;
    if (books.sourcePosition > this.#reached) this.#reached = books.sourcePosition;
    this.#trusted = true;
  }

  /** The entries that are to be reversed, from the journal. */
  async #originals(commands: PendingCommand[]): Promise<ReadonlyMap<number, JournalEntry>> {
    const originals = new Map<number, JournalEntry>();
    for (const { command } of commands) {
      if (command.command !== 'ReverseEntry' || originals.has(command.entry)) continue;
      const revision = this.#books.revisionOf(command.entry);
      if (revision === undefined) continue;
      const [stored] = await this.options.store.read<EntriesPosted>(journalStream(this.options.name), { from: revision, limit: 1 });
      const entry = stored?.event.entries[command.entry - stored.event.firstEntry];
      if (!entry) throw new Error(`journal event ${revision} does not hold entry ${command.entry}`);
      originals.set(command.entry, entry);
    }
    return originals;
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

  /** Until there is something to do, or the next hold expires. */
  async #change(): Promise<void> {
    const expiryMs = this.#books.nextExpiryMs;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (expiryMs !== undefined) timer = setTimeout(resolve, Math.min(expiryMs - this.options.now().getTime(), longestTimerMs));
    });
    clearTimeout(timer);
  }

  #hasStopped(): boolean {
    return this.#failure !== undefined || this.#stopping.signal.aborted;
  }

  #stopped(): Outage {
    return new Outage('the ledger has stopped', { cause: this.#failure });
  }

  #rejectAll(): void {
    for (const { reject } of this.#commands) reject(this.#stopped());
    this.#commands = [];
    // The feed's consumer fails with the writer, so that whoever watches it sees why nothing moves.
    this.#facts?.reject(this.#failure ?? this.#stopped());
    this.#facts = undefined;
  }
}
