import type { CalendarDay } from './calendar.js';

/** What else a bank must know to pay to, or to debit, an account. */
export interface AccountRoute {
  /** BIC of the account's bank, where the number of the account does not say it. */
  bic?: string;
  /** The account's bank by its number in a clearing system. */
  clearing?: ClearingMember;
  /** The holder's consent to be debited; without one nothing is collected by file. */
  mandate?: DebitMandate;
}

export interface ClearingMember {
  memberId: string;
  /** Code of ISO's list, such as `CNAPS` or `USABA`. */
  system?: string;
}

export interface DebitMandate {
  mandateId: string;
  signedOn: CalendarDay;
}

/** A bank account that a party names for itself. */
export interface PayeeAccount extends AccountRoute {
  bank: string;
  accountNumber: string;
  holder: string;
}
