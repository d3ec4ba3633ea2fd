import type { AccountRoute, BankLineMatch, PayeeAccount } from '@tongbao/contracts';
import { bigint, boolean, index, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('settlement');

const minor = (name: string) => bigint(name, { mode: 'bigint' }).notNull();
const position = (name: string) => bigint(name, { mode: 'bigint' }).notNull();

export const payouts = schema.table(
  'payouts',
  {
    payoutId: text('payout_id').primaryKey(),
    settlementId: text('settlement_id').notNull(),
    party: text('party').notNull(),
    direction: text('direction').$type<'payout' | 'collection'>().notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    bank: text('bank').notNull(),
    accountNumber: text('account_number').notNull(),
    holder: text('holder').notNull(),
    route: jsonb('route').$type<AccountRoute>(),
    status: text('status').notNull(),
    attempt: integer('attempt').notNull(),
    /** Why the ledger or the bank refused it last. */
    code: text('code'),
    /** What an operator says of its failure. */
    note: text('note'),
    lineId: text('line_id'),
    /** Instructed, and no line nor failure has told the end: its amount is not there to be used. */
    inTransit: boolean('in_transit').notNull(),
    requestedAt: text('requested_at').notNull(),
    instructedAt: text('instructed_at'),
    /** Position of the last PayoutRequested: payouts are instructed in the order in which they were asked for. */
    requestedPosition: position('requested_position'),
  },
  (table) => [index('payouts_by_settlement').on(table.settlementId), index('payouts_by_status').on(table.status)],
);

/** Who may be paid. */
export const payees = schema.table('payees', {
  party: text('party').primaryKey(),
  name: text('name').notNull(),
});

/** Where parties are paid. */
export const payeeAccounts = schema.table(
  'payee_accounts',
  {
    party: text('party').notNull(),
    /** Empty: the account serves every currency that has none of its own. */
    currency: text('currency').notNull(),
    /** In force until `next` is. */
    account: jsonb('account').$type<PayeeAccount>(),
    /** An approved change. */
    next: jsonb('next').$type<NextAccount>(),
  },
  (table) => [primaryKey({ columns: [table.party, table.currency] })],
);

export interface NextAccount {
  proposalId: string;
  account: PayeeAccount;
  /** ISO 8601 in UTC. */
  inForceAt: string;
}

/** Money at a bank by its statement, and how much of it is on its way out. */
export const bankCash = schema.table(
  'bank_cash',
  {
    bank: text('bank').notNull(),
    currency: text('currency').notNull(),
    cashMinor: minor('cash_minor'),
    transitMinor: minor('transit_minor'),
  },
  (table) => [primaryKey({ columns: [table.bank, table.currency] })],
);

/** Since when the ledger may hold what it refused because clients' money would not have been covered. */
export const coverGains = schema.table('cover_gains', {
  currency: text('currency').primaryKey(),
  /** Of the journal's newest event that may have brought cover. */
  position: position('position'),
});

export const bankLines = schema.table(
  'bank_lines',
  {
    bank: text('bank').notNull(),
    sequence: integer('sequence').notNull(),
    lineId: text('line_id').notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    reference: text('reference').notNull(),
    /** The other side's, and what the line says it is of; null where the bank does not say. */
    accountNumber: text('account_number'),
    key: text('key'),
    match: jsonb('match').$type<BankLineMatch>().notNull(),
    bookedAt: text('booked_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.bank, table.sequence] })],
);

/** Money that leaves by the bank from accounts that are no party's position. */
export const withdrawals = schema.table(
  'withdrawals',
  {
    withdrawalId: text('withdrawal_id').primaryKey(),
    account: text('account').notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    bank: text('bank').notNull(),
    accountNumber: text('account_number').notNull(),
    holder: text('holder').notNull(),
    route: jsonb('route').$type<AccountRoute>(),
    status: text('status').notNull(),
    attempt: integer('attempt').notNull(),
    /** Why the ledger or the bank refused it last. */
    code: text('code'),
    /** Why an operator gave it up, or says that the bank never will pay. */
    note: text('note'),
    lineId: text('line_id'),
    /** As of a payout. */
    inTransit: boolean('in_transit').notNull(),
    requestedBy: text('requested_by').notNull(),
    requestedAt: text('requested_at').notNull(),
    approvedBy: text('approved_by'),
    instructedAt: text('instructed_at'),
    /** Position of the last WithdrawalRequested. */
    requestedPosition: position('requested_position'),
  },
  (table) => [index('withdrawals_by_status').on(table.status), index('withdrawals_by_account').on(table.account)],
);

/** Banks that somebody has paused, now or once. */
export const banks = schema.table('banks', {
  bank: text('bank').primaryKey(),
  pausedBy: text('paused_by'),
  pausedAt: text('paused_at'),
  reason: text('reason'),
});

/** Lines in suspense that somebody says are a party's prefunded money. */
export const deposits = schema.table('deposits', {
  depositId: text('deposit_id').primaryKey(),
  bank: text('bank').notNull(),
  lineId: text('line_id').notNull(),
  party: text('party').notNull(),
  amountMinor: minor('amount_minor'),
  currency: text('currency').notNull(),
  status: text('status').$type<'proposed' | 'rejected' | 'assigned'>().notNull(),
  proposalId: text('proposal_id').notNull(),
  proposedBy: text('proposed_by').notNull(),
  note: text('note').notNull(),
  decidedBy: text('decided_by'),
});

export const payoutTables = { payouts, payees, payeeAccounts, bankCash, coverGains, bankLines, withdrawals, banks, deposits };
