import { bigint, index, pgSchema, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('settlement');

const minor = (name: string) => bigint(name, { mode: 'bigint' }).notNull();

/** What a platform is to pay another directly, by a bilateral settlement that can no longer be aborted. */
export const directObligations = schema.table(
  'direct_obligations',
  {
    obligationId: text('obligation_id').primaryKey(),
    settlementId: text('settlement_id').notNull(),
    debtor: text('debtor').notNull(),
    creditor: text('creditor').notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    status: text('status').$type<'due' | 'reported' | 'paid' | 'carried'>().notNull(),
    /** What was reported of it last. */
    outcome: text('outcome').$type<'paid' | 'carried'>(),
    reportedBy: text('reported_by'),
    confirmedBy: text('confirmed_by'),
    note: text('note'),
    /** Position of its ObligationDue: they are listed in this order. */
    duePosition: bigint('due_position', { mode: 'bigint' }).notNull(),
    /** ISO 8601 in UTC. */
    dueAt: text('due_at').notNull(),
  },
  (table) => [index('direct_obligations_by_settlement').on(table.settlementId), index('direct_obligations_by_status').on(table.status)],
);

/** What a settlement collects from what a party has prefunded. */
export const liquidityDraws = schema.table(
  'liquidity_draws',
  {
    drawId: text('draw_id').primaryKey(),
    settlementId: text('settlement_id').notNull(),
    party: text('party').notNull(),
    amountMinor: minor('amount_minor'),
    currency: text('currency').notNull(),
    status: text('status').$type<'requested' | 'drawn' | 'refused'>().notNull(),
    /** Why the ledger refused it. */
    code: text('code'),
  },
  (table) => [index('liquidity_draws_by_settlement').on(table.settlementId)],
);

export const obligationTables = { directObligations, liquidityDraws };
