import type {
  BankLineRecorded,
  EntriesPosted,
  LogEvent,
  ParticipantEvent,
  PayoutEvent,
  SettlementEvent,
  WindowEvent,
} from '@tongbao/contracts';
import type { DomainEvent, StoredEvent } from '@tongbao/event-store';

/** Tells the events of a contract by their types; a type that this release does not know is passed over, as a newer one may have written it. */
const isOneOf =
  <E extends DomainEvent>(types: Record<E['type'], true>) =>
  (stored: StoredEvent): stored is StoredEvent<E> =>
    Object.hasOwn(types, stored.event.type);

export const isWindowFact = isOneOf<WindowEvent>({
  WindowOpened: true,
  WindowClosed: true,
  WindowClaimed: true,
  WindowReleased: true,
  WindowSettled: true,
});

export const isSettlementFact = isOneOf<SettlementEvent>({
  SettlementRequested: true,
  SettlementCalculated: true,
  SettlementMismatched: true,
  SettlementVerified: true,
  SettlementApproved: true,
  SettlementAborted: true,
  SettlementPaying: true,
  SettlementSettled: true,
  PaymentSidesSettled: true,
  PaymentsMarked: true,
});

export const isPayoutFact = isOneOf<PayoutEvent>({
  PayoutRequested: true,
  PayoutHeld: true,
  PayoutRefused: true,
  PayoutAwaitingProof: true,
  PayoutAwaitingFunds: true,
  PayoutInstructed: true,
  PayoutConfirmed: true,
  PayoutFailed: true,
  PayoutReturned: true,
  PayoutCarried: true,
});

export const isBankLineFact = isOneOf<BankLineRecorded>({ BankLineRecorded: true });

export const isJournalFact = isOneOf<EntriesPosted>({ EntriesPosted: true });

export const isLogFact = isOneOf<LogEvent>({ CheckpointSigned: true, CheckpointWitnessed: true });

export const isParticipantFact = isOneOf<ParticipantEvent>({
  ParticipantRegistered: true,
  ParticipantSuspended: true,
  ParticipantReinstated: true,
  ApiKeyIssued: true,
  ApiKeyRevoked: true,
  PlatformKeyRegistered: true,
  PlatformKeyRevoked: true,
  LimitsSet: true,
  VelocityLimitsSet: true,
  BankAccountSet: true,
});
