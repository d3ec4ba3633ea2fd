/** What the finance part is told of the hub; see FinanceModule. */
export interface FinanceOptions {
  /** Days, weeks and months are those of this time zone, where a question names no other. */
  timeZone: string;
  /** Who keeps the accounts, as statements name it. */
  hubName: string;
}

export const FINANCE_OPTIONS = Symbol('FINANCE_OPTIONS');
