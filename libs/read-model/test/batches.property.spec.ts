import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drizzleOver, ProjectionRunner, type SqlClient } from '../src/index.js';
import { databases, type TestDatabase } from './databases.js';
import { FakeLog } from './fake-log.js';
import { paymentsProjection, type PaymentEvent } from './payments.projection.js';

describe.each(databases)('over %s', (_, open) => {
  let database: TestDatabase;
  let client: SqlClient;
  beforeAll(async () => {
    database = await open();
    client = database.client;
  }, 180_000);
  afterAll(async () => database.close());

  const event: fc.Arbitrary<PaymentEvent> = fc.record({
    type: fc.constantFrom('Requested', 'Captured', 'Captured', 'Forgotten'),
    payment: fc.constantFrom('a', 'b', 'c', 'd', 'é', 'quote"\'\\', 'tab\tline\n', '{"json":1}', '漢字😀', ''),
    platform: fc.constantFrom('x', 'y', 'x,y'),
    day: fc.integer({ min: -2, max: 2 }),
    amountMinor: fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }).map(String),
  });

  /** The fold as plain as can be, over all events at once. */
  function expectedRows(events: PaymentEvent[]) {
    const payments = new Map<string, object>();
    const days = new Map<string, { platform: string; day: number; payments: number; total: bigint }>();
    const steps = new Map<string, string[]>();
    events.forEach(({ type, payment, platform, day, amountMinor }, index) => {
      const taken = [...(steps.get(payment) ?? []), type];
      const updatedAt = new Date(index + 1).toISOString();
      if (type === 'Forgotten') steps.delete(payment);
      else steps.set(payment, taken);
      if (type === 'Forgotten') payments.delete(payment);
      else payments.set(payment, { id: payment, status: type, amount: BigInt(amountMinor), steps: taken, note: null, updatedAt });
      if (type !== 'Captured') return;
      const key = JSON.stringify([platform, day]);
      const before = days.get(key) ?? { platform, day, payments: 0, total: 0n };
      days.set(key, { ...before, payments: before.payments + 1, total: before.total + BigInt(amountMinor) });
    });
    return { payments: new Set(payments.values()), days: new Set(days.values()) };
  }

  it('any history gives the same rows, however it is cut into batches, cached, prefetched and interrupted', async () => {
    let run = 0;
    const history = fc.record({
      events: fc.array(event, { maxLength: 80 }),
      maxBatch: fc.integer({ min: 1, max: 100 }),
      cacheRows: fc.integer({ min: 0, max: 5 }),
      prefetch: fc.boolean(),
      restartAt: fc.nat({ max: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ events, maxBatch, cacheRows, prefetch, restartAt }) => {
        run += 1;
        const projection = paymentsProjection(`history_${run}`);
        if (!prefetch) delete projection.touches;
        const log = new FakeLog();
        const parts = [events.slice(0, restartAt), events.slice(restartAt)];
        for (const part of parts) {
          for (const one of part) log.append(`payment-${one.payment}`, one);
          const feed = await log.feed();
          const runner = await ProjectionRunner.start(client, feed, projection, { maxBatch, cacheRows, minIntervalMs: 0 });
          expect(await runner.reached(log.last, 60_000)).toBe(true);
          await feed.stop();
        }
        const database = drizzleOver(client);
        const expected = expectedRows(events);
        expect(new Set(await database.select().from(projection.tables.payments))).toEqual(expected.payments);
        expect(new Set(await database.select().from(projection.tables.days))).toEqual(expected.days);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
