import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { bigint, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import { drizzleOver, SqlError, type SqlClient } from '../src/index.js';
import { databases, type TestDatabase } from './databases.js';

describe.each(databases)('%s as an SQL client', (_, open) => {
  let database: TestDatabase;
  let client: SqlClient;
  beforeAll(async () => {
    database = await open();
    client = database.client;
    await client.query('CREATE TABLE counted (id integer PRIMARY KEY, n integer NOT NULL)');
  }, 180_000);
  afterAll(async () => database.close());

  it('gives every value without loss and in one form', async () => {
    const sql = `SELECT 9223372036854775807::int8 AS big, 12345678901234567890.10::numeric AS exact, 7 AS small, true AS yes, NULL AS nothing,
      '{"b":[1,{"c":null}]}'::jsonb AS json, '2026-01-02 03:04:05+00'::timestamptz AS instant, '2026-01-02 03:04:05.123456'::timestamp AS local,
      '2026-01-02'::date AS day, 'infinity'::timestamptz AS ever, '1 day 02:00'::interval AS span, '\\x00ff'::bytea AS bytes, 1.1::float8 AS near,
      'NaN'::float8 AS none, 'x'::name AS named, '7f000001-0000-4000-8000-000000000000'::uuid AS id`;
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
      span: '1 day 02:00:00',
      bytes: Uint8Array.of(0, 255),
      near: 1.1,
      none: NaN,
      named: 'x',
      id: '7f000001-0000-4000-8000-000000000000',
    };
    // From some time on the statement is a prepared one.
    for (let time = 0; time < 5; time += 1) expect(await client.query(sql)).toEqual([expected]);
  });

  it('gives arrays of every kind as arrays', async () => {
    const sql = `SELECT ARRAY[1, NULL, 3]::int8[] AS big, ARRAY['a,b', 'c"d', '{', '', NULL]::text[] AS texts, '{}'::text[] AS empty, ARRAY[[1, 2], [3, 4]] AS deep,
      ARRAY['{"a":1}', 'null']::jsonb[] AS json, ARRAY['2026-01-02 03:04:05+00']::timestamptz[] AS instants, ARRAY[true, false] AS yes, ARRAY[1.10]::numeric[] AS exact`;
    expect(await client.query(sql)).toEqual([
      {
        big: ['1', null, '3'],
        texts: ['a,b', 'c"d', '{', '', null],
        empty: [],
        deep: [
          [1, 2],
          [3, 4],
        ],
        json: [{ a: 1 }, null],
        instants: ['2026-01-02T03:04:05.000Z'],
        yes: [true, false],
        exact: ['1.10'],
      },
    ]);
  });

  it('takes bigints, numbers, texts, dates, booleans, bytes, JSON and null as parameters', async () => {
    const sql = `SELECT $1::int8 AS a, $2::integer AS b, $3::text AS c, $4::timestamptz AS d, $5::boolean AS e, $6::jsonb AS f, $7::text AS g, $8::timestamp AS h,
      $9::bytea AS i, $10::jsonb AS j`;
    const bytes = Uint8Array.of(1, 0, 254);
    const parameters = [2n ** 62n, 5, "it's", new Date(0), false, { x: 1 }, null, new Date(0), bytes, '[1]'];
    const expected = {
      a: String(2n ** 62n),
      b: 5,
      c: "it's",
      d: '1970-01-01T00:00:00.000Z',
      e: false,
      f: { x: 1 },
      g: null,
      h: '1970-01-01T00:00:00.000',
      i: bytes,
      j: [1],
    };
    for (let time = 0; time < 5; time += 1) expect(await client.query(sql, parameters)).toEqual([expected]);
  });

  it('refuses arrays as parameters, which would mean one thing here and another there', async () => {
    await expect(client.query('SELECT $1::jsonb', [[1]])).rejects.toThrow('parameter 1 is an array: give it as JSON text');
    await expect(client.arrays('SELECT $1::jsonb', [[1]])).rejects.toBeInstanceOf(TypeError);
    await expect(client.transaction((tx) => tx.query('SELECT $1::jsonb', [[1]]))).rejects.toBeInstanceOf(TypeError);
  });

  it('gives rows as arrays where names repeat', async () => {
    expect(await client.arrays('SELECT 1 AS a, 2 AS a')).toEqual([[1, 2]]);
  });

  it('does one statement at a time', async () => {
    await expect(client.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ name: 'SqlError', code: '42601' });
  });

  it('says what PostgreSQL refused, and goes on', async () => {
    for (let time = 0; time < 5; time += 1) {
      await expect(client.query('SELECT 1 / $1::integer', [0])).rejects.toMatchObject({ name: 'SqlError', code: '22012' });
    }
    await expect(client.query('SELECT nonsense')).rejects.toBeInstanceOf(SqlError);
    await client.query('INSERT INTO counted VALUES (100, 0)');
    await expect(client.query('INSERT INTO counted VALUES (100, 0)')).rejects.toMatchObject({
      code: '23505',
      detail: 'Key (id)=(100) already exists.',
    });
    expect(await client.query('SELECT 1 / $1::integer AS one', [1])).toEqual([{ one: 1 }]);
  });

  it('refuses a parameter that does not fit, and goes on', async () => {
    for (let time = 0; time < 5; time += 1) {
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

  it('undoes a transaction of which a statement was refused, and says so, even if the work passes over that', async () => {
    const careless = client.transaction(async (tx) => {
      await tx.query('INSERT INTO counted VALUES (3, 1)');
      await tx.query('SELECT nonsense').catch(() => undefined);
      return 'done';
    });
    await expect(careless).rejects.toMatchObject({ code: '42703' });
    expect(await client.query('SELECT n FROM counted WHERE id = 3')).toEqual([]);
  });

  it('does what a transaction asks for at once in the order of asking', async () => {
    const rows = await client.transaction((tx) => Promise.all([1, 2, 3].map((n) => tx.query('SELECT $1::integer AS n', [n]))));
    expect(rows).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  it('lets a transaction see one state of the database from its first statement to its last', async () => {
    await client.query('INSERT INTO counted VALUES (4, 1)');
    let write: Promise<unknown> | undefined;
    const seen = await client.transaction(async (tx) => {
      const before = await tx.query('SELECT n FROM counted WHERE id = 4');
      write = client.query('UPDATE counted SET n = 2 WHERE id = 4');
      // Where there is one connection, the write waits for this transaction.
      await Promise.race([write, new Promise((resolve) => setTimeout(resolve, 200))]);
      return [before, await tx.query('SELECT n FROM counted WHERE id = 4')];
    });
    expect(seen).toEqual([[{ n: 1 }], [{ n: 1 }]]);
    await write;
    expect(await client.query('SELECT n FROM counted WHERE id = 4')).toEqual([{ n: 2 }]);
  });

  it('loses no update of transactions that meet: one of them is told to try again', async () => {
    await client.query('INSERT INTO counted VALUES (2, 0)');
    const add = (): Promise<void> =>
      client
        .transaction(async (tx) => {
          const [row] = await tx.query<{ n: number }>('SELECT n FROM counted WHERE id = 2');
          await tx.query('UPDATE counted SET n = $1 WHERE id = 2', [(row?.n ?? 0) + 1]);
        })
        .catch((error: unknown) => (error instanceof Outage ? add() : Promise.reject(error as Error)));
    await Promise.all(Array.from({ length: 10 }, add));
    expect(await client.query('SELECT n FROM counted WHERE id = 2')).toEqual([{ n: 10 }]);
  });

  it('reads a view under a prepared statement after the view has changed', async () => {
    await client.query('CREATE VIEW changing AS SELECT 1 AS a');
    for (let time = 0; time < 5; time += 1) expect(await client.query('SELECT * FROM changing')).toEqual([{ a: 1 }]);
    await client.transaction(async (tx) => {
      await tx.query('DROP VIEW changing');
      await tx.query(`CREATE VIEW changing AS SELECT 'one'::text AS a, 2 AS b`);
    });
    for (let time = 0; time < 5; time += 1) expect(await client.query('SELECT * FROM changing')).toEqual([{ a: 'one', b: 2 }]);
  });

  it('keeps answering when there are more statements than it keeps prepared', async () => {
    for (let time = 0; time < 5; time += 1) {
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
    const typed = drizzleOver(client);
    await typed.insert(things).values([row, { id: 'b' }]);
    expect(await typed.select().from(things).orderBy(things.id)).toEqual([row, { id: 'b', amount: null, at: null, text: null }]);
  });

  it('finishes what is in hand when it is closed, and answers with an outage from then on', async () => {
    const other = await database.another();
    const inHand = other.transaction(async (tx) => {
      await tx.query('CREATE TABLE late (id integer)');
      await new Promise((resolve) => setImmediate(resolve));
      return tx.query('SELECT count(*)::integer AS rows FROM late');
    });
    const closed = other.close();
    expect(await inHand).toEqual([{ rows: 0 }]);
    await closed;
    await expect(other.query('SELECT 1')).rejects.toBeInstanceOf(Outage);
    await expect(other.transaction((tx) => tx.query('SELECT 1'))).rejects.toBeInstanceOf(Outage);
    await other.close();
  });
});
