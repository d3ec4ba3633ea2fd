import type { LimitsSet, ParticipantEvent, ParticipantRegistered, ProblemCode, BankAccountSet, VelocityLimit } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';

/** A platform or creator that has joined. */
export interface Participant {
  registered: ParticipantRegistered;
  suspended: boolean;
  /** By currency. */
  limits: ReadonlyMap<string, LimitsSet>;
  velocityLimits: readonly VelocityLimit[];
  bankAccount?: BankAccountSet;
  keyIds: readonly string[];
}

export type ParticipantState = Participant | undefined;

export const participantFold = { initial: undefined as ParticipantState, evolve };

function evolve(state: ParticipantState, event: ParticipantEvent): ParticipantState {
  if (event.type === 'ParticipantRegistered') {
    return { registered: event, suspended: false, limits: new Map(), velocityLimits: [], keyIds: [] };
  }
  if (!state) throw new Error(`a participant stream begins with ParticipantRegistered, not with ${event.type}`);
  switch (event.type) {
    case 'ParticipantSuspended':
      return { ...state, suspended: true };
    case 'ParticipantReinstated':
      return { ...state, suspended: false };
    case 'ApiKeyIssued':
      return { ...state, keyIds: [...state.keyIds, event.keyId] };
    case 'ApiKeyRevoked':
      return { ...state, keyIds: state.keyIds.filter((keyId) => keyId !== event.keyId) };
    case 'LimitsSet':
      return { ...state, limits: new Map(state.limits).set(event.currency, event) };
    case 'VelocityLimitsSet':
      return { ...state, velocityLimits: event.limits };
    case 'BankAccountSet':
      return { ...state, bankAccount: event };
    default:
      return event satisfies never;
  }
}

export type ParticipantDecision = Decision<ParticipantEvent, ProblemCode>;

/** Registers; the same again changes nothing, other content under the same id is refused. */
export function decideRegister(command: ParticipantRegistered, state: ParticipantState): ParticipantDecision {
  if (!state) return { events: [command] };
  return JSON.stringify(sorted(state.registered)) === JSON.stringify(sorted(command)) ? { events: [] } : { refused: 'already_exists' };
}

const sorted = ({ party, kind, id, name, currencies, methods }: ParticipantRegistered) => [
  party,
  kind,
  id,
  name,
  [...currencies].sort(),
  [...methods].sort(),
];

/** Anything that is done to a registered participant. What is already so changes nothing. */
export function decideChange(event: Exclude<ParticipantEvent, ParticipantRegistered>, state: ParticipantState): ParticipantDecision {
  if (!state) return { refused: 'not_found' };
  if (event.type === 'ParticipantSuspended' && state.suspended) return { events: [] };
  if (event.type === 'ParticipantReinstated' && !state.suspended) return { events: [] };
  if (event.type === 'ApiKeyRevoked' && !state.keyIds.includes(event.keyId)) return { events: [] };
  if (event.type === 'ApiKeyIssued' && state.registered.kind !== 'platform') return { refused: 'invalid' };
  return { events: [event] };
}

export const participantStream = (party: string): string => `participant-${party}`;
