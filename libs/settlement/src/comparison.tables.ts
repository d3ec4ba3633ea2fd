import type { JournalTransfer } from '@tongbao/contracts';
import { bigint, index, jsonb, pgSchema } from 'drizzle-orm/pg-core';

const schema = pgSchema('settlement');

/** Corrections that mend the postings of facts: each is an operator's, so they are few. */
export const mendings = schema.table(
  'mendings',
  {
    /** Number of the correcting entry. */
    entry: bigint('entry', { mode: 'number' }).primaryKey(),
    /** Of the fact. */
    position: bigint('position', { mode: 'bigint' }).notNull(),
    transfers: jsonb('transfers').$type<JournalTransfer[]>().notNull(),
  },
  (table) => [index('mendings_by_position').on(table.position)],
);

export const comparisonTables = { mendings };
