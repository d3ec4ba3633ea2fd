import { randomUUID } from 'node:crypto';
import type { ConsumerGroup } from './consumer-group.js';
import { deadLetterIdOf, describeError, type PlacedDeadLetter } from './dead-letter.js';
import { DeadLetterShelf } from './dead-letter.shelf.js';
import {
  DeadLetterRefusal,
  type DeadLetterPage,
  type DeadLetterView,
  type ListOptions,
  type ParkedKeyView,
  type Released,
} from './dead-letter.view.js';
import type { Lane } from './lane.js';
import { OpsExchange, type OpsExchangeOptions } from './ops-exchange.js';
import type { OpsAnswer, OpsRequest } from './ops-requests.js';
import type { LetterRef, ParkedKey } from './parking.js';
import { Stopped } from './retry.js';
import type { TopicPartition } from './transport.js';

export type DeadLetterOpsOptions = Omit<OpsExchangeOptions, 'perform'>;

/**
 * What ops do about the dead letters of one group. Whatever changes something runs in the lane of the key's partition, so it never races a delivery;
 * where another member of the group has the partition, that one is asked.
 */
export class DeadLetterOps {
  readonly #shelf: DeadLetterShelf;
  readonly #exchange: OpsExchange | undefined;

  constructor(
    private readonly group: ConsumerGroup,
    private readonly options: DeadLetterOpsOptions,
  ) {
    this.#shelf = new DeadLetterShelf(group);
    const perform = (request: OpsRequest, by: string) => this.#perform(request, by);
    if (group.shared) this.#exchange = new OpsExchange(group, { ...options, perform });
  }

  /** Loads what is parked; in a shared group, follows what the other members do. */
  async start(): Promise<void> {
    if (this.#exchange) await this.#exchange.start();
    else await this.group.parking.load();
  }

  stop(): void {
    this.#exchange?.stop();
  }

  parkedKeys(): ParkedKeyView[] {
    return this.group.parking.parked().map(({ topic, key, partition, since, letters, releasing }) => ({
      topic,
      key,
      partition,
      since,
      deadLetters: letters.size,
      releasing: releasing !== undefined,
    }));
  }

  /** Topic by topic, oldest first; only unresolved ones unless asked for all. */
  async list(options: ListOptions = {}): Promise<DeadLetterPage> {
    await this.#lookAtOthers();
    return this.#shelf.list(options);
  }

  /** @throws DeadLetterRefusal unknown_dead_letter */
  async show(deadLetterId: string): Promise<DeadLetterView> {
    await this.#lookAtOthers();
    return this.#shelf.viewOf(await this.#shelf.find(deadLetterId));
  }

  /**
   * Handles the dead letters of a key in order, from the first unresolved one, and unparks the key when none is left; stops at one that fails
   * again. Takes as long as an outage lasts. Interrupted by a stop, it goes on at the next start.
   * @throws DeadLetterRefusal unknown_topic, nothing_to_release; Outage when another member has the partition and does not answer in time; Stopped
   */
  async release(topic: string, key: string, by: string): Promise<Released> {
    return releasedOf(await this.#carryOut({ what: 'release', topic, key }, by));
  }

  /**
   * Handles one dead letter whose key is not parked.
   * @throws DeadLetterRefusal unknown_dead_letter, already_resolved, key_parked (others of its key come first: release the key); Outage; Stopped
   */
  async releaseOne(deadLetterId: string, by: string): Promise<Released> {
    return releasedOf(await this.#carryOut({ what: 'release-one', deadLetterId }, by));
  }

  /**
   * Resolves a dead letter without handling it. A key that has no other is unparked.
   * @throws DeadLetterRefusal unknown_dead_letter, already_resolved; Outage; Stopped
   */
  async discard(deadLetterId: string, by: string, reason: string): Promise<void> {
    await this.#carryOut({ what: 'discard', deadLetterId, reason }, by);
  }

  /** Takes up the releases that a stop or a crash interrupted, and what other members were asked for. */
  resume(): void {
    for (const parked of this.group.parking.parked()) {
      const { topic, partition, releasing: by } = parked;
      if (by === undefined || !this.group.topics.has(topic) || !this.group.owns(topic, partition)) continue;
      this.group
        .inLane(topic, partition, (lane) => this.#drain(lane, parked, by))
        .catch((error: unknown) => {
          if (!(error instanceof Stopped)) this.options.onError(error);
        });
    }
    this.#exchange?.serve();
  }

  async #carryOut(request: OpsRequest, by: string): Promise<OpsAnswer> {
    if (!this.#exchange) return this.#perform(request, by);
    await this.#lookAtOthers();
    const target = await this.#targetOf(request);
    if (this.group.owns(target.topic, target.partition)) return this.#perform(request, by);
    const answer = await this.#exchange.ask(request, target, by);
    if (answer.refused) throw new DeadLetterRefusal(answer.refused.code, answer.refused.detail);
    if (answer.failed !== undefined) throw new Error(answer.failed);
    return answer;
  }

  async #targetOf(request: OpsRequest): Promise<TopicPartition> {
    if (request.what !== 'release') return (await this.#shelf.unresolved(request.deadLetterId)).letter;
    const { topic, key } = request;
    this.#shelf.refuseUnknown(topic);
    const parked = this.group.parking.find(topic, key);
    if (parked) return parked;
    for await (const { letter } of this.#shelf.waiting(topic, key)) return letter;
    throw nothingToRelease(topic, key);
  }

  async #perform(request: OpsRequest, by: string): Promise<OpsAnswer> {
    switch (request.what) {
      case 'release':
        return { released: await this.#release(request.topic, request.key, by) };
      case 'release-one':
        return { released: await this.#releaseAlone(request.deadLetterId, by) };
      case 'discard':
        await this.#discard(request.deadLetterId, by, request.reason);
        return {};
      default:
        return request satisfies never;
    }
  }

  async #release(topic: string, key: string, by: string): Promise<Released> {
    this.#shelf.refuseUnknown(topic);
    const parked = this.group.parking.find(topic, key);
    if (parked) return this.#releaseParked(parked, by);
    let handled = 0;
    for await (const placed of this.#shelf.waiting(topic, key)) {
      const failed = await this.#releaseOne(placed, by);
      if (failed === 'key_parked') return this.#release(topic, key, by);
      if (failed) return { handled, stillParked: false, failed };
      handled += 1;
    }
    if (handled === 0) throw nothingToRelease(topic, key);
    return { handled, stillParked: false };
  }

  async #releaseAlone(deadLetterId: string, by: string): Promise<Released> {
    const placed = await this.#shelf.unresolved(deadLetterId);
    const failed = await this.#releaseOne(placed, by);
    if (failed === 'key_parked') throw new DeadLetterRefusal('key_parked', `${placed.letter.record.key ?? ''} is parked: release the key`);
    return failed ? { handled: 0, stillParked: false, failed } : { handled: 1, stillParked: false };
  }

  async #discard(deadLetterId: string, by: string, reason: string): Promise<void> {
    const placed = await this.#shelf.unresolved(deadLetterId);
    const { parking } = this.group;
    await this.#inLane(placed, async (lane) => {
      this.#shelf.refuseResolved(placed);
      await this.group.untilDone(lane, () => parking.discard(refOf(placed), by, reason));
      const parked = this.#shelf.parkedOf(placed);
      if (parked?.letters.size === 0) await this.group.untilDone(lane, () => parking.released(parked, by, randomUUID()));
    });
  }

  #releaseParked({ topic, key, partition }: ParkedKey, by: string): Promise<Released> {
    const { parking } = this.group;
    const requestId = randomUUID();
    return this.group.inLane(topic, partition, async (lane) => {
      const parked = parking.find(topic, key);
      // Another release came first.
      if (!parked) return { handled: 0, stillParked: false };
      await this.group.untilDone(lane, () => parking.requestRelease(parked, by, requestId));
      return this.#drain(lane, parked, by);
    });
  }

  async #drain(lane: Lane, parked: ParkedKey, by: string): Promise<Released> {
    const { letters, parking } = this.group;
    let handled = 0;
    for (let ref = firstOf(parked); ref; ref = firstOf(parked)) {
      if (lane.ending.aborted) throw new Stopped();
      const { topic, place } = ref;
      const placed = await this.group.untilDone(lane, () => letters.at(topic, place));
      if (placed?.letter.offset !== ref.offset) await this.#giveUp(lane, ref, by);
      else {
        const failed = await this.#again(lane, placed, by);
        if (failed) return { handled, stillParked: true, failed };
        handled += 1;
      }
    }
    const requestId = randomUUID();
    await this.group.untilDone(lane, () => parking.released(parked, by, requestId));
    return { handled, stillParked: false };
  }

  /** Somebody has removed it, with its topic or by itself: without this its key would stay parked for ever. */
  async #giveUp(lane: Lane, ref: LetterRef, by: string): Promise<void> {
    const gone = `the dead letter ${deadLetterIdOf(ref.topic, ref.place)} is gone`;
    this.options.onError(new Error(gone));
    await this.group.untilDone(lane, () => this.group.parking.discard(ref, by, gone));
  }

  #releaseOne(placed: PlacedDeadLetter, by: string): Promise<Released['failed'] | 'key_parked'> {
    return this.#inLane(placed, async (lane) => {
      this.#shelf.refuseResolved(placed);
      // It may have been parked while the request waited for the lane.
      return this.#shelf.parkedOf(placed) ? 'key_parked' : this.#again(lane, placed, by);
    });
  }

  async #again(lane: Lane, placed: PlacedDeadLetter, by: string): Promise<Released['failed']> {
    const { parking } = this.group;
    const ref = refOf(placed);
    const poison = await this.group.attempt(lane, placed.letter.record);
    if (!poison) {
      await this.group.untilDone(lane, () => parking.handled(ref, by));
      return undefined;
    }
    const error = describeError(poison.error);
    const attempts = await this.group.untilDone(lane, () => parking.failedAgain(ref, by, error));
    return { deadLetterId: deadLetterIdOf(ref.topic, ref.place), attempts, error };
  }

  #inLane<T>({ letter }: PlacedDeadLetter, work: (lane: Lane) => Promise<T>): Promise<T> {
    return this.group.inLane(letter.topic, letter.partition, work);
  }

  /** What waits behind the keys of other members' partitions is known to those alone until it is looked up. */
  async #lookAtOthers(): Promise<void> {
    if (!this.#exchange) return;
    await this.group.parking.catchUp();
    await this.group.parking.gather((topic, partition) => !this.group.owns(topic, partition));
  }
}

const nothingToRelease = (topic: string, key: string): DeadLetterRefusal =>
  new DeadLetterRefusal('nothing_to_release', `no dead letter of ${key} waits in ${topic}`);

function releasedOf({ released }: OpsAnswer): Released {
  if (!released) throw new Error('the answer to a release does not say what was released');
  return released;
}

const firstOf = (parked: ParkedKey): LetterRef | undefined => parked.letters.values().next().value;

const refOf = ({ place, letter: { topic, offset, record } }: PlacedDeadLetter): LetterRef => ({ topic, key: record.key, offset, place });
