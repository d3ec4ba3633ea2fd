import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { ReconciliationTerms } from '@tongbao/contracts';
import type { LogFeed, StoredEvent } from '@tongbao/event-store';
import { untilReached, type Follower, type HealthCheck, type Leadership } from '@tongbao/service';
import { JobQueue } from '@tongbao/settlement/job-queue';
import type { Logger } from 'pino';
import { dayAfter } from './bill-day.js';
import type { BillFiles } from './bill-files.js';
import type { BillProcess } from './bill.process.js';
import type { DayProcess } from './day.process.js';
import { isBankLineFact, isBillFact, isRunFact, isTermsFact } from './facts.js';
import type { PayoutsProcess } from './payouts.process.js';
import { reconciliationCategories } from './reconciliation.projection.js';
import type { ReconciliationQueries } from './reconciliation.queries.js';
import type { RunProcess } from './run.process.js';

export interface ReconciliationServiceParts {
  feed: LogFeed;
  projection: Follower;
  queries: ReconciliationQueries;
  files: BillFiles;
  bills: BillProcess;
  days: DayProcess;
  runs: RunProcess;
  payouts: PayoutsProcess;
  /** How often is looked whether payouts are overdue by now, though nothing more was heard of them. */
  payoutsEveryMs: number;
  termsOf: (provider: string) => Promise<ReconciliationTerms | undefined>;
  /** Ends what is under way at once. */
  stopping: AbortController;
  logger: Logger;
  leadership: Leadership;
  healthChecks: HealthCheck[];
}

/** Payouts of every provider, by the clock. */
const allPayouts = 'all-payouts';

const keyOf = (...parts: readonly string[]): string => parts.join(' ');

/**
 * Keeps reconciliation going: bills that came in are read, days that have their bills are compared, payouts are looked for in our bank's statement, also by the clock: one that does not come tells nobody. One job at a
 * time, in the process that leads; when it begins, everything that is unfinished is kicked once. What stops a job stops no other.
 */
export class ReconciliationService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #jobs: JobQueue;
  /** What stands still, and why. */
  readonly #failed = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: ReconciliationServiceParts) {
    const { logger, stopping, healthChecks } = parts;
    this.#jobs = new JobQueue((key, position) => this.#work(key, position), {
      onOutage: (key, error) => {
        this.#failed.set(key, error instanceof Error ? error.message : String(error));
        logger.warn({ err: error, key }, 'reconciliation: waits for something that is down');
      },
      onFailure: (key, error) => {
        if (stopping.signal.aborted) return;
        this.#failed.set(key, error instanceof Error ? error.message : String(error));
        logger.error({ err: error, key }, 'reconciliation: stands still');
      },
    });
    healthChecks.push({
      name: 'reconciliation',
      problem: () => Promise.resolve(undefined),
      notice: () => Promise.resolve(this.#notice()),
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.leadership.undertake('reconciling', () => this.#lead());
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.parts.stopping.abort();
    await this.#jobs.stop();
  }

  async #lead(): Promise<void> {
    const { feed, projection, queries, files, payoutsEveryMs } = this.parts;
    await files.clearScratch();
    const { position } = projection.status();
    feed.consume({ name: 'reconciliation-process', categories: reconciliationCategories, after: position }, ({ events }) => {
      for (const stored of events) this.#noticeEvent(stored);
      return Promise.resolve();
    });
    for (const billId of await queries.unreadBills()) this.#jobs.kick(keyOf('bill', billId), position);
    for (const { provider, day } of await queries.allDays()) this.#jobs.kick(keyOf('day', provider, day), position);
    this.#jobs.kick(allPayouts, position);
    this.#timer = setInterval(() => this.#jobs.kick(allPayouts), payoutsEveryMs);
  }

  #noticeEvent(stored: StoredEvent): void {
    const { position } = stored;
    const kick = (...key: string[]) => this.#jobs.kick(keyOf(...key), position);
    if (isBillFact(stored)) {
      const { type, billId, provider, day } = stored.event;
      if (type === 'BillReceived') kick('bill', billId);
      else {
        kick('day', provider, day);
        kick('payouts', provider);
      }
    } else if (isRunFact(stored)) {
      const { type, provider, day } = stored.event;
      if (type === 'ReconciliationStarted') kick('day', provider, day);
      if (type === 'ReconciliationCompleted') kick('day', provider, dayAfter(day));
    } else if (isBankLineFact(stored) && stored.event.match.kind === 'provider_payout') kick('payouts', stored.event.match.provider);
    else if (isTermsFact(stored)) kick('payouts', stored.event.provider);
  }

  async #work(key: string, position: bigint): Promise<void> {
    await untilReached(this.parts.projection, position);
    const [job = '', first = '', day = ''] = key.split(' ');
    if (job === 'bill') await this.parts.bills.read(first);
    else if (job === 'day') await this.#compareDay(first, day);
    else if (job === allPayouts)
      for (const provider of await this.parts.queries.providersWithPayouts()) this.#jobs.kick(keyOf('payouts', provider), position);
    else await this.#comparePayouts(first);
    this.#failed.delete(key);
  }

  /** Run after run, while one is due: the end of one may be the beginning of the next. */
  async #compareDay(provider: string, day: string): Promise<void> {
    const { days, runs, projection, feed } = this.parts;
    for (let next = await days.next(provider, day); next; next = await days.next(provider, day)) {
      // What it takes from the projection is what there was when it began.
      await untilReached(projection, await feed.end());
      await runs.execute(next.run, next.isResumed);
      await untilReached(projection, await feed.end());
    }
  }

  async #comparePayouts(provider: string): Promise<void> {
    const terms = await this.parts.termsOf(provider);
    if (!terms) return;
    await this.parts.payouts.compare(provider, terms);
    // Its own matches must be read before the next comparison.
    await untilReached(this.parts.projection, await this.parts.feed.end());
  }

  #notice(): string | undefined {
    if (this.#failed.size === 0) return undefined;
    const [[key, why] = ['', '']] = this.#failed;
    const others = this.#failed.size === 1 ? '' : ` (and ${this.#failed.size - 1} more)`;
    return `${key} stands still: ${why}${others}`;
  }
}
