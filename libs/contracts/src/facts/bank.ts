import type { Timestamp } from '../values.js';

/** Facts of a `bank-<name>` stream: whether the bank is instructed. Written by settlement. */
export type BankEvent = PayoutsPaused | PayoutsResumed;

/** From here on the bank is given nothing: no payout, no collection, no withdrawal, no file. What it has is confirmed as ever. */
export interface PayoutsPaused {
  type: 'PayoutsPaused';
  bank: string;
  by: string;
  reason: string;
  pausedAt: Timestamp;
}

export interface PayoutsResumed {
  type: 'PayoutsResumed';
  bank: string;
  by: string;
  resumedAt: Timestamp;
}
