import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Outage, type EventStore, type StoredEvent } from '@tongbao/event-store';
import type { ConsumerGroup } from './consumer-group.js';
import { DeadLetterRefusal } from './dead-letter.view.js';
import { errorText } from './error-text.js';
import type { OpenRequest, OpsAnswer, OpsRequest } from './ops-requests.js';
import { isOutage } from './outage.js';
import type { ParkingEvent } from './parking.js';
import { defaultBackoff, retry, Stopped } from './retry.js';
import type { TopicPartition } from './transport.js';

export interface OpsExchangeOptions {
  store: EventStore;
  /** Carries a request out on a partition that this member has. Rejects with Stopped when it loses the partition first. */
  perform: (request: OpsRequest, by: string) => Promise<OpsAnswer>;
  onError: (error: unknown) => void;
  /** How long whoever asks waits for the member that has the partition. */
  answerWithinMs?: number;
}

const restartAfterMs = 1_000;

/**
 * Lets ops ask any member of a group for what only the one that has the partition may do. Requests and answers are events of the group's parking
 * stream, which every member follows: a request is as durable as what it leads to, and outlives the member it was meant for.
 */
export class OpsExchange {
  readonly #stopping = new AbortController();
  readonly #serving = new Set<string>();

  constructor(
    private readonly group: ConsumerGroup,
    private readonly options: OpsExchangeOptions,
  ) {}

  /** Begins to follow what the other members write. */
  async start(): Promise<void> {
    const { store } = this.options;
    const after = await store.head();
    await this.group.parking.catchUp();
    this.group.parking.requests.onRequested = () => this.serve();
    void this.#follow(after);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** @throws Outage when no answer comes in time: the request stays, and is carried out once a member has the partition */
  async ask(request: OpsRequest, { topic, partition }: TopicPartition, by: string): Promise<OpsAnswer> {
    const { answerWithinMs = 15_000 } = this.options;
    const { parking } = this.group;
    const requestId = randomUUID();
    const [answer] = await Promise.all([
      parking.requests.answer(requestId, answerWithinMs),
      parking.ask({ type: 'OpsRequested', requestId, topic, partition, request, by }),
    ]);
    if (!answer) throw new Outage(`no member of ${this.group.group} that has partition ${partition} of ${topic} has answered yet`);
    return answer;
  }

  /** Carries out what is asked for on the partitions that this member has now. */
  serve(): void {
    for (const open of this.group.parking.requests.open()) {
      if (this.#serving.has(open.requestId) || !this.group.owns(open.topic, open.partition)) continue;
      this.#serving.add(open.requestId);
      void this.#serve(open);
    }
  }

  async #serve({ requestId, request, by }: OpenRequest): Promise<void> {
    const answer = async () => this.group.parking.answer({ type: 'OpsAnswered', requestId, answer: await this.#perform(request, by) });
    try {
      const stopping = this.#stopping.signal;
      await retry(answer, { backoff: defaultBackoff, stopping, again: isOutage, onPause: (error) => this.options.onError(error) });
    } catch (error) {
      // Whoever has the partition next carries it out.
      if (!(error instanceof Stopped)) this.options.onError(error);
    } finally {
      this.#serving.delete(requestId);
    }
  }

  async #perform(request: OpsRequest, by: string): Promise<OpsAnswer> {
    try {
      return await this.options.perform(request, by);
    } catch (error) {
      if (error instanceof DeadLetterRefusal) return { refused: { code: error.code, detail: error.message } };
      if (isOutage(error)) throw error;
      this.options.onError(error);
      return { failed: errorText(error) };
    }
  }

  async #follow(after: bigint): Promise<void> {
    const { store, onError } = this.options;
    const { parking } = this.group;
    const { signal } = this.#stopping;
    let position = after;
    while (!signal.aborted) {
      try {
        for await (const { events } of store.follow(['parking'], position, signal)) {
          // The streams of this category hold nothing else.
          for (const stored of events as StoredEvent<ParkingEvent>[]) if (stored.stream === parking.stream) parking.fold(stored);
          position = events.at(-1)?.position ?? position;
        }
      } catch (error) {
        onError(error);
        await delay(restartAfterMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
