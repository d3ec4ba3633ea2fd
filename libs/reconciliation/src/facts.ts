import type {
  BankLineExplanationEvent,
  BankLineRecorded,
  BillAccepted,
  BillImported,
  BillReceived,
  BreakEvent,
  DepositEvent,
  LinesCarried,
  PaymentEvent,
  ProviderFeeBilled,
  ProviderFeeReturned,
  ProviderPayoutMatched,
  ReconciliationCompleted,
  ReconciliationFailed,
  ReconciliationStarted,
  ReconciliationTermsEvent,
  TopUpEvent,
} from '@tongbao/contracts';
import type { DomainEvent, StoredEvent } from '@tongbao/event-store';

/** Tells the events of a contract by their types; a type that this release does not know is passed over, as a newer one may have written it. */
const isOneOf =
  <E extends DomainEvent>(types: Record<E['type'], true>) =>
  (stored: StoredEvent): stored is StoredEvent<E> =>
    Object.hasOwn(types, stored.event.type);

/** Events of a `reconciliation-bill_<billId>` stream. */
export type BillEvent = BillReceived | BillImported | BillAccepted;

/** Events of a `reconciliation-run_<provider>_<day>` stream. */
export type RunEvent = ReconciliationStarted | LinesCarried | ReconciliationCompleted | ReconciliationFailed;

export type FeeEvent = ProviderFeeBilled | ProviderFeeReturned;

export const isTermsFact = isOneOf<ReconciliationTermsEvent>({
  ReconciliationTermsProposed: true,
  ReconciliationTermsRejected: true,
  ReconciliationTermsSet: true,
});

export const isBillFact = isOneOf<BillEvent>({ BillReceived: true, BillImported: true, BillAccepted: true });

export const isRunFact = isOneOf<RunEvent>({
  ReconciliationStarted: true,
  LinesCarried: true,
  ReconciliationCompleted: true,
  ReconciliationFailed: true,
});

export const isFeeFact = isOneOf<FeeEvent>({ ProviderFeeBilled: true, ProviderFeeReturned: true });

export const isPayoutMatchFact = isOneOf<ProviderPayoutMatched>({ ProviderPayoutMatched: true });

export const isBreakFact = isOneOf<BreakEvent>({
  BreakFound: true,
  BreakChanged: true,
  BreakExplained: true,
  BreakAssigned: true,
  BreakCommented: true,
  BreakResolved: true,
  BreakCorrectionProposed: true,
  BreakCorrectionRejected: true,
  BreakCorrected: true,
});

export const isBankLineFact = isOneOf<BankLineRecorded>({ BankLineRecorded: true });

export const isExplanationFact = isOneOf<BankLineExplanationEvent>({
  BankLineExplanationProposed: true,
  BankLineExplanationRejected: true,
  BankLineExplained: true,
  BankLineClaimed: true,
});

/** A line that came in for nobody known was found to be a party's prefunded money. */
export const isAssignedDeposit = isOneOf<Extract<DepositEvent, { type: 'LiquidityAssigned' }>>({ LiquidityAssigned: true });

/** The facts that say what we believe of money at providers. */
export type MoneyAtProvider = Extract<
  PaymentEvent | TopUpEvent,
  {
    type:
      | 'PaymentCaptured'
      | 'CaptureConflicted'
      | 'LateCaptureFound'
      | 'LateCaptureRefunded'
      | 'RefundRequested'
      | 'RefundDeclined'
      | 'PaymentRefunded'
      | 'DisputeOpened'
      | 'DisputeClosed'
      | 'TopUpCaptured'
      | 'TopUpConflicted';
  }
>;

export const isMoneyAtProvider = isOneOf<MoneyAtProvider>({
  PaymentCaptured: true,
  CaptureConflicted: true,
  LateCaptureFound: true,
  LateCaptureRefunded: true,
  RefundRequested: true,
  RefundDeclined: true,
  PaymentRefunded: true,
  DisputeOpened: true,
  DisputeClosed: true,
  TopUpCaptured: true,
  TopUpConflicted: true,
});
