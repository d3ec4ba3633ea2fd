import type { Money } from '@tongbao/money';
import type { Coded } from './parties.js';

/**
 * What a pain.002 gives, in the order of the file: the report, the group (the whole file that was sent), each of its payment blocks, and their transactions.
 * A level without a status says nothing itself; a status of a higher level holds for what the lower ones do not name.
 */
export type PaymentStatusItem =
  | { readonly kind: 'report'; readonly report: StatusReport }
  | { readonly kind: 'group'; readonly group: GroupStatus }
  | { readonly kind: 'payment'; readonly payment: PaymentBlockStatus }
  | { readonly kind: 'transaction'; readonly transaction: TransactionStatus };

export interface StatusReport {
  readonly messageId: string;
  readonly createdAt: string;
}

export interface GroupStatus {
  readonly line: number;
  readonly originalMessageId: string;
  /** `pain.001.001.09`, as the bank writes it. */
  readonly originalMessageName: string;
  readonly originalTransactions: number | undefined;
  readonly originalControlSum: string | undefined;
  readonly status: string | undefined;
  readonly reasons: readonly StatusReason[];
  readonly counts: readonly StatusCount[];
}

export interface PaymentBlockStatus {
  readonly line: number;
  readonly originalPaymentInformationId: string;
  readonly originalTransactions: number | undefined;
  readonly originalControlSum: string | undefined;
  readonly status: string | undefined;
  readonly reasons: readonly StatusReason[];
  readonly counts: readonly StatusCount[];
}

export interface TransactionStatus {
  readonly line: number;
  readonly originalPaymentInformationId: string;
  readonly statusId: string | undefined;
  readonly originalInstructionId: string | undefined;
  readonly originalEndToEndId: string | undefined;
  readonly originalUetr: string | undefined;
  readonly status: string | undefined;
  readonly reasons: readonly StatusReason[];
  readonly charges: readonly Money[];
  readonly acceptedAt: string | undefined;
  readonly servicerReference: string | undefined;
  readonly clearingSystemReference: string | undefined;
  /** The amount that was instructed, where the bank repeats it. */
  readonly originalAmount: Money | undefined;
}

export interface StatusReason {
  /** A code of ISO's external list of status reasons (`AC04` closed account), or the bank's own. */
  readonly reason: Coded | undefined;
  readonly originator: string | undefined;
  readonly information: readonly string[];
}

export interface StatusCount {
  readonly status: string;
  readonly transactions: number;
  readonly controlSum: string | undefined;
}

/**
 * What a status says of the money. Accepted is not paid: only a statement line says that.
 * `rejected`: nothing moves. `accepted`: the bank has taken it, it may still be rejected. `settled`: the bank says that it has moved. `partly`: the lower
 * levels say which. `unknown`: a code that ISO has not listed, or that says neither.
 */
export type StatusMeaning = 'rejected' | 'accepted' | 'settled' | 'partly' | 'unknown';

const meanings: ReadonlyMap<string, StatusMeaning> = new Map([
  ['RJCT', 'rejected'],
  ['CANC', 'rejected'],
  ['BLCK', 'rejected'],
  ['RCVD', 'accepted'],
  ['PDNG', 'accepted'],
  ['ACTC', 'accepted'],
  ['ACCP', 'accepted'],
  ['ACFC', 'accepted'],
  ['ACWC', 'accepted'],
  ['ACWP', 'accepted'],
  ['ACSP', 'accepted'],
  ['PATC', 'accepted'],
  ['ACPD', 'accepted'],
  ['ACIS', 'accepted'],
  ['ACSC', 'settled'],
  ['ACCC', 'settled'],
  ['PART', 'partly'],
]);

export const meaningOf = (status: string): StatusMeaning => meanings.get(status) ?? 'unknown';
