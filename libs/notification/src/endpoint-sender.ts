import { handle, Outage, type EventStore } from '@tongbao/event-store';
import { BatchWriter } from './batch-writer.js';
import { attempt, type Attempted, type AttemptParts } from './delivery.attempt.js';
import { isDelivered, isGone, type AttemptResult } from './delivery.decide.js';
import { deliveryStream, type AttemptRecord, type DeliveriesRecorded } from './delivery.js';
import { decide } from './endpoint.decide.js';
import { endpointFold, endpointStream, type Endpoint, type EndpointDisabled } from './endpoint.js';
import { EndpointLane, type Job, type LaneOptions } from './endpoint-lane.js';
import type { KnownDeliveries } from './known-deliveries.js';
import type { NewsReader } from './news.reader.js';

export interface SenderParts extends AttemptParts, Pick<LaneOptions, 'pace' | 'capacity' | 'onRoom'> {
  store: EventStore;
  reader: NewsReader;
  known: KnownDeliveries;
  /** The endpoint as it is now; undefined while nothing may be sent to it. */
  endpoint: () => Endpoint | undefined;
  /** Names this process in command ids, so that two never share one. */
  instance: string;
  disableAfterMs: number;
  onOutage: (what: string, error: unknown) => void;
  onFailure: (what: string, error: unknown) => void;
}

/** Sends to one endpoint and records what came of it, many outcomes in one append. */
export class EndpointSender {
  readonly lane: EndpointLane;
  readonly #writer: BatchWriter<AttemptRecord>;
  #platformId = '';
  /** ISO 8601; since when nothing has got through. */
  #failingSince: string | undefined;
  /** Or is to be taken as if it had. */
  #hasDelivered = false;

  constructor(
    private readonly endpointId: string,
    private readonly parts: SenderParts,
  ) {
    const { pace, capacity, onRoom, now } = parts;
    this.lane = new EndpointLane({ pace, capacity, onRoom, nowMs: () => now().getTime(), work: (job, sent) => this.#work(job, sent) });
    this.#writer = new BatchWriter({
      maxItems: 200,
      lingerMs: 100,
      sizeOf: (record) => JSON.stringify(record).length,
      onOutage: (error) => parts.onOutage(`recording deliveries of ${endpointId}`, error),
      write: (records, sequence) => this.#record(records, sequence),
    });
  }

  /** What is known from before this process: nothing had got through since. */
  failedBefore(since: string): void {
    if (!this.#hasDelivered) this.#failingSince = since;
  }

  /** The endpoint was enabled again: what it did before does not count. */
  forgive(): void {
    this.#failingSince = undefined;
    this.#hasDelivered = true;
    this.lane.pace.delivered();
  }

  /** Writes the outcomes that wait; later ones are not recorded. */
  async stopRecording(): Promise<void> {
    await this.#writer.stop();
  }

  async #work(job: Job, sent: () => void): Promise<void> {
    const { known, onOutage, onFailure } = this.parts;
    try {
      const attempted = await this.#attempt(job);
      if (!attempted) {
        known.giveBack(job.deliveryId);
        return;
      }
      this.#notePace(attempted.result);
      sent();
      known.recorded(job.deliveryId, await this.#writer.add(attempted.record));
      await this.#disableIfHopeless(job, attempted.result);
    } catch (error) {
      known.giveBack(job.deliveryId);
      (error instanceof Outage ? onOutage : onFailure)(`delivery ${job.deliveryId}`, error);
    }
  }

  /** Nothing when the endpoint is no longer to be sent to, or when the process stops before there is an answer. */
  async #attempt(job: Job): Promise<Attempted | undefined> {
    const endpoint = this.parts.endpoint();
    if (!endpoint) return undefined;
    this.#platformId = endpoint.platformId;
    const item = job.item ?? (await this.parts.reader.read(job.news));
    const attempted = await attempt(this.parts, endpoint, job, item);
    return this.parts.stopping.aborted && attempted.result.status === undefined ? undefined : attempted;
  }

  #notePace(result: AttemptResult): void {
    if (isDelivered(result)) {
      this.#failingSince = undefined;
      this.#hasDelivered = true;
      this.lane.pace.delivered();
    } else {
      this.#failingSince ??= result.at.toISOString();
      this.lane.pace.failed(this.parts.now().getTime(), result.retryAfterMs);
    }
  }

  async #disableIfHopeless(job: Job, result: AttemptResult): Promise<void> {
    const failingMs = this.#failingSince === undefined ? 0 : result.at.getTime() - Date.parse(this.#failingSince);
    if (isGone(result)) await this.#disable('gone', job);
    else if (failingMs >= this.parts.disableAfterMs) await this.#disable('failing', job);
  }

  async #disable(reason: EndpointDisabled['reason'], { deliveryId, attempts }: Job): Promise<void> {
    const now = this.parts.now().toISOString();
    await handle(
      this.parts.store,
      endpointStream(this.endpointId),
      endpointFold,
      (endpoint) => decide({ type: 'DisableEndpoint', reason, by: 'hub', now }, endpoint),
      { commandId: `disable ${this.endpointId} after attempt ${attempts + 1} of ${deliveryId}`, actor: 'hub' },
    );
  }

  async #record(attempts: readonly AttemptRecord[], sequence: number): Promise<bigint> {
    const { endpointId } = this;
    const event: DeliveriesRecorded = { type: 'DeliveriesRecorded', endpointId, platformId: this.#platformId, attempts: [...attempts] };
    const commandId = `deliveries ${this.parts.instance} ${endpointId} ${sequence}`;
    const { position } = await this.parts.store.append(deliveryStream(endpointId), 'any', [event], { commandId });
    return position;
  }
}
