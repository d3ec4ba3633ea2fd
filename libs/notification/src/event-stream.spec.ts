import { describe, expect, it } from '@jest/globals';
import { PassThrough, Writable } from 'node:stream';
import { eventIdOf, placeOf, StalledReader, writeEvents, type EventStreamOptions } from './event-stream.js';
import type { PlacedNews } from './news.feed.js';
import type { NewsItem } from './news.js';

const item = (messageId: string, platformId: string): NewsItem => ({
  messageId,
  platformId,
  type: 'payment.captured',
  subject: messageId,
  occurredAt: '2026-01-02T03:04:05.678Z',
  data: { text: 'two\nlines' },
});

/** Pages of news, and how many were asked for. */
function feedOf(pages: PlacedNews[][]) {
  let asked = 0;
  return {
    asked: () => asked,
    after: async function* () {
      for (const page of pages) {
        asked += 1;
        yield page;
        await Promise.resolve();
      }
    },
  };
}

const options = (more: Partial<EventStreamOptions> = {}): EventStreamOptions => ({
  from: { revision: -1, index: 0 },
  wants: () => true,
  heartbeatMs: 60_000,
  stallMs: 60_000,
  signal: new AbortController().signal,
  ...more,
});

describe('an event stream', () => {
  it('writes id, type and one line of data for what its reader wants', async () => {
    const out = new PassThrough();
    const page = [item('m1', 'A'), item('m2', 'B')].map((each, index) => ({ place: { revision: 7, index }, item: each }));
    await writeEvents(out, feedOf([page]), options({ wants: ({ platformId }) => platformId === 'B' }));
    out.end();
    expect((await out.toArray()).join('')).toBe(
      'retry: 2000\n\n' +
        'id: 7.1\nevent: payment.captured\ndata: {"type":"payment.captured","timestamp":"2026-01-02T03:04:05.678Z","data":{"text":"two\\nlines"}}\n\n',
    );
  });

  it('asks for no more news while its reader takes none, and cuts it off in the end', async () => {
    const never = new Writable({ highWaterMark: 64, write: () => undefined });
    const feed = feedOf(Array.from({ length: 100 }, (_, revision) => [{ place: { revision, index: 0 }, item: item(`m${revision}`, 'A') }]));
    await expect(writeEvents(never, feed, options({ stallMs: 1 }))).rejects.toThrow(StalledReader);
    expect(feed.asked()).toBe(1);
  });

  it('goes on when its reader does', async () => {
    const taken: string[] = [];
    const slow = new Writable({
      highWaterMark: 64,
      write: (chunk, _, done) => {
        taken.push(String(chunk));
        setImmediate(done);
      },
    });
    await writeEvents(
      slow,
      feedOf(Array.from({ length: 20 }, (_, revision) => [{ place: { revision, index: 0 }, item: item(`m${revision}`, 'A') }])),
      options(),
    );
    await new Promise<void>((ended) => slow.end(ended));
    expect(taken).toHaveLength(21);
  });
});

describe('the id of an event', () => {
  it('is read as it is written', () => expect(placeOf(eventIdOf({ revision: 12, index: 3 }))).toEqual({ revision: 12, index: 3 }));
  it.each(['', '1', '1.', '-1.0', '1.0.0', 'a.b', `${'9'.repeat(20)}.0`])('%j is none', (id) => expect(placeOf(id)).toBeUndefined());
});
