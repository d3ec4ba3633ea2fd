import type { LogFeed, StoredEvent } from '@tongbao/event-store';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { untilReached, type Follower, type Leadership } from '@tongbao/service';
import type { Logger } from 'pino';
import { isFxQuoteFact, isJournalFact, isModelFact, isPayoutFact, isPositionFact, isSettlementFact, isWindowFact } from './facts.js';
import { coverGainedBy } from './cover-gains.js';
import { JobQueue } from './job-queue.js';
import type { ModelCommands } from './model.commands.js';
import type { SettlementModel } from './models.js';
import type { PaymentMarking } from './payment-marking.process.js';
import type { SettlementSchedule } from './schedule.process.js';
import type { SettlementProcess } from './settlement.process.js';
import type { SettlementQueries } from './settlement.queries.js';
import type { WindowKeeper } from './window-keeper.js';

export interface SettlementServiceParts {
  feed: LogFeed;
  projection: Follower;
  queries: SettlementQueries;
  windows: WindowKeeper;
  models: ModelCommands;
  /** What a hub begins with. */
  firstModels: readonly SettlementModel[];
  schedule: SettlementSchedule;
  /** How often is looked whether a window is due. */
  scheduleEveryMs: number;
  settlement: SettlementProcess;
  marking: PaymentMarking;
  /** Ends the telling of payments between two slices. */
  stopping: AbortController;
  logger: Logger;
  leadership: Leadership;
}

/** What is looked for. */
const closings = 'closings';
const dueSettlements = 'due settlements';

/** Whose facts may let a settlement go on. */
const watched = ['model', 'window', 'settlement', 'payout', 'position', 'journal', 'fxquote'] as const;

const latest = (one: bigint, other: bigint): bigint => (one > other ? one : other);

/**
 * Keeps settlement going: every event that may let a settlement or a payout go on, kicks it. A job waits until the projection has that event, so what it
 * decides on is never older than what woke it. Only the leading process does this; when it begins, everything that is unfinished is kicked once.
 */
export class SettlementService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #settlements: JobQueue;
  readonly #marking: JobQueue;
  readonly #schedule: JobQueue;
  /** Settlements that may be waiting for the ledger. */
  readonly #watchingJournal = new Set<string>();
  #journalSeen = 0n;
  /** Settlements that may be waiting for a rate, or for cash to exchange with. */
  readonly #watchingMoney = new Set<string>();
  #moneySeen = 0n;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: SettlementServiceParts) {
    const { marking, schedule } = parts;
    this.#settlements = this.#queue('settlement', (id, position) => this.#advance(id, position));
    this.#marking = this.#queue('telling payments', (id) => marking.mark(id));
    this.#schedule = this.#queue('settlement schedule', async (what, position) => {
      await untilReached(parts.projection, position);
      await schedule.run(what === closings ? 'all' : 'settlements');
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.leadership.undertake('settling', () => this.#lead());
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.parts.stopping.abort();
    await Promise.all([this.#schedule.stop(), this.#settlements.stop(), this.#marking.stop()]);
  }

  async #lead(): Promise<void> {
    const { feed, projection, queries, windows, models, firstModels, scheduleEveryMs } = this.parts;
    const { position } = projection.status();
    feed.consume({ name: 'settlement-process', categories: watched, after: position }, ({ events }) => this.#notice(events));
    await models.setFirstTerms(firstModels);
    await windows.openCurrent(queries);
    for (const settlementId of await queries.unfinishedSettlements()) this.#settlements.kick(settlementId, position);
    this.#timer = setInterval(() => this.#schedule.kick(closings), scheduleEveryMs);
  }

  async #notice(events: readonly StoredEvent[]): Promise<void> {
    const { windows } = this.parts;
    for (const stored of events) {
      const { position } = stored;
      if (isJournalFact(stored)) {
        this.#journalSeen = position;
        for (const settlementId of this.#watchingJournal) this.#settlements.kick(settlementId, position);
        if (coverGainedBy(stored.event).size > 0) this.#kickForMoney(position);
      } else if (isPayoutFact(stored)) this.#settlements.kick(stored.event.settlementId, position);
      else if (isFxQuoteFact(stored)) this.#kickForMoney(position);
      else if (isPositionFact(stored)) {
        if ('settlementId' in stored.event) this.#settlements.kick(stored.event.settlementId, position);
      } else if (isSettlementFact(stored)) {
        if (stored.event.type !== 'PaymentSidesSettled') this.#settlements.kick(stored.event.settlementId, position);
      } else if (isWindowFact(stored)) {
        const { event } = stored;
        if ('settlementId' in event) this.#settlements.kick(event.settlementId, position);
        else if (event.type === 'WindowClosed') {
          await windows.open(event.model, event.currency, event.sequence + 1);
          this.#schedule.kick(dueSettlements, position);
        }
      } else if (isModelFact(stored) && stored.event.type === 'SettlementModelSet') {
        await windows.open(stored.event.name, stored.event.currency, 1);
      }
    }
  }

  #kickForMoney(position: bigint): void {
    this.#moneySeen = position;
    for (const settlementId of this.#watchingMoney) this.#settlements.kick(settlementId, position);
  }

  /** Watches the journal and quotes from before it looks at how far they are, so that no progress in between is missed. */
  async #advance(settlementId: string, position: bigint): Promise<void> {
    const { projection, settlement } = this.parts;
    this.#watchingJournal.add(settlementId);
    this.#watchingMoney.add(settlementId);
    await untilReached(projection, latest(position, latest(this.#journalSeen, this.#moneySeen)));
    const status = await settlement.advance(settlementId);
    if (status !== 'calculated' && !settlement.waitsForLedger(settlementId)) this.#watchingJournal.delete(settlementId);
    if (!settlement.waitsToExchange(settlementId)) this.#watchingMoney.delete(settlementId);
    if (status === 'settled') this.#marking.kick(settlementId);
  }

  #queue(what: string, job: (key: string, position: bigint) => Promise<void>): JobQueue {
    const { logger } = this.parts;
    return new JobQueue(job, {
      onOutage: (key, error) => logger.warn({ err: error, key }, `${what}: waits for something that is down`),
      onFailure: (key, error) => {
        this.#watchingJournal.delete(key);
        this.#watchingMoney.delete(key);
        logger.error({ err: error, key }, `${what}: stands still`);
      },
    });
  }
}
