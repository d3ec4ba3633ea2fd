import type { AmountMinor, Count, CurrencyCode, Timestamp } from '../values.js';

/** Facts of a `model-<name>_<CUR>` stream: how the parties on a settlement model are settled in a currency. Written by settlement. */
export type ModelEvent = SettlementModelProposed | SettlementModelSet;

/** The terms of a model: what may differ from version to version. */
export interface SettlementModelTerms {
  /** `net`: a party's payments in and out are set against each other; `gross`: what it received and what it paid are moved each on their own. */
  granularity: 'net' | 'gross';
  /** `multilateral`: each party settles with the hub alone; `bilateral`: what platforms owe each other they pay each other directly. */
  interchange: 'multilateral' | 'bilateral';
  /** `immediate`: a window closes as soon as there is something in it; `deferred`: by the schedule, or by hand. */
  delay: 'deferred' | 'immediate';
  /** When its windows close by themselves; by hand only where it is left out. */
  schedule?: ModelSchedule;
  /** From the cut-off to the settlement that is asked for by itself: days of the schedule's calendar. Left out: settlements are asked for by hand. */
  settleAfterDays?: Count;
  /** A payable below this, either way, is carried to the next window. */
  minimumPayoutMinor: AmountMinor;
  /** What is done with a party that owes: its bank account is debited, its prefunded liquidity pays, or the debt is carried. */
  collection: 'debit' | 'liquidity' | 'carry';
  /** A settlement that pays out and collects at most this much in all needs no second person; 0: each needs one. */
  automaticApprovalUpToMinor: AmountMinor;
  /** Kept back of what a party is paid, and released after so many days. */
  reserve?: ModelReserve;
}

export interface ModelReserve {
  /**
   * Ten-thousandths of what a party is paid.
   *
   * @maximum 10000
   */
  basisPoints: Count;
  releaseAfterDays: Count;
}

/** When windows close by themselves. */
export interface ModelSchedule {
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  cron: string;
  /** IANA name, such as Asia/Shanghai: the cron pattern's wall clock. */
  timeZone: string;
  /** The business calendar: a closing that falls on none of its days is taken on the next one. */
  calendar?: string;
}

interface ModelVersion extends SettlementModelTerms {
  name: string;
  currency: CurrencyCode;
  /** Counts proposals: one that nobody approved leaves a gap. */
  version: Count;
}

/** Takes the place of an earlier proposal that is not approved. Nothing is settled by it yet. */
export interface SettlementModelProposed extends ModelVersion {
  type: 'SettlementModelProposed';
  by: string;
  proposedAt: Timestamp;
}

/** Counts for every window that closes after it. */
export interface SettlementModelSet extends ModelVersion {
  type: 'SettlementModelSet';
  /** Who proposed it; `hub` for the terms that the settings give. */
  by: string;
  /** Who else approved it; absent for the terms that the settings give. */
  approvedBy?: string;
  setAt: Timestamp;
}
