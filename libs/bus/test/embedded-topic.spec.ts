import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventStore, idOf, LogFeed, type DomainEvent } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import type { Delivery, Receiver } from '../src/index.js';
import { EmbeddedTopic, type TopicSource } from '../src/embedded-topic.js';
import { until } from './harness.js';

interface Counted extends DomainEvent {
  n: number;
}

const total = 400;

const source: TopicSource = {
  topic: 'news',
  categories: ['thing'],
  messagesOf: (stored) => {
    const data = { n: (stored.event as Counted).n };
    return [0, 1].map((index) => ({
      index,
      key: idOf(stored.stream),
      type: 'Counted',
      record: () => ({ key: idOf(stored.stream), headers: {}, payload: data }),
    }));
  },
};

/** Lanes that settle only when told to. */
class ManualReceiver implements Receiver {
  readonly group: string;
  readonly waiting = Array.from({ length: 12 }, (): Delivery[] => []);
  readonly settled: Delivery[] = [];
  most = 0;

  constructor(group: string) {
    this.group = group;
  }

  handles(): boolean {
    return true;
  }

  passOver(): void {
    throw new Error('every type is handled');
  }

  take(delivery: Delivery): void {
    this.waiting[delivery.partition]!.push(delivery);
    this.most = Math.max(this.most, this.waiting[delivery.partition]!.length);
  }

  settle(partition: number): void {
    const delivery = this.waiting[partition]!.shift();
    if (!delivery) return;
    this.settled.push(delivery);
    delivery.settled();
  }
}

type Action = { partition: number; what: 'pause' | 'resume' | 'settle' | 'read' };

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.record({ partition: fc.integer({ min: 0, max: 11 }), what: fc.constantFrom('pause', 'resume', 'settle', 'settle', 'read') }),
  { minLength: 50, maxLength: 400 },
);

describe('a topic of the embedded bus', () => {
  let server: EventStoreServer;
  let store: EventStore;
  let runs = 0;

  beforeAll(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    for (let n = 0; n < total; n += 1) {
      const event: Counted = { type: 'Counted', n };
      await store.append(`thing-k${n % 37}`, 'any', [event], { commandId: String(n) });
    }
  });
  afterAll(async () => {
    void store.close();
    await server.close();
  });

  it('gives each partition all that is its own, once and in order, whichever partitions are paused when', async () => {
    await fc.assert(
      fc.asyncProperty(actions, async (script) => {
        runs += 1;
        const feed = new LogFeed(store, { categories: ['thing'] });
        await feed.start();
        const receiver = new ManualReceiver(`group${runs}`);
        const rhythm = { everyMessages: Infinity, everyMs: 1_000_000 };
        const topic = new EmbeddedTopic(receiver, source, { store, feed, rhythm, maxOpen: 4 });
        await topic.load();
        topic.start();
        for (const { partition, what } of script) {
          if (what === 'pause') topic.pause(partition);
          else if (what === 'resume') topic.resume(partition);
          else if (what === 'settle') receiver.settle(partition);
          else await new Promise(setImmediate);
          expectNothingOpenBefore(topic.progress().position, receiver);
        }
        for (let partition = 0; partition < 12; partition += 1) topic.resume(partition);
        await until(() => {
          for (let partition = 0; partition < 12; partition += 1) receiver.settle(partition);
          return receiver.settled.length >= 2 * total;
        });
        expect(receiver.settled.length).toBe(2 * total);
        for (let partition = 0; partition < 12; partition += 1)
          expectInOrder(receiver.settled.filter((delivery) => delivery.partition === partition));
        // An event is two messages, so that one more than the limit may come.
        expect(receiver.most).toBeLessThanOrEqual(5);
        await until(() => topic.progress().position === feed.head);
        await topic.stop();
        await feed.stop();
      }),
      { numRuns: 15, verbose: fc.VerbosityLevel.Verbose },
    );
  });
});

const positionOf = ({ offset }: Delivery): bigint => BigInt(offset.split('.')[0]!);

function expectNothingOpenBefore(position: bigint, receiver: ManualReceiver): void {
  for (const [first] of receiver.waiting) if (first) expect(positionOf(first) > position).toBe(true);
}

function expectInOrder(deliveries: Delivery[]): void {
  const offsets = deliveries.map(({ offset }) => Number(offset));
  expect(offsets).toEqual([...new Set(offsets)].toSorted((left, right) => left - right));
}
