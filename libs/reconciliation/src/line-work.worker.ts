import { once } from 'node:events';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { EventStore } from '@tongbao/event-store';
import { readBill } from './bill.import.js';
import { compareDay } from './day.comparison.js';
import { failureOf, type LineJob, type LineMessage } from './line-work.messages.js';

/* The thread behind LineThread: one job, and it ends. It is never asked to stop: it is terminated. */

const host = hostOf(parentPort);
const say = (message: LineMessage) => host.postMessage(message);
const { signal } = new AbortController();

/** Breaks, or lines, in one message. */
const itemsAtOnce = 250;

function hostOf(port: MessagePort | null): MessagePort {
  if (!port) throw new Error('this file is the body of a worker thread');
  return port;
}

async function work(job: LineJob): Promise<void> {
  if ('read' in job) {
    const { received, terms, path } = job.read;
    say({ type: 'read', read: await readBill(received, terms, path, job.tempDir, signal) });
    return;
  }
  const store = EventStore.connect(job.connectionString);
  try {
    const { breaks, carried, ...rest } = await compareDay(store, job.compare, job.tempDir, signal);
    for (let from = 0; from < Math.max(breaks.length, carried.length); from += itemsAtOnce) {
      const next = once(host, 'message');
      const part = { breaks: breaks.slice(from, from + itemsAtOnce), carried: carried.slice(from, from + itemsAtOnce) };
      say({ type: 'part', part });
      await next;
    }
    say({ type: 'compared', rest });
  } finally {
    await store.close();
  }
}

try {
  // It is started by line-work.thread.ts only, which gives the job.
  await work(workerData as LineJob);
} catch (error) {
  say({ type: 'failure', failure: failureOf(error) });
}
