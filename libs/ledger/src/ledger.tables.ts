import type { AccountNote, HoldChange, JournalTransfer } from '@tongbao/contracts';
import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import type { AccountStatus, Hold } from './books.js';

const schema = pgSchema('ledger');

const minor = (name: string) => bigint(name, { mode: 'bigint' });
const number = (name: string) => bigint(name, { mode: 'number' });

/** How far the journal has been folded. */
export const progress = schema.table('progress', {
  journal: text('journal').primaryKey(),
  revision: integer('revision').notNull(),
  /** Number of the next entry. */
  nextEntry: number('next_entry').notNull(),
  sourcePosition: minor('source_position').notNull(),
  /** Of the newest event, or of an earlier one where the clock went back: it never does here. */
  postedAt: text('posted_at').notNull(),
});

/** When each journal event was written, and where its entries begin: from a time to a revision and to an entry. Times never fall. */
export const revisions = schema.table(
  'revisions',
  {
    revision: integer('revision').primaryKey(),
    at: text('at').notNull(),
    firstEntry: number('first_entry').notNull(),
  },
  (table) => [index('revisions_by_time').on(table.at, table.revision)],
);

/** Each account in each currency that it was ever touched in, as it is now. */
export const accounts = schema.table(
  'accounts',
  {
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    /** Its name without the last part: `platform:` of `platform:A`. */
    parent: text('parent').notNull(),
    postedMinor: minor('posted_minor').notNull(),
    heldMinor: minor('held_minor').notNull(),
    /** All debits that ever were; the credits are `postedMinor` more. */
    debitedMinor: minor('debited_minor').notNull(),
    /** The part of what is held that is promised to payouts. */
    payoutHeldMinor: minor('payout_held_minor').notNull(),
    /** Of a party: since its last settlement. */
    netMinor: minor('net_minor').notNull(),
    minimumBalanceMinor: minor('minimum_balance_minor'),
    netDebitCapMinor: minor('net_debit_cap_minor'),
    /** How many entries have moved it. */
    entries: number('entries').notNull(),
    /** Of the journal event that changed it last. */
    revision: integer('revision').notNull(),
    changedAt: text('changed_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.account, table.currency] }),
    index('accounts_by_parent').on(table.parent, table.account, table.currency),
    // Of all accounts, the few whose use of a cap is watched.
    index('accounts_capped')
      .on(table.account, table.currency)
      .where(sql`net_debit_cap_minor IS NOT NULL`),
  ],
);

/** All accounts of a kind together (`platform:`), so that nobody needs to add up a million wallets. */
export const totals = schema.table(
  'totals',
  {
    /** The first part of their names, with its colon. */
    prefix: text('prefix').notNull(),
    currency: text('currency').notNull(),
    /** How many accounts have ever been touched in the currency. */
    accounts: number('accounts').notNull(),
    postedMinor: minor('posted_minor').notNull(),
    heldMinor: minor('held_minor').notNull(),
    /** The sum of the balances above 0. */
    creditMinor: minor('credit_minor').notNull(),
    clientMoneyMinor: minor('client_money_minor').notNull(),
    revision: integer('revision').notNull(),
  },
  (table) => [primaryKey({ columns: [table.prefix, table.currency] })],
);

/** What each journal event made of them. */
export const totalHistory = schema.table(
  'total_history',
  {
    prefix: text('prefix').notNull(),
    currency: text('currency').notNull(),
    revision: integer('revision').notNull(),
    accounts: number('accounts').notNull(),
    postedMinor: minor('posted_minor').notNull(),
    heldMinor: minor('held_minor').notNull(),
    creditMinor: minor('credit_minor').notNull(),
    clientMoneyMinor: minor('client_money_minor').notNull(),
  },
  (table) => [primaryKey({ columns: [table.prefix, table.currency, table.revision] })],
);

/** Accounts that were opened, frozen or closed; others are open by their name. */
export const accountStatuses = schema.table('account_statuses', {
  account: text('account').primaryKey(),
  status: text('status').$type<Exclude<AccountStatus, 'unknown'>>().notNull(),
  openedAt: text('opened_at'),
  /** The only currencies that commands may move in it; null = all. */
  currencies: jsonb('currencies').$type<string[]>(),
  metadata: jsonb('metadata').$type<AccountNote[]>(),
  changedAt: text('changed_at').notNull(),
});

/** What one journal event made of an account: one row, however many entries. The first one is there as soon as the account is. */
export const accountHistory = schema.table(
  'account_history',
  {
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    revision: integer('revision').notNull(),
    postedMinor: minor('posted_minor').notNull(),
    heldMinor: minor('held_minor').notNull(),
    debitedMinor: minor('debited_minor').notNull(),
    /** Numbers of the entries that moved it. */
    entries: jsonb('entries').$type<number[]>().notNull(),
    at: text('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.currency, table.revision] })],
);

/** Between what a balance was in a quarter of an hour: every time zone's hours, days and months are made of these. */
export const quarterHours = schema.table(
  'quarter_hours',
  {
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    /** Since 1970. */
    quarter: integer('quarter').notNull(),
    /** Lowest and highest as journal events left it. */
    lowMinor: minor('low_minor').notNull(),
    highMinor: minor('high_minor').notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.currency, table.quarter] })],
);

export const entries = schema.table(
  'entries',
  {
    number: number('number').primaryKey(),
    revision: integer('revision').notNull(),
    kind: text('kind').notNull(),
    ref: text('ref').notNull(),
    /** Log position of the fact; null for a command's entry. */
    position: minor('position'),
    transfers: jsonb('transfers').$type<JournalTransfer[]>().notNull(),
    corrects: number('corrects'),
    /** Entries that correct or reverse this one. */
    correctedBy: jsonb('corrected_by').$type<number[]>(),
    note: text('note'),
    postedAt: text('posted_at').notNull(),
  },
  (table) => [index('entries_by_ref').on(table.ref, table.number), index('entries_by_kind').on(table.kind, table.number)],
);

export const holds = schema.table(
  'holds',
  {
    holdId: text('hold_id').primaryKey(),
    currency: text('currency').notNull(),
    reservations: jsonb('reservations').$type<Extract<HoldChange, { change: 'placed' }>['reservations']>().notNull(),
    purpose: text('purpose').notNull(),
    ref: text('ref').notNull(),
    status: text('status').$type<Hold['status']>().notNull(),
    /** Of the journal event that placed it. */
    revision: integer('revision').notNull(),
    placedAt: text('placed_at').notNull(),
    expiresAt: text('expires_at'),
    endedAt: text('ended_at'),
    /** The entry that committed it. */
    entry: number('entry'),
  },
  (table) => [index('holds_by_ref').on(table.ref)],
);

/** What holds reserve, by account. */
export const accountHolds = schema.table(
  'account_holds',
  {
    account: text('account').notNull(),
    /** Of the journal event that placed it. */
    revision: integer('revision').notNull(),
    holdId: text('hold_id').notNull(),
    currency: text('currency').notNull(),
    amountMinor: minor('amount_minor').notNull(),
    isEnded: boolean('is_ended').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.account, table.revision, table.holdId] }),
    // Of a busy account's millions of holds, the few that are not ended.
    index('account_holds_placed')
      .on(table.account, table.revision, table.holdId)
      .where(sql`NOT is_ended`),
  ],
);

/** What hub:suspense and transit accounts are made of, by what each line is about. A line that has come to zero is explained, and gone. */
export const openLines = schema.table(
  'open_lines',
  {
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    ref: text('ref').notNull(),
    amountMinor: minor('amount_minor').notNull(),
    /** Kind and number of the entry that opened it. */
    kind: text('kind').notNull(),
    entry: number('entry').notNull(),
    since: text('since').notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.currency, table.ref] })],
);

export type AccountRow = typeof accounts.$inferSelect;
export type AccountStatusRow = typeof accountStatuses.$inferSelect;
export type AccountHistoryRow = typeof accountHistory.$inferSelect;
export type EntryRow = typeof entries.$inferSelect;
export type HoldRow = typeof holds.$inferSelect;
export type AccountHoldRow = typeof accountHolds.$inferSelect;
export type QuarterHourRow = typeof quarterHours.$inferSelect;
export type RevisionRow = typeof revisions.$inferSelect;
export type TotalRow = typeof totals.$inferSelect;
export type TotalHistoryRow = typeof totalHistory.$inferSelect;
export type OpenLineRow = typeof openLines.$inferSelect;
export type ProgressRow = typeof progress.$inferSelect;
