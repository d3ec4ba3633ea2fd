import { topics, type EntriesPosted } from '@tongbao/contracts';
import type { EventStore, LeaseEvent } from '@tongbao/event-store';
import type { ServiceName } from '@tongbao/service';
import { TopicTail } from './cluster-topic-tail.js';
import type { ClusterUnderTest } from './cluster-under-test.js';
import { WebhookSink } from './cluster-webhook-sink.js';
import { holdsWithin } from './until.js';

/** A lease that was taken, as it was received from the log. */
export interface Acquired {
  service: string;
  epoch: number;
  /** Position of the event in the log. */
  position: bigint;
  atMs: number;
}

interface ProjectionStatus {
  position: string;
  state: string;
}

/** Sees from outside who leads each service, and what only its leader does. Times are of `performance.now()`. */
export class EffectWatch {
  /** What is taken as the first thing that a new leader has done. */
  static readonly effects: Readonly<Record<ServiceName, string>> = {
    payment: 'a message relayed',
    ledger: 'a journal event',
    settlement: 'its read model current',
    notification: 'a webhook received',
  };
  readonly #stopping = new AbortController();
  readonly #following: Promise<unknown>;
  readonly #ends: (() => Promise<void>)[] = [];
  readonly #acquired: Acquired[] = [];
  /** By service, when its effect was seen. */
  readonly #seen: Record<'payment' | 'notification', number[]> = { payment: [], notification: [] };
  /** By the epoch of its writer, when the first journal event was seen. */
  readonly #journal = new Map<number, number>();
  #failure: unknown;

  private constructor(
    private readonly hub: ClusterUnderTest,
    head: bigint,
  ) {
    this.#following = this.#follow(hub.store, head).catch((error: unknown) => (this.#failure = error));
  }

  static async start(hub: ClusterUnderTest): Promise<EffectWatch> {
    const watch = new EffectWatch(hub, await hub.store.head());
    try {
      await watch.#begin();
      return watch;
    } catch (error) {
      await watch.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) await end();
    await this.#following;
    if (this.#failure !== undefined) throw new Error('the log cannot be followed any more', { cause: this.#failure });
  }

  /** @throws Error when nobody takes the lease within the time */
  async acquired(service: ServiceName, after: number, timeoutMs: number): Promise<Acquired> {
    const find = () => this.#acquired.find((each) => each.service === service && each.epoch > after);
    await holdsWithin(timeoutMs, () => this.#failure !== undefined || find() !== undefined);
    const found = find();
    if (!found) throw new Error(`nobody takes ${service} over`, { cause: this.#failure });
    return found;
  }

  /** @throws Error when there is none within the time */
  async firstEffect(service: ServiceName, lead: Acquired, timeoutMs: number): Promise<number> {
    let atMs: number | undefined;
    await holdsWithin(timeoutMs, async () => {
      atMs = await this.#effectOf(service, lead);
      return atMs !== undefined || this.#failure !== undefined;
    });
    if (atMs === undefined)
      throw new Error(`the new leader of ${service} does nothing: ${EffectWatch.effects[service]}`, { cause: this.#failure });
    return atMs;
  }

  async #begin(): Promise<void> {
    const sink = await WebhookSink.start(() => this.#seen.notification.push(performance.now()));
    this.#ends.push(() => sink.close());
    await this.hub.registerEndpoint(sink.url);
    const tail = await TopicTail.start(this.hub.brokers, topics.paymentEvents, () => this.#seen.payment.push(performance.now()));
    this.#ends.push(() => tail.stop());
  }

  async #effectOf(service: ServiceName, { epoch, position, atMs }: Acquired): Promise<number | undefined> {
    switch (service) {
      case 'payment':
      case 'notification':
        return this.#seen[service].find((seenMs) => seenMs > atMs);
      case 'ledger':
        return this.#journal.get(epoch);
      case 'settlement':
        return (await this.#isCurrent(service, position)) ? performance.now() : undefined;
      default:
        return service satisfies never;
    }
  }

  /** Whether the leader keeps the service's read model, with what was in the log when it took over. */
  async #isCurrent(service: ServiceName, position: bigint): Promise<boolean> {
    try {
      const { position: at, state } = await this.hub.as('ops').get<ProjectionStatus>(`/v1/projections/${service}`);
      return state === 'running' && BigInt(at) > position;
    } catch {
      // Nobody leads yet, or the process that did cannot be reached any more: asked again.
      return false;
    }
  }

  async #follow(store: EventStore, head: bigint): Promise<void> {
    for await (const { events } of store.follow(['lease', 'journal'], head, this.#stopping.signal)) {
      const atMs = performance.now();
      for (const { event, stream, position } of events) {
        if (isAcquired(event)) this.#acquired.push({ service: stream.slice('lease-'.length), epoch: event.epoch, position, atMs });
        else if (isPosted(event) && !this.#journal.has(event.epoch)) this.#journal.set(event.epoch, atMs);
      }
    }
  }
}

const isAcquired = (event: { type: string }): event is LeaseEvent => event.type === 'LeaseAcquired';

const isPosted = (event: { type: string }): event is EntriesPosted => event.type === 'EntriesPosted';
