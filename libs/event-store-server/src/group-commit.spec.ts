import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { EventStore, type Write } from './event-store.js';
import type { ProposedEvent, WriteOutcome } from './events.js';

let store: EventStore;
let nowMs = 1_000_000;
const proposed = (data = 'x'): ProposedEvent => ({
  id: randomBytes(16),
  type: 'Happened',
  isJson: true,
  data: Buffer.from(data),
  metadata: Buffer.alloc(0),
});

beforeEach(() => {
  store = new EventStore({ dataDir: ':memory:', clock: () => nowMs });
});
afterEach(() => store.close());

/** Queues an append now; the promise is its outcome. */
const append = (stream: string, more: Partial<Write> = {}, events = [proposed()]) =>
  new Promise<WriteOutcome>((done) => store.append({ stream, expected: 'any', deadlineMs: Infinity, done, ...more }, events));

describe('the appends of one turn of the event loop', () => {
  it('are one transaction', async () => {
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, n) => append(`group-${n % 7}`)));
    expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
    expect(store.counters()).toMatchObject({ groups: 1, writes: 100, lastPosition: 100 });
  });

  it('see each other in their order', async () => {
    const outcomes = await Promise.all([
      append('order-1', { expected: 'no_stream' }),
      append('order-1', { expected: 0 }),
      append('order-1', { expected: 1 }),
    ]);
    expect(outcomes).toMatchObject([{ revision: 0 }, { revision: 1 }, { revision: 2 }]);
  });

  it('see the metadata that one of them writes', async () => {
    const metadata = { ...proposed('{"$tb":9223372036854775807}'), type: '$metadata' };
    const outcomes = await Promise.all([
      append('seen-1'),
      append('$$seen-1', {}, [metadata]),
      append('seen-1', { expected: 'stream_exists' }),
      append('seen-1'),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'stream-deleted', 'done']);
    expect(store.counters().groups).toBe(1);
  });

  it('do not suffer from the refusal of another', async () => {
    const outcomes = await Promise.all([
      append('mixed-1'),
      append('mixed-1', { expected: 7 }),
      append('mixed-2', { deadlineMs: nowMs - 1 }),
      append('mixed-1', { expected: 0 }),
      append('mixed-3', { expected: 'stream_exists' }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'wrong-revision', 'timed-out', 'done', 'wrong-revision']);
    expect(store.counters()).toMatchObject({ groups: 1, lastPosition: 2 });
    expect(store.all.forward(1, undefined).events.map(({ stream, revision }) => `${stream}@${revision}`)).toEqual([
      'mixed-1@0',
      'mixed-1@1',
    ]);
  });

  it('are acknowledged, and told to subscribers, only after the commit', async () => {
    const order: string[] = [];
    store.signal.listen(undefined, () => order.push(`signal at ${store.lastPosition}`));
    store.append({ stream: 'ack-1', expected: 'any', deadlineMs: Infinity, done: () => order.push('acknowledged') }, [proposed()]);
    order.push('queued');
    await append('ack-2');
    expect(order).toEqual(['queued', 'signal at 2', 'acknowledged']);
  });

  it('are finished by a close, and later ones refused', async () => {
    const waiting = append('close-1');
    store.finishQueued();
    expect((await waiting).kind).toBe('done');
    expect(await append('close-1')).toEqual({ kind: 'unavailable', reason: 'The event store is shutting down.' });
  });

  it('wait for one another only so long', async () => {
    const waiting = append('slow-1');
    nowMs += store.limits.writeTimeoutMs + 1;
    expect((await waiting).kind).toBe('timed-out');
  });
});

describe('a broken transaction', () => {
  it('acknowledges none of its group, tells the host once, and ends all writing', async () => {
    const fatal: Error[] = [];
    const full = new EventStore({ dataDir: ':memory:', limits: { maxDatabasePages: 40 }, onFatal: (error) => fatal.push(error) });
    const write = (stream: string, size: number) =>
      new Promise<WriteOutcome>((done) =>
        full.append({ stream, expected: 'any', deadlineMs: Infinity, done }, [proposed('x'.repeat(size))]),
      );
    expect((await write('full-1', 10)).kind).toBe('done');
    const outcomes = await Promise.all([write('full-1', 10), write('full-2', 500_000), write('full-3', 10)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect((await write('full-4', 1)).kind).toBe('unavailable');
    expect(fatal.map(({ message }) => message)).toEqual([expect.stringContaining('full')]);
    full.close();
  });
});
