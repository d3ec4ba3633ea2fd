import { bigint, index, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('settlement');

const minor = (name: string) => bigint(name, { mode: 'bigint' }).notNull();

/** What is withheld from a party, by the settlement that withheld it. */
export const reserves = schema.table(
  'reserves',
  {
    settlementId: text('settlement_id').notNull(),
    party: text('party').notNull(),
    currency: text('currency').notNull(),
    amountMinor: minor('amount_minor'),
    /** ISO 8601 in UTC. */
    releaseAt: text('release_at').notNull(),
    /** The settlement that releases it, from its calculation on. */
    releasedBy: text('released_by'),
  },
  (table) => [primaryKey({ columns: [table.settlementId, table.party] }), index('reserves_by_release').on(table.currency, table.releaseAt)],
);

/** What was withheld of a party in all, and the sum of all bases times their basis points that it is the rounded part of. */
export const reserveBases = schema.table(
  'reserve_bases',
  {
    party: text('party').notNull(),
    currency: text('currency').notNull(),
    basisPointMinor: minor('basis_point_minor'),
    withheldMinor: minor('withheld_minor'),
  },
  (table) => [primaryKey({ columns: [table.party, table.currency] })],
);

export const reserveTables = { reserves, reserveBases };
