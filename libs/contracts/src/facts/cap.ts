import type { AmountMinor, Count, CurrencyCode, Minor, PartyName, Timestamp } from '../values.js';

/** Facts of a `cap-<party>_<CUR>` stream, such as `cap-platform:A_CNY`: how much of its room a party uses that has a net debit cap. Written by ledger. */
export type CapEvent = CapUseChanged;

/** The use has come to a share that is told of, or has fallen far enough under one: once for each time that it does. */
export interface CapUseChanged {
  type: 'CapUseChanged';
  party: PartyName;
  currency: CurrencyCode;
  /** The highest share, of those that are told of, that the use has come to and not left; in percent, 0 for none. */
  percent: Count;
  /** What it was before. */
  previousPercent: Count;
  /** Net debits since the last settlement, with what is reserved for further ones. */
  usedMinor: AmountMinor;
  /** How far the use may go: the cap, and what the party has prefunded. */
  limitMinor: AmountMinor;
  capMinor: AmountMinor;
  liquidityMinor: Minor;
  changedAt: Timestamp;
}
