import type { AccountName, AmountMinor, Code, Count, CurrencyCode, HubId } from '../values.js';

/**
 * Facts of a `withdrawal-<withdrawalId>` stream: money leaves by the bank from an account that is no party's position. A wallet is withdrawn,
 * prefunded liquidity goes back, the hub's fees are swept. Otherwise as a payout. Written by settlement; folded by ledger.
 */
export type WithdrawalEvent = WithdrawalInstructed | WithdrawalConfirmed | WithdrawalFailed | WithdrawalReturned;

interface WithdrawalReference {
  withdrawalId: HubId;
  /** `user:<id>:wallet`, `liquidity:<party>` or `hub:fees`. */
  account: AccountName;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  bank: string;
}

/** The intent, before the call to the bank: account to transit, committing its hold. `attempt` counts instructions. */
export interface WithdrawalInstructed extends WithdrawalReference {
  type: 'WithdrawalInstructed';
  attempt: Count;
  holdId?: HubId;
}

/** A statement line equal in amount, currency and account: transit to bank. */
export interface WithdrawalConfirmed extends WithdrawalReference {
  type: 'WithdrawalConfirmed';
  lineId: string;
}

/** The bank refused it: transit to account. */
export interface WithdrawalFailed extends WithdrawalReference {
  type: 'WithdrawalFailed';
  code: Code;
}

/** Came back after it was confirmed: bank to account. */
export interface WithdrawalReturned extends WithdrawalReference {
  type: 'WithdrawalReturned';
  lineId: string;
}
