import { Outage } from '@tongbao/event-store';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Answer, SqlConnection, WorkerMessage, WorkerRequest } from './sql-connection.js';
import { errorOf } from './sql-error.js';

interface Pending {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/** The main thread's end of the worker that PGlite lives in. When the worker dies, everything asked for is refused as an outage. */
export class WorkerConnection implements SqlConnection {
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #dead: string | undefined;
  #closing = false;

  private constructor(
    private readonly worker: Worker,
    private readonly onFatal: (error: Error) => void,
  ) {
    worker.on('message', (message: WorkerMessage) => this.#receive(message));
    worker.on('error', (error) => this.#die(String(error)));
    worker.on('exit', (code) => this.#die(`its thread ended with code ${code}`));
  }

  /** @param script the compiled pglite.worker */
  static async open(
    script: URL,
    dataDir: string,
    onFatal: (error: Error) => void,
  ): Promise<{ connection: WorkerConnection; movedAside?: string }> {
    const worker = new Worker(script, { workerData: { dataDir }, name: 'pglite' });
    // The first thing that the worker says is always this message.
    const [first] = (await once(worker, 'message')) as [WorkerMessage];
    if ('fatal' in first) {
      await worker.terminate();
      throw new Error(`PGlite does not open ${dataDir}: ${first.fatal}`);
    }
    const connection = new WorkerConnection(worker, onFatal);
    return { connection, ...('movedAside' in first && { movedAside: first.movedAside }) };
  }

  ask(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    return this.#send({ id: this.#nextId(), sql, parameters });
  }

  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    this.#closing = true;
    await this.#send({ id: this.#nextId(), close: true });
    // An instance of PGlite that did not open, before its files were moved aside, would keep the thread alive.
    await this.worker.terminate();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #send(request: WorkerRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#dead === undefined) {
        this.#pending.set(request.id, { resolve, reject });
        this.worker.postMessage(request);
      } else reject(new Outage(this.#dead));
    });
  }

  #receive(message: WorkerMessage): void {
    if ('fatal' in message) this.#die(message.fatal);
    if ('id' in message) this.#answer(message);
  }

  #answer(message: Extract<WorkerMessage, { id: number }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('answer' in message.reply) pending?.resolve(message.reply.answer);
    else pending?.reject(errorOf(message.reply.failure));
  }

  #die(reason: string): void {
    if (this.#dead !== undefined) return;
    this.#dead = this.#closing ? 'the read-model database has been closed' : `the read-model database has died: ${reason}`;
    const error = new Outage(this.#dead);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    if (this.#closing) return;
    void this.worker.terminate();
    this.onFatal(error);
  }
}
