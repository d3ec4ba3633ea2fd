import { bigint, integer, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('log');

const number = (name: string) => bigint(name, { mode: 'number' });

/** How far the tree has grown, by journal. */
export const trees = schema.table('trees', {
  journal: text('journal').primaryKey(),
  /** Leaves, which are the journal's entries. */
  size: number('size').notNull(),
  /** Base64. */
  root: text('root').notNull(),
  /** Of the newest journal event, and of the newest that has entries. */
  revision: integer('revision').notNull(),
  grownRevision: integer('grown_revision').notNull(),
  /** `sourcePosition` of the newest that has entries. */
  sourcePosition: bigint('source_position', { mode: 'bigint' }).notNull(),
  /** Tells the commitment key without telling it: leaves of two keys would be two histories. */
  commitments: text('commitments').notNull(),
});

/** The leaves of one journal event, in a row: under load it has many. */
export const leaves = schema.table('leaves', {
  /** Number of its first entry. */
  first: number('first').primaryKey(),
  count: integer('count').notNull(),
  /** As `packLeaves` makes them. */
  leaves: text('leaves').notNull(),
});

/** C2SP tlog-tiles, each as wide as it has grown: a narrower one is its beginning. */
export const tiles = schema.table(
  'tiles',
  {
    level: integer('level').notNull(),
    index: number('index').notNull(),
    width: integer('width').notNull(),
    /** Base64. */
    hashes: text('hashes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.index] })],
);

export type TreeRow = typeof trees.$inferSelect;
export type LeavesRow = typeof leaves.$inferSelect;
export type TileRow = typeof tiles.$inferSelect;
