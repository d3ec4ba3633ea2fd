import { BadRequestError, messageOf } from './errors.js';
import { categoryOf, type RecordedEvent } from './events.js';
import type { Names } from './names.js';

/** A filter of $all as a client asks for it: events whose stream name or type begins with a prefix, or matches a regular expression. */
export interface FilterRequest {
  readonly on: 'stream-name' | 'event-type';
  readonly prefixes: readonly string[];
  /** JavaScript syntax; empty when there is none. */
  readonly regex: string;
}

export interface EventFilter {
  matches(event: RecordedEvent): boolean;
  /**
   * The categories that all matching events are in, as far as they exist now; undefined when the filter says nothing about categories,
   * or allows so many that reading everything is cheaper.
   */
  categoryIds(): number[] | undefined;
}

/** More categories than this are not merged but scanned. */
const MAX_MERGED_CATEGORIES = 64;

/** @throws BadRequestError when the regular expression is none */
export function compileFilter(request: FilterRequest, categories: Names): EventFilter {
  const { prefixes } = request;
  const textOf = request.on === 'stream-name' ? (event: RecordedEvent) => event.stream : (event: RecordedEvent) => event.type;
  if (request.regex !== '') {
    const regex = compileRegex(request.regex);
    return { matches: (event) => regex.test(textOf(event)), categoryIds: () => undefined };
  }
  if (prefixes.length === 0) return { matches: () => true, categoryIds: () => undefined };
  return {
    matches: (event) => prefixes.some((prefix) => textOf(event).startsWith(prefix)),
    categoryIds: () => (request.on === 'stream-name' ? categoriesOf(prefixes, categories) : undefined),
  };
}

/**
 * A prefix with a '-' names one category (and the event's name is compared afterwards); one without matches every category that begins with it.
 */
function categoriesOf(prefixes: readonly string[], categories: Names): number[] | undefined {
  const ids = new Set<number>();
  for (const prefix of prefixes) {
    const matching = prefix.includes('-')
      ? [categories.find(categoryOf(prefix))].filter((id) => id !== undefined)
      : categories.startingWith(prefix, MAX_MERGED_CATEGORIES + 1);
    for (const id of matching) ids.add(id);
    if (ids.size > MAX_MERGED_CATEGORIES) return undefined;
  }
  return [...ids];
}

function compileRegex(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new BadRequestError(`'${source}' is not a valid regular expression: ${messageOf(error)}`);
  }
}
