import { EventStore } from '../src/event-store.js';
import { Lease } from '../src/lease.js';

// Stands for a lease, and works, as far as a line on the standard output is work, as long as it leads.
const [connectionString = '', name = '', holder = '', ttlMs = ''] = process.argv.slice(2);
const lease = Lease.stand({ store: EventStore.connect(connectionString), name, holder, ttlMs: Number(ttlMs) });
const say = (line: string) => void process.stdout.write(`${line}\n`);
setInterval(() => {
  if (lease.leads) say('works');
}, 5);
void lease.acquired.then((epoch) => say(`acquired ${epoch}`));
void lease.lost.then(() => say('lost'));
