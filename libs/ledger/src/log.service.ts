import { setTimeout as delay } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Outage, type EventStore, type LogFeed, type StoredEvent } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import type { Clock, HealthCheck, Leadership } from '@tongbao/service';
import type { Loops } from '@tongbao/telemetry';
import type { Logger } from 'pino';
import { journalStream } from './journal.fold.js';
import { LogAlarmed, LogAlarms } from './log.alarms.js';
import { LogCheckpoints } from './log.checkpoints.js';
import { LogLag } from './log.lag.js';
import { LogPublisher } from './log.publisher.js';
import type { LogSettings } from './log.settings.js';
import { LogStream } from './log.stream.js';
import { LogWitnessing, NotWitnessed } from './log.witnessing.js';
import { PacedLoop } from './paced-loop.js';

export interface TransparencyLogParts {
  store: EventStore;
  feed: LogFeed;
  sql: SqlClient;
  /** The projection `log`. */
  projection: { reached(position: bigint, timeoutMs: number): Promise<boolean> };
  settings: LogSettings;
  clock: Clock;
  logger: Logger;
  healthChecks: HealthCheck[];
  leadership: Leadership;
  loops?: Loops;
}

/** With the folding before it (a tenth) and the signing, an entry is in a checkpoint within a second. */
const signEveryMs = 800;
const signAgainMs = 1_000;
const witnessAgainMs = 2_000;
/** How long the witnesses are waited for once, when the process begins to lead: they would know of a log that was rolled back. */
const firstAskMs = 2_000;
const mostLagMs = 60_000;

/** The transparency log of a process: what is published, and, from when the process leads, its signing. */
export class TransparencyLog implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly checkpoints: LogCheckpoints;
  readonly #alarms: LogAlarms;
  readonly #publisher: LogPublisher;
  readonly #witnessing: LogWitnessing;
  readonly #lag: LogLag;
  readonly #signing: PacedLoop;
  readonly #asking: PacedLoop;
  #trouble: string | undefined;
  /** Of the newest journal event that is to be signed. */
  #position = 0n;
  #hasAsked = false;
  #leads = false;

  constructor(private readonly parts: TransparencyLogParts) {
    const { store, sql, projection, settings, clock, logger, healthChecks, loops } = parts;
    const now = () => clock.now();
    const stream = new LogStream(store);
    this.#alarms = new LogAlarms((by, alarm) =>
      logger.fatal({ err: alarm, by }, 'the transparency log is not what it was: nothing is signed'),
    );
    this.#publisher = new LogPublisher({ store, stream, sql, projection, settings, alarms: this.#alarms, now });
    this.#witnessing = new LogWitnessing({ stream, sql, settings, alarms: this.#alarms, logger, now });
    this.#lag = new LogLag(now);
    this.checkpoints = new LogCheckpoints(stream);
    this.#signing = new PacedLoop(() => this.#sign(), {
      ...{ name: 'log signing', everyMs: signEveryMs, retryMs: signAgainMs },
      ...(loops && { loops }),
      onError: (error) => this.#failed(error),
    });
    this.#asking = new PacedLoop(() => this.#witnessing.witness(), {
      ...{ name: 'log witnesses', everyMs: 0, retryMs: witnessAgainMs },
      ...(loops && { loops }),
      onError: (error) => {
        if (error instanceof NotWitnessed) return;
        logger[error instanceof Outage ? 'warn' : 'error']({ err: error }, 'what witnesses have said is not recorded');
      },
    });
    healthChecks.push({
      name: 'transparency-log',
      problem: () => Promise.resolve(this.#problem()),
      notice: () => Promise.resolve(this.#notice()),
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.checkpoints.start(this.parts.feed);
    await this.parts.leadership.undertake('the transparency log', () => this.#lead());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.#signing.stop(), this.#asking.stop()]);
  }

  /** Of who leads: how old the oldest is that no checkpoint covers, and whether something is wrong with the log; undefined on a standby. */
  status(): { lagMs: number; isAlarmed: boolean } | undefined {
    return this.#leads ? { lagMs: this.#lag.ms, isAlarmed: this.#alarms.any !== undefined } : undefined;
  }

  #lead(): Promise<void> {
    const { feed } = this.parts;
    this.#leads = true;
    this.#position = feed.head;
    feed.consume({ name: 'log-publisher', categories: ['journal'], after: feed.head }, ({ events, position }) => {
      this.#posted(events.filter(({ stream }) => stream === journalStream()));
      this.#position = position;
      return Promise.resolve();
    });
    this.#signing.start();
    this.#asking.start();
    this.#signing.want();
    return Promise.resolve();
  }

  #posted(events: readonly StoredEvent[]): void {
    for (const { revision, createdAt } of events) this.#lag.posted(revision, createdAt);
    if (events.length > 0) this.#signing.want();
  }

  async #sign(): Promise<void> {
    if (!this.#hasAsked) await this.#askFirst();
    const revision = await this.#publisher.publish(this.#position);
    this.#trouble = undefined;
    this.#lag.signed(revision);
    this.#asking.want();
  }

  /** A log that was rolled back, or forked, is found before anything is signed on top of it; unless the witnesses do not answer. */
  async #askFirst(): Promise<void> {
    const asked = this.#witnessing.witness({ again: true }).catch((error: unknown) => {
      if (!(error instanceof NotWitnessed)) throw error;
    });
    await Promise.race([asked, delay(firstAskMs, undefined, { ref: false })]);
    this.#hasAsked = true;
  }

  #failed(error: unknown): void {
    this.#trouble = error instanceof Error ? error.message : String(error);
    // An alarm has been told already.
    if (error instanceof LogAlarmed) return;
    if (error instanceof Outage) this.parts.logger.warn({ err: error, what: 'transparency log' }, 'waits for something that is down');
    else this.parts.logger.error({ err: error }, 'no checkpoint could be signed');
  }

  #problem(): string | undefined {
    if (!this.#leads) return undefined;
    const alarm = this.#alarms.any;
    if (alarm) return `nothing is signed: ${alarm.message}`;
    if (this.#lag.ms <= mostLagMs) return undefined;
    return `nothing was signed for ${Math.round(this.#lag.ms / 1_000)} s: ${this.#trouble ?? 'no reason is known'}`;
  }

  #notice(): string | undefined {
    if (!this.#leads) return undefined;
    const { size, witnessedSize } = this.checkpoints.known;
    const said = [...this.#witnessing.failing].map(([witness, error]) => `${witness} does not cosign: ${error}`);
    if (this.#lag.ms > signAgainMs) said.unshift(`${(this.#lag.ms / 1_000).toFixed(1)} s behind`);
    if (said.length === 0) return undefined;
    return [`${size} entries are signed, ${witnessedSize} witnessed`, ...said].join('; ');
  }
}
