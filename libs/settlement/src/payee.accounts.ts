import type { PayeeAccount } from '@tongbao/contracts';
import { payoutAccountOf, type PayoutAccount } from './payout.js';
import type { RowOf } from './settlement.rows.js';

/** What stands for the currency of an account that serves all those that have none of their own. */
export const anyCurrency = '';

/** Where parties are paid at a time. */
export class PayeeAccounts {
  readonly #accounts = new Map<string, PayoutAccount>();

  /** @param at ISO 8601 in UTC */
  constructor(rows: readonly RowOf<'payeeAccounts'>[], at: string) {
    for (const row of rows) {
      const account = accountInForce(row, at);
      if (account) this.#accounts.set(keyOf(row.party, row.currency), toPayoutAccount(account));
    }
  }

  /** The party's account of the currency, or the one that serves all that have none of their own; none that waits for its approval or still cools. */
  of(party: string, currency: string): PayoutAccount | undefined {
    return this.#accounts.get(keyOf(party, currency)) ?? this.#accounts.get(keyOf(party, anyCurrency));
  }
}

const keyOf = (party: string, currency: string): string => `${currency} ${party}`;

/** Null while nothing that was approved is in force. */
export const accountInForce = ({ account, next }: Pick<RowOf<'payeeAccounts'>, 'account' | 'next'>, at: string): PayeeAccount | null =>
  next && next.inForceAt <= at ? next.account : account;

/** An account as a payout goes to it. */
export function toPayoutAccount({ accountNumber, holder, bic, clearing, mandate }: PayeeAccount): PayoutAccount {
  const route = { ...(bic !== undefined && { bic }), ...(clearing && { clearing }), ...(mandate && { mandate }) };
  return payoutAccountOf({ accountNumber, holder, ...(Object.keys(route).length > 0 && { route }) });
}
