import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { EventStoreLockedError } from './errors.js';
import type { EventStoreServerOptions, EventStoreStats } from './server.js';
import type { VerifyReport } from './verify.js';
import type { Answer, FromWorker, PlainError, Question, ToWorker, WorkerOptions } from './worker-messages.js';

export interface EventStoreWorkerOptions extends WorkerOptions {
  /** Called once when a commit has failed, or when the thread has ended without being asked to. */
  readonly onFatal?: EventStoreServerOptions['onFatal'];
}

/** A server in a thread of its own. */
export interface EventStoreWorker {
  readonly port: number;
  readonly connectionString: string;
  /** As EventStoreServer.close; the thread has ended when it resolves. */
  close(): Promise<void>;
  stats(): Promise<EventStoreStats>;
  verifyAll(): Promise<VerifyReport>;
}

interface Waiting {
  resolve: (value: Answer) => void;
  reject: (error: Error) => void;
}

/**
 * Starts the server in a worker thread, so that commits, which block until the disk has written, do not hold the host's event loop.
 * @throws EventStoreLockedError when the folder is open elsewhere; an Error when the thread cannot be started
 */
export function startEventStoreWorker({ onFatal, ...options }: EventStoreWorkerOptions): Promise<EventStoreWorker> {
  return new WorkerHost(options, onFatal).started;
}

class WorkerHost {
  readonly started: Promise<EventStoreWorker>;
  readonly #worker: Worker;
  readonly #dataDir: string;
  readonly #onFatal: ((error: Error) => void) | undefined;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #state: 'starting' | 'running' | 'closing' | 'over' = 'starting';
  #start: { resolve: (worker: EventStoreWorker) => void; reject: (error: Error) => void };
  #closing: Promise<void> | undefined;

  constructor(options: WorkerOptions, onFatal: ((error: Error) => void) | undefined) {
    this.#dataDir = options.dataDir;
    this.#onFatal = onFatal;
    const { promise, resolve, reject } = Promise.withResolvers<EventStoreWorker>();
    this.started = promise;
    this.#start = { resolve, reject };
    this.#worker = new Worker(workerFile(), { workerData: options, name: 'event-store' });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((done) => {
      this.#worker.once('exit', (code) => {
        this.#end(new Error(`The event store's thread ended unexpectedly with code ${code}.`));
        done();
      });
    });
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#state = 'running';
        this.#start.resolve(this.#handle(message.port, message.connectionString));
        return;
      case 'fatal':
        this.#onFatal?.(this.#revive(message.error));
        return;
      case 'answer':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'failure':
        if (message.id === undefined) this.#end(this.#revive(message.error));
        else this.#take(message.id)?.reject(this.#revive(message.error));
        return;
      default:
        message satisfies never;
    }
  }

  #handle(port: number, connectionString: string): EventStoreWorker {
    return {
      port,
      connectionString,
      stats: () => this.#ask('stats') as Promise<EventStoreStats>,
      verifyAll: () => this.#ask('verify') as Promise<VerifyReport>,
      close: () => (this.#closing ??= this.#close()),
    };
  }

  async #close(): Promise<void> {
    if (this.#state === 'over') return;
    this.#state = 'closing';
    await this.#ask('close');
    await this.#exited;
  }

  #ask(question: Question): Promise<Answer> {
    if (this.#state === 'over') return Promise.reject(new Error('The event store has ended.'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ question, id } satisfies ToWorker);
    });
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** The thread is over: whoever waits for it learns why, and the host does unless it asked for it. */
  #end(error: Error): void {
    const before = this.#state;
    this.#state = 'over';
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    if (before === 'starting') this.#start.reject(error);
    if (before === 'running') this.#onFatal?.(error);
  }

  #revive({ message, code }: PlainError): Error {
    if (code === 'EVENT_STORE_LOCKED') return new EventStoreLockedError(this.#dataDir, undefined);
    return Object.assign(new Error(message), { code });
  }
}

/** Beside this file when it is compiled; when the sources run directly, in the build, as a thread needs JavaScript. */
function workerFile(): URL {
  for (const path of ['./worker.js', '../dist/worker.js']) {
    const url = new URL(path, import.meta.url);
    if (existsSync(fileURLToPath(url))) return url;
  }
  throw new Error('The entry of the worker thread is missing: build the library first.');
}
