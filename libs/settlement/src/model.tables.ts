import type { CalendarSet, PartyModelProposed, SettlementModelProposed, SettlementModelSet } from '@tongbao/contracts';
import { bigint, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import type { AssignmentStep } from './assignment.history.js';

const schema = pgSchema('settlement');

/** A model of a currency: what counts, and what waits for a second person. */
export const models = schema.table(
  'models',
  {
    name: text('name').notNull(),
    currency: text('currency').notNull(),
    /** Null before its first version is approved: nobody can be on it. */
    current: jsonb('current').$type<SettlementModelSet>(),
    proposed: jsonb('proposed').$type<SettlementModelProposed>(),
  },
  (table) => [primaryKey({ columns: [table.name, table.currency] })],
);

/** Every version that ever counted. */
export const modelVersions = schema.table(
  'model_versions',
  {
    name: text('name').notNull(),
    currency: text('currency').notNull(),
    version: integer('version').notNull(),
    terms: jsonb('terms').$type<SettlementModelSet>().notNull(),
    /** Counts for windows whose cut-off is after this. */
    position: bigint('position', { mode: 'bigint' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.currency, table.version] })],
);

/** Parties that were ever put on a model; all others are on the default one. */
export const partyModels = schema.table(
  'party_models',
  {
    party: text('party').notNull(),
    currency: text('currency').notNull(),
    steps: jsonb('steps').$type<AssignmentStep[]>().notNull(),
    /** The currency that its payouts are paid in, where that is another one. */
    payIn: text('pay_in'),
    proposed: jsonb('proposed').$type<PartyModelProposed>(),
  },
  (table) => [primaryKey({ columns: [table.party, table.currency] })],
);

export const calendars = schema.table('calendars', {
  name: text('name').primaryKey(),
  current: jsonb('current').$type<CalendarSet>().notNull(),
});

export const modelTables = { models, modelVersions, partyModels, calendars };
