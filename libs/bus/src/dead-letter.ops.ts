import { randomUUID } from 'node:crypto';
import type { ConsumerGroup } from './consumer-group.js';
import {
  deadLetterIdOf,
  describeError,
  parseDeadLetterId,
  type DeadLetter,
  type DeadLetterError,
  type PlacedDeadLetter,
} from './dead-letter.js';
import type { Lane } from './lane.js';
import type { LetterRef, ParkedKey, Resolution } from './parking.js';
import { Stopped } from './retry.js';

/** A dead letter as ops see it. */
export interface DeadLetterView extends DeadLetter {
  deadLetterId: string;
  at: Date;
  /** `parked`: its key is parked; `open`: it alone waits; the others are done with. */
  status: 'parked' | 'open' | Resolution['how'];
  /** How often a release of it has failed. */
  failedReleases: number;
  lastError?: DeadLetterError;
  resolution?: Resolution;
}

export interface DeadLetterPage {
  items: DeadLetterView[];
  /** Absent on the last page. */
  cursor?: string;
}

export interface ListOptions {
  topic?: string;
  key?: string;
  cursor?: string;
  limit?: number;
  /** Resolved ones too. */
  all?: boolean;
}

export interface ParkedKeyView {
  topic: string;
  key: string;
  partition: number;
  since: Date;
  deadLetters: number;
  releasing: boolean;
}

export interface Released {
  /** Dead letters handled now. */
  handled: number;
  /** The key still is parked, because of `failed`. */
  stillParked: boolean;
  failed?: { deadLetterId: string; attempts: number; error: DeadLetterError };
}

/** Why ops were refused. */
export class DeadLetterRefusal extends Error {
  override readonly name = 'DeadLetterRefusal';
  constructor(
    readonly code: 'unknown_topic' | 'unknown_cursor' | 'unknown_dead_letter' | 'already_resolved' | 'key_parked' | 'nothing_to_release',
    detail: string,
  ) {
    super(detail);
  }
}

const scanPage = 200;

/** What ops do about the dead letters of one group. Whatever changes something runs in the lane of the key's partition, so it never races a delivery. */
export class DeadLetterOps {
  constructor(
    private readonly group: ConsumerGroup,
    private readonly onError: (error: unknown) => void,
  ) {}

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
  async list({ topic, key, cursor, limit = 50, all = false }: ListOptions = {}): Promise<DeadLetterPage> {
    const start = cursor === undefined ? undefined : parseDeadLetterId(cursor);
    const topics = this.#topicsFrom(topic, start?.topic);
    if (cursor !== undefined && (!start || topics[0] !== start.topic))
      throw new DeadLetterRefusal('unknown_cursor', `there is no place ${cursor}`);
    const items: DeadLetterView[] = [];
    for (const name of topics) {
      for await (const placed of this.#scan(name, name === start?.topic ? this.group.letters.after(start.place) : undefined)) {
        if (this.#isCopy(placed)) continue;
        const view = this.#viewOf(placed);
        if ((!all && view.resolution) || (key !== undefined && view.record.key !== key)) continue;
        if (items.length === limit) return { items, cursor: items.at(-1)?.deadLetterId };
        items.push(view);
      }
    }
    return { items };
  }

  /** @throws DeadLetterRefusal unknown_dead_letter */
  async show(deadLetterId: string): Promise<DeadLetterView> {
    return this.#viewOf(await this.#find(deadLetterId));
  }

  /**
   * Handles the dead letters of a key in order, from the first unresolved one, and unparks the key when none is left; stops at one that fails
   * again. Takes as long as an outage lasts. Interrupted by a stop, it goes on at the next start.
   * @throws DeadLetterRefusal unknown_topic, nothing_to_release; Stopped
   */
  async release(topic: string, key: string, by: string): Promise<Released> {
    this.#topicsFrom(topic, undefined);
    const parked = this.group.parking.find(topic, key);
    if (parked) return this.#releaseParked(parked, by);
    let handled = 0;
    for await (const placed of this.#scan(topic, undefined)) {
      if (placed.letter.record.key !== key || this.#resolutionOf(placed)) continue;
      const failed = await this.#releaseOne(placed, by);
      if (failed === 'key_parked') return this.release(topic, key, by);
      if (failed) return { handled, stillParked: false, failed };
      handled += 1;
    }
    if (handled === 0) throw new DeadLetterRefusal('nothing_to_release', `no dead letter of ${key} waits in ${topic}`);
    return { handled, stillParked: false };
  }

  /**
   * Handles one dead letter whose key is not parked.
   * @throws DeadLetterRefusal unknown_dead_letter, already_resolved, key_parked (others of its key come first: release the key); Stopped
   */
  async releaseOne(deadLetterId: string, by: string): Promise<Released> {
    const placed = await this.#unresolved(deadLetterId);
    const failed = await this.#releaseOne(placed, by);
    if (failed === 'key_parked') throw new DeadLetterRefusal('key_parked', `${placed.letter.record.key ?? ''} is parked: release the key`);
    return failed ? { handled: 0, stillParked: false, failed } : { handled: 1, stillParked: false };
  }

  /**
   * Resolves a dead letter without handling it. A key that has no other is unparked.
   * @throws DeadLetterRefusal unknown_dead_letter, already_resolved; Stopped
   */
  async discard(deadLetterId: string, by: string, reason: string): Promise<void> {
    const placed = await this.#unresolved(deadLetterId);
    const { parking } = this.group;
    await this.#inLane(placed, async (lane) => {
      this.#refuseResolved(placed);
      await this.group.untilDone(lane, () => parking.discard(refOf(placed), by, reason));
      const parked = this.#parkedOf(placed);
      if (parked?.letters.size === 0) await this.group.untilDone(lane, () => parking.released(parked, by, randomUUID()));
    });
  }

  /** Takes up the releases that a stop or a crash interrupted. */
  resume(): void {
    for (const parked of this.group.parking.parked()) {
      const { topic, partition, releasing: by } = parked;
      if (by === undefined || !this.group.topics.has(topic)) continue;
      this.group
        .inLane(topic, partition, (lane) => this.#drain(lane, parked, by))
        .catch((error: unknown) => {
          if (!(error instanceof Stopped)) this.onError(error);
        });
    }
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
      const { topic, place } = ref;
      const placed = await this.group.untilDone(lane, () => letters.at(topic, place));
      if (!placed) throw new Error(`the dead letter ${deadLetterIdOf(topic, place)} is gone`);
      const failed = await this.#again(lane, placed, by);
      if (failed) return { handled, stillParked: true, failed };
      handled += 1;
    }
    const requestId = randomUUID();
    await this.group.untilDone(lane, () => parking.released(parked, by, requestId));
    return { handled, stillParked: false };
  }

  #releaseOne(placed: PlacedDeadLetter, by: string): Promise<Released['failed'] | 'key_parked'> {
    return this.#inLane(placed, async (lane) => {
      this.#refuseResolved(placed);
      // It may have been parked while the request waited for the lane.
      return this.#parkedOf(placed) ? 'key_parked' : this.#again(lane, placed, by);
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

  async *#scan(topic: string, from: string | undefined): AsyncGenerator<PlacedDeadLetter> {
    for (;;) {
      const page = await this.group.letters.read(topic, from, scanPage);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < scanPage) return;
      from = this.group.letters.after(last.place);
    }
  }

  async #find(deadLetterId: string): Promise<PlacedDeadLetter> {
    const parsed = parseDeadLetterId(deadLetterId);
    const placed = parsed && this.group.topics.has(parsed.topic) ? await this.group.letters.at(parsed.topic, parsed.place) : undefined;
    if (!placed) throw new DeadLetterRefusal('unknown_dead_letter', `${this.group.group} has no dead letter ${deadLetterId}`);
    return placed;
  }

  async #unresolved(deadLetterId: string): Promise<PlacedDeadLetter> {
    const placed = await this.#find(deadLetterId);
    this.#refuseResolved(placed);
    return placed;
  }

  #refuseResolved(placed: PlacedDeadLetter): void {
    const resolution = this.#resolutionOf(placed);
    if (resolution) throw new DeadLetterRefusal('already_resolved', `it was ${resolution.how} by ${resolution.by}`);
  }

  #resolutionOf({ letter }: PlacedDeadLetter): Resolution | undefined {
    return this.group.parking.resolution(letter.topic, letter.offset);
  }

  #parkedOf({ letter }: PlacedDeadLetter): ParkedKey | undefined {
    return letter.record.key === undefined ? undefined : this.group.parking.find(letter.topic, letter.record.key);
  }

  /** A crash came between the dead letter and the parking of its key, and it was written again. */
  #isCopy(placed: PlacedDeadLetter): boolean {
    const known = this.#parkedOf(placed)?.letters.get(placed.letter.offset);
    return known !== undefined && known.place !== placed.place;
  }

  #topicsFrom(topic: string | undefined, start: string | undefined): string[] {
    const topics = [...this.group.topics.keys()];
    if (topic !== undefined && !topics.includes(topic))
      throw new DeadLetterRefusal('unknown_topic', `${this.group.group} does not consume ${topic}`);
    const asked = topic === undefined ? topics : [topic];
    return start === undefined ? asked : asked.slice(Math.max(0, asked.indexOf(start)));
  }

  #viewOf(placed: PlacedDeadLetter): DeadLetterView {
    const { place, letter, at } = placed;
    const resolution = this.#resolutionOf(placed);
    const failures = this.group.parking.failures(letter.topic, letter.offset);
    const status = resolution?.how ?? (this.#parkedOf(placed) ? 'parked' : 'open');
    return {
      ...letter,
      deadLetterId: deadLetterIdOf(letter.topic, place),
      at,
      status,
      failedReleases: failures?.attempts ?? 0,
      ...(failures && { lastError: failures.last }),
      ...(resolution && { resolution }),
    };
  }
}

const firstOf = (parked: ParkedKey): LetterRef | undefined => parked.letters.values().next().value;

const refOf = ({ place, letter: { topic, offset, record } }: PlacedDeadLetter): LetterRef => ({ topic, key: record.key, offset, place });
