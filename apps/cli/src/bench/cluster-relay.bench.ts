import { resetRelay } from '@tongbao/bus';
import { platformEventsTopic, topics } from '@tongbao/contracts';
import { WrongRevision, type EventStore, type StoredEvent } from '@tongbao/event-store';
import { sellerId } from './bench-orders.js';
import type { ClusterBenchContext } from './cluster-bench.js';
import { growthOf, readRaw, writeRaw, type Growth, type RawRate } from './cluster-raw-kafka.js';
import type { ClusterUnderTest } from './cluster-under-test.js';
import type { Figure, PartReport } from './report.js';
import { holdsWithin } from './until.js';

/** A captured payment is told on both. */
const toldOn = [topics.paymentEvents, platformEventsTopic(sellerId)];
/** What the relay takes of the log at once. */
const eventsPerBatch = 500;
const patienceMs = 300_000;

interface Measured {
  relay: Growth;
  consumer: { messages: number; seconds: number; firstAfterMs: number };
  produced: RawRate;
  consumed: RawRate;
  perRequest: number;
}

/**
 * Messages a second of a relay that has a backlog, and of a consumer group that has one, beside what kafkajs alone writes to and reads from the same
 * broker. Each is held while the other works: two cores are for one of them at a time.
 */
export async function benchClusterRelay({ clusters, payments, progress }: ClusterBenchContext): Promise<PartReport> {
  const { hub, copies } = await clusters.of('copies');
  await hub.untilAtRest();
  const before = await hub.store.head();
  progress(`relay: ${payments} payments, appended to the log while notification is held`);
  const consumer = await whileHeld(hub, async () => {
    await growthOf(hub.brokers, toldOn, payments * toldOn.length, () => copies.add(payments), patienceMs);
    return NewsCount.start(hub.store, payments);
  });
  progress('relay: notification takes over what they tell');
  const taken = await consumer.whole();
  await hub.untilAtRest();
  progress('relay: the relay is set back to where it was before them');
  const growth = await whileHeld(hub, () =>
    growthOf(hub.brokers, toldOn, payments * toldOn.length, () => setBack(hub.store, before), patienceMs),
  );
  await hub.untilAtRest();
  progress('relay: kafkajs alone');
  const { rate: consumed, sample } = await readRaw(hub.brokers, topics.paymentEvents, payments);
  const perRequest = Math.ceil(eventsPerBatch / copies.eventsEach) * toldOn.length;
  const produced = await writeRaw(hub.brokers, sample, perRequest);
  return reportOf({ relay: growth, consumer: taken, produced, consumed, perRequest });
}

/** While the work lasts, notification stands still. */
async function whileHeld<T>(hub: ClusterUnderTest, work: () => Promise<T>): Promise<T> {
  hub.signal('notification-1', 'SIGSTOP');
  try {
    return await work();
  } finally {
    hub.signal('notification-1', 'SIGCONT');
  }
}

/** A relay that is at work moves its own position. */
async function setBack(store: EventStore, position: bigint): Promise<void> {
  const isSet = await holdsWithin(patienceMs, async () => {
    try {
      await resetRelay(store, 'payment', position);
      return true;
    } catch (error) {
      if (error instanceof WrongRevision) return false;
      throw error;
    }
  });
  if (!isSet) throw new Error('the relay of payment cannot be set back');
}

/** Notification's own event, as far as it matters here. */
interface NewsReceived {
  type: 'NewsReceived';
  items: unknown[];
}

/** Counts what notification takes over from the bus into its log. */
class NewsCount {
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;
  readonly #startedMs = performance.now();
  #first: { atMs: number; items: number } | undefined;
  #lastMs = 0;
  #items = 0;
  #failure: unknown;

  private constructor(
    store: EventStore,
    head: bigint,
    private readonly expected: number,
  ) {
    this.#following = this.#follow(store, head).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  static async start(store: EventStore, expected: number): Promise<NewsCount> {
    return new NewsCount(store, await store.head(), expected);
  }

  /** Returns when all have been taken over. Counted is from the first ones on: before them lies the way back into the group. */
  async whole(): Promise<Measured['consumer']> {
    const isWhole = await holdsWithin(patienceMs, () => this.#failure !== undefined || this.#items >= this.expected);
    this.#stopping.abort();
    await this.#following;
    if (this.#failure !== undefined) throw new Error('the log cannot be followed any more', { cause: this.#failure });
    const first = this.#first;
    if (!isWhole || !first) throw new Error(`notification has taken over ${this.#items} of ${this.expected} messages`);
    return {
      messages: this.#items - first.items,
      seconds: (this.#lastMs - first.atMs) / 1_000,
      firstAfterMs: first.atMs - this.#startedMs,
    };
  }

  async #follow(store: EventStore, head: bigint): Promise<void> {
    for await (const { events } of store.follow(['news'], head, this.#stopping.signal)) {
      if (events.length === 0) continue;
      for (const { event } of events as StoredEvent<NewsReceived>[]) this.#items += event.items.length;
      this.#lastMs = performance.now();
      this.#first ??= { atMs: this.#lastMs, items: this.#items };
    }
  }
}

function reportOf({ relay, consumer, produced, consumed, perRequest }: Measured): PartReport {
  const rate = ({ messages, seconds }: { messages: number; seconds: number }) => messages / seconds;
  const bytes = Math.round(produced.bytes / Math.max(produced.messages, 1));
  const figures: Figure[] = [
    {
      name: 'relay',
      value: rate(relay),
      unit: 'messages/s',
      meaning: `${relay.messages} messages of a backlog, from the first in their topics to the last`,
    },
    {
      name: 'kafkajs alone, produce',
      value: rate(produced),
      unit: 'messages/s',
      meaning: `the same ${produced.messages} messages (${bytes} bytes of key and value), ${perRequest} a request, acks=all, one in flight`,
    },
    { name: 'ratio, produce', value: rate(relay) / rate(produced), unit: '', meaning: 'relay to kafkajs alone' },
    {
      name: 'consumer group',
      value: rate(consumer),
      unit: 'messages/s',
      meaning: `${consumer.messages} messages of a backlog, each into notification's log, durably, before its offset is committed`,
    },
    {
      name: 'kafkajs alone, consume',
      value: rate(consumed),
      unit: 'messages/s',
      meaning: `${consumed.messages} messages of the same topic, nothing parsed, nothing committed`,
    },
    { name: 'ratio, consume', value: rate(consumer) / rate(consumed), unit: '', meaning: 'consumer group to kafkajs alone' },
    {
      name: 'first message after a reset',
      value: relay.firstAfterMs,
      unit: 'ms',
      meaning: 'the process that ran the relay ends, starts again, waits for its own lease to end and goes on from there',
    },
  ];
  return { part: 'relay', figures, tables: [], detail: { relay, consumer, produced, consumed, perRequest } };
}
