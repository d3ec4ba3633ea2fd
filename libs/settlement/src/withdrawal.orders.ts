import type { WithdrawalEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import { BankOrders, type BankOrder } from './bank-order.js';
import type { AccountsInForce } from './payout.orders.js';
import { accountInstead } from './payee.ended.js';
import { payoutAccountOf } from './payout.js';
import { decideWithdrawal, type WithdrawalCommand, type WithdrawalRefusal } from './withdrawal.decide.js';
import { withdrawalFold, withdrawalStream, type WithdrawalState } from './withdrawal.js';

const liquidityPrefix = 'liquidity:';

/** The party whose prefunded money an account holds. */
export const fundedParty = (account: string): string | undefined =>
  account.startsWith(liquidityPrefix) ? account.slice(liquidityPrefix.length) : undefined;

export type WithdrawalOrders = BankOrders<WithdrawalState, WithdrawalEvent, WithdrawalCommand, WithdrawalRefusal>;

/** Withdrawals of wallets and of prefunded liquidity, and sweeps of the hub's fees. */
export const withdrawalOrders = (store: EventStore, clock: Clock, accounts: AccountsInForce): WithdrawalOrders =>
  new BankOrders<WithdrawalState, WithdrawalEvent, WithdrawalCommand, WithdrawalRefusal>(store, clock, {
    streamOf: withdrawalStream,
    fold: withdrawalFold,
    decide: decideWithdrawal,
    instruct: ({ availableMinor, account }) => ({ type: 'InstructWithdrawal', availableMinor, ...(account !== undefined && { account }) }),
    instead: async (state) => {
      const party = state.status === 'none' ? undefined : fundedParty(state.account);
      return state.status === 'none' || party === undefined ? {} : accountInstead(store, party, state, clock.now().toISOString());
    },
    orderOf,
    accountOf: async (state) => {
      if (state.status === 'none') return { accountNumber: '', holder: '' };
      // Liquidity goes back to where its party is paid in that currency by now; the others name an account of their own.
      const party = fundedParty(state.account);
      return (party === undefined ? undefined : (await accounts()).of(party, state.currency)) ?? state;
    },
  });

function orderOf(state: WithdrawalState): BankOrder | undefined {
  if (state.status === 'none') return undefined;
  const { withdrawalId: id, amountMinor, currency, asks, attempt, status } = state;
  const what = { key: id, attempt, direction: 'payout' as const, amountMinor, currency };
  return { id, status, asks, attempt, instruction: { ...what, ...payoutAccountOf(state), reference: `withdrawal ${id}` } };
}
