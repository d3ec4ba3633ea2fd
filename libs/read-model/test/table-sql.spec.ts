import { describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { bigint, index, integer, interval, pgSchema, pgTable, primaryKey, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import { createTableSql } from '../src/index.js';

const { table } = pgSchema('shop');

describe('the statements that create a table', () => {
  it('give it its columns, its primary key and its indexes under another name', () => {
    const orders = table(
      'orders',
      {
        platform: text('platform').notNull(),
        number: bigint('order_number', { mode: 'bigint' }).notNull(),
        state: text('state'),
      },
      (columns) => [
        primaryKey({ columns: [columns.platform, columns.number] }),
        index().on(columns.state, columns.number.desc().nullsLast()),
        index('open_orders')
          .on(sql`lower(${columns.state})`)
          .where(sql`${columns.state} <> 'closed'`),
      ],
    );
    expect(createTableSql(orders, 'orders_g7')).toEqual([
      `CREATE TABLE "shop"."orders_g7" ("platform" text COLLATE "C" NOT NULL, "order_number" bigint NOT NULL, "state" text COLLATE "C", PRIMARY KEY ("platform", "order_number"))`,
      `CREATE INDEX "orders_g7_i0" ON "shop"."orders_g7" USING btree ("state" ASC NULLS LAST, "order_number" DESC NULLS LAST)`,
      `CREATE INDEX "orders_g7_i1" ON "shop"."orders_g7" USING btree ((lower("state"))) WHERE "state" <> 'closed'`,
    ]);
  });

  it.each([
    ['without a primary key', table('bare', { id: text('id') }), 'no primary key'],
    ['outside a schema', pgTable('loose', { id: text('id').primaryKey() }), 'no schema'],
    ['with a unique column', table('one', { id: text('id').primaryKey(), name: text('name').unique() }), 'constraint'],
    [
      'with a unique constraint',
      table('two', { id: text('id').primaryKey(), n: integer('n') }, (columns) => [unique().on(columns.n)]),
      'constraint',
    ],
    [
      'with a unique index',
      table('three', { id: text('id').primaryKey(), n: integer('n') }, (columns) => [uniqueIndex().on(columns.n)]),
      'constraint',
    ],
    [
      'with a column of a kind whose values could change on the way',
      table('four', { id: text('id').primaryKey(), i: interval('i') }),
      'PgInterval',
    ],
  ])('refuse one %s', (_, refused, reason) => {
    expect(() => createTableSql(refused, 'any_g1')).toThrow(reason);
  });

  it('refuse a name that PostgreSQL would cut', () => {
    expect(() => createTableSql(table('long', { id: text('id').primaryKey() }), 'x'.repeat(60))).toThrow('too long');
  });
});
