import type { Count, CurrencyCode, HubId, Minor, Timestamp } from '../values.js';

/**
 * Facts of a `bankdata-<bank>_<fileId>_<try>` stream: what a bank's statement says, line by line. It counts when its file is accepted, and never if it is not.
 * Written by settlement.
 */
export interface BankLinesStaged {
  type: 'BankLinesStaged';
  bank: string;
  fileId: HubId;
  /** Number of the first of them in the file, from 0. Every event but the last has as many lines as the first. */
  firstLine: Count;
  lines: StagedLine[];
}

export type BankDataEvent = BankLinesStaged;

export interface StagedLine {
  /** Positive: came in; negative: went out. */
  amountMinor: Minor;
  currency: CurrencyCode;
  /** What the payer has called it. */
  endToEndId?: string;
  /** The accounts of both sides, as far as the bank names them. */
  debtorAccount?: string;
  creditorAccount?: string;
  reference: string;
  /** The bank's own charge, as its transaction code says. */
  isCharge?: boolean;
  bookedAt: Timestamp;
}
