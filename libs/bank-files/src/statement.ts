import type { Money } from '@tongbao/money';
import type { AccountNumber, Coded } from './parties.js';
import type { FindingCode, Problem } from './problem.js';

/** What a camt.053 or camt.054 gives, in the order of the file: file, then each statement, its entries and what is found, and its end. */
export type StatementItem =
  | { readonly kind: 'file'; readonly file: StatementFile }
  | { readonly kind: 'statement'; readonly statement: StatementHeader }
  | { readonly kind: 'entry'; readonly entry: StatementEntry }
  | { readonly kind: 'problem'; readonly problem: Problem<FindingCode> }
  | { readonly kind: 'statement_end'; readonly end: StatementEnd };

export interface StatementFile {
  readonly message: 'camt.053.001.08' | 'camt.054.001.08';
  readonly messageId: string;
  /** As the bank writes it: with an offset, or in the bank's own time. So are all times here. */
  readonly createdAt: string;
  readonly page: Page | undefined;
}

export interface Page {
  readonly number: number;
  readonly isLast: boolean;
}

export interface StatementHeader {
  /** From 1, in the file. */
  readonly index: number;
  readonly line: number;
  readonly statementId: string;
  readonly account: AccountNumber;
  /** Of the account, or of its balances where the account has none; a notification may have neither. */
  readonly currency: string | undefined;
  readonly owner: string | undefined;
  /** Numbers without a gap, as the bank gives them out: by the bank's computer, and by law. Digits; they may be beyond the safe integers. */
  readonly electronicSequence: string | undefined;
  readonly legalSequence: string | undefined;
  /** Of the statement, else of the file. */
  readonly page: Page | undefined;
  readonly createdAt: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** `DUPL` a duplicate, `COPY` a copy, `CODU` a copy of a duplicate: none of them is news. */
  readonly copy: 'DUPL' | 'COPY' | 'CODU' | undefined;
  readonly balances: readonly StatementBalance[];
  readonly opening: StatementBalance | undefined;
  readonly closing: StatementBalance | undefined;
}

export interface StatementBalance {
  /** `OPBD`, `CLBD`, `PRCD`, `ITBD`, `CLAV` … */
  readonly type: Coded;
  /** `INTM`: of a page that is not the first, or not the last. */
  readonly subType: Coded | undefined;
  /** Negative: an overdraft. */
  readonly amountMinor: number;
  readonly currency: string;
  /** YYYY-MM-DD */
  readonly on: string;
  readonly line: number;
}

export type Direction = 'credit' | 'debit';

/** A line of the statement. An entry that was booked as a batch has the transactions in `details`. */
export interface StatementEntry {
  /** From 1, in its statement. */
  readonly index: number;
  readonly line: number;
  readonly reference: string | undefined;
  /** Not negative; `direction` says which way it went. */
  readonly amountMinor: number;
  readonly currency: string;
  /** `credit`: it came in. A reversal too has the direction in which the money goes now. */
  readonly direction: Direction;
  /** It takes back an earlier entry, of the other direction. */
  readonly isReversal: boolean;
  readonly status: Coded;
  /** Its status is BOOK: only then has money moved. PDNG and others may never come to be. */
  readonly isBooked: boolean;
  readonly booked: EntryDate | undefined;
  readonly value: EntryDate | undefined;
  readonly servicerReference: string | undefined;
  readonly transactionCode: TransactionCode;
  readonly charges: Charges | undefined;
  readonly batches: readonly Batch[];
  readonly details: readonly EntryDetail[];
  readonly information: string | undefined;
}

export interface EntryDate {
  /** YYYY-MM-DD, as the bank says: no other time zone is applied. */
  readonly on: string;
  /** With a time, where the bank gives one. */
  readonly at: string | undefined;
}

/** ISO's domain, family and sub-family (`PMNT`, `RCDT`, `ESCT`), the bank's own code, or both. */
export interface TransactionCode {
  readonly domain: string | undefined;
  readonly family: string | undefined;
  readonly subFamily: string | undefined;
  readonly proprietary: string | undefined;
  readonly issuer: string | undefined;
}

export interface Charges {
  readonly total: Money | undefined;
  readonly records: readonly Charge[];
}

export interface Charge {
  readonly amountMinor: number;
  readonly currency: string;
  /** The bank takes (`debit`) or gives back; `undefined`: not said. */
  readonly direction: Direction | undefined;
  /** It is in the entry's amount. */
  readonly isIncluded: boolean | undefined;
  readonly type: Coded | undefined;
  /** `DEBT`, `CRED`, `SHAR`, `SLEV` */
  readonly bearer: string | undefined;
}

export interface Batch {
  readonly messageId: string | undefined;
  readonly paymentInformationId: string | undefined;
  readonly transactions: number | undefined;
  readonly total: Money | undefined;
  readonly direction: Direction | undefined;
}

/** One transaction of an entry. */
export interface EntryDetail {
  readonly line: number;
  readonly references: References;
  /** In the entry's currency; `undefined`: the bank gives none in it. */
  readonly amountMinor: number | undefined;
  readonly direction: Direction | undefined;
  /** What was instructed, where it differs or the bank repeats it; it may be in another currency. */
  readonly instructed: Money | undefined;
  readonly transactionCode: TransactionCode | undefined;
  readonly charges: Charges | undefined;
  readonly debtor: Counterparty;
  readonly creditor: Counterparty;
  /** Lines of free text. */
  readonly remittance: readonly string[];
  readonly creditorReference: string | undefined;
  readonly purpose: Coded | undefined;
  readonly returned: Return | undefined;
  readonly information: string | undefined;
}

export interface References {
  readonly messageId: string | undefined;
  readonly servicerReference: string | undefined;
  readonly paymentInformationId: string | undefined;
  readonly instructionId: string | undefined;
  /** As it is written: `NOTPROVIDED` where the payer gave none. */
  readonly endToEndId: string | undefined;
  readonly uetr: string | undefined;
  readonly transactionId: string | undefined;
  readonly mandateId: string | undefined;
  readonly clearingSystemReference: string | undefined;
}

export interface Counterparty {
  readonly name: string | undefined;
  readonly account: AccountNumber | undefined;
  readonly bic: string | undefined;
}

/** Why money comes back. */
export interface Return {
  readonly reason: Coded | undefined;
  readonly information: readonly string[];
}

export interface StatementEnd {
  readonly statementId: string;
  readonly entries: number;
  readonly bookedEntries: number;
  /** Of booked entries: credits less debits. `undefined`: the account says no currency, and entries may be in several. */
  readonly netMinor: bigint | undefined;
  /** How many problems were given since the statement began: 0 means that it agrees with itself and is new. */
  readonly problems: number;
}
