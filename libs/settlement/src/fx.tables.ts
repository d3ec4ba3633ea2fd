import { bigint, boolean, index, integer, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('settlement');

const minor = (name: string) => bigint(name, { mode: 'bigint' });

/** What was ever said that the hub gives for a currency. The newest of two currencies counts, until it expires or is withdrawn. */
export const fxQuotes = schema.table(
  'fx_quotes',
  {
    quoteId: text('quote_id').primaryKey(),
    from: text('from_currency').notNull(),
    to: text('to_currency').notNull(),
    /** Units of the bought currency for one of the sold: so many divided by 10^`rateScale`. */
    rateUnits: minor('rate_units').notNull(),
    rateScale: integer('rate_scale').notNull(),
    source: text('source').notNull(),
    by: text('quoted_by').notNull(),
    /** ISO 8601 in UTC. */
    quotedAt: text('quoted_at').notNull(),
    expiresAt: text('expires_at').notNull(),
    withdrawnBy: text('withdrawn_by'),
    reason: text('reason'),
    /** They are listed in this order. */
    position: bigint('position', { mode: 'bigint' }).notNull(),
  },
  (table) => [index('fx_quotes_by_currencies').on(table.from, table.to, table.position)],
);

/** `holding`: the ledger is asked for what is sold; `held`: it has it; `requested`: it is asked for what is bought. */
export type ExchangeStatus =
  'awaiting_rate' | 'locked' | 'holding' | 'held' | 'requested' | 'refused' | 'exchanged' | 'carried' | 'released';

/** Payouts that are to be paid in another currency. Of a settlement that was aborted they are without effect. */
export const exchanges = schema.table(
  'exchanges',
  {
    settlementId: text('settlement_id').notNull(),
    party: text('party').notNull(),
    status: text('status').$type<ExchangeStatus>().notNull(),
    /** Why it waits: for a rate, or for cash. */
    code: text('code'),
    soldMinor: minor('sold_minor').notNull(),
    currency: text('currency').notNull(),
    payIn: text('pay_in').notNull(),
    /** Null until a rate is locked. */
    quoteId: text('quote_id'),
    rate: text('rate'),
    boughtMinor: minor('bought_minor'),
    /** What the sold amount comes to by the rate, less what is bought, in minor units of the bought currency. */
    roundingNumerator: minor('rounding_numerator'),
    roundingDenominator: minor('rounding_denominator'),
    /** Whether the ledger holds what is sold on the party's account. */
    isHeld: boolean('is_held').notNull(),
    /** Position of the newest ask of the ledger, and once it is exchanged or released, of that; 0 before. */
    movedPosition: bigint('moved_position', { mode: 'bigint' }).notNull(),
    /** Position of what began it: they are listed in this order. */
    position: bigint('position', { mode: 'bigint' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.settlementId, table.party] }),
    index('exchanges_by_status').on(table.status),
    index('exchanges_by_position').on(table.position),
  ],
);

export const fxTables = { fxQuotes, exchanges };
