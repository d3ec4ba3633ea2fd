import type { AssignmentEvent, PartyModelProposed } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import { defaultModel } from './models.js';

/** A party's models as its own stream tells them, by currency. */
export type AssignmentState = ReadonlyMap<string, CurrencyAssignment>;

export interface CurrencyAssignment {
  /** The model that the party is on, or will be from the cut-off of its old one. */
  model: string;
  /** The currency that payouts are paid in, where that is another one. */
  payIn?: string;
  /** What waits for a second person. */
  proposed?: PartyModelProposed;
}

export const assignmentStream = (party: string): string => `assignment-${party}`;

export const assignmentIn = (state: AssignmentState, currency: string): CurrencyAssignment =>
  state.get(currency) ?? { model: defaultModel };

export const assignmentFold: Fold<AssignmentState, AssignmentEvent> = { initial: new Map(), evolve };

function evolve(state: AssignmentState, event: AssignmentEvent): AssignmentState {
  const { currency } = event;
  if (event.type === 'PartyModelProposed') return new Map(state).set(currency, { ...assignmentIn(state, currency), proposed: event });
  const { model, payIn } = event;
  return new Map(state).set(currency, { model, ...(payIn !== undefined && { payIn }) });
}
