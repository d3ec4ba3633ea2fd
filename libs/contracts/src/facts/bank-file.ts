import type { Count, CurrencyCode, HubId, Minor, Timestamp } from '../values.js';
import type { CalendarDay } from './calendar.js';

/** Facts of a `bankfile-<bank>` stream: the files that came from a bank, in the order in which they were taken in. Written by settlement. */
export type BankFileEvent = BankFileProposed | BankFileAccepted | BankFileRejected | BankFileAcknowledged;

interface BankFileReference {
  bank: string;
  /** SHA-256 of its bytes, in hex: the same content is the same file, whatever it is called. */
  fileId: HubId;
}

/** Somebody has handed it in, and it can be read. It counts when another person has handed in the same bytes. */
export interface BankFileProposed extends BankFileReference {
  type: 'BankFileProposed';
  name: string;
  message: string;
  by: string;
  proposedAt: Timestamp;
}

/** All of it was read, and agrees with itself. From here on it counts. */
export interface BankFileAccepted extends BankFileReference {
  type: 'BankFileAccepted';
  name: string;
  /** `camt.053.001.08`, `camt.054.001.08` or `pain.002.001.12`. */
  message: string;
  by: string;
  /** Who had handed it in before, where it did not come by itself. */
  proposedBy?: string;
  /** Where its statement lines lie. */
  stagedIn: string;
  /** Statement lines of the bank before this file, and in it: the first has the number after the former. Of a statement only. */
  linesBefore: Count;
  lines: Count;
  statements: AcceptedStatement[];
  /** Of a status report: what it says of which files of ours. */
  reports: ReportedFile[];
  acceptedAt: Timestamp;
}

export interface AcceptedStatement {
  statementId: string;
  /** IBAN, or the bank's own number. */
  account: string;
  currency: CurrencyCode;
  /** By which it would be known again, whichever file it came in. */
  identities: string[];
  /** The bank's own numbering, which begins again with each year; absent where the bank does not number. */
  sequence?: Count;
  year: string;
  page: Count;
  openingMinor: Minor;
  openingOn: CalendarDay;
  closingMinor: Minor;
  closingOn: CalendarDay;
}

export interface ReportedFile {
  messageId: string;
  /** The bank's word of the whole file; absent where it has none. */
  status?: string;
  /** Instructions that it rejects. */
  rejected: Count;
}

/** Nothing of it counts. */
export interface BankFileRejected extends BankFileReference {
  type: 'BankFileRejected';
  name: string;
  by: string;
  problem: BankFileProblem;
  rejectedAt: Timestamp;
}

export interface BankFileProblem {
  code: string;
  /** The element. */
  path: string;
  line?: Count;
  detail: string;
}

/** Somebody has seen to a file that was rejected: the alarm ends. */
export interface BankFileAcknowledged extends BankFileReference {
  type: 'BankFileAcknowledged';
  by: string;
  note: string;
}
