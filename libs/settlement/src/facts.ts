import type {
  AssignmentEvent,
  BankEvent,
  BankFileEvent,
  BankLineRecorded,
  CalendarEvent,
  DepositEvent,
  EntriesPosted,
  FxQuoteEvent,
  InstructionEvent,
  LogEvent,
  ModelEvent,
  ParticipantEvent,
  PayoutEvent,
  PositionEvent,
  PayoutRunEvent,
  SettlementEvent,
  WindowEvent,
  WithdrawalEvent,
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

export const isModelFact = isOneOf<ModelEvent>({ SettlementModelProposed: true, SettlementModelSet: true });

export const isAssignmentFact = isOneOf<AssignmentEvent>({ PartyModelProposed: true, PartyModelSet: true });

export const isFxQuoteFact = isOneOf<FxQuoteEvent>({ FxQuoted: true, FxQuoteWithdrawn: true });

export const isCalendarFact = isOneOf<CalendarEvent>({ CalendarSet: true });

export const isSettlementFact = isOneOf<SettlementEvent>({
  SettlementRequested: true,
  SettlementPartiesCalculated: true,
  SettlementCalculated: true,
  SettlementMismatched: true,
  SettlementComparisonAsked: true,
  SettlementVerified: true,
  FxRatesLocked: true,
  FxRatesAwaited: true,
  SettlementApproved: true,
  SettlementAborted: true,
  SettlementPaying: true,
  SettlementPartiesSettled: true,
  SettlementSettled: true,
  PaymentSidesSettled: true,
  PaymentsMarked: true,
});

export const isPositionFact = isOneOf<PositionEvent>({
  ReserveWithheld: true,
  ReserveReleased: true,
  LiquidityReceived: true,
  LiquidityDrawRequested: true,
  LiquidityDrawn: true,
  LiquidityDrawRefused: true,
  ObligationDue: true,
  ObligationReported: true,
  ObligationReportRejected: true,
  ObligationPaid: true,
  ObligationCarried: true,
  ExchangeFundsRequested: true,
  ExchangeFundsHeld: true,
  ExchangeFundsRefused: true,
  ExchangeFundsReleased: true,
  ExchangeRequested: true,
  ExchangeRefused: true,
  CurrencyExchanged: true,
  ExchangeCarried: true,
  DebtWrittenOff: true,
});

export const isPayoutFact = isOneOf<PayoutEvent>({
  PayoutRequested: true,
  PayoutHeld: true,
  PayoutRefused: true,
  PayoutAwaitingProof: true,
  PayoutAwaitingFunds: true,
  PayoutAwaitingAccount: true,
  PayoutInstructed: true,
  PayoutConfirmed: true,
  PayoutFailed: true,
  PayoutReturned: true,
  PayoutCarried: true,
  PayoutLineRefused: true,
});

export const isWithdrawalFact = isOneOf<WithdrawalEvent>({
  WithdrawalRequested: true,
  WithdrawalHeld: true,
  WithdrawalRefused: true,
  WithdrawalApproved: true,
  WithdrawalAwaitingFunds: true,
  WithdrawalAwaitingAccount: true,
  WithdrawalInstructed: true,
  WithdrawalConfirmed: true,
  WithdrawalFailed: true,
  WithdrawalReturned: true,
  WithdrawalCancelled: true,
  WithdrawalLineRefused: true,
});

export const isBankFact = isOneOf<BankEvent>({ PayoutsPaused: true, PayoutsResumed: true });

export const isDepositFact = isOneOf<DepositEvent>({
  LiquidityAssignmentProposed: true,
  LiquidityAssignmentRejected: true,
  LiquidityAssigned: true,
});

export const isInstructionFact = isOneOf<InstructionEvent>({
  InstructionTaken: true,
  InstructionRejected: true,
  InstructionWithdrawn: true,
});

export const isPayoutRunFact = isOneOf<PayoutRunEvent>({
  RunClosed: true,
  RunReleased: true,
  RunFilesPrepared: true,
  RunFilesWritten: true,
});

export const isBankFileFact = isOneOf<BankFileEvent>({
  BankFileProposed: true,
  BankFileAccepted: true,
  BankFileRejected: true,
  BankFileAcknowledged: true,
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
  BankAccountProposed: true,
  BankAccountApproved: true,
  BankAccountRejected: true,
  BankAccountChangeStopped: true,
  BankAccountEndProposed: true,
  BankAccountEnded: true,
});
