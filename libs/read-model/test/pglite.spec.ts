import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { bigint, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import { drizzleOver, openPglite, SqlError, type SqlClient } from '../src/index.js';

describe('PGlite as an SQL client', () => {
  let client: SqlClient;
  beforeAll(async () => {
    client = await openPglite('memory');
    await client.query('CREATE TABLE counted (id integer PRIMARY KEY, n integer NOT NULL)');
  }, 60_000);
  afterAll(async () => client.close());

  it('gives every value without loss and in one form', async () => {
    const sql = `SELECT 9223372036854775807::int8 AS big, 12345678901234567890.10::numeric AS exact, 7 AS small, true AS yes, NULL AS nothing,
      '{"b":[1,{"c":null}]}'::jsonb AS json, '2026-01-02 03:04:05+00'::timestamptz AS instant, '2026-01-02 03:04:05.123456'::timestamp AS local,
      '2026-01-02'::date AS day, 'infinity'::timestamptz AS ever`;
    const expected = {
      big: '9223372036854775807',
      exact: '12345678901234567890.10',
      small: 7,
      yes: true,
      nothing: null,
      json: { b: [1, { c: null }] },
      instant: '2026-01-02T03:04:05.000Z',
      local: '2026-01-02T03:04:05.123456',
      day: '2026-01-02',
      ever: 'infinity',
    };
    // The second and third time the statement is a prepared one.
    for (let time = 0; time < 3; time += 1) expect(await client.query(sql)).toEqual([expected]);
  });

  it('takes bigints, numbers, texts, dates, booleans, JSON and null as parameters', async () => {
    const sql =
      'SELECT $1::int8 AS a, $2::integer AS b, $3::text AS c, $4::timestamptz AS d, $5::boolean AS e, $6::jsonb AS f, $7::text AS g';
    const parameters = [2n ** 62n, 5, "it's", new Date(0), false, { x: 1 }, null];
    const expected = { a: String(2n ** 62n), b: 5, c: "it's", d: '1970-01-01T00:00:00.000Z', e: false, f: { x: 1 }, g: null };
    for (let time = 0; time < 3; time += 1) expect(await client.query(sql, parameters)).toEqual([expected]);
  });

  it('gives rows as arrays where names repeat', async () => {
    expect(await client.arrays('SELECT 1 AS a, 2 AS a')).toEqual([[1, 2]]);
  });

  it('says what PostgreSQL refused, and goes on', async () => {
    for (let time = 0; time < 3; time += 1) {
      await expect(client.query('SELECT 1 / $1::integer', [0])).rejects.toMatchObject({ name: 'SqlError', code: '22012' });
    }
    await expect(client.query('SELECT nonsense')).rejects.toBeInstanceOf(SqlError);
    expect(await client.query('SELECT 1 / $1::integer AS one', [1])).toEqual([{ one: 1 }]);
  });

  it('refuses a parameter that does not fit, and goes on', async () => {
    for (let time = 0; time < 3; time += 1) {
      await expect(client.query('SELECT $1::boolean', ['perhaps'])).rejects.toBeInstanceOf(SqlError);
    }
    expect(await client.query('SELECT $1::boolean AS yes', [true])).toEqual([{ yes: true }]);
  });

  it('commits a transaction whose work returns, and undoes one whose work throws', async () => {
    await client.transaction((tx) => tx.query('INSERT INTO counted VALUES (1, 10)'));
    const failing = client.transaction(async (tx) => {
      await tx.query('UPDATE counted SET n = 11 WHERE id = 1');
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    const broken = client.transaction(async (tx) => {
      await tx.query('UPDATE counted SET n = 12 WHERE id = 1');
      await tx.query('SELECT nonsense');
    });
    await expect(broken).rejects.toBeInstanceOf(SqlError);
    expect(await client.query('SELECT n FROM counted WHERE id = 1')).toEqual([{ n: 10 }]);
  });

  it('lets nobody into an open transaction: what is asked meanwhile comes after it', async () => {
    await client.query('INSERT INTO counted VALUES (2, 0)');
    const order: string[] = [];
    const first = client.transaction(async (tx) => {
      await tx.query('UPDATE counted SET n = 1 WHERE id = 2');
      await new Promise((resolve) => setImmediate(resolve));
      order.push('first');
      throw new Error('undone');
    });
    const between = client.query('SELECT n FROM counted WHERE id = 2').then((rows) => order.push(`read ${JSON.stringify(rows)}`));
    const second = client.transaction(async (tx) => {
      await tx.query('UPDATE counted SET n = n + 5 WHERE id = 2');
      order.push('second');
    });
    await Promise.allSettled([first, between, second]);
    expect(order).toEqual(['first', 'read [{"n":0}]', 'second']);
    expect(await client.query('SELECT n FROM counted WHERE id = 2')).toEqual([{ n: 5 }]);
  });

  it('reads a view under a prepared statement after the view has changed', async () => {
    await client.query('CREATE VIEW changing AS SELECT 1 AS a');
    for (let time = 0; time < 3; time += 1) expect(await client.query('SELECT * FROM changing')).toEqual([{ a: 1 }]);
    await client.transaction(async (tx) => {
      await tx.query('DROP VIEW changing');
      await tx.query(`CREATE VIEW changing AS SELECT 'one'::text AS a, 2 AS b`);
    });
    for (let time = 0; time < 3; time += 1) expect(await client.query('SELECT * FROM changing')).toEqual([{ a: 'one', b: 2 }]);
  });

  it('keeps answering when there are more statements than it keeps prepared', async () => {
    for (let time = 0; time < 3; time += 1) {
      for (let number = 0; number < 130; number += 1)
        expect(await client.arrays(`SELECT ${number} + $1::integer`, [1])).toEqual([[number + 1]]);
    }
  });

  it('gives drizzle its columns in their own types', async () => {
    const things = pgSchema('typed').table('things', {
      id: text('id').primaryKey(),
      amount: bigint('amount', { mode: 'bigint' }),
      at: timestamp('at', { withTimezone: true }),
      text: timestamp('at_text', { withTimezone: true, mode: 'string' }),
    });
    await client.query('CREATE SCHEMA typed');
    await client.query('CREATE TABLE typed.things (id text PRIMARY KEY, amount bigint, at timestamptz, at_text timestamptz)');
    const row = { id: 'a', amount: 2n ** 60n, at: new Date(1_700_000_000_123), text: '2026-01-02T03:04:05.678Z' };
    const database = drizzleOver(client);
    await database.insert(things).values([row, { id: 'b' }]);
    expect(await database.select().from(things).orderBy(things.id)).toEqual([row, { id: 'b', amount: null, at: null, text: null }]);
  });

  it('answers with an outage once it is closed', async () => {
    const other = await openPglite('memory');
    await other.close();
    await expect(other.query('SELECT 1')).rejects.toBeInstanceOf(Outage);
    await other.close();
  });
});
