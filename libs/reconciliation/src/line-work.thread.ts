import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { EventStore } from '@tongbao/event-store';
import type { ReadBill } from './bill.decide.js';
import type { ComparedDay, DayToCompare } from './day.comparison.js';
import { errorOf, type LineJob, type LineMessage } from './line-work.messages.js';
import type { BillToRead, LineWork } from './line-work.js';

/** Far more than a comparison needs, whatever the number of lines; what would grow with them ends its thread, not the process. */
const resourceLimits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 12 };

/** Each job in a thread of its own, which is gone when the job is over. It has its own connection to the event store. */
export class LineThread implements LineWork {
  /**
   * @param script line-work.worker, compiled
   * @param execArgv how Node.js runs it, where not as this process
   */
  constructor(
    private readonly script: URL,
    private readonly execArgv?: string[],
  ) {}

  async read(bill: BillToRead, tempDir: string, signal: AbortSignal): Promise<ReadBill> {
    for await (const message of this.#run({ read: bill, tempDir }, signal)) if (message.type === 'read') return message.read;
    throw endedEarly();
  }

  async compare({ connectionString }: EventStore, day: DayToCompare, tempDir: string, signal: AbortSignal): Promise<ComparedDay> {
    const breaks: ComparedDay['breaks'] = [];
    const carried: ComparedDay['carried'] = [];
    for await (const message of this.#run({ compare: day, connectionString, tempDir }, signal)) {
      if (message.type === 'compared') return { ...message.rest, breaks, carried };
      if (message.type !== 'part') continue;
      breaks.push(...message.part.breaks);
      carried.push(...message.part.carried);
    }
    throw endedEarly();
  }

  async *#run(job: LineJob, signal: AbortSignal): AsyncGenerator<LineMessage> {
    signal.throwIfAborted();
    const { script, execArgv } = this;
    const worker = new Worker(script, { workerData: job, name: 'bill-lines', resourceLimits, ...(execArgv && { execArgv }) });
    try {
      // What the thread does not catch, such as an end of its memory, is thrown here.
      for await (const [message] of on(worker, 'message', { signal, close: ['exit'] }) as AsyncIterable<[LineMessage]>) {
        if (message.type === 'failure') throw errorOf(message.failure);
        yield message;
        worker.postMessage('next');
      }
    } finally {
      await worker.terminate();
    }
  }
}

const endedEarly = () => new Error('the thread that reads bills ended before it was done');
