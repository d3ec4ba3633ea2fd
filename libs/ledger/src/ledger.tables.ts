import type { HoldChange, JournalTransfer } from '@tongbao/contracts';
import { bigint, index, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
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
  postedAt: text('posted_at').notNull(),
});

/** Each account in each currency that it was ever touched in, as it is now. */
export const accounts = schema.table(
  'accounts',
  {
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    postedMinor: minor('posted_minor').notNull(),
    heldMinor: minor('held_minor').notNull(),
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
  (table) => [primaryKey({ columns: [table.account, table.currency] })],
);

/** Accounts that were opened, frozen or closed; others are open by their name. */
export const accountStatuses = schema.table('account_statuses', {
  account: text('account').primaryKey(),
  status: text('status').$type<Exclude<AccountStatus, 'unknown'>>().notNull(),
  openedAt: text('opened_at'),
  changedAt: text('changed_at').notNull(),
});

/** What one journal event did to an account, and what that made of it: one row, however many entries. */
export const accountHistory = schema.table(
  'account_history',
  {
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    revision: integer('revision').notNull(),
    deltaMinor: minor('delta_minor').notNull(),
    postedMinor: minor('posted_minor').notNull(),
    heldMinor: minor('held_minor').notNull(),
    /** Numbers of the entries that moved it. */
    entries: jsonb('entries').$type<number[]>().notNull(),
    at: text('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.revision, table.currency] })],
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
  (table) => [index('entries_by_ref').on(table.ref, table.number)],
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
    placedAt: text('placed_at').notNull(),
    expiresAt: text('expires_at'),
    endedAt: text('ended_at'),
    /** The entry that committed it. */
    entry: number('entry'),
  },
  (table) => [index('holds_by_ref').on(table.ref)],
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
export type OpenLineRow = typeof openLines.$inferSelect;
export type ProgressRow = typeof progress.$inferSelect;
