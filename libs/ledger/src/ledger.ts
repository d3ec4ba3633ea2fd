import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Outage, type EventStore, type LogFeed } from '@tongbao/event-store';
import type { Clock, HealthCheck, Leadership } from '@tongbao/service';
import type { Logger } from 'pino';
import type { Command } from './commands.js';
import { Snapshots } from './journal.snapshots.js';
import { JournalWriter, type Answer, type LedgerLag } from './journal.writer.js';
import { writerConsumer } from './ledger.metrics.js';
import { ledgerFactCategories } from './posting-rules.js';

export interface LedgerParts {
  store: EventStore;
  feed: LogFeed;
  clock: Clock;
  logger: Logger;
  healthChecks: HealthCheck[];
  leadership: Leadership;
  /** How long an answer may take before whoever waits for it is told that there is none yet; five seconds when left out. */
  answerWithinMs?: number;
}

/** Facts of so long become one journal event: each event costs an append, messages and folds. */
const postEveryMs = 10;

/** The ledger of a process: its writer, from when the process leads to its end, following the log. A standby has none. */
export class Ledger implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #writer: JournalWriter | undefined;

  constructor(private readonly parts: LedgerParts) {
    parts.healthChecks.push({ name: 'ledger', problem: () => Promise.resolve(this.#problem()) });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.leadership.undertake('the journal', (epoch) => this.#lead(epoch));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#writer?.stop();
  }

  /**
   * Decides a command; resolves when its outcome is durable.
   * @throws Outage while the ledger starts, when it has stopped, and on a standby
   */
  submit(command: Command): Promise<Answer> {
    if (!this.#writer) return Promise.reject(new Outage('the ledger is not led by this process'));
    return this.#writer.submit(command);
  }

  /**
   * Decides a command for somebody who waits for the answer.
   * @throws Outage also when the store takes too long: the command is still pending, and asked for again under its id it is answered with what it came to
   */
  async answer(command: Command): Promise<Answer> {
    const { answerWithinMs = 5_000 } = this.parts;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Outage(`the ledger has not made it durable in ${answerWithinMs} ms`)), answerWithinMs);
    });
    try {
      return await Promise.race([this.submit(command), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** How far the books are behind; undefined while the ledger starts, and on a standby. */
  lag(): LedgerLag | undefined {
    return this.#writer?.lag();
  }

  async #lead(epoch: number): Promise<void> {
    const { store, feed, clock, logger, leadership } = this.parts;
    const writer = await JournalWriter.start({
      store,
      now: () => clock.now(),
      snapshots: new Snapshots({ store, onWarning: (message, error) => logger.warn({ err: error }, message) }),
      epoch,
      leads: () => leadership.leads,
      onAlarm: (alarm) => logger.warn({ alarm }, 'a fact was posted that limits would have refused to a command'),
      onOutage: (error) => logger.warn({ err: error }, 'the journal is folded again after an append that failed'),
      onFailure: (error) => logger.fatal({ err: error }, 'the ledger stands still'),
    });
    const consumer = { name: writerConsumer, categories: ledgerFactCategories, after: writer.sourcePosition, everyMs: postEveryMs };
    feed.consume(consumer, (batch) => writer.post(batch));
    this.#writer = writer;
  }

  #problem(): string | undefined {
    if (!this.#writer) return this.parts.leadership.leads ? 'starting' : undefined;
    const { failure } = this.#writer;
    return failure === undefined ? undefined : failure instanceof Error ? failure.message : 'failed';
  }
}
