import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPglite, type SqlClient } from '../src/index.js';

describe('PGlite, with its one connection', () => {
  let client: SqlClient;
  beforeAll(async () => {
    client = await openPglite('memory');
  }, 180_000);
  afterAll(async () => client.close());

  it('lets nobody into an open transaction: what is asked meanwhile comes after it', async () => {
    await client.query('CREATE TABLE counted (id integer PRIMARY KEY, n integer NOT NULL)');
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
});
