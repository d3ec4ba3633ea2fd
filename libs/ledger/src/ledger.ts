import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Outage, type EventStore, type LogFeed } from '@tongbao/event-store';
import type { Clock, HealthCheck } from '@tongbao/service';
import type { Logger } from 'pino';
import type { Command } from './commands.js';
import { JournalWriter, type Answer, type LedgerLag } from './journal.writer.js';
import { ledgerFactCategories } from './posting-rules.js';

export interface LedgerParts {
  store: EventStore;
  feed: LogFeed;
  clock: Clock;
  logger: Logger;
  healthChecks: HealthCheck[];
}

/** The ledger of a process: its writer, from start to stop, following the log. */
export class Ledger implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #writer: JournalWriter | undefined;

  constructor(private readonly parts: LedgerParts) {
    parts.healthChecks.push({ name: 'ledger', problem: () => Promise.resolve(this.#problem()) });
  }

  async onApplicationBootstrap(): Promise<void> {
    const { store, feed, clock, logger } = this.parts;
    const writer = await JournalWriter.start({
      store,
      now: () => clock.now(),
      onAlarm: (alarm) => logger.warn({ alarm }, 'a fact was posted that limits would have refused to a command'),
      onOutage: (error) => logger.warn({ err: error }, 'the journal is folded again after an append that failed'),
      onFailure: (error) => logger.fatal({ err: error }, 'the ledger stands still'),
    });
    feed.consume({ name: 'ledger-writer', categories: ledgerFactCategories, after: writer.sourcePosition }, (batch) => writer.post(batch));
    this.#writer = writer;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#writer?.stop();
  }

  /**
   * Decides a command; resolves when its outcome is durable.
   * @throws Outage while the ledger starts, and when it has stopped
   */
  submit(command: Command): Promise<Answer> {
    if (!this.#writer) return Promise.reject(new Outage('the ledger is starting'));
    return this.#writer.submit(command);
  }

  /** How far the books are behind; undefined while the ledger starts. */
  lag(): LedgerLag | undefined {
    return this.#writer?.lag();
  }

  #problem(): string | undefined {
    if (!this.#writer) return 'starting';
    const { failure } = this.#writer;
    return failure === undefined ? undefined : failure instanceof Error ? failure.message : 'failed';
  }
}
