import type {
  AccountName,
  AmountMinor,
  Code,
  Count,
  CurrencyCode,
  HubId,
  LogPosition,
  Minor,
  PaymentId,
  ProviderName,
  Timestamp,
} from '../values.js';
import type { Transfer } from './transfer.js';

/**
 * Facts of `reconciliation-…` streams, written by settlement. Folded by ledger: BankLineRecorded, BankLineExplained, BreakCorrected, ProviderFeeBilled and
 * ProviderFeeReturned; the others move no money.
 */
export type ReconciliationEvent =
  | BankLineRecorded
  | ProviderFeeBilled
  | ProviderFeeReturned
  | ReconciliationTermsProposed
  | ReconciliationTermsRejected
  | ReconciliationTermsSet
  | BillReceived
  | BillImported
  | BillAccepted
  | ReconciliationStarted
  | LinesCarried
  | ReconciliationCompleted
  | ReconciliationFailed
  | ProviderPayoutMatched
  | BreakFound
  | BreakChanged
  | BreakExplained
  | BreakAssigned
  | BreakCommented
  | BreakResolved
  | BreakCorrectionProposed
  | BreakCorrectionRejected
  | BreakCorrected
  | BankLineExplanationProposed
  | BankLineExplanationRejected
  | BankLineExplained
  | BankLineClaimed;

/** On `reconciliation-bank_<name>`: the lines of our bank statements, in their order. */
export interface BankLineRecorded {
  type: 'BankLineRecorded';
  bank: string;
  lineId: string;
  /** Running number of the line in the bank's statement. */
  sequence: Count;
  /** Positive: came in; negative: went out. */
  amountMinor: Minor;
  currency: CurrencyCode;
  reference: string;
  /** The other side's, as far as the bank says. */
  accountNumber?: string;
  /** The payout, withdrawal or collection that the line says it is of, whether that holds or not. */
  key?: string;
  match: BankLineMatch;
  bookedAt: Timestamp;
}

interface ProviderBillLine {
  provider: ProviderName;
  billId: string;
  /** Names the line in the bill. */
  lineId: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  /** Absent where the provider bills it for no one payment. */
  paymentId?: PaymentId;
  billedAt: Timestamp;
}

/** On `reconciliation-<provider>`: what the provider kept for its work, by its bill. hub:provider-fees to provider. */
export interface ProviderFeeBilled extends ProviderBillLine {
  type: 'ProviderFeeBilled';
}

/** On `reconciliation-<provider>`: what it gave back of its fee, on a refund. Provider to hub:provider-fees. */
export interface ProviderFeeReturned extends ProviderBillLine {
  type: 'ProviderFeeReturned';
}

/**
 * `payout`: posted by the own fact of a payout, a withdrawal or a deposit of liquidity, the line moves nothing more. `provider_payout`: bank to provider. `bank_fee`: hub:bank-fees to bank.
 * `unmatched`: bank to hub:suspense (money in), hub:suspense to bank (money out), until an operator explains it.
 */
export type BankLineMatch =
  | { kind: 'payout'; payoutId: HubId }
  | { kind: 'provider_payout'; provider: ProviderName }
  | { kind: 'bank_fee' }
  | { kind: 'unmatched'; reason: string };

/**
 * Day of a bill, by the provider's clock.
 *
 * @pattern ^\d{4}-\d{2}-\d{2}$
 */
export type BillDay = string;

/** What payers paid and got back; or what moved in our account at the provider. */
export type BillKind = 'trade' | 'fund';

/** What is compared: our events, and the bills that there are. */
export type ReconciliationSide = 'events' | BillKind;

/** How a provider's bills are read and compared. */
export interface ReconciliationTerms {
  /** Whose form the bills have. */
  format: 'alipay' | 'wechat' | 'stripe';
  /** IANA name of the provider's clock. */
  timeZone: string;
  /**
   * When the provider's day begins, by its clock.
   *
   * @pattern ^([01]\d|2[0-3]):[0-5]\d$
   */
  dayBegins: string;
  /** The bills that a day is complete with. */
  bills: BillKind[];
  /** The bill whose fees are posted to the books. */
  feesFrom: BillKind;
  /** Our account there; where it is named, a bill of another one is refused. */
  account?: string;
  /** How far from the cut of a day a movement may stand in the bill of the other day. */
  cutToleranceMs: Count;
  /** How long a payout of the provider may take to our bank. */
  payoutDays: Count;
  /** A run that finds more breaks than this fails: most likely the bill is of another day or account. */
  maxBreaks: Count;
  currencies: CurrencyTerms[];
}

/** Differences of at most so much are no breaks. */
export interface CurrencyTerms {
  currency: CurrencyCode;
  amountToleranceMinor: AmountMinor;
  feeToleranceMinor: AmountMinor;
  /** What the provider takes of a payment, where agreements do not say it. */
  fee?: FeeTerms;
}

export interface FeeTerms {
  /**
   * Ten-thousandths of the amount, rounded half up.
   *
   * @maximum 10000
   */
  basisPoints: Count;
  fixedMinor: AmountMinor;
}

/** Facts of a `reconciliation-terms_<provider>` stream. */
export type ReconciliationTermsEvent = ReconciliationTermsProposed | ReconciliationTermsRejected | ReconciliationTermsSet;

/** The whole terms, as somebody wants them. They count once another person has approved them by this name. */
export interface ReconciliationTermsProposed extends ReconciliationTerms {
  type: 'ReconciliationTermsProposed';
  provider: ProviderName;
  proposalId: HubId;
  by: string;
  proposedAt: Timestamp;
}

export interface ReconciliationTermsRejected {
  type: 'ReconciliationTermsRejected';
  provider: ProviderName;
  proposalId: HubId;
  note: string;
  by: string;
  rejectedAt: Timestamp;
}

/** The whole terms; each version takes the place of the one before. */
export interface ReconciliationTermsSet extends ReconciliationTerms {
  type: 'ReconciliationTermsSet';
  provider: ProviderName;
  version: Count;
  /** Who proposed them. */
  by: string;
  /** Absent from before it took two people. */
  approvedBy?: string;
  setAt: Timestamp;
}

interface BillReference {
  billId: HubId;
  provider: ProviderName;
  bill: BillKind;
  day: BillDay;
}

/** First on `reconciliation-bill_<billId>`: the file is kept. The same content for the same day is the same bill. */
export interface BillReceived extends BillReference {
  type: 'BillReceived';
  /** What the day covers: `from` (inclusive) to `to` (exclusive). */
  from: Timestamp;
  to: Timestamp;
  /** Of the file, in hex. */
  sha256: string;
  bytes: Count;
  /** The bill is of this payout, and not of a day's activity: its sum is checked, its lines are not compared with events. */
  payout?: { payoutId: string; amountMinor: AmountMinor; currency: CurrencyCode };
  by: string;
  receivedAt: Timestamp;
}

/** The bill was read to its end. */
export interface BillImported extends BillReference {
  type: 'BillImported';
  /** It is used: its totals are those of its rows (where the provider states some), and no line has a problem. */
  fit: boolean;
  /** It states totals, and they are those of its rows. */
  verified: boolean;
  rows: Count;
  lines: Count;
  problemCount: Count;
  /** The first hundred. */
  problems: BillFault[];
  sums: BillSum[];
  account?: string;
  /** What the provider paid out to our bank, by this bill. */
  payouts: ProviderPayout[];
  importedAt: Timestamp;
}

export interface BillFault {
  code: Code;
  message: string;
  file?: string;
  line?: Count;
  field?: string;
  value?: string;
}

/** Of the lines of a bill, as our money at the provider changes. */
export interface BillSum {
  currency: CurrencyCode;
  lines: Count;
  amountMinor: Minor;
  feeMinor: Minor;
}

export interface ProviderPayout {
  providerRef: string;
  /** Positive: to our bank. */
  amountMinor: Minor;
  currency: CurrencyCode;
  paidAt: Timestamp;
}

/** Somebody else than who gave it wants it used as it is, problems and all. */
export interface BillAccepted extends BillReference {
  type: 'BillAccepted';
  by: string;
  note: string;
  acceptedAt: Timestamp;
}

interface RunReference {
  runId: HubId;
  provider: ProviderName;
  day: BillDay;
}

/** On `reconciliation-run_<provider>_<day>`: what this run compares. Run again after a crash, it compares the same. */
export interface ReconciliationStarted extends RunReference {
  type: 'ReconciliationStarted';
  /** Of the day's runs, from 1. */
  number: Count;
  from: Timestamp;
  to: Timestamp;
  bills: { bill: BillKind; billId: HubId }[];
  terms: ReconciliationTerms;
  /** The run of the day before, whose carried lines it takes. */
  previousRunId?: HubId;
  /** Events of this span of the log are looked at. */
  afterPosition: LogPosition;
  throughPosition: LogPosition;
  requestedBy: string;
  startedAt: Timestamp;
}

/** A movement as one side has it. Amounts are signed as our money at the provider changes. */
export interface BilledMovementFact {
  kind: 'payment' | 'refund' | 'fee' | 'payout' | 'dispute' | 'adjustment';
  ourKey?: string;
  providerRef?: string;
  paymentKey?: string;
  amountMinor: Minor;
  /** Positive: the provider took it; negative: it gave it back. Absent: not known. */
  feeMinor?: Minor;
  settledMinor?: Minor;
  feeOf?: 'payment' | 'refund';
  currency: CurrencyCode;
  at: Timestamp;
  status: 'succeeded' | 'pending' | 'failed';
}

/** Lines close to the cut that the bill of the next day may have, from number `first` on; written before the run's completion. */
export interface LinesCarried extends RunReference {
  type: 'LinesCarried';
  first: Count;
  lines: { side: ReconciliationSide; movement: BilledMovementFact }[];
}

export interface ReconciliationCompleted extends RunReference {
  type: 'ReconciliationCompleted';
  report: ReconciliationReport;
  /** How many lines were carried; those that are numbered higher are of a try that was killed. */
  carried: Count;
  /** Of the carried lines: whether a later run of the day carries the same. */
  carriedDigest: string;
  completedAt: Timestamp;
}

/** Nothing of it counts. Another bill, or an operator, starts the next one. */
export interface ReconciliationFailed extends RunReference {
  type: 'ReconciliationFailed';
  code: Code;
  detail: string;
  failedAt: Timestamp;
}

/** What a run came to. Lines include those that were carried to it and those of breaks that were open. */
export interface ReconciliationReport {
  /** Movements that all sides have. */
  matched: Count;
  /** Lines by what became of them. */
  lines: { side: ReconciliationSide; matched: Count; broken: Count; carried: Count; void: Count }[];
  totals: { side: ReconciliationSide; currency: CurrencyCode; lines: Count; amountMinor: Minor; feeMinor: Minor }[];
  /** Where the difference of a bill's total from ours comes from: the parts sum to the whole. */
  differences: {
    side: BillKind;
    currency: CurrencyCode;
    total: AmountPair;
    breaks: AmountPair;
    carried: AmountPair;
    tolerated: AmountPair;
  }[];
  breaks: { kind: BreakKind; found: Count; known: Count }[];
  /** Breaks of before that this run explains. */
  explained: Count;
  /** Lines that were given to it besides the day's: carried from the day before, and of breaks that were open. */
  takenIn: { carried: Count; open: Count };
  /** What the books were told of fees by this run. */
  fees: { currency: CurrencyCode; billed: Count; billedMinor: AmountMinor; returned: Count; returnedMinor: AmountMinor }[];
}

export interface AmountPair {
  amountMinor: Minor;
  feeMinor: Minor;
}

/** On `reconciliation-payouts_<provider>`: what the provider paid out by its bill is this line of our bank statement. */
export interface ProviderPayoutMatched extends ProviderPayout {
  type: 'ProviderPayoutMatched';
  provider: ProviderName;
  bank: string;
  lineId: string;
  matchedAt: Timestamp;
}

export type BreakKind = 'missing_at_provider' | 'missing_here' | 'amount_differs' | 'status_differs' | 'fee_differs' | 'duplicate';

/** Facts of a `reconciliation-break_<breakId>` stream. */
export type BreakEvent =
  | BreakFound
  | BreakChanged
  | BreakExplained
  | BreakAssigned
  | BreakCommented
  | BreakResolved
  | BreakCorrectionProposed
  | BreakCorrectionRejected
  | BreakCorrected;

/** What one side says of a movement. */
export interface SideStatement {
  side: ReconciliationSide;
  amountMinor: Minor;
  feeMinor?: Minor;
  currency: CurrencyCode;
  status: string;
  at: Timestamp;
  providerRef?: string;
  ourKey?: string;
  /** In the bill's file. */
  line?: Count;
  file?: string;
}

interface BreakContent {
  breakId: HubId;
  /** The run that found it so. */
  runId: HubId;
  provider: ProviderName;
  day: BillDay;
  kind: BreakKind;
  /** Names the movement: the same one has the same subject in every run. */
  subject: string;
  movement: BilledMovementFact['kind'];
  ourKey?: string;
  providerRef?: string;
  paymentKey?: string;
  paymentId?: PaymentId;
  /** Of what is missing: the sides that lack it. Of other breaks: the sides that differ, or have it twice. */
  on: ReconciliationSide[];
  says: SideStatement[];
  /** Of a duplicate: how many more than one, and the first ten. */
  extra?: { count: Count; lines: SideStatement[] };
  /** Bill less events, for each bill. */
  differences: { side: BillKind; currency: CurrencyCode; amountMinor: Minor; feeMinor: Minor }[];
  /** When the movement was, by whoever has it. */
  occurredAt: Timestamp;
}

/** First of a break; again where one that was settled is found again otherwise, or that was taken for explained. */
export interface BreakFound extends BreakContent {
  type: 'BreakFound';
  foundAt: Timestamp;
}

/** A later run finds it otherwise; it is still open. */
export interface BreakChanged extends BreakContent {
  type: 'BreakChanged';
  foundAt: Timestamp;
}

interface BreakReference {
  breakId: HubId;
}

/** A later bill or event has what was missing, or another bill of the day says otherwise. */
export interface BreakExplained extends BreakReference {
  type: 'BreakExplained';
  runId: HubId;
  day: BillDay;
  explainedAt: Timestamp;
}

export interface BreakAssigned extends BreakReference {
  type: 'BreakAssigned';
  /** Whose it is now. */
  owner: string;
  by: string;
  assignedAt: Timestamp;
}

export interface BreakCommented extends BreakReference {
  type: 'BreakCommented';
  text: string;
  by: string;
  commentedAt: Timestamp;
}

/** Nothing is to be posted for it; the note says why. */
export interface BreakResolved extends BreakReference {
  type: 'BreakResolved';
  note: string;
  by: string;
  resolvedAt: Timestamp;
}

interface Correction extends BreakReference {
  currency: CurrencyCode;
  transfers: Transfer[];
  note: string;
}

/** Waits for an approval that names it. Nothing is posted yet. */
export interface BreakCorrectionProposed extends Correction {
  type: 'BreakCorrectionProposed';
  /** Absent from before approvals named it: such a one took the place of an earlier proposal. */
  proposalId?: HubId;
  by: string;
  proposedAt: Timestamp;
}

export interface BreakCorrectionRejected extends BreakReference {
  type: 'BreakCorrectionRejected';
  note: string;
  by: string;
  rejectedAt: Timestamp;
}

/** Approved by somebody else than who proposed it: its transfers are posted, and the break is settled. */
export interface BreakCorrected extends Correction {
  type: 'BreakCorrected';
  proposedBy: string;
  by: string;
  correctedAt: Timestamp;
}

/**
 * Facts of a `reconciliation-line_<bank>_<lineId>` stream: what an unmatched line of our bank statement turned out to be. What takes the line out of hub:suspense is
 * decided here alone: an explanation by BankLineExplained, a party's prefunded money by BankLineClaimed before LiquidityAssigned.
 */
export type BankLineExplanationEvent = BankLineExplanationProposed | BankLineExplanationRejected | BankLineExplained | BankLineClaimed;

interface Explanation {
  bank: string;
  lineId: string;
  /** As on the statement: positive came in. */
  amountMinor: Minor;
  currency: CurrencyCode;
  /** Whose money it is, or what it was for. */
  account: AccountName;
  note: string;
}

/** Waits for an approval that names it. Nothing is posted yet. */
export interface BankLineExplanationProposed extends Explanation {
  type: 'BankLineExplanationProposed';
  /** Absent from before approvals named it: such a one took the place of an earlier proposal. */
  proposalId?: HubId;
  by: string;
  proposedAt: Timestamp;
}

export interface BankLineExplanationRejected {
  type: 'BankLineExplanationRejected';
  bank: string;
  lineId: string;
  note: string;
  by: string;
  rejectedAt: Timestamp;
}

/** Approved by somebody else than who proposed it. hub:suspense to the account (money in), the account to hub:suspense (money out). Counts in a party's net. */
export interface BankLineExplained extends Explanation {
  type: 'BankLineExplained';
  transfers: Transfer[];
  proposedBy: string;
  by: string;
  explainedAt: Timestamp;
}

/**
 * Somebody has approved that the line is a party's prefunded money: it cannot be explained any more, unless that proposal is rejected after all. Nothing is posted
 * by this; LiquidityAssigned on `deposit-<depositId>` follows.
 */
export interface BankLineClaimed {
  type: 'BankLineClaimed';
  bank: string;
  lineId: string;
  depositId: HubId;
  /** Of the LiquidityAssignmentProposed that was approved. */
  proposalId: HubId;
  by: string;
  claimedAt: Timestamp;
}
