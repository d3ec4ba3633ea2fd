import type { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import type { Clock, Follower } from '@tongbao/service';
import { BankStatementProcess } from '../src/bank-statement.process.js';
import { partiesOf } from '../src/bank.parties.js';
import type { Bank } from '../src/bank.js';
import { ModelRegistry } from '../src/model.registry.js';
import { PayoutCommands } from '../src/payout.commands.js';
import { payoutOrders, type PayoutOrders } from '../src/payout.orders.js';
import { PayoutProcess } from '../src/payout.process.js';
import { PayoutQueries } from '../src/payout.queries.js';
import type { SettlementQueries } from '../src/settlement.queries.js';
import { WithdrawalCommands } from '../src/withdrawal.commands.js';
import { withdrawalOrders, type WithdrawalOrders } from '../src/withdrawal.orders.js';

/** What works with the bank, as one start of the hub has it. */
export interface BankProcesses {
  payouts: PayoutProcess;
  payoutOrders: PayoutOrders;
  withdrawalOrders: WithdrawalOrders;
  payoutCommands: PayoutCommands;
  withdrawals: WithdrawalCommands;
  statement: BankStatementProcess;
}

export interface BankParts {
  store: EventStore;
  feed: LogFeed;
  sql: SqlClient;
  queries: SettlementQueries;
  projection: Follower;
  bank: Bank;
  clock: Clock;
  needProof: boolean;
}

/** A platform's withdrawals up to this need nobody's leave. */
export const automaticWithdrawalMinor = 500;

const bankTimeoutMs = 200;

export const accountsOf =
  (sql: SqlClient, clock: Clock): (() => ReturnType<PayoutQueries['accountsAt']>) =>
  () =>
    new PayoutQueries(sql).accountsAt(clock.now().toISOString());

export function bankProcesses({ store, feed, sql, queries, projection, bank, clock, needProof }: BankParts): BankProcesses {
  const waiting = new PayoutQueries(sql);
  const accounts = accountsOf(sql, clock);
  const ofPayouts = payoutOrders(store, clock, accounts);
  const ofWithdrawals = withdrawalOrders(store, clock, accounts);
  const orders = { payouts: ofPayouts, withdrawals: ofWithdrawals };
  const payouts = new PayoutProcess({ store, ...orders, orders: waiting, queries, projection, bank, bankTimeoutMs, needProof });
  const about = { bank: bank.name, currencies: ['USD', 'CNY', 'EUR'], automaticApprovalUpToMinor: automaticWithdrawalMinor };
  return {
    payouts,
    payoutOrders: ofPayouts,
    withdrawalOrders: ofWithdrawals,
    payoutCommands: new PayoutCommands({
      store,
      orders: ofPayouts,
      payouts,
      queries: waiting,
      models: new ModelRegistry(store, queries),
      bank: bank.name,
      clock,
    }),
    withdrawals: new WithdrawalCommands({ store, orders: ofWithdrawals, payouts, accounts, ...about, clock }),
    statement: new BankStatementProcess({ store, bank, ...orders, parties: partiesOf({ feed, queries: waiting, projection, clock }) }),
  };
}
