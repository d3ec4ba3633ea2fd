import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventStore } from './event-store.js';
import type { ExpectedRevision, ProposedEvent, WriteOutcome } from './events.js';

/** One append of a run: new events, or those of an earlier append again. */
interface Step {
  readonly stream: string;
  readonly expected: 'any' | 'no_stream' | 'stream_exists' | 'right' | 'wrong';
  readonly size: number;
  readonly repeats: boolean;
  /** Whether the group ends with this append. */
  readonly endsGroup: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    stream: fc.constantFrom('a-1', 'a-2', 'b', 'c-1'),
    expected: fc.constantFrom('any', 'no_stream', 'stream_exists', 'right', 'right', 'wrong'),
    size: fc.integer({ min: 1, max: 3 }),
    repeats: fc.boolean(),
    endsGroup: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

/** What the store should hold, kept as plainly as possible and sharing no code with it: the ids of every stream, and of all. */
class Auditor {
  readonly streams = new Map<string, string[]>();
  readonly all: string[] = [];

  idsOf(stream: string): string[] {
    return this.streams.get(stream) ?? [];
  }

  /** The revision the append should end at, or the refusal it should get. */
  append(stream: string, expected: ExpectedRevision, ids: string[]): number | 'refused' {
    const known = this.idsOf(stream);
    const last = known.length - 1;
    if (expected === 'stream_exists' && last < 0) return 'refused';
    if (expected === 'any' || expected === 'stream_exists') {
      const places = ids.map((id) => known.lastIndexOf(id));
      if (places[0] !== -1) return places.includes(-1) ? 'refused' : places.at(-1)!;
    } else {
      const revision = expected === 'no_stream' ? -1 : expected;
      if (revision > last) return 'refused';
      if (revision < last) return ids.every((id, index) => known[revision + 1 + index] === id) ? revision + ids.length : 'refused';
    }
    this.streams.set(stream, [...known, ...ids]);
    this.all.push(...ids);
    return last + ids.length;
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a store with the smallest memory there can be', () => {
  it('answers and holds what a plain model of it does, over any run of appends in any groups', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (run) => {
        const store = new EventStore({ dataDir: ':memory:', limits: { cachedStreams: 1, recentEvents: 2, pageEvents: 3 } });
        const auditor = new Auditor();
        const earlier = new Map<string, ProposedEvent[]>();
        let nextId = 0;
        let group: Promise<void>[] = [];
        for (const step of run) {
          const last = auditor.idsOf(step.stream).length - 1;
          const expected = step.expected === 'right' ? Math.max(0, last) : step.expected === 'wrong' ? last + 2 : step.expected;
          const fresh = () => ({
            id: Buffer.alloc(16, nextId++),
            type: 'T',
            isJson: false,
            data: new Uint8Array(),
            metadata: new Uint8Array(),
          });
          const events = (step.repeats ? earlier.get(step.stream) : undefined) ?? Array.from({ length: step.size }, fresh);
          earlier.set(step.stream, events);
          const wanted = auditor.append(
            step.stream,
            expected,
            events.map(({ id }) => hex(id)),
          );
          const outcome = new Promise<WriteOutcome>((done) =>
            store.append({ stream: step.stream, expected, deadlineMs: Infinity, done }, events),
          );
          group.push(outcome.then((given) => expect(given.kind === 'done' ? given.revision : 'refused').toBe(wanted)));
          if (!step.endsGroup) continue;
          await Promise.all(group);
          group = [];
        }
        await Promise.all(group);

        const all: string[] = [];
        for (let from = 1; from <= store.lastPosition;) {
          const page = store.all.forward(from, undefined);
          all.push(...page.events.map(({ id }) => hex(id)));
          from = page.considered + 1;
        }
        expect(all).toEqual(auditor.all);
        for (const [name, ids] of auditor.streams) {
          const found: string[] = [];
          for (let page = store.streams.forward(name, 0); ; page = store.streams.forward(name, page.next)) {
            found.push(...page.events.map(({ id }) => hex(id)));
            if (page.ended) break;
          }
          expect(found).toEqual(ids);
        }
        expect(await store.verify()).toMatchObject({ ok: true, events: auditor.all.length });
        store.close();
      }),
      { numRuns: 150 },
    );
  });
});
