import type { AcceptedStatement, AccountRoute, BankFileProblem, PreparedFile, ReportedFile } from '@tongbao/contracts';
import { bigint, index, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('settlement');

const minor = (name: string) => bigint(name, { mode: 'bigint' }).notNull();
const position = (name: string) => bigint(name, { mode: 'bigint' }).notNull();

/** What a bank of files was told, each attempt of it: by its place in the log it goes out with the first run that closes after it. */
export const instructions = schema.table(
  'instructions',
  {
    key: text('key').notNull(),
    attempt: integer('attempt').notNull(),
    bank: text('bank').notNull(),
    endToEndId: text('end_to_end_id').notNull(),
    direction: text('direction').$type<'payout' | 'collection'>().notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    accountNumber: text('account_number').notNull(),
    holder: text('holder').notNull(),
    route: jsonb('route').$type<AccountRoute>(),
    reference: text('reference').notNull(),
    /** `withdrawn`: taken out before its run closed; one that was too late is not marked so. */
    status: text('status').$type<'taken' | 'rejected' | 'withdrawn'>().notNull(),
    code: text('code'),
    information: text('information'),
    takenAt: text('taken_at').notNull(),
    takenPosition: position('taken_position'),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.attempt] }),
    index('instructions_by_position').on(table.bank, table.takenPosition),
    index('instructions_by_end_to_end_id').on(table.endToEndId),
  ],
);

export const payoutRuns = schema.table(
  'payout_runs',
  {
    bank: text('bank').notNull(),
    sequence: integer('sequence').notNull(),
    runId: text('run_id').notNull(),
    /** `closed`: waits for its release; `released`; `prepared`: its files go out; `written`: they are out. */
    status: text('status').$type<'closed' | 'released' | 'prepared' | 'written'>().notNull(),
    reason: text('reason').notNull(),
    closedBy: text('closed_by').notNull(),
    closedAt: text('closed_at').notNull(),
    executionDate: text('execution_date').notNull(),
    collectionDate: text('collection_date').notNull(),
    /** It has the instructions in the span (`afterPosition`, `cutOff`] of the log. */
    afterPosition: position('after_position'),
    cutOff: position('cut_off'),
    releasedBy: text('released_by'),
    files: jsonb('files').$type<PreparedFile[]>(),
  },
  (table) => [primaryKey({ columns: [table.bank, table.sequence] })],
);

/** The newest run of each bank. */
export const newestRuns = schema.table('newest_runs', {
  bank: text('bank').primaryKey(),
  sequence: integer('sequence').notNull(),
  cutOff: position('cut_off'),
});

export const bankFiles = schema.table(
  'bank_files',
  {
    bank: text('bank').notNull(),
    fileId: text('file_id').notNull(),
    name: text('name').notNull(),
    /** `acknowledged`: it was rejected, and somebody has seen to it. */
    status: text('status').$type<'proposed' | 'accepted' | 'rejected' | 'acknowledged'>().notNull(),
    message: text('message'),
    by: text('by').notNull(),
    at: text('at').notNull(),
    lines: integer('lines').notNull(),
    reports: jsonb('reports').$type<ReportedFile[]>(),
    problem: jsonb('problem').$type<BankFileProblem>(),
    note: text('note'),
    /** Position of its newest event. */
    position: position('position'),
  },
  (table) => [primaryKey({ columns: [table.bank, table.fileId] })],
);

/** Statements that were taken in, one row for each page. */
export const bankStatements = schema.table(
  'bank_statements',
  {
    bank: text('bank').notNull(),
    /** By which it would be known again. */
    identity: text('identity').notNull(),
    statement: jsonb('statement').$type<AcceptedStatement>().notNull(),
    position: position('position'),
  },
  (table) => [primaryKey({ columns: [table.bank, table.identity] }), index('bank_statements_by_position').on(table.bank, table.position)],
);

export const bankFileTables = { instructions, payoutRuns, newestRuns, bankFiles, bankStatements };
