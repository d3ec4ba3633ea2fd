import type { AssignmentEvent, PartyModelProposed } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import { defaultModel } from './models.js';

/** A party's models as its own stream tells them, by currency. */
export type AssignmentState = ReadonlyMap<string, CurrencyAssignment>;

export interface CurrencyAssignment {
  /** The model that the party is on, or will be from the cut-off of its old one. */
  model: string;
  /** What waits for a second person. */
  proposed?: PartyModelProposed;
}

export const assignmentStream = (party: string): string => `assignment-${party}`;

export const assignmentIn = (state: AssignmentState, currency: string): CurrencyAssignment =>
  state.get(currency) ?? { model: defaultModel };

export const assignmentFold: Fold<AssignmentState, AssignmentEvent> = { initial: new Map(), evolve };

function evolve(state: AssignmentState, event: AssignmentEvent): AssignmentState {
  const { currency } = event;
  const next = event.type === 'PartyModelSet' ? { model: event.model } : { model: assignmentIn(state, currency).model, proposed: event };
  return new Map(state).set(currency, next);
}
