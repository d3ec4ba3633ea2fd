import type {
  LimitsSet,
  ParticipantEvent,
  ParticipantRegistered,
  PlatformKeyRegistered,
  PlatformKeyRevoked,
  ProblemCode,
  VelocityLimit,
} from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { evolveBankAccounts, noBankAccounts, type BankAccountEvent, type BankAccounts } from './bank-account.decide.js';

/** A platform or creator that has joined. */
export interface Participant {
  registered: ParticipantRegistered;
  suspended: boolean;
  /** By currency. */
  limits: ReadonlyMap<string, LimitsSet>;
  velocityLimits: readonly VelocityLimit[];
  bankAccounts: BankAccounts;
  /** Every key that was ever registered, in that order. */
  keys: readonly ParticipantKey[];
}

export interface ParticipantKey extends Pick<PlatformKeyRegistered, 'kid' | 'jwk' | 'validFrom' | 'expiresAt'> {
  isRevoked: boolean;
}

export type ParticipantState = Participant | undefined;

export const participantFold = { initial: undefined as ParticipantState, evolve };

function evolve(state: ParticipantState, event: ParticipantEvent): ParticipantState {
  if (event.type === 'ParticipantRegistered') {
    return { registered: event, suspended: false, limits: new Map(), velocityLimits: [], bankAccounts: noBankAccounts, keys: [] };
  }
  if (!state) throw new Error(`a participant stream begins with ParticipantRegistered, not with ${event.type}`);
  switch (event.type) {
    case 'ParticipantSuspended':
      return { ...state, suspended: true };
    case 'ParticipantReinstated':
      return { ...state, suspended: false };
    case 'ApiKeyIssued':
    case 'ApiKeyRevoked':
      return state;
    case 'PlatformKeyRegistered': {
      const { kid, jwk, validFrom, expiresAt } = event;
      return { ...state, keys: [...state.keys, { kid, jwk, validFrom, expiresAt, isRevoked: false }] };
    }
    case 'PlatformKeyRevoked':
      return { ...state, keys: state.keys.map((key) => (key.kid === event.kid ? { ...key, isRevoked: true } : key)) };
    case 'LimitsSet':
      return { ...state, limits: new Map(state.limits).set(event.currency, event) };
    case 'VelocityLimitsSet':
      return { ...state, velocityLimits: event.limits };
    case 'BankAccountSet':
    case 'BankAccountProposed':
    case 'BankAccountApproved':
    case 'BankAccountRejected':
    case 'BankAccountChangeStopped':
    case 'BankAccountEndProposed':
    case 'BankAccountEnded':
      return { ...state, bankAccounts: evolveBankAccounts(state.bankAccounts, event) };
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

/** Everything but joining, keys and bank accounts. */
export type ParticipantChange = Exclude<
  ParticipantEvent,
  BankAccountEvent | { type: 'ParticipantRegistered' | 'ApiKeyIssued' | 'ApiKeyRevoked' | 'PlatformKeyRegistered' | 'PlatformKeyRevoked' }
>;

/** Anything that is done to a registered participant. What is already so changes nothing. */
export function decideChange(event: ParticipantChange, state: ParticipantState): ParticipantDecision {
  if (!state) return { refused: 'not_found' };
  if (event.type === 'ParticipantSuspended' && state.suspended) return { events: [] };
  if (event.type === 'ParticipantReinstated' && !state.suspended) return { events: [] };
  return { events: [event] };
}

/** Keys that are not revoked, of one platform: more than any rotation needs. */
export const maxKeys = 20;

/** Registers a key; the same again changes nothing. A key that was revoked never comes back, under whatever name. */
export function decideRegisterKey(event: PlatformKeyRegistered, state: ParticipantState): ParticipantDecision {
  if (!state) return { refused: 'not_found' };
  const known = state.keys.find(({ kid, jwk }) => kid === event.kid || jwk.x === event.jwk.x);
  if (known) return isSameKey(known, event) ? { events: [] } : { refused: 'already_exists' };
  return state.keys.filter(({ isRevoked }) => !isRevoked).length >= maxKeys ? { refused: 'state_conflict' } : { events: [event] };
}

const isSameKey = (known: ParticipantKey, { kid, jwk, validFrom, expiresAt }: PlatformKeyRegistered): boolean =>
  !known.isRevoked && known.kid === kid && known.jwk.x === jwk.x && known.validFrom === validFrom && known.expiresAt === expiresAt;

/** Revokes a key; one that is revoked already stays so. */
export function decideRevokeKey(event: PlatformKeyRevoked, state: ParticipantState): ParticipantDecision {
  const known = state?.keys.find(({ kid }) => kid === event.kid);
  if (!known) return { refused: 'not_found' };
  return known.isRevoked ? { events: [] } : { events: [event] };
}

export const participantStream = (party: string): string => `participant-${party}`;
