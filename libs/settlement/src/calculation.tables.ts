import type { DirectObligation } from '@tongbao/contracts';
import { integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('settlement');

/** What each event of a calculation did: one of very many parties has several. */
export const calculationSlices = schema.table(
  'calculation_slices',
  {
    settlementId: text('settlement_id').notNull(),
    /** From 1 on. */
    slice: integer('slice').notNull(),
    /** What it did to what is carried and to reserves; an abort takes it back. Null once there is none any more. */
    undo: jsonb('undo').$type<PartyUndo[]>(),
    /** What is carried to other models, once the settlement can no longer be aborted. */
    leaving: jsonb('leaving').$type<CarriedElsewhere[]>(),
    /** What platforms are to pay each other directly. */
    direct: jsonb('direct').$type<DirectObligation[]>(),
  },
  (table) => [primaryKey({ columns: [table.settlementId, table.slice] })],
);

/** What a calculation did to one party; amounts in minor units, decimal. */
export interface PartyUndo {
  party: string;
  carriedMinor: string;
  debitMinor: string;
  basisPointMinor: string;
  withheldMinor: string;
  /** Settlements whose reserves it releases. */
  releases: string[];
}

/** What a party takes with it to another model. */
export interface CarriedElsewhere {
  party: string;
  model: string;
  amountMinor: number;
  debitMinor: number;
}

export const calculationTables = { calculationSlices };
