import { bigint, boolean, index, integer, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('finance');

const minor = (name: string) => bigint(name, { mode: 'bigint' }).notNull();
const position = (name: string) => bigint(name, { mode: 'bigint' }).notNull();
const count = (name: string) => bigint(name, { mode: 'number' }).notNull();

/** The time of the log: that of its newest event, or of an earlier one where a clock went back. It never does here. */
export const clock = schema.table('clock', {
  name: text('name').primaryKey(),
  /** Since 1970. */
  second: count('second'),
});

/** Where the seconds of a minute begin in the log. Seconds and minutes in which nothing was written are not here. */
export const minutes = schema.table('minutes', {
  /** Since 1970. */
  minute: integer('minute').primaryKey(),
  firstPosition: position('first_position'),
  /** A line for each second: the second of the minute, and the position of its first event. */
  seconds: text('seconds').notNull(),
});

/** Where the hours begin in the log: which hour a fact belongs to is told by its position. Hours in which nothing was written are not here. */
export const hours = schema.table('hours', {
  /** Since 1970. */
  hour: integer('hour').primaryKey(),
  firstPosition: position('first_position'),
  /** The one before that is here. */
  previousHour: integer('previous_hour'),
});

/** One way for money: from whom to whom, what for. */
export const ways = schema.table('ways', {
  /** All of the following, as `wayOf` joins them. */
  way: text('way').primaryKey(),
  currency: text('currency').notNull(),
  /** An account, or a kind of accounts (`user:*`) where there may be any number. */
  payer: text('payer').notNull(),
  payee: text('payee').notNull(),
  /** As the agreement, or the ledger's rule, calls the transfer. */
  kind: text('kind').notNull(),
  cause: text('cause').$type<Cause>().notNull(),
  /** The platform that the payment was made at; empty where there is no payment. */
  platform: text('platform').notNull(),
  /** Empty where none is known. */
  provider: text('provider').notNull(),
  /** Collected by the platform's own merchant account: not in the books. */
  external: boolean('external').notNull(),
});

/** What makes money go its way: a payment, something that takes one back, or what the ledger posted besides. */
export type Cause = 'payment' | 'refund' | 'dispute' | 'entry';

/** What went each way in an hour. */
export const hourlySums = schema.table(
  'hourly_sums',
  {
    hour: integer('hour').notNull(),
    way: text('way').notNull(),
    amountMinor: minor('amount_minor'),
    transfers: count('transfers'),
  },
  (table) => [primaryKey({ columns: [table.hour, table.way] }), index('hourly_sums_by_way').on(table.way, table.hour)],
);

/** The payments of an hour. */
export const hourlyPayments = schema.table(
  'hourly_payments',
  {
    hour: integer('hour').notNull(),
    currency: text('currency').notNull(),
    platform: text('platform').notNull(),
    provider: text('provider').notNull(),
    captures: count('captures'),
    capturedMinor: minor('captured_minor'),
    refunds: count('refunds'),
    refundedMinor: minor('refunded_minor'),
  },
  (table) => [primaryKey({ columns: [table.hour, table.currency, table.platform, table.provider] })],
);

/** What waits in `hub:suspense`, transit, disputes and reserves, by what each line is about. A line that has come to zero is gone. */
export const openLines = schema.table(
  'open_lines',
  {
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    ref: text('ref').notNull(),
    amountMinor: minor('amount_minor'),
    /** Kind of the entry that opened it, and when that was posted. */
    kind: text('kind').notNull(),
    since: text('since').notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.currency, table.ref] })],
);

/** What an entry that touched such an account posts, and what it is about: an entry that corrects it belongs to the same line. */
export const lineEntries = schema.table('line_entries', {
  entry: count('entry').primaryKey(),
  kind: text('kind').notNull(),
  ref: text('ref').notNull(),
});

/** Payouts, collections and withdrawals that have not come to their end. */
export const openTransfers = schema.table('open_transfers', {
  /** Of the payout or withdrawal. */
  id: text('id').primaryKey(),
  /** Of a payout or collection. */
  settlementId: text('settlement_id'),
  /** The party, or the account that is withdrawn from. */
  account: text('account').notNull(),
  direction: text('direction').$type<'payout' | 'collection' | 'withdrawal'>().notNull(),
  amountMinor: minor('amount_minor'),
  currency: text('currency').notNull(),
  status: text('status').notNull(),
  /** When it was first asked for. */
  since: text('since').notNull(),
});

/** What platforms are to pay each other directly, and have not. */
export const dueObligations = schema.table('due_obligations', {
  obligationId: text('obligation_id').primaryKey(),
  settlementId: text('settlement_id').notNull(),
  debtor: text('debtor').notNull(),
  creditor: text('creditor').notNull(),
  currency: text('currency').notNull(),
  amountMinor: minor('amount_minor'),
  since: text('since').notNull(),
});

export const financeTables = {
  ...{ clock, minutes, hours },
  ...{ ways, hourlySums, hourlyPayments },
  ...{ openLines, lineEntries, openTransfers, dueObligations },
};

type Tables = typeof financeTables;
export type TableName = keyof Tables;
export type RowOf<Name extends TableName> = Tables[Name]['$inferSelect'];
