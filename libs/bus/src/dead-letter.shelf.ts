import type { ConsumerGroup } from './consumer-group.js';
import { deadLetterIdOf, parseDeadLetterId, type PlacedDeadLetter } from './dead-letter.js';
import { DeadLetterRefusal, type DeadLetterPage, type DeadLetterView, type ListOptions } from './dead-letter.view.js';
import type { ParkedKey, Resolution } from './parking.js';

const scanPage = 200;

/** The dead letters of one group, and what has become of each. */
export class DeadLetterShelf {
  constructor(private readonly group: ConsumerGroup) {}

  async list({ topic, key, cursor, limit = 50, all = false }: ListOptions): Promise<DeadLetterPage> {
    const start = cursor === undefined ? undefined : parseDeadLetterId(cursor);
    const topics = this.#topicsFrom(topic, start?.topic);
    if (cursor !== undefined && (!start || topics[0] !== start.topic))
      throw new DeadLetterRefusal('unknown_cursor', `there is no place ${cursor}`);
    const items: DeadLetterView[] = [];
    for (const name of topics) {
      for await (const placed of this.scan(name, name === start?.topic ? this.group.letters.after(start.place) : undefined)) {
        if (this.#isCopy(placed)) continue;
        const view = this.viewOf(placed);
        if ((!all && view.resolution) || (key !== undefined && view.record.key !== key)) continue;
        if (items.length === limit) return { items, cursor: items.at(-1)?.deadLetterId };
        items.push(view);
      }
    }
    return { items };
  }

  async *scan(topic: string, from?: string): AsyncGenerator<PlacedDeadLetter> {
    for (;;) {
      const page = await this.group.letters.read(topic, from, scanPage);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < scanPage) return;
      from = this.group.letters.after(last.place);
    }
  }

  /** The dead letters of a key that wait, in order. */
  async *waiting(topic: string, key: string): AsyncGenerator<PlacedDeadLetter> {
    for await (const placed of this.scan(topic)) if (placed.letter.record.key === key && !this.resolutionOf(placed)) yield placed;
  }

  /** @throws DeadLetterRefusal unknown_dead_letter */
  async find(deadLetterId: string): Promise<PlacedDeadLetter> {
    const parsed = parseDeadLetterId(deadLetterId);
    const placed = parsed && this.group.topics.has(parsed.topic) ? await this.group.letters.at(parsed.topic, parsed.place) : undefined;
    if (!placed) throw new DeadLetterRefusal('unknown_dead_letter', `${this.group.group} has no dead letter ${deadLetterId}`);
    return placed;
  }

  /** @throws DeadLetterRefusal unknown_dead_letter, already_resolved */
  async unresolved(deadLetterId: string): Promise<PlacedDeadLetter> {
    const placed = await this.find(deadLetterId);
    this.refuseResolved(placed);
    return placed;
  }

  refuseResolved(placed: PlacedDeadLetter): void {
    const resolution = this.resolutionOf(placed);
    if (resolution) throw new DeadLetterRefusal('already_resolved', `it was ${resolution.how} by ${resolution.by}`);
  }

  refuseUnknown(topic: string): void {
    if (!this.group.topics.has(topic)) throw new DeadLetterRefusal('unknown_topic', `${this.group.group} does not consume ${topic}`);
  }

  resolutionOf({ letter }: PlacedDeadLetter): Resolution | undefined {
    return this.group.parking.resolution(letter.topic, letter.offset);
  }

  parkedOf({ letter }: PlacedDeadLetter): ParkedKey | undefined {
    return letter.record.key === undefined ? undefined : this.group.parking.find(letter.topic, letter.record.key);
  }

  viewOf(placed: PlacedDeadLetter): DeadLetterView {
    const { place, letter, at } = placed;
    const resolution = this.resolutionOf(placed);
    const failures = this.group.parking.failures(letter.topic, letter.offset);
    const status = resolution?.how ?? (this.parkedOf(placed) ? 'parked' : 'open');
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

  /** A crash came between the dead letter and the parking of its key, and it was written again. */
  #isCopy(placed: PlacedDeadLetter): boolean {
    const known = this.parkedOf(placed)?.letters.get(placed.letter.offset);
    return known !== undefined && known.place !== placed.place;
  }

  #topicsFrom(topic: string | undefined, start: string | undefined): string[] {
    if (topic !== undefined) this.refuseUnknown(topic);
    const asked = topic === undefined ? [...this.group.topics.keys()] : [topic];
    return start === undefined ? asked : asked.slice(Math.max(0, asked.indexOf(start)));
  }
}
