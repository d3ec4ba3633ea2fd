import { parentPort, workerData } from 'node:worker_threads';
import { startEventStoreServer, type EventStoreServer } from './server.js';
import { plainErrorOf, type Answer, type FromWorker, type ToWorker, type WorkerOptions } from './worker-messages.js';

/* The thread behind startEventStoreWorker: a server, and answers to what the host asks of it. */

const host = parentPort;
if (!host) throw new Error('This file is the entry of a worker thread; use startEventStoreWorker.');
const say = (message: FromWorker) => host.postMessage(message);

async function answer(server: EventStoreServer, { question, id }: ToWorker): Promise<void> {
  try {
    say({ kind: 'answer', id, value: await answerTo(server, question) });
  } catch (error) {
    say({ kind: 'failure', id, error: plainErrorOf(error) });
  }
  // Without a listener nothing keeps the thread alive.
  if (question === 'close') host?.close();
}

async function answerTo(server: EventStoreServer, question: ToWorker['question']): Promise<Answer> {
  switch (question) {
    case 'stats':
      return server.stats();
    case 'verify':
      return server.verifyAll();
    case 'close':
      await server.close();
      return undefined;
    default:
      return question satisfies never;
  }
}

try {
  const options = workerData as WorkerOptions;
  const server = await startEventStoreServer({ ...options, onFatal: (error) => say({ kind: 'fatal', error: plainErrorOf(error) }) });
  host.on('message', (message: ToWorker) => void answer(server, message));
  say({ kind: 'ready', port: server.port, connectionString: server.connectionString });
} catch (error) {
  say({ kind: 'failure', id: undefined, error: plainErrorOf(error) });
}
