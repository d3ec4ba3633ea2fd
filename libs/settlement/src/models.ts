import type { SettlementModelTerms } from '@tongbao/contracts';

/** How the parties of one currency are settled. */
export interface SettlementModel extends SettlementModelTerms {
  /** Such as `dnm`; part of the names of its windows. */
  name: string;
  currency: string;
}

/** A model as it was at a place of the log. */
export interface ModelTerms extends SettlementModel {
  version: number;
}

/** By which model each party is settled in one currency. */
export interface PartyModels {
  /** The model of a fact's side: the one that was in effect at the fact's place of the log. */
  at(party: string, position: bigint): string;
  /** The model that takes in what comes now: where what is carried belongs. */
  now(party: string): string;
}

/** The models that there are, and who is on them. */
export interface SettlementModels {
  /**
   * The terms that settle a window: the newest that were set before its cut-off.
   * @throws Error when there is no such model
   */
  termsAt(name: string, currency: string, cutOff: bigint): Promise<ModelTerms>;
  /** As far as the projection has come: a party's model at places after that may still become another. */
  partyModels(currency: string): Promise<PartyModels>;
}

/** The model of every party that has not been put on another one. */
export const defaultModel = 'dnm';

/** `dnm_USD_000001`: a window's name says all there is to know to find it, so opening one twice is impossible. */
export const windowIdOf = (model: string, currency: string, sequence: number): string =>
  `${model}_${currency}_${String(sequence).padStart(6, '0')}`;
