import { EventStore, Lease, LogFeed, Outage } from '@tongbao/event-store';
import type { Command } from '../src/commands.js';
import { Snapshots } from '../src/journal.snapshots.js';
import { JournalWriter } from '../src/journal.writer.js';
import { ledgerFactCategories } from '../src/posting-rules.js';

/** What the program is told, as JSON in its only argument. */
export interface WriterProgram {
  connectionString: string;
  /** Of the journal and its lease. */
  name: string;
  holder: string;
  ttlMs: number;
  /** Sent again from the first on by every process that comes to lead: as by a topic that is made anew. */
  commands: Command[];
  /** Writes on without a look at the lease, and does not end when it is lost. */
  heedless?: boolean;
}

// A candidate for the lease on a journal that writes it while it leads. Says what it does in lines on its standard output.
const { connectionString, name, holder, ttlMs, commands, heedless } = JSON.parse(process.argv[2] ?? '{}') as WriterProgram;
const say = (line: string) => void process.stdout.write(`${line}\n`);
const store = EventStore.connect(connectionString);
const lease = Lease.stand({ store: EventStore.connect(connectionString, { appendsAlone: true }), name, holder, ttlMs });

void lease.lost.then(() => {
  say('lost');
  if (!heedless) process.exit(1);
});

const epoch = await lease.acquired;
say(`leads ${epoch}`);
const writer = await JournalWriter.start({
  store,
  name,
  now: () => new Date(),
  epoch,
  ...(!heedless && { leads: () => lease.leads }),
  snapshots: new Snapshots({ store, name, onWarning: (message, error) => say(`warning ${message} ${String(error)}`) }),
  snapshotEvery: { entries: 15, events: 8 },
  onOutage: (error) => say(`outage ${error instanceof Error ? error.name : ''}`),
  onFailure: (error) => say(`failure ${String(error)}`),
});
const feed = new LogFeed(store, { categories: ledgerFactCategories });
await feed.start();
feed.consume({ name: 'writer', categories: ledgerFactCategories, after: writer.sourcePosition, maxBatch: 5 }, (batch) =>
  writer.post(batch),
);

/** As a consumer does: after an outage, the same again. */
async function submit(command: Command): Promise<void> {
  for (;;) {
    try {
      const { commandId, result, entry } = await writer.submit(command);
      say(`answer ${commandId} ${result} ${entry ?? '-'}`);
      return;
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
    }
  }
}

for (let start = 0; start < commands.length; start += 4) await Promise.all(commands.slice(start, start + 4).map(submit));
say('done');
