import { deadLetterTopic } from '@tongbao/contracts';
import type { EventStore, StoredEvent } from '@tongbao/event-store';
import type { DeadLetter, DeadLetterLog, DeadLetterPlace, PlacedDeadLetter } from './dead-letter.js';
import { busStreamOf } from './topic.js';

interface DeadLetterWritten {
  type: 'DeadLetterWritten';
  letter: DeadLetter;
}

/** Dead letters as streams `bus_<topic>.<group>.dead`; a place is a revision. */
export class EmbeddedDeadLetters implements DeadLetterLog {
  constructor(
    private readonly store: EventStore,
    private readonly group: string,
  ) {}

  async write(letter: DeadLetter): Promise<DeadLetterPlace> {
    const event: DeadLetterWritten = { type: 'DeadLetterWritten', letter };
    const commandId = `dead letter ${letter.topic} ${letter.offset} ${letter.group}`;
    const { revision } = await this.store.append(this.#stream(letter.topic), 'any', [event], { commandId });
    return String(revision);
  }

  async at(topic: string, place: DeadLetterPlace): Promise<PlacedDeadLetter | undefined> {
    const [found] = await this.read(topic, place, 1);
    return found?.place === place ? found : undefined;
  }

  async read(topic: string, from: DeadLetterPlace | undefined, limit: number): Promise<PlacedDeadLetter[]> {
    const events = await this.store.read<DeadLetterWritten>(this.#stream(topic), {
      from: from === undefined ? 'start' : Number(from),
      limit,
    });
    return events.map(placed);
  }

  compare(left: DeadLetterPlace, right: DeadLetterPlace): number {
    return Number(left) - Number(right);
  }

  after(place: DeadLetterPlace): DeadLetterPlace {
    return String(Number(place) + 1);
  }

  #stream(topic: string): string {
    return busStreamOf(deadLetterTopic(topic, this.group));
  }
}

const placed = ({ event, revision, createdAt }: StoredEvent<DeadLetterWritten>): PlacedDeadLetter => ({
  place: String(revision),
  letter: event.letter,
  at: createdAt,
});
