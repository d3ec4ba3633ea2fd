import type { AmountMinor, Code, Count, CurrencyCode, HubId, Timestamp } from '../values.js';
import type { AccountRoute } from './payee-account.js';

/**
 * Facts of an `instruction-<key>` stream: what a bank that takes files was told to do under a key, the payout's or withdrawal's id. Written by settlement.
 * Which run an instruction goes out with is told by its place in the log: the first of its bank that closes after it.
 */
export type InstructionEvent = InstructionTaken | InstructionRejected | InstructionWithdrawn;

interface InstructionReference {
  key: HubId;
  bank: string;
  /** As the payout's: each is taken once. */
  attempt: Count;
}

/** To go out with the next run. */
export interface InstructionTaken extends InstructionReference {
  type: 'InstructionTaken';
  /** What the bank calls it: the key, or what a longer key is made to. */
  endToEndId: string;
  direction: 'payout' | 'collection';
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  accountNumber: string;
  holder: string;
  route?: AccountRoute;
  reference: string;
  takenAt: Timestamp;
}

/** By a status report of the bank. */
export interface InstructionRejected extends InstructionReference {
  type: 'InstructionRejected';
  /** The bank's own. */
  code: Code;
  /** What else the bank says of it. */
  information?: string;
  /** Of the report's file. */
  fileId: HubId;
}

/** Taken out again by an operator. Without effect where its run has closed before this in the log. */
export interface InstructionWithdrawn extends InstructionReference {
  type: 'InstructionWithdrawn';
  by: string;
  reason: string;
}
