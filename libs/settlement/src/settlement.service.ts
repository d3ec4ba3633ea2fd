import type { LogFeed, StoredEvent } from '@tongbao/event-store';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Leadership } from '@tongbao/service';
import type { Logger } from 'pino';
import type { BankStatementProcess } from './bank-statement.process.js';
import { isBankLineFact, isJournalFact, isLogFact, isPayoutFact, isSettlementFact, isWindowFact } from './facts.js';
import { JobQueue } from './job-queue.js';
import type { PaymentMarking } from './payment-marking.process.js';
import type { PayoutProcess } from './payout.process.js';
import { untilReached, type Follower } from './projection-follower.js';
import type { SettlementProcess } from './settlement.process.js';
import type { SettlementQueries } from './settlement.queries.js';
import type { WindowKeeper } from './window-keeper.js';

export interface SettlementServiceParts {
  feed: LogFeed;
  projection: Follower;
  queries: SettlementQueries;
  windows: WindowKeeper;
  settlement: SettlementProcess;
  payouts: PayoutProcess;
  statement: BankStatementProcess;
  marking: PaymentMarking;
  /** Ends the telling of payments between two slices. */
  stopping: AbortController;
  bank: string;
  /** How often the bank is asked for its statement. */
  pollMs: number;
  logger: Logger;
  leadership: Leadership;
}

/**
 * Keeps settlement going: every event that may let a settlement or a payout go on, kicks it. A job waits until the projection has that event, so what it
 * decides on is never older than what woke it. Only the leading process does this; when it begins, everything that is unfinished is kicked once.
 */
export class SettlementService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #settlements: JobQueue;
  readonly #payouts: JobQueue;
  readonly #statements: JobQueue;
  readonly #marking: JobQueue;
  /** Settlements that may be waiting for the ledger. */
  readonly #watchingJournal = new Set<string>();
  #journalSeen = 0n;
  #poll: NodeJS.Timeout | undefined;

  constructor(private readonly parts: SettlementServiceParts) {
    const { payouts, statement, marking, bank } = parts;
    this.#settlements = this.#queue('settlement', (id, position) => this.#advance(id, position));
    this.#marking = this.#queue('telling payments', (id) => marking.mark(id));
    this.#statements = this.#queue('bank statement', async () => {
      await statement.poll();
    });
    this.#payouts = this.#queue('payouts', async (_, position) => {
      await payouts.run(position);
      this.#statements.kick(bank);
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.leadership.undertake('settling', () => this.#lead());
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#poll);
    this.parts.stopping.abort();
    await Promise.all([this.#settlements.stop(), this.#payouts.stop(), this.#statements.stop(), this.#marking.stop()]);
  }

  async #lead(): Promise<void> {
    const { feed, projection, queries, windows, bank, pollMs } = this.parts;
    const started = feed.head;
    const { position } = projection.status();
    feed.consume(
      { name: 'settlement-process', categories: ['window', 'settlement', 'payout', 'reconciliation', 'journal', 'log'], after: position },
      ({ events }) => this.#notice(events),
    );
    await windows.openCurrent(queries);
    for (const settlementId of await queries.unfinishedSettlements()) this.#settlements.kick(settlementId, position);
    this.#payouts.kick(bank, started);
    this.#statements.kick(bank);
    this.#poll = setInterval(() => this.#statements.kick(bank), pollMs);
  }

  async #notice(events: readonly StoredEvent[]): Promise<void> {
    const { bank, windows } = this.parts;
    for (const stored of events) {
      const { position } = stored;
      if (isJournalFact(stored)) {
        this.#journalSeen = position;
        for (const settlementId of this.#watchingJournal) this.#settlements.kick(settlementId, position);
      } else if (isPayoutFact(stored)) {
        this.#settlements.kick(stored.event.settlementId, position);
        this.#payouts.kick(bank, position);
      } else if (isBankLineFact(stored)) this.#payouts.kick(bank, position);
      else if (isLogFact(stored)) this.#proven(position);
      else if (isSettlementFact(stored)) {
        if (stored.event.type !== 'PaymentSidesSettled') this.#settlements.kick(stored.event.settlementId, position);
      } else if (isWindowFact(stored)) {
        const { event } = stored;
        if ('settlementId' in event) this.#settlements.kick(event.settlementId, position);
        else if (event.type === 'WindowClosed') await windows.open(event.model, event.currency, event.sequence + 1);
      }
    }
  }

  /** A round that is under way may have looked before this checkpoint was there. */
  #proven(position: bigint): void {
    const { payouts, bank } = this.parts;
    if (payouts.waitsForProof || this.#payouts.isRunning) this.#payouts.kick(bank, position);
  }

  /** Watches the journal from before it looks at how far that is, so that no progress in between is missed. */
  async #advance(settlementId: string, position: bigint): Promise<void> {
    const { projection, settlement } = this.parts;
    this.#watchingJournal.add(settlementId);
    await untilReached(projection, position > this.#journalSeen ? position : this.#journalSeen);
    const status = await settlement.advance(settlementId);
    if (status !== 'calculated') this.#watchingJournal.delete(settlementId);
    if (status === 'settled') this.#marking.kick(settlementId);
  }

  #queue(what: string, job: (key: string, position: bigint) => Promise<void>): JobQueue {
    const { logger } = this.parts;
    return new JobQueue(job, {
      onOutage: (key, error) => logger.warn({ err: error, key }, `${what}: waits for something that is down`),
      onFailure: (key, error) => {
        this.#watchingJournal.delete(key);
        logger.error({ err: error, key }, `${what}: stands still`);
      },
    });
  }
}
