import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewsFeed, PlacedNews } from './news.feed.js';
import { newsBody, type NewsItem, type NewsReference } from './news.js';

/** The id of a server-sent event: the revision in `news-main` and the place in that event. */
export const eventIdOf = ({ revision, index }: NewsReference): string => `${revision}.${index}`;

/** Reads a Last-Event-ID; undefined when it is none of ours. */
export function placeOf(eventId: string): NewsReference | undefined {
  const [, revision, index] = /^(\d{1,15})\.(\d{1,6})$/.exec(eventId) ?? [];
  return revision === undefined || index === undefined ? undefined : { revision: Number(revision), index: Number(index) };
}

export interface EventStreamOptions {
  from: NewsReference;
  wants: (item: NewsItem) => boolean;
  /** Between comments that keep the connection open through proxies. */
  heartbeatMs: number;
  /** A reader that takes nothing for so long is cut off; it resumes by Last-Event-ID. */
  stallMs: number;
  signal: AbortSignal;
}

/** The reader took nothing for too long. */
export class StalledReader extends Error {
  override readonly name = 'StalledReader';
}

/**
 * Writes server-sent events (WHATWG HTML, 9.2.6) until the signal is aborted. It asks for the next news only when the last ones have been
 * taken: never more than a few are in memory for one reader.
 * @throws StalledReader
 */
export async function writeEvents(out: Writable, feed: Pick<NewsFeed, 'after'>, options: EventStreamOptions): Promise<void> {
  const { from, wants, heartbeatMs, signal } = options;
  const heartbeat = setInterval(() => {
    // A reader that is behind needs no sign of life.
    if (!out.writableNeedDrain) out.write(':\n\n');
  }, heartbeatMs);
  try {
    out.write('retry: 2000\n\n');
    for await (const placed of feed.after(from, signal)) {
      const text = placed
        .filter(({ item }) => wants(item))
        .map(eventText)
        .join('');
      if (text !== '' && !out.write(text)) await drained(out, options);
    }
  } finally {
    clearInterval(heartbeat);
  }
}

/** JSON holds no line break, so the data is one line. */
const eventText = ({ place, item }: PlacedNews): string => `id: ${eventIdOf(place)}\nevent: ${item.type}\ndata: ${newsBody(item)}\n\n`;

async function drained(out: Writable, { stallMs, signal }: EventStreamOptions): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort();
  out.once('drain', end).once('close', end);
  signal.addEventListener('abort', end, { once: true });
  try {
    const isLate = await delay(stallMs, true, { signal: over.signal }).catch(() => false);
    if (isLate) throw new StalledReader(`nothing was taken for ${stallMs} ms`);
  } finally {
    out.off('drain', end).off('close', end);
    signal.removeEventListener('abort', end);
  }
}
