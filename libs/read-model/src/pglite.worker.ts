import { parentPort, workerData } from 'node:worker_threads';
import { openHere, type PgliteHost } from './pglite.host.js';
import type { WorkerMessage, WorkerRequest } from './sql-connection.js';

/** The thread that PGlite lives in: it answers one request after the other and ends when something is broken beyond an SQL error. */
if (!parentPort) throw new Error('this file is the body of a worker thread');
const port = parentPort;
const send = (message: WorkerMessage): void => port.postMessage(message);

async function answer(host: PgliteHost, request: WorkerRequest): Promise<void> {
  if (!('close' in request)) {
    send({ id: request.id, reply: await host.ask(request.sql, request.parameters) });
    return;
  }
  await host.close();
  send({ id: request.id, reply: { answer: { fields: [], rows: [] } } });
  port.close();
}

function end(error: unknown): void {
  send({ fatal: String(error) });
  port.close();
}

try {
  // The thread is started by worker-connection.ts only, which gives the folder.
  const { host, movedAside } = await openHere((workerData as { dataDir: string }).dataDir);
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: WorkerRequest) => {
    last = last.then(() => answer(host, request));
    last.catch(end);
  });
  send({ ready: true, ...(movedAside && { movedAside }) });
} catch (error) {
  end(error);
}
