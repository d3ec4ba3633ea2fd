import type { AmountMinor, Count, CurrencyCode, HubId, Timestamp } from '../values.js';
import type { CalendarDay } from './calendar.js';

/** Facts of a `payoutrun-<bank>_<sequence>` stream: instructions that go to a bank in files, together. Written by settlement. */
export type PayoutRunEvent = RunClosed | RunReleased | RunFilesPrepared | RunFilesWritten;

interface RunReference {
  runId: HubId;
  bank: string;
}

/** Its place in the log is the cut-off: the run has the instructions of its bank between the last run's and this one. */
export interface RunClosed extends RunReference {
  type: 'RunClosed';
  /** Numbers the runs of a bank. */
  sequence: Count;
  /** `cut_off`: by the clock; `full`: no more would go into a file; `asked`: an operator would not wait. */
  reason: 'cut_off' | 'full' | 'asked';
  by: string;
  /** What the bank is to pay on. */
  executionDate: CalendarDay;
  collectionDate: CalendarDay;
  closedAt: Timestamp;
}

/** Its files may be written. */
export interface RunReleased extends RunReference {
  type: 'RunReleased';
  /** `automatic` up to the limit of the settings. */
  by: string;
}

/** The files lie complete on disk, where nobody but the hub takes them from. From here on each goes out once, whatever happens. */
export interface RunFilesPrepared extends RunReference {
  type: 'RunFilesPrepared';
  files: PreparedFile[];
}

export interface PreparedFile {
  messageId: string;
  name: string;
  /** What it is called until it goes out. */
  preparedAs: string;
  /** `pain.001.001.09` or `pain.008.001.08` */
  message: string;
  /** Of its bytes, in hex. */
  sha256: string;
  transactions: Count;
  sums: CurrencySum[];
}

export interface CurrencySum {
  currency: CurrencyCode;
  amountMinor: AmountMinor;
}

/** They are where the bank takes them from, or were. */
export interface RunFilesWritten extends RunReference {
  type: 'RunFilesWritten';
}
