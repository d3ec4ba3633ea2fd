import type { Provider } from '@nestjs/common';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  CLOCK,
  EVENT_STORE,
  HEALTH_CHECKS,
  HostedProjection,
  HUB_CONFIG,
  LEADERSHIP,
  leadershipOf,
  LOG_FEED,
  LOGGER,
  SQL,
  type Clock,
  type HealthCheck,
  type HubConfig,
  type Leadership,
} from '@tongbao/service';
import type { Logger } from 'pino';
import { BankFileCommands, type FileBankWork } from './bank-file.commands.js';
import { BankFileIntake } from './bank-file.intake.js';
import { BankFileQueries } from './bank-file.queries.js';
import { BankFileViews } from './bank-file.view.js';
import { BankService } from './bank.service.js';
import { BankStatementProcess } from './bank-statement.process.js';
import { partiesOf } from './bank.parties.js';
import type { Bank } from './bank.js';
import { ACCOUNTS_IN_FORCE, BANK, FILE_BANK, PAYOUT_ORDERS, WITHDRAWAL_ORDERS } from './bank.tokens.js';
import { FileBankFolder } from './file-bank.folder.js';
import { FileBank } from './file-bank.js';
import { FileBankProcess } from './file-bank.process.js';
import type { FileBankSettings } from './file-bank.settings.js';
import { ModelRegistry } from './model.registry.js';
import { payoutCheck } from './payout.check.js';
import { PayoutCommands } from './payout.commands.js';
import { PayoutMetrics } from './payout.metrics.js';
import { payoutOrders, type AccountsInForce, type PayoutOrders } from './payout.orders.js';
import { PayoutProcess } from './payout.process.js';
import { PayoutQueries } from './payout.queries.js';
import { PayoutRunProcess } from './payout-run.process.js';
import { PayoutViews } from './payout.view.js';
import { proofCheck } from './proof.check.js';
import { SettlementQueries } from './settlement.queries.js';
import { WithdrawalCommands } from './withdrawal.commands.js';
import { withdrawalOrders, type WithdrawalOrders } from './withdrawal.orders.js';

export interface BankOptions {
  /** The bank that the hub pays through, or what one is that takes files. */
  bank: Bank | FileBankSettings;
  /** How often the bank is asked for its statement; every second when left out. */
  bankPollMs?: number;
  /** How long the bank may take to answer; ten seconds when left out. */
  bankTimeoutMs?: number;
  /** Whether a payout waits until a checkpoint of the transparency log covers what it comes from. */
  payoutsNeedProof?: boolean;
}

/** What pays, collects, withdraws, and reads what the bank has booked. */
export const bankProviders = (options: BankOptions): Provider[] => [...reading, ...orders, ...banks(options), ...working(options)];

const reading: Provider[] = [
  PayoutMetrics,
  { provide: PayoutQueries, inject: [SQL], useFactory: (sql: SqlClient) => new PayoutQueries(sql) },
  { provide: PayoutViews, inject: [SQL], useFactory: (sql: SqlClient) => new PayoutViews(sql) },
  { provide: BankFileQueries, inject: [SQL], useFactory: (sql: SqlClient) => new BankFileQueries(sql) },
  { provide: BankFileViews, inject: [SQL], useFactory: (sql: SqlClient) => new BankFileViews(sql) },
];

const orders: Provider[] = [
  {
    provide: ACCOUNTS_IN_FORCE,
    inject: [PayoutQueries, CLOCK],
    useFactory:
      (queries: PayoutQueries, clock: Clock): AccountsInForce =>
      () =>
        queries.accountsAt(clock.now().toISOString()),
  },
  {
    provide: PAYOUT_ORDERS,
    inject: [EVENT_STORE, CLOCK, ACCOUNTS_IN_FORCE],
    useFactory: (store: EventStore, clock: Clock, accounts: AccountsInForce) => payoutOrders(store, clock, accounts),
  },
  {
    provide: WITHDRAWAL_ORDERS,
    inject: [EVENT_STORE, CLOCK, ACCOUNTS_IN_FORCE],
    useFactory: (store: EventStore, clock: Clock, accounts: AccountsInForce) => withdrawalOrders(store, clock, accounts),
  },
];

const isSettings = (bank: Bank | FileBankSettings): bank is FileBankSettings => 'folder' in bank;

function banks({ bank }: BankOptions): Provider[] {
  return [
    {
      provide: FILE_BANK,
      inject: [EVENT_STORE, LOG_FEED, BankFileQueries, HostedProjection, CLOCK],
      useFactory: (store: EventStore, feed: LogFeed, queries: BankFileQueries, projection: HostedProjection, clock: Clock) => {
        if (!isSettings(bank)) return undefined;
        const folder = new FileBankFolder(bank.folder);
        const runs = new PayoutRunProcess({ store, feed, queries, projection, settings: bank, folder, clock });
        const { name, account } = bank;
        const intake = new BankFileIntake({ store, bank: name, account, ownFile: (messageId) => runs.ownFile(messageId), clock });
        return { bank: new FileBank({ store, queries, projection, settings: bank, clock }), folder, intake, runs };
      },
    },
    {
      provide: BANK,
      inject: [FILE_BANK],
      useFactory: (files: FileBankWork | undefined) => (isSettings(bank) ? files?.bank : bank),
    },
    {
      provide: BankFileCommands,
      inject: [FILE_BANK],
      useFactory: (files: FileBankWork | undefined) => new BankFileCommands(files),
    },
  ];
}

function working({ bankPollMs = 1_000, bankTimeoutMs = 10_000, payoutsNeedProof = false }: BankOptions): Provider[] {
  return [
    {
      provide: PayoutProcess,
      inject: [EVENT_STORE, PAYOUT_ORDERS, WITHDRAWAL_ORDERS, PayoutQueries, SettlementQueries, HostedProjection, BANK],
      useFactory: (
        store: EventStore,
        payouts: PayoutOrders,
        withdrawals: WithdrawalOrders,
        waiting: PayoutQueries,
        queries: SettlementQueries,
        projection: HostedProjection,
        bank: Bank,
      ) => {
        const needProof = payoutsNeedProof;
        return new PayoutProcess({ store, payouts, withdrawals, orders: waiting, queries, projection, bank, bankTimeoutMs, needProof });
      },
    },
    {
      provide: PayoutCommands,
      inject: [EVENT_STORE, PAYOUT_ORDERS, PayoutProcess, PayoutQueries, ModelRegistry, BANK, CLOCK],
      useFactory: (
        store: EventStore,
        orders: PayoutOrders,
        payouts: PayoutProcess,
        queries: PayoutQueries,
        models: ModelRegistry,
        bank: Bank,
        clock: Clock,
      ) => new PayoutCommands({ store, orders, payouts, queries, models, bank: bank.name, clock }),
    },
    {
      provide: WithdrawalCommands,
      inject: [EVENT_STORE, WITHDRAWAL_ORDERS, PayoutProcess, ACCOUNTS_IN_FORCE, BANK, HUB_CONFIG, CLOCK],
      useFactory: (
        store: EventStore,
        own: WithdrawalOrders,
        payouts: PayoutProcess,
        accounts: AccountsInForce,
        bank: Bank,
        config: HubConfig,
        clock: Clock,
      ) => {
        const { currencies, withdrawalAutomaticApprovalUpToMinor: automaticApprovalUpToMinor } = config;
        const settings = { bank: bank.name, currencies, automaticApprovalUpToMinor };
        return new WithdrawalCommands({ store, orders: own, payouts, accounts, ...settings, clock });
      },
    },
    {
      provide: BankStatementProcess,
      inject: [EVENT_STORE, LOG_FEED, BANK, PAYOUT_ORDERS, WITHDRAWAL_ORDERS, PayoutQueries, HostedProjection, CLOCK],
      useFactory: (
        store: EventStore,
        feed: LogFeed,
        bank: Bank,
        payouts: PayoutOrders,
        withdrawals: WithdrawalOrders,
        queries: PayoutQueries,
        projection: HostedProjection,
        clock: Clock,
      ) => {
        const parties = partiesOf({ feed, queries, projection, clock });
        return new BankStatementProcess({ store, bank, payouts, withdrawals, parties });
      },
    },
    {
      provide: BankService,
      inject: [
        LOG_FEED,
        HostedProjection,
        PayoutProcess,
        BankStatementProcess,
        BANK,
        FILE_BANK,
        PayoutQueries,
        BankFileQueries,
        SettlementQueries,
        HEALTH_CHECKS,
        LOGGER,
        LEADERSHIP,
      ],
      useFactory: (
        feed: LogFeed,
        projection: HostedProjection,
        payouts: PayoutProcess,
        statement: BankStatementProcess,
        bank: Bank,
        files: (FileBankWork & { folder: FileBankFolder }) | undefined,
        waiting: PayoutQueries,
        fileQueries: BankFileQueries,
        queries: SettlementQueries,
        healthChecks: HealthCheck[],
        logger: Logger,
        all: ReadonlyMap<string, Leadership>,
      ) => {
        healthChecks.push(payoutCheck(waiting, fileQueries, bank.name));
        if (payoutsNeedProof) healthChecks.push(proofCheck(queries));
        const parts = { feed, projection, payouts, statement, bank: bank.name, pollMs: bankPollMs, logger };
        const work = files && { files: new FileBankProcess({ ...files, logger }) };
        return new BankService({ ...parts, ...work, leadership: leadershipOf(all, 'settlement') });
      },
    },
  ];
}
