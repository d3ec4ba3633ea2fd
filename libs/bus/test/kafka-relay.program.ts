import { EventStore, LogFeed } from '@tongbao/event-store';
import { createKafka, KafkaRelay } from '../src/index.js';
import { publisherOf } from './kafka-relay.fixture.js';
import { storeThrough } from './mortal.js';

/** Where the process ends itself as by kill -9, once the relay has published `after` messages. */
export type Death = 'before a send' | 'during a send' | 'before the checkpoint';

export interface RelayProgram {
  brokers: string;
  connectionString: string;
  service: string;
  dieAt?: { at: Death; after: number };
}

// One relay, in a process of its own.
const { brokers, connectionString, service, dieAt } = JSON.parse(process.argv[2] ?? '') as RelayProgram;
const running: { relay?: KafkaRelay } = {};
let questions = 0;
const isDue = (at: Death) => dieAt?.at === at && (running.relay?.status().messages ?? 0) >= dieAt.after;
const die = () => process.kill(process.pid, 'SIGKILL');

/** Asked twice before each send, then for each message that goes into the request. */
function leads(): boolean {
  if (isDue('before a send')) {
    // Long enough for a checkpoint that should not be there yet.
    setTimeout(die, 100);
    return false;
  }
  if (isDue('during a send')) {
    questions += 1;
    // By the second turn of the loop the request has been written, and has not been answered.
    if (questions === 3) setImmediate(() => setImmediate(die));
  }
  return true;
}

const store = storeThrough(EventStore.connect(connectionString), (write) => {
  if (isDue('before the checkpoint')) die();
  return write();
});
const feed = new LogFeed(store, { categories: [service] });
await feed.start();
const kafka = createKafka({ brokers: [brokers], clientId: service });
running.relay = await KafkaRelay.start({ kafka, store, feed, publisher: publisherOf(service), leads, saveEveryMs: 1 });
