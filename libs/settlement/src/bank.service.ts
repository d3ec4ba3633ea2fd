import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { LogFeed, StoredEvent } from '@tongbao/event-store';
import type { Follower, Leadership } from '@tongbao/service';
import type { Logger } from 'pino';
import type { BankStatementProcess } from './bank-statement.process.js';
import { coverGainedBy } from './cover-gains.js';
import { isBankFact, isBankLineFact, isInstructionFact, isJournalFact, isLogFact, isPayoutFact, isWithdrawalFact } from './facts.js';
import { JobQueue } from './job-queue.js';
import type { PayoutProcess } from './payout.process.js';

/** What a bank that takes and gives files needs done besides. */
export interface BankFilesWork {
  /** Takes in what the bank has sent, and sends what is due. */
  run(): Promise<void>;
}

export interface BankServiceParts {
  feed: LogFeed;
  projection: Follower;
  payouts: PayoutProcess;
  statement: BankStatementProcess;
  files?: BankFilesWork;
  bank: string;
  /** How often the bank is asked for its statement. */
  pollMs: number;
  logger: Logger;
  leadership: Leadership;
}

const categories = ['payout', 'withdrawal', 'bank', 'instruction', 'reconciliation', 'log', 'journal'];

/**
 * Keeps the work with the bank going: whatever may let a payout or a withdrawal go on, kicks their runner, and the clock kicks the rest. Only the leading process
 * does this; when it begins, everything is kicked once.
 */
export class BankService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #payouts: JobQueue;
  readonly #statements: JobQueue;
  readonly #files: JobQueue;
  #poll: NodeJS.Timeout | undefined;

  constructor(private readonly parts: BankServiceParts) {
    const { payouts, statement, files, bank } = parts;
    this.#statements = this.#queue('bank statement', async () => {
      await statement.poll();
    });
    this.#payouts = this.#queue('payouts', async (_, position) => {
      await payouts.run(position);
      this.#statements.kick(bank);
    });
    this.#files = this.#queue('bank files', async () => {
      await files?.run();
      this.#statements.kick(bank);
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.leadership.undertake('paying', () => {
      this.#lead();
      return Promise.resolve();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#poll);
    await Promise.all([this.#payouts.stop(), this.#statements.stop(), this.#files.stop()]);
  }

  #lead(): void {
    const { feed, projection, files, bank, pollMs } = this.parts;
    const started = feed.head;
    const { position } = projection.status();
    feed.consume({ name: 'bank-process', categories, after: position }, ({ events }) => {
      for (const stored of events) this.#notice(stored);
      return Promise.resolve();
    });
    this.#payouts.kick(bank, started);
    this.#tick(files !== undefined);
    this.#poll = setInterval(() => this.#tick(files !== undefined), pollMs);
  }

  #tick(hasFiles: boolean): void {
    const { bank, payouts } = this.parts;
    if (hasFiles) this.#files.kick(bank);
    else this.#statements.kick(bank);
    if (payouts.waitsForAccount) this.#payouts.kick(bank);
  }

  #notice(stored: StoredEvent): void {
    const { bank, payouts } = this.parts;
    const { position } = stored;
    if (isInstructionFact(stored)) {
      if (stored.event.type === 'InstructionTaken') return;
      payouts.reconsider(stored.event.key);
      this.#payouts.kick(bank, position);
    } else if (isLogFact(stored)) {
      // A round that is under way may have looked before this checkpoint was there.
      if (payouts.waitsForProof || this.#payouts.isRunning) this.#payouts.kick(bank, position);
    } else if (isJournalFact(stored)) {
      if (coverGainedBy(stored.event).size > 0) this.#payouts.kick(bank, position);
    } else if (isPayoutFact(stored) || isWithdrawalFact(stored) || isBankLineFact(stored) || isBankFact(stored)) {
      this.#payouts.kick(bank, position);
    }
  }

  #queue(what: string, job: (key: string, position: bigint) => Promise<void>): JobQueue {
    const { logger } = this.parts;
    return new JobQueue(job, {
      onOutage: (key, error) => logger.warn({ err: error, key }, `${what}: waits for something that is down`),
      onFailure: (key, error) => logger.error({ err: error, key }, `${what}: stands still`),
    });
  }
}
