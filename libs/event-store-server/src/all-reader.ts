import type { EventFilter } from './event-filter.js';
import { DamagedEventError } from './errors.js';
import { NO_REVISION, type RecordedEvent } from './events.js';
import type { EventTable, PageLimit } from './event-table.js';
import type { RecentEvents } from './recent-events.js';

/** A part of $all. */
export interface AllPage {
  /** The events that match, in the order of reading. */
  readonly events: RecordedEvent[];
  /** Every event up to this position (forwards) or down to it (backwards), that included, has been considered. */
  readonly considered: number;
  readonly fromMemory: boolean;
}

/**
 * Reads $all. A page comes from the memory of recent events when they cover it; else, when the filter names categories,
 * from the index of each of them, merged by position, so that events of other categories cost nothing; else from the table.
 */
export class AllReader {
  readonly #events: EventTable;
  readonly #recent: RecentEvents;
  readonly #limit: PageLimit;

  constructor(events: EventTable, recent: RecentEvents, limit: PageLimit) {
    this.#events = events;
    this.#recent = recent;
    this.#limit = limit;
  }

  /** The next page from a position on, that included; `maxEvents` only bounds the work. @throws DamagedEventError */
  forward(from: number, filter: EventFilter | undefined, maxEvents = Infinity): AllPage {
    if (this.#recent.covers(from)) return this.#recentPage(from, filter);
    const limit = this.#limitOf(filter ? Infinity : maxEvents);
    const categories = filter?.categoryIds();
    if (filter && categories) {
      const ascending = this.#merge(categories, limit.events, (id, count) => this.#events.categoryPositions(id, from, count));
      return this.#pageOf(ascending, filter, limit, this.#events.lastPosition);
    }
    const events = this.#events.allForward(from, limit);
    return { events: matching(events, filter), considered: events.at(-1)?.position ?? this.#events.lastPosition, fromMemory: false };
  }

  /** The next page before a position, that excluded, newest first. @throws DamagedEventError */
  backward(before: number, filter: EventFilter | undefined, maxEvents = Infinity): AllPage {
    const limit = this.#limitOf(filter ? Infinity : maxEvents);
    const categories = filter?.categoryIds();
    if (filter && categories) {
      const descending = this.#merge(
        categories,
        limit.events,
        (id, count) => this.#events.categoryPositionsBackward(id, before, count),
        -1,
      );
      return this.#pageOf(descending, filter, limit, 0);
    }
    const events = this.#events.allBackward(before, limit);
    return { events: matching(events, filter), considered: events.at(-1)?.position ?? 0, fromMemory: false };
  }

  #limitOf(maxEvents: number): PageLimit {
    return { events: Math.min(this.#limit.events, maxEvents), bytes: this.#limit.bytes };
  }

  #recentPage(from: number, filter: EventFilter | undefined): AllPage {
    const events: RecordedEvent[] = [];
    let position = from;
    for (let event = this.#recent.at(position); event; event = this.#recent.at(position)) {
      if (!filter || filter.matches(event)) events.push(event);
      position += 1;
      if (events.length >= this.#limit.events) break;
    }
    return { events, considered: position - 1, fromMemory: true };
  }

  /** The first `count` positions of several ordered lists: as each gives up to `count`, no earlier one can be missing. */
  #merge(categoryIds: readonly number[], count: number, positionsOf: (id: number, count: number) => number[], direction = 1): number[] {
    const lists = categoryIds.map((id) => positionsOf(id, count));
    const [only] = lists;
    if (lists.length === 1 && only) return only;
    return lists
      .flat()
      .sort((a, b) => direction * (a - b))
      .slice(0, count);
  }

  /** A page of the events at given positions. Fewer positions than asked for means that there are no more: all up to `end` is considered. */
  #pageOf(positions: readonly number[], filter: EventFilter, limit: PageLimit, end: number): AllPage {
    const events: RecordedEvent[] = [];
    let bytes = 0;
    for (const position of positions) {
      const event = this.#events.at(position);
      if (!event) throw new DamagedEventError(position, 'unknown', NO_REVISION);
      if (filter.matches(event)) events.push(event);
      bytes += event.data.length + event.metadata.length;
      if (bytes >= limit.bytes) return { events, considered: position, fromMemory: false };
    }
    const last = positions.at(-1);
    return { events, considered: last === undefined || positions.length < limit.events ? end : last, fromMemory: false };
  }
}

const matching = (events: RecordedEvent[], filter: EventFilter | undefined): RecordedEvent[] =>
  filter ? events.filter((event) => filter.matches(event)) : events;
