import type { PartySettlement, SettlementMismatched } from '@tongbao/contracts';
import { bigint, index, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import { calculationTables } from './calculation.tables.js';
import { comparisonTables } from './comparison.tables.js';
import { modelTables } from './model.tables.js';
import { obligationTables } from './obligation.tables.js';
import { bankFileTables } from './bank-file.tables.js';
import { fxTables } from './fx.tables.js';
import { payoutTables } from './payout.tables.js';
import { reserveTables } from './reserve.tables.js';

export { calculationSlices } from './calculation.tables.js';
export { mendings } from './comparison.tables.js';
export { directObligations, liquidityDraws } from './obligation.tables.js';
export { bankCash, bankLines, payees, payouts } from './payout.tables.js';
export { reserveBases, reserves } from './reserve.tables.js';

const schema = pgSchema('settlement');

const minor = (name: string) => bigint(name, { mode: 'bigint' }).notNull();
const position = (name: string) => bigint(name, { mode: 'bigint' }).notNull();

/** A window: the facts of its model and currency in the span (`afterPosition`, `cutOff`] of the log. */
export const windows = schema.table(
  'windows',
  {
    windowId: text('window_id').primaryKey(),
    model: text('model').notNull(),
    currency: text('currency').notNull(),
    sequence: integer('sequence').notNull(),
    state: text('state').$type<'open' | 'closed' | 'settling' | 'settled'>().notNull(),
    /** Null while nothing but its place in the row of windows is known: its WindowOpened is still to come. */
    openedAt: text('opened_at'),
    closedAt: text('closed_at'),
    closedBy: text('closed_by'),
    afterPosition: position('after_position'),
    cutOff: bigint('cut_off', { mode: 'bigint' }),
    facts: integer('facts').notNull(),
    /** The last fact with a side in it: once the ledger has passed this, its books have all of the window. */
    lastFact: position('last_fact'),
    settlementId: text('settlement_id'),
  },
  (table) => [index('windows_by_state').on(table.currency, table.state)],
);

/** The window that takes in what comes now. */
export const currentWindows = schema.table(
  'current_windows',
  {
    model: text('model').notNull(),
    currency: text('currency').notNull(),
    windowId: text('window_id').notNull(),
    sequence: integer('sequence').notNull(),
  },
  (table) => [primaryKey({ columns: [table.model, table.currency] })],
);

/** What a party received and paid in a window, by the facts and by the ledger's entries of the same facts. */
export const windowNets = schema.table(
  'window_nets',
  {
    windowId: text('window_id').notNull(),
    party: text('party').notNull(),
    receivedMinor: minor('received_minor'),
    paidMinor: minor('paid_minor'),
    sides: integer('sides').notNull(),
    ledgerMinor: minor('ledger_minor'),
    ledgerSides: integer('ledger_sides').notNull(),
    /** Of these, sides that mend the posting of a fact. */
    mendedSides: integer('mended_sides').notNull(),
  },
  (table) => [primaryKey({ columns: [table.windowId, table.party] })],
);

/** What a platform owes another by the transfers of a window (the debtor's), one way. */
export const obligations = schema.table(
  'obligations',
  {
    windowId: text('window_id').notNull(),
    debtor: text('debtor').notNull(),
    creditor: text('creditor').notNull(),
    amountMinor: minor('amount_minor'),
  },
  (table) => [primaryKey({ columns: [table.windowId, table.debtor, table.creditor] })],
);

/** The journal that the hub's facts are posted to. */
export const mainJournal = 'main';

/** How far the ledger has posted the facts. */
export const ledgerProgress = schema.table('ledger_progress', {
  journal: text('journal').primaryKey(),
  sourcePosition: position('source_position'),
  revision: integer('revision').notNull(),
  /** How many entries it has. */
  entries: bigint('entries', { mode: 'number' }).notNull(),
});

/** How many entries of the books the transparency log covers, by its checkpoints. */
export const logProgress = schema.table('log_progress', {
  log: text('log').primaryKey(),
  signed: bigint('signed', { mode: 'number' }).notNull(),
  /** Witnessed, or signed where no witness is needed. */
  proven: bigint('proven', { mode: 'number' }).notNull(),
});

/** Money carried to the next settlement of a party, by model. */
export const carries = schema.table(
  'carries',
  {
    model: text('model').notNull(),
    currency: text('currency').notNull(),
    party: text('party').notNull(),
    amountMinor: minor('amount_minor'),
    /** What of it the party owes and a gross model keeps apart: the amount is what it is owed less this. */
    debitMinor: minor('debit_minor'),
  },
  (table) => [primaryKey({ columns: [table.model, table.currency, table.party] })],
);

export const settlements = schema.table(
  'settlements',
  {
    settlementId: text('settlement_id').primaryKey(),
    model: text('model').notNull(),
    currency: text('currency').notNull(),
    status: text('status').notNull(),
    windowIds: jsonb('window_ids').$type<string[]>().notNull(),
    requestedBy: text('requested_by').notNull(),
    requestedAt: text('requested_at').notNull(),
    modelVersion: integer('model_version'),
    approvedBy: text('approved_by'),
    /** What it pays out and collects in all. */
    movedMinor: minor('moved_minor'),
    cutOff: bigint('cut_off', { mode: 'bigint' }),
    facts: integer('facts').notNull(),
    journalRevision: integer('journal_revision'),
    /** As many entries of the books must be proven before it may pay out, where that is asked for. */
    entries: bigint('entries', { mode: 'number' }),
    differences: jsonb('differences').$type<SettlementMismatched['differences']>(),
    /** How many parties differ: of very many only the first ones are named. */
    differing: integer('differing'),
    /** How many events its calculation has. */
    slices: integer('slices').notNull(),
    reason: text('reason'),
    settledAt: text('settled_at'),
    /** Payments that have been told of it, and how far in the log that has come. */
    markedPayments: integer('marked_payments').notNull(),
    markedThrough: position('marked_through'),
    /** Position of its SettlementRequested: settlements are listed in this order. */
    requestedPosition: position('requested_position'),
  },
  (table) => [index('settlements_by_status').on(table.status), index('settlements_by_request').on(table.requestedPosition)],
);

export const settlementParties = schema.table(
  'settlement_parties',
  {
    settlementId: text('settlement_id').notNull(),
    party: text('party').notNull(),
    carriedInMinor: minor('carried_in_minor'),
    netMinor: minor('net_minor'),
    payableMinor: minor('payable_minor'),
    action: text('action').notNull(),
    carriedOutMinor: minor('carried_out_minor'),
    sides: integer('sides').notNull(),
    directMinor: minor('direct_minor'),
    withheldMinor: minor('withheld_minor'),
    releasedMinor: minor('released_minor'),
    reserve: jsonb('reserve').$type<PartySettlement['reserve']>(),
    legs: jsonb('legs').$type<PartySettlement['legs']>(),
    collectBy: text('collect_by').$type<NonNullable<PartySettlement['collectBy']>>(),
    carriedTo: text('carried_to'),
    /** The currency that its payout is paid in, where that is another one. */
    payIn: text('pay_in'),
  },
  (table) => [primaryKey({ columns: [table.settlementId, table.party] })],
);

/** The bilateral view of a settlement: who owes whom, both directions set against each other. */
export const settlementObligations = schema.table(
  'settlement_obligations',
  {
    settlementId: text('settlement_id').notNull(),
    debtor: text('debtor').notNull(),
    creditor: text('creditor').notNull(),
    amountMinor: minor('amount_minor'),
  },
  (table) => [primaryKey({ columns: [table.settlementId, table.debtor, table.creditor] })],
);

/** A party's position: what its statement comes to. */
export const positions = schema.table(
  'positions',
  {
    party: text('party').notNull(),
    currency: text('currency').notNull(),
    balanceMinor: minor('balance_minor'),
    /** Facts that moved it. */
    movements: integer('movements').notNull(),
  },
  (table) => [primaryKey({ columns: [table.party, table.currency] })],
);

/** Statements in chunks of some movements: a row for each would cost more than all the rest of a payment. */
export const statementChunks = schema.table(
  'statement_chunks',
  {
    party: text('party').notNull(),
    currency: text('currency').notNull(),
    chunk: integer('chunk').notNull(),
    /** The position before the first movement. */
    openingMinor: minor('opening_minor'),
    /** Of the first movement: periods and moments are cut by the place in the log. */
    firstPosition: position('first_position'),
    /** As `encodeMovement` writes them, one after another. */
    lines: text('lines').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.party, table.currency, table.chunk] }),
    index('statement_chunks_by_position').on(table.party, table.currency, table.firstPosition, table.chunk),
  ],
);

export const settlementTables = {
  ...calculationTables,
  ...comparisonTables,
  ...modelTables,
  ...obligationTables,
  ...reserveTables,
  ...payoutTables,
  ...bankFileTables,
  ...fxTables,
  windows,
  currentWindows,
  windowNets,
  obligations,
  ledgerProgress,
  logProgress,
  carries,
  settlements,
  settlementParties,
  settlementObligations,
  positions,
  statementChunks,
};
