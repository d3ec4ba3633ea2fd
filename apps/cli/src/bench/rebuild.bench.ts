import type { EventStore } from '@tongbao/event-store';
import { paymentProjection } from '@tongbao/payment';
import { settlementProjection } from '@tongbao/settlement';
import type { HubUnderTest } from './hub-under-test.js';
import type { Figure, PartReport } from './report.js';
import { holdsWithin } from './until.js';

/** What each projection folds: its subscription is read here once more, with no fold. */
const categoriesOf = { settlement: settlementProjection.categories, payment: paymentProjection.categories };
type Name = keyof typeof categoriesOf;

interface Job {
  state: 'running' | 'done' | 'failed';
  report?: { events: number; seconds: number; equal: boolean };
  error?: string;
}

interface Rebuilt {
  projection: Name;
  events: number;
  seconds: number;
  /** Events a second of the same subscription, read with no fold: once before the rebuild, once after. */
  rawPerSecond: number[];
}

export interface RebuildContext {
  prepared: () => Promise<{ hub: Pick<HubUnderTest, 'as'>; store: EventStore }>;
  progress: (line: string) => void;
}

/** How fast projections are built again, beside how fast their events can be read at all. */
export async function benchRebuild({ prepared, progress }: RebuildContext): Promise<PartReport> {
  const { hub, store } = await prepared();
  const results: Rebuilt[] = [];
  for (const projection of ['settlement', 'payment'] as const) {
    progress(`rebuild: ${projection}`);
    const before = await readRaw(store, projection);
    const { events, seconds } = await rebuild(hub, projection);
    const after = await readRaw(store, projection);
    // Something may be written meanwhile, such as a checkpoint of the log.
    if (events < before.events || events > after.events)
      throw new Error(
        `the rebuild of ${projection} folded ${events} events, of its categories there are ${before.events} to ${after.events}`,
      );
    results.push({ projection, events, seconds, rawPerSecond: [before, after].map((raw) => raw.events / raw.seconds) });
  }
  return { part: 'rebuild', figures: results.flatMap(figuresOf), tables: [], detail: { results } };
}

function figuresOf({ projection, events, seconds, rawPerSecond }: Rebuilt): Figure[] {
  const raw = Math.max(...rawPerSecond);
  return [
    {
      name: `${projection}: rebuild`,
      value: events / seconds,
      unit: 'events/s',
      goal: '>= 20000',
      meaning: `${events} events, with the comparison to the live rows and the switch`,
    },
    {
      name: `${projection}: raw read`,
      value: raw,
      unit: 'events/s',
      meaning: 'the same filtered subscription read in this process with no fold; the better of two',
    },
    { name: `${projection}: ratio`, value: events / seconds / raw, unit: '', goal: '>= 0.6', meaning: 'rebuild to raw read' },
  ];
}

async function readRaw(store: EventStore, projection: Name): Promise<{ events: number; seconds: number }> {
  const startedMs = performance.now();
  let count = 0;
  for await (const { events, caughtUp } of store.follow(categoriesOf[projection], 0n, new AbortController().signal)) {
    count += events.length;
    if (caughtUp) break;
  }
  return { events: count, seconds: (performance.now() - startedMs) / 1_000 };
}

async function rebuild(hub: Pick<HubUnderTest, 'as'>, projection: Name): Promise<{ events: number; seconds: number }> {
  const client = hub.as('ops');
  await client.post(`/v1/projections/${projection}/rebuild`);
  let job: Job = { state: 'running' };
  await holdsWithin(600_000, async () => {
    ({ job } = await client.get<{ job: Job }>(`/v1/projections/${projection}`));
    return job.state !== 'running';
  });
  if (!job.report) throw new Error(`the rebuild of ${projection} is ${job.state}: ${job.error ?? 'no reason given'}`);
  if (!job.report.equal) throw new Error(`the rebuilt ${projection} is not equal to the live one`);
  return job.report;
}
