import type {
  BillFault,
  BillKind,
  BillReceived,
  BillSum,
  BilledMovementFact,
  BreakCorrectionProposed,
  BreakKind,
  ReconciliationReport,
  ReconciliationSide,
  ReconciliationStarted,
  ReconciliationTerms,
  Transfer,
} from '@tongbao/contracts';
import { bigint, boolean, index, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import type { BreakContent, BreakStatus } from './break.js';

const schema = pgSchema('reconciliation');

const position = (name: string) => bigint(name, { mode: 'bigint' }).notNull();
const minor = (name: string) => bigint(name, { mode: 'bigint' }).notNull();

export const terms = schema.table('terms', {
  provider: text('provider').primaryKey(),
  version: integer('version').notNull(),
  terms: jsonb('terms').$type<ReconciliationTerms>().notNull(),
  by: text('by').notNull(),
  approvedBy: text('approved_by'),
  setAt: text('set_at').notNull(),
});

/** Terms that wait for an approval. */
export const proposedTerms = schema.table('proposed_terms', {
  provider: text('provider').primaryKey(),
  proposalId: text('proposal_id').notNull(),
  terms: jsonb('terms').$type<ReconciliationTerms>().notNull(),
  by: text('by').notNull(),
  proposedAt: text('proposed_at').notNull(),
});

export const bills = schema.table(
  'bills',
  {
    billId: text('bill_id').primaryKey(),
    provider: text('provider').notNull(),
    bill: text('bill').$type<BillKind>().notNull(),
    day: text('day').notNull(),
    status: text('status').$type<'received' | 'fit' | 'unfit' | 'accepted'>().notNull(),
    from: text('from').notNull(),
    to: text('to').notNull(),
    sha256: text('sha256').notNull(),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
    payout: jsonb('payout').$type<NonNullable<BillReceived['payout']>>(),
    by: text('by').notNull(),
    receivedAt: text('received_at').notNull(),
    verified: boolean('verified'),
    rows: integer('rows'),
    lines: integer('lines'),
    problemCount: integer('problem_count'),
    problems: jsonb('problems').$type<BillFault[]>(),
    sums: jsonb('sums').$type<BillSum[]>(),
    account: text('account'),
    importedAt: text('imported_at'),
    acceptedBy: text('accepted_by'),
    note: text('note'),
    /** Of its BillReceived: bills are listed in this order. */
    position: position('position'),
  },
  (table) => [index('bills_by_position').on(table.position), index('bills_by_status').on(table.status)],
);

/** A provider's day: the newest bill of each kind that can be used, and its last run. */
export const days = schema.table(
  'days',
  {
    provider: text('provider').notNull(),
    day: text('day').notNull(),
    trade: text('trade'),
    fund: text('fund'),
    runs: integer('runs').notNull(),
    runId: text('run_id'),
    state: text('state').$type<'running' | 'completed' | 'failed'>(),
    runBills: jsonb('run_bills').$type<ReconciliationStarted['bills']>(),
    /** What the last run took of the day before. */
    previousRunId: text('previous_run_id'),
    /** The newest run that has ended well, and what it carried. */
    completedRunId: text('completed_run_id'),
    carriedDigest: text('carried_digest'),
  },
  (table) => [primaryKey({ columns: [table.provider, table.day] })],
);

export const runs = schema.table(
  'runs',
  {
    runId: text('run_id').primaryKey(),
    provider: text('provider').notNull(),
    day: text('day').notNull(),
    number: integer('number').notNull(),
    state: text('state').$type<'running' | 'completed' | 'failed'>().notNull(),
    from: text('from').notNull(),
    to: text('to').notNull(),
    bills: jsonb('bills').$type<ReconciliationStarted['bills']>().notNull(),
    terms: jsonb('terms').$type<ReconciliationTerms>().notNull(),
    previousRunId: text('previous_run_id'),
    requestedBy: text('requested_by').notNull(),
    startedAt: text('started_at').notNull(),
    report: jsonb('report').$type<ReconciliationReport>(),
    carried: integer('carried').notNull(),
    carriedDigest: text('carried_digest'),
    code: text('code'),
    detail: text('detail'),
    endedAt: text('ended_at'),
    /** Of its ReconciliationStarted: runs are listed in this order. */
    position: position('position'),
  },
  (table) => [index('runs_by_position').on(table.position)],
);

/** Lines that a run left to the day after. Those from the run's `carried` on are of a try that was killed. */
export const carriedLines = schema.table(
  'carried_lines',
  {
    runId: text('run_id').notNull(),
    number: integer('number').notNull(),
    side: text('side').$type<ReconciliationSide>().notNull(),
    movement: jsonb('movement').$type<BilledMovementFact>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.number] })],
);

/** What providers paid out to our bank, by their bills. */
export const providerPayouts = schema.table(
  'provider_payouts',
  {
    provider: text('provider').notNull(),
    providerRef: text('provider_ref').notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    paidAt: text('paid_at').notNull(),
    billId: text('bill_id').notNull(),
    /** The line of our bank statement that it is. */
    bank: text('bank'),
    lineId: text('line_id'),
    matchedAt: text('matched_at'),
  },
  (table) => [primaryKey({ columns: [table.provider, table.providerRef] }), index('provider_payouts_by_time').on(table.paidAt)],
);

export interface BreakComment {
  text: string;
  by: string;
  at: string;
}

/** How a break was closed. */
export interface BreakClosing {
  by: string;
  at: string;
  note?: string;
  /** Of a correction. */
  proposedBy?: string;
  currency?: string;
  transfers?: Transfer[];
  /** Of one that was explained. */
  runId?: string;
  day?: string;
}

export const breaks = schema.table(
  'breaks',
  {
    breakId: text('break_id').primaryKey(),
    provider: text('provider').notNull(),
    kind: text('kind').$type<BreakKind>().notNull(),
    status: text('status').$type<BreakStatus>().notNull(),
    /** Whose run found it first. */
    day: text('day').notNull(),
    runId: text('run_id').notNull(),
    subject: text('subject').notNull(),
    movement: text('movement').$type<BreakContent['movement']>().notNull(),
    ourKey: text('our_key'),
    providerRef: text('provider_ref'),
    paymentKey: text('payment_key'),
    paymentId: text('payment_id'),
    on: jsonb('on').$type<ReconciliationSide[]>().notNull(),
    says: jsonb('says').$type<BreakContent['says']>().notNull(),
    extra: jsonb('extra').$type<NonNullable<BreakContent['extra']>>(),
    differences: jsonb('differences').$type<BreakContent['differences']>().notNull(),
    /** Of its first difference, or of the movement: what it is summed up and filtered by. */
    currency: text('currency').notNull(),
    differenceMinor: minor('difference_minor'),
    occurredAt: text('occurred_at').notNull(),
    foundAt: text('found_at').notNull(),
    owner: text('owner'),
    comments: jsonb('comments').$type<BreakComment[]>().notNull(),
    proposal: jsonb('proposal').$type<Omit<BreakCorrectionProposed, 'type' | 'breakId' | 'proposalId'> & { proposalId: string }>(),
    closing: jsonb('closing').$type<BreakClosing>(),
    /** Day of the run that explained it. */
    explainedBy: text('explained_by'),
    /** Of its first BreakFound: breaks are listed in this order. */
    position: position('position'),
  },
  (table) => [
    index('breaks_by_position').on(table.position),
    index('breaks_by_status').on(table.status, table.provider),
    index('breaks_by_day').on(table.provider, table.day),
  ],
);

/** Lines of our bank statements that a provider paid, or that nobody could explain. */
export const bankLines = schema.table(
  'bank_lines',
  {
    bank: text('bank').notNull(),
    lineId: text('line_id').notNull(),
    /** The provider that paid it; null of one that nobody could explain. */
    provider: text('provider'),
    /** `open`: not found in a provider's bill, or not explained; `assigned`: found to be a party's prefunded money. */
    status: text('status').$type<'open' | 'matched' | 'explained' | 'assigned'>().notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    reference: text('reference').notNull(),
    reason: text('reason'),
    bookedAt: text('booked_at').notNull(),
    proposal: jsonb('proposal').$type<{ proposalId: string; account: string; note: string; by: string; at: string }>(),
    account: text('account'),
    note: text('note'),
    explainedBy: text('explained_by'),
    explainedAt: text('explained_at'),
    position: position('position'),
  },
  (table) => [primaryKey({ columns: [table.bank, table.lineId] }), index('bank_lines_by_status').on(table.status, table.position)],
);

/** Where the log was in each hour in which something of what this projection reads was written: where a period is to be looked for. */
export const timeMarks = schema.table('time_marks', {
  /** ISO 8601 in UTC, to the hour. */
  hour: text('hour').primaryKey(),
  position: position('position'),
  at: text('at').notNull(),
});

export const reconciliationTables = {
  terms,
  proposedTerms,
  bills,
  days,
  runs,
  carriedLines,
  providerPayouts,
  breaks,
  bankLines,
  timeMarks,
};
