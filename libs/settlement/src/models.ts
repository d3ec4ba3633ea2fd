import type { Party } from '@tongbao/contracts';

/** How the parties of one currency are settled. Data: the process is given a list of them, one for each currency that it settles. */
export interface SettlementModel {
  /** `dnm`: deferred net multilateral. */
  name: string;
  currency: string;
  /** A payable below this, either way, is carried to the next window. */
  minimumPayoutMinor: number;
  /** What is done with a party that owes: its bank account is debited, or the debt is carried. */
  collection: 'debit' | 'carry';
  /** A settlement that pays out and collects at most this much in all needs no second person; 0 = each needs one. */
  automaticApprovalUpToMinor: number;
}

export const defaultModel = 'dnm';

/** The one place that says by which model a party is settled in a currency, and so which window each of its sides belongs to. */
export const modelOf: (party: Party, currency: string) => string = () => defaultModel;

/** `dnm_USD_000001`: a window's name says all there is to know to find it, so opening one twice is impossible. */
export const windowIdOf = (model: string, currency: string, sequence: number): string =>
  `${model}_${currency}_${String(sequence).padStart(6, '0')}`;
