import type { AccountName, AmountMinor, Code, Count, CurrencyCode, HubId, Timestamp } from '../values.js';
import type { AccountRoute } from './payee-account.js';

/**
 * Facts of a `withdrawal-<withdrawalId>` stream: money leaves by the bank from an account that is no party's position. A wallet is withdrawn,
 * prefunded liquidity goes back, the hub's fees are swept. Otherwise as a payout. Written by settlement; folded by ledger.
 */
export type WithdrawalEvent =
  | WithdrawalRequested
  | WithdrawalHeld
  | WithdrawalRefused
  | WithdrawalApproved
  | WithdrawalAwaitingFunds
  | WithdrawalAwaitingAccount
  | WithdrawalInstructed
  | WithdrawalConfirmed
  | WithdrawalFailed
  | WithdrawalReturned
  | WithdrawalCancelled
  | WithdrawalLineRefused;

interface WithdrawalReference {
  withdrawalId: HubId;
  /** `user:<id>:wallet`, `liquidity:<party>` or `hub:fees`. */
  account: AccountName;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  bank: string;
  /** `platform:<id>` or `operator:<name>`. */
  requestedBy?: string;
}

/** Asked for; written again when it is asked again after a refusal or a failure. */
export interface WithdrawalRequested extends WithdrawalReference {
  type: 'WithdrawalRequested';
  accountNumber: string;
  holder: string;
  route?: AccountRoute;
  /** The hold that the ledger is asked for; another one each time it is asked again. */
  holdId: HubId;
  requestedBy: string;
  requestedAt: Timestamp;
}

/** The ledger holds the amount for this withdrawal. */
export interface WithdrawalHeld extends WithdrawalReference {
  type: 'WithdrawalHeld';
}

/** The ledger refused the hold: the funds do not suffice, or clients' money would not be covered. */
export interface WithdrawalRefused extends WithdrawalReference {
  type: 'WithdrawalRefused';
  code: Code;
}

/** Leave of another person than who asked, or of the settings (`automatic`). Nothing is instructed without it. */
export interface WithdrawalApproved extends WithdrawalReference {
  type: 'WithdrawalApproved';
  by: string;
}

/** Held and approved, and waiting for cash at the bank. */
export interface WithdrawalAwaitingFunds extends WithdrawalReference {
  type: 'WithdrawalAwaitingFunds';
}

/** Of liquidity: the account that it was asked for has been ended, and the party has no other one for the currency. */
export interface WithdrawalAwaitingAccount extends WithdrawalReference {
  type: 'WithdrawalAwaitingAccount';
}

/** The intent, before the call to the bank: account to transit, committing its hold. `attempt` counts instructions; the bank's key is `<withdrawalId>`. */
export interface WithdrawalInstructed extends WithdrawalReference {
  type: 'WithdrawalInstructed';
  attempt: Count;
  holdId?: HubId;
  accountNumber?: string;
  holder?: string;
  route?: AccountRoute;
}

/** A statement line equal in amount, currency and account: transit to bank. */
export interface WithdrawalConfirmed extends WithdrawalReference {
  type: 'WithdrawalConfirmed';
  lineId: string;
}

/** The bank refused it, or an operator says that it never will be carried out: transit to account. */
export interface WithdrawalFailed extends WithdrawalReference {
  type: 'WithdrawalFailed';
  code: Code;
  /** Of an operator's word: who gave it, and what it rests on. */
  by?: string;
  note?: string;
}

/** Came back after it was confirmed: bank to account. */
export interface WithdrawalReturned extends WithdrawalReference {
  type: 'WithdrawalReturned';
  lineId: string;
}

/** Given up before the bank was told, or after it has refused. */
export interface WithdrawalCancelled extends WithdrawalReference {
  type: 'WithdrawalCancelled';
  by: string;
  reason: string;
  /** The hold that this voids. */
  holdId?: HubId;
}

/**
 * A line of the statement named it and was not what it should be, so the line waits in hub:suspense. The bank may have moved the money all the same: it is
 * neither asked for again nor instructed before somebody names the line.
 */
export interface WithdrawalLineRefused extends WithdrawalReference {
  type: 'WithdrawalLineRefused';
  lineId: string;
  /** `not_instructed`, `line_repeats`, `amount_differs` … */
  code: Code;
}
