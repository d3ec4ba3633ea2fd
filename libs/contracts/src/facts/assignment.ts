import type { CurrencyCode, PartyName, Timestamp } from '../values.js';

/** Facts of an `assignment-<party>` stream, such as `assignment-platform:A`: by which model the party is settled in each currency. Written by settlement. */
export type AssignmentEvent = PartyModelProposed | PartyModelSet;

interface AssignmentReference {
  party: PartyName;
  currency: CurrencyCode;
  /** Name of a model of that currency. */
  model: string;
  /** The currency that payouts are paid in, where that is another one: settlements that are calculated after it exchange what they pay out. */
  payIn?: CurrencyCode;
  /** Who proposed it. */
  by: string;
}

/** Takes the place of an earlier proposal for the currency that is not approved. */
export interface PartyModelProposed extends AssignmentReference {
  type: 'PartyModelProposed';
  proposedAt: Timestamp;
}

/** Takes effect at the cut-off of the old model's window that is open at this place of the log: what comes after that is settled by this model. */
export interface PartyModelSet extends AssignmentReference {
  type: 'PartyModelSet';
  approvedBy: string;
  setAt: Timestamp;
}
