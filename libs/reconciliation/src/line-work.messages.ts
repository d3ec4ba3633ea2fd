import { Outage } from '@tongbao/event-store';
import type { ReadBill } from './bill.decide.js';
import type { ComparedDay, DayToCompare } from './day.comparison.js';
import type { BillToRead } from './line-work.js';
import { TooManyBreaks } from './run.matching.js';

/** What a thread is started with. */
export type LineJob = { tempDir: string } & ({ read: BillToRead } | { compare: DayToCompare; connectionString: string });

/** How an error came about decides what becomes of its job: see JobQueue, and RunProcess. */
export interface LineFailure {
  kind: 'outage' | 'too_many_breaks' | 'error';
  message: string;
  stack: string | undefined;
}

/** Some of what was found. The thread sends the next when it is asked for (any message), so that taking many in never holds the process up for long. */
export type ComparedPart = Pick<ComparedDay, 'breaks' | 'carried'>;

/** What a thread says. The last is the result of its job, or why there is none. */
export type LineMessage =
  | { type: 'part'; part: ComparedPart }
  | { type: 'read'; read: ReadBill }
  | { type: 'compared'; rest: Omit<ComparedDay, keyof ComparedPart> }
  | { type: 'failure'; failure: LineFailure };

export function failureOf(error: unknown): LineFailure {
  const kind = error instanceof Outage ? 'outage' : error instanceof TooManyBreaks ? 'too_many_breaks' : 'error';
  return error instanceof Error ? { kind, message: error.message, stack: error.stack } : { kind, message: String(error), stack: undefined };
}

/** The error again, with the thread's stack as its cause. */
export function errorOf({ kind, message, stack }: LineFailure): Error {
  const options = { cause: stack };
  switch (kind) {
    case 'outage':
      return new Outage(message, options);
    case 'too_many_breaks':
      return new TooManyBreaks(message, options);
    case 'error':
      return new Error(message, options);
    default:
      return kind satisfies never;
  }
}
