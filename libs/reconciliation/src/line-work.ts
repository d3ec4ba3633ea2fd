import type { BillReceived, ReconciliationTerms } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { ReadBill } from './bill.decide.js';
import { readBill } from './bill.import.js';
import { compareDay, type ComparedDay, type DayToCompare } from './day.comparison.js';
import { LineThread } from './line-work.thread.js';

export interface BillToRead {
  received: BillReceived;
  terms: ReconciliationTerms;
  path: string;
}

/**
 * What takes long because it is done for each line of a bill. `tempDir`: for what does not fit into memory; whoever gives it removes it afterwards. When the
 * signal aborts it ends at once, and whatever it has not told the store has not happened.
 */
export interface LineWork {
  /** @throws what reading the file throws; the signal's reason, or an AbortError */
  read(bill: BillToRead, tempDir: string, signal: AbortSignal): Promise<ReadBill>;
  /** @throws TooManyBreaks; Outage; Error where it cannot be done; the signal's reason, or an AbortError */
  compare(store: EventStore, day: DayToCompare, tempDir: string, signal: AbortSignal): Promise<ComparedDay>;
}

/** In the thread of whoever asks. */
export const workHere: LineWork = {
  read: ({ received, terms, path }, tempDir, signal) => readBill(received, terms, path, tempDir, signal),
  compare: compareDay,
};

/** In a thread beside the process, which has payments to take and a lease to renew meanwhile. From TypeScript sources there is no thread to be had. */
export const lineWork = (): LineWork =>
  import.meta.url.endsWith('.ts') ? workHere : new LineThread(new URL('./line-work.worker.js', import.meta.url));
