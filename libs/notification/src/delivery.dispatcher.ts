import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, FeedBatch, LogFeed, StoredEvent } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import type { Loop } from '@tongbao/telemetry';
import { retrySchedule } from './delivery.decide.js';
import { deliveryIdOf } from './delivery.js';
import { dueDeliveries } from './due-deliveries.js';
import type { EndpointEvent } from './endpoint.js';
import type { Job } from './endpoint-lane.js';
import type { PaceLimits } from './endpoint-pace.js';
import { EndpointRegistry } from './endpoint-registry.js';
import { EndpointSender } from './endpoint-sender.js';
import { KnownDeliveries } from './known-deliveries.js';
import { newsStream, type NewsReceived } from './news.js';
import { NewsReader } from './news.reader.js';
import type { Signer } from './signature.js';
import type { WebhookClient } from './webhook.client.js';

/** The projection 'notification', as far as it matters here. */
export interface Follower {
  status(): { position: bigint };
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
}

export interface DispatcherParts {
  store: EventStore;
  feed: LogFeed;
  sql: SqlClient;
  projection: Follower;
  client: WebhookClient;
  signer: Signer;
  now: () => Date;
}

export interface DispatcherOptions {
  /** In [0, 1). */
  random?: () => number;
  schedule?: readonly number[];
  pace?: PaceLimits;
  /** Jobs of one endpoint in memory. */
  capacity?: number;
  /** An endpoint to which nothing got through for so long is disabled. */
  disableAfterMs?: number;
  /** How often the durable timers are looked at. */
  scanEveryMs?: number;
  /** How long requests may go on after a stop. */
  stopGraceMs?: number;
  onOutage?: (what: string, error: unknown) => void;
  /** A bug: the delivery stays due and is tried again. */
  onFailure?: (what: string, error: unknown) => void;
  /** Of the scan for what is due. */
  loop?: Loop;
}

const fiveDaysMs = 5 * 24 * 60 * 60 * 1_000;
const perScan = 128;

/**
 * Sends webhooks. Whatever must be sent is a due row of the projection, and is found there by the scan, whatever happens to this process. News
 * that come while it runs take a shorter way: from the log straight to their endpoint's lane, if that has room. There must be one dispatcher
 * at a time.
 */
export class DeliveryDispatcher {
  readonly #instance = randomUUID();
  readonly #registry = new EndpointRegistry();
  readonly #known = new KnownDeliveries();
  readonly #senders = new Map<string, EndpointSender>();
  readonly #reader: NewsReader;
  readonly #stopping = new AbortController();
  readonly #requests = new AbortController();
  #wake = new AbortController();
  #newsRevision = -1;
  #scanning: Promise<void> | undefined;

  constructor(
    private readonly parts: DispatcherParts,
    private readonly options: DispatcherOptions = {},
  ) {
    this.#reader = new NewsReader(parts.store);
  }

  /** Returns when news are followed; what was due before goes out once the projection has caught up. */
  async start(): Promise<void> {
    const { store, feed } = this.parts;
    const last = await store.readLast<NewsReceived>(newsStream);
    this.#newsRevision = last?.revision ?? -1;
    await this.#registry.load(store, this.#stopping.signal);
    feed.consume({ name: 'webhooks', categories: ['endpoint', 'news'], after: last?.position ?? 0n }, (batch) => this.#take(batch));
    this.#scanning = this.#scanWhileRunning();
  }

  /** Lets requests end for a while, records what came of them, then gives up the rest: it is still due at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#scanning;
    const senders = [...this.#senders.values()];
    const ended = Promise.all(senders.map(({ lane }) => lane.stop()));
    const over = new AbortController();
    const grace = delay(this.options.stopGraceMs ?? 5_000, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([ended, grace]);
    over.abort();
    this.#requests.abort();
    await Promise.all(senders.map((sender) => sender.stopRecording()));
    await ended;
  }

  #take({ events }: FeedBatch): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve();
    for (const stored of events as StoredEvent<EndpointEvent | NewsReceived>[]) {
      if (stored.event.type === 'NewsReceived') this.#takeNews({ ...stored, event: stored.event });
      else {
        this.#registry.apply({ ...stored, event: stored.event });
        if (stored.event.type === 'EndpointEnabled') this.#forgive(stored.event.endpointId);
      }
    }
    return Promise.resolve();
  }

  #takeNews({ event, revision }: StoredEvent<NewsReceived>): void {
    for (const [index, item] of event.items.entries()) {
      for (const { endpointId } of this.#registry.receivers(item)) {
        const { messageId, type, subject } = item;
        const deliveryId = deliveryIdOf(messageId, endpointId);
        this.#offer({ deliveryId, endpointId, messageId, type, subject, news: { revision, index }, tries: 0, attempts: 0, item });
      }
    }
    this.#newsRevision = revision;
  }

  /** False when it is in hand already, or there is no room. */
  #offer(job: Job): boolean {
    if (!this.#known.take(job.deliveryId)) return false;
    if (this.#sender(job.endpointId).lane.offer(job)) return true;
    this.#known.giveBack(job.deliveryId);
    return false;
  }

  async #scanWhileRunning(): Promise<void> {
    const { signal } = this.#stopping;
    for (let ready = false; !signal.aborted;) {
      this.options.loop?.beat();
      try {
        // What was recorded before this start must be in the projection, or it would be sent again.
        ready ||= await this.#becomesReady();
        if (ready) await this.#scan();
      } catch (error) {
        this.options.onOutage?.('looking for due deliveries', error);
      }
      for (const { lane } of this.#senders.values()) lane.pump();
      this.options.loop?.idle();
      await this.#pause();
    }
    this.options.loop?.end();
  }

  async #becomesReady(): Promise<boolean> {
    const { projection, feed, sql } = this.parts;
    if (!(await projection.reached(feed.head, 1_000))) return false;
    const rows = await sql.query<{ endpoint_id: string; failing_since: string }>(
      'select endpoint_id, failing_since from notification.endpoints where failing_since is not null',
    );
    for (const row of rows) this.#sender(row.endpoint_id).failedBefore(row.failing_since);
    return true;
  }

  async #scan(): Promise<void> {
    const { sql, projection, now } = this.parts;
    const endpointIds = this.#registry.allEnabled().filter((endpointId) => this.#sender(endpointId).lane.room > 0);
    if (endpointIds.length === 0) return;
    const perEndpoint = perScan + Math.min(this.#known.size, 1_000);
    const throughNewsRevision = this.#newsRevision;
    this.#known.forgetThrough(projection.status().position);
    const jobs = await dueDeliveries(sql, { endpointIds, now: now(), throughNewsRevision, perEndpoint });
    const found = new Map<string, number>();
    const offered = new Set<string>();
    for (const job of jobs) {
      found.set(job.endpointId, (found.get(job.endpointId) ?? 0) + 1);
      if (this.#offer(job)) offered.add(job.endpointId);
    }
    for (const endpointId of offered) if ((found.get(endpointId) ?? 0) >= perEndpoint) this.#sender(endpointId).lane.expectMore();
  }

  #sender(endpointId: string): EndpointSender {
    const existing = this.#senders.get(endpointId);
    if (existing) return existing;
    const { store, client, signer, now } = this.parts;
    const { random, schedule, pace, capacity, disableAfterMs, onOutage, onFailure } = this.options;
    const sender = new EndpointSender(endpointId, {
      ...{ store, client, signer, now, pace, capacity, reader: this.#reader, known: this.#known, instance: this.#instance },
      endpoint: () => this.#registry.enabled(endpointId),
      random: random ?? Math.random,
      schedule: schedule ?? retrySchedule,
      disableAfterMs: disableAfterMs ?? fiveDaysMs,
      stopping: this.#requests.signal,
      onRoom: () => this.#wake.abort(),
      onOutage: (what, error) => onOutage?.(what, error),
      onFailure: (what, error) => onFailure?.(what, error),
    });
    this.#senders.set(endpointId, sender);
    return sender;
  }

  #forgive(endpointId: string): void {
    this.#senders.get(endpointId)?.forgive();
  }

  async #pause(): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#wake.signal]);
    await delay(this.options.scanEveryMs ?? 500, undefined, { signal }).catch(() => undefined);
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }
}
