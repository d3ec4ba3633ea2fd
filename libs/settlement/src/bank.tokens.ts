/** The bank that the hub pays through; see bank.providers.ts. */
export const BANK = Symbol('BANK');
/** What there is of it where it takes files, else nothing. */
export const FILE_BANK = Symbol('FILE_BANK');
export const PAYOUT_ORDERS = Symbol('PAYOUT_ORDERS');
export const WITHDRAWAL_ORDERS = Symbol('WITHDRAWAL_ORDERS');
/** Where parties are paid by now. */
export const ACCOUNTS_IN_FORCE = Symbol('ACCOUNTS_IN_FORCE');
