import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { FilterRequest } from './event-filter.js';
import { EventStore } from './event-store.js';
import type { WriteOutcome } from './events.js';

let store: EventStore;
// A memory of one event sends every read to the disk.
beforeEach(() => {
  store = new EventStore({ dataDir: ':memory:', limits: { recentEvents: 1, pageEvents: 5 } });
});
afterEach(() => store.close());

const write = (streams: readonly string[]) =>
  Promise.all(
    streams.map(
      (stream) =>
        new Promise<WriteOutcome>((done) =>
          store.append({ stream, expected: 'any', deadlineMs: Infinity, done }, [
            { id: randomBytes(16), type: 'T', isJson: false, data: new Uint8Array(), metadata: new Uint8Array() },
          ]),
        ),
    ),
  );

const byName = (...prefixes: string[]): FilterRequest => ({ on: 'stream-name', prefixes, regex: '' });

function readForward(request: FilterRequest): number[] {
  const filter = store.filter(request);
  const found: number[] = [];
  for (let from = 1; from <= store.lastPosition;) {
    const page = store.all.forward(from, filter);
    found.push(...page.events.map(({ position }) => position));
    expect(page.considered).toBeGreaterThanOrEqual(Math.max(from, page.events.at(-1)?.position ?? 0));
    from = page.considered + 1;
  }
  return found;
}

function readBackward(request: FilterRequest): number[] {
  const filter = store.filter(request);
  const found: number[] = [];
  for (let before = store.lastPosition + 1; before > 1;) {
    const page = store.all.backward(before, filter);
    found.push(...page.events.map(({ position }) => position));
    before = page.considered;
  }
  return found;
}

describe('a filter on categories', () => {
  it('reads the events of those categories and no others', async () => {
    const streams = Array.from({ length: 300 }, (_, n) => `${n % 100 === 0 ? 'rare' : 'common'}-${n}`);
    await write(streams);
    expect(readForward(byName('rare-'))).toEqual([1, 101, 201]);
    expect(store.counters().rowsRead).toBe(3);
    expect(readForward({ on: 'stream-name', prefixes: [], regex: '^rare-' })).toEqual([1, 101, 201]);
    expect(store.counters().rowsRead).toBeGreaterThan(300);
  });

  it('of a category that does not exist (yet) reads nothing, and finds it once it does', async () => {
    await write(['a-1', 'a-2', 'a-3']);
    const filter = store.filter(byName('later-'));
    expect(store.all.forward(1, filter)).toEqual({ events: [], considered: 3, fromMemory: false });
    await write(['later-1', 'a-1']);
    expect(store.all.forward(1, filter).events.map(({ position }) => position)).toEqual([4]);
  });

  it('uses the index by category', () => {
    const plan = store.explain('SELECT pos FROM events WHERE category = 1 AND pos >= 5 ORDER BY pos LIMIT 10');
    expect(plan).toEqual(['SEARCH events USING COVERING INDEX events_by_category (category=? AND rowid>?)']);
  });

  it('finds the same as looking at every event, whatever the names and prefixes', async () => {
    const part = fc.constantFrom('a', 'ab', 'abc', 'b', '$', '$$a', 'é');
    const names = fc.oneof(
      part,
      fc.tuple(part, part).map(([category, id]) => `${category}-${id}`),
      fc.tuple(part, part, part).map((all) => all.join('-')),
    );
    const prefixes = fc.array(
      fc.oneof(
        names,
        part.map((category) => `${category}-`),
        fc.constant(''),
      ),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(names, { minLength: 1, maxLength: 40 }), prefixes, async (streams, wanted) => {
        store.close();
        store = new EventStore({ dataDir: ':memory:', limits: { recentEvents: 1, pageEvents: 5 } });
        await write(streams);
        const expected = streams.flatMap((name, index) => (wanted.some((prefix) => name.startsWith(prefix)) ? [index + 1] : []));
        expect(readForward(byName(...wanted))).toEqual(expected);
        expect(readBackward(byName(...wanted))).toEqual(expected.toReversed());
      }),
      { numRuns: 60 },
    );
  });

  it('that match too many categories is answered all the same, by scanning', async () => {
    await write(Array.from({ length: 200 }, (_, n) => `many${n}-1`));
    expect(readForward(byName('many'))).toHaveLength(200);
  });
});

describe('what retries and reads rely on', () => {
  it.each([
    ["SELECT pos, rev FROM events WHERE sid = 1 AND substr(id, 1, 8) = substr(x'00', 1, 8) AND id = x'00'", 'events_by_id'],
    ['SELECT pos FROM events WHERE sid = 1 AND rev BETWEEN 1 AND 9 ORDER BY rev', 'events_by_stream'],
  ])('%s uses %s', (sql, index) => {
    expect(store.explain(sql).join()).toContain(`INDEX ${index}`);
  });
});
