import type { BankLineMatch, SettlementMismatched } from '@tongbao/contracts';
import { bigint, boolean, index, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

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
    approvedBy: text('approved_by'),
    cutOff: bigint('cut_off', { mode: 'bigint' }),
    facts: integer('facts').notNull(),
    journalRevision: integer('journal_revision'),
    /** As many entries of the books must be proven before it may pay out, where that is asked for. */
    entries: bigint('entries', { mode: 'number' }),
    differences: jsonb('differences').$type<SettlementMismatched['differences']>(),
    /** What its calculation added to the carried amounts; an abort takes it back. */
    carried: jsonb('carried').$type<{ party: string; amountMinor: number }[]>(),
    reason: text('reason'),
    settledAt: text('settled_at'),
    /** Payments that have been told of it. */
    markedPayments: integer('marked_payments').notNull(),
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
    status: text('status').notNull(),
    attempt: integer('attempt').notNull(),
    /** Why the ledger or the bank refused it last. */
    code: text('code'),
    lineId: text('line_id'),
    /** Instructed, and no line nor failure has told the end: its amount is not there to be used. */
    inTransit: boolean('in_transit').notNull(),
    requestedAt: text('requested_at').notNull(),
    /** Position of the last PayoutRequested: payouts are instructed in the order in which they were asked for. */
    requestedPosition: position('requested_position'),
  },
  (table) => [index('payouts_by_settlement').on(table.settlementId), index('payouts_by_status').on(table.status)],
);

/** Who may be paid, and where. */
export const payees = schema.table('payees', {
  party: text('party').primaryKey(),
  name: text('name').notNull(),
  bank: text('bank'),
  accountNumber: text('account_number'),
  holder: text('holder'),
});

/** Money at a bank by its statement, and how much of it is on its way out. */
export const bankCash = schema.table(
  'bank_cash',
  {
    bank: text('bank').notNull(),
    currency: text('currency').notNull(),
    cashMinor: minor('cash_minor'),
    transitMinor: minor('transit_minor'),
    /** Position of the last line that brought money in. */
    lastIncoming: position('last_incoming'),
  },
  (table) => [primaryKey({ columns: [table.bank, table.currency] })],
);

export const bankLines = schema.table(
  'bank_lines',
  {
    bank: text('bank').notNull(),
    sequence: integer('sequence').notNull(),
    lineId: text('line_id').notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    reference: text('reference').notNull(),
    match: jsonb('match').$type<BankLineMatch>().notNull(),
    bookedAt: text('booked_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.bank, table.sequence] })],
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
    /** Latest time of a movement. */
    latestAt: text('latest_at').notNull(),
    /** As `encodeMovement` writes them, one after another. */
    lines: text('lines').notNull(),
  },
  (table) => [primaryKey({ columns: [table.party, table.currency, table.chunk] })],
);

export const settlementTables = {
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
  payouts,
  payees,
  bankCash,
  bankLines,
  positions,
  statementChunks,
};
