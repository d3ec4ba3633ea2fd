import type { PayoutEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import { BankOrders, type BankOrder } from './bank-order.js';
import type { PayeeAccounts } from './payee.accounts.js';
import { accountInstead } from './payee.ended.js';
import { decidePayout, type PayoutCommand, type PayoutRefusal } from './payout.decide.js';
import { payoutAccountOf, payoutFold, payoutStream, type PayoutState } from './payout.js';

/** Where parties are paid by now. */
export type AccountsInForce = () => Promise<PayeeAccounts>;

export type PayoutOrders = BankOrders<PayoutState, PayoutEvent, PayoutCommand, PayoutRefusal>;

/** Payouts and collections of settlements. */
export const payoutOrders = (store: EventStore, clock: Clock, accounts: AccountsInForce): PayoutOrders =>
  new BankOrders<PayoutState, PayoutEvent, PayoutCommand, PayoutRefusal>(store, clock, {
    streamOf: payoutStream,
    fold: payoutFold,
    decide: decidePayout,
    instruct: (means) => ({ type: 'InstructPayout', ...means }),
    orderOf,
    instead: async (state) => (state.status === 'none' ? {} : accountInstead(store, state.party, state, clock.now().toISOString())),
    accountOf: async (state) =>
      state.status === 'none' ? { accountNumber: '', holder: '' } : ((await accounts()).of(state.party, state.currency) ?? state),
  });

function orderOf(state: PayoutState): BankOrder | undefined {
  if (state.status === 'none') return undefined;
  const { payoutId: id, settlementId, direction, amountMinor, currency, asks, attempt, status } = state;
  const what = { key: id, attempt, direction, amountMinor, currency };
  return { id, status, asks, attempt, instruction: { ...what, ...payoutAccountOf(state), reference: `settlement ${settlementId}` } };
}
