import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '@tongbao/event-store';
import {
  compareWithLive,
  FoldFailed,
  NotComparable,
  openPglite,
  ProjectionRunner,
  ScratchProjection,
  type Projection,
  type SqlClient,
} from '../src/index.js';
import { databases, type TestDatabase } from './databases.js';
import { FakeLog } from './fake-log.js';
import { paymentEvent, paymentsProjection, type PaymentEvent } from './payments.projection.js';

let memory: SqlClient;
beforeAll(async () => {
  memory = await openPglite('memory');
}, 180_000);
afterAll(() => memory.close());

/** Payments that were requested and then captured. */
function logOf(payments: number): FakeLog {
  const log = new FakeLog();
  for (let number = 0; number < payments; number += 1)
    for (const type of ['Requested', 'Captured'] as const) log.append(`payment-p${number}`, paymentEvent(`p${number}`, type));
  return log;
}

/** A payment cannot be captured that was not requested. */
function strict(projection: Projection): Projection {
  return {
    ...projection,
    async apply(stored, rows) {
      const { type, payment } = stored.event as PaymentEvent;
      if (type === 'Captured' && !(await rows.get('payments', [payment]))) throw new Error(`${payment} was never requested`);
      await projection.apply(stored, rows);
    },
  };
}

describe('a projection in a database of its own', () => {
  it('is folded from what it is given, and can be asked by SQL', async () => {
    const scratch = await ScratchProjection.open(memory, paymentsProjection('scratch'));
    const log = logOf(5);
    await scratch.fold(log.events.slice(0, 4));
    await scratch.fold(log.events.slice(4));
    expect(scratch.position).toBe(log.last);
    expect(await scratch.counts()).toEqual([
      { table: 'payments', rows: 5 },
      { table: 'days', rows: expect.any(Number) },
    ]);
    expect(await scratch.client.query('SELECT sum(payments)::integer AS captured FROM days')).toEqual([{ captured: 5 }]);
  });

  it('leaves out, of a part of the log, what needs something from before that part, and folds the rest', async () => {
    const scratch = await ScratchProjection.open(memory, strict(paymentsProjection('part')));
    const { events } = logOf(50);
    // Without the first request, and without one in the middle.
    const part = events.filter((_, index) => index !== 0 && index !== 60);
    await expect(scratch.fold(part)).rejects.toBeInstanceOf(FoldFailed);
    const refused = await scratch.foldPart(part);
    expect(refused.map(({ stored }) => stored.stream)).toEqual(['payment-p0', 'payment-p30']);
    expect(refused[0]?.error.message).toMatch('p0 was never requested');
    expect((await scratch.counts())[0]).toEqual({ table: 'payments', rows: 48 });
  });
});

describe.each(databases)('compared with the live rows in %s', (kind, open) => {
  const named = (name: string) => `${name}_${kind.toLowerCase()}`;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  }, 180_000);
  afterAll(() => database.close());

  const reachIn = (scratch: ScratchProjection, events: readonly StoredEvent[]) => async (position: bigint) => {
    await scratch.fold(events.filter((stored) => stored.position > scratch.position && stored.position <= position));
    await scratch.reach(position);
  };

  async function live(name: string, log: FakeLog) {
    const feed = await log.feed();
    const runner = await ProjectionRunner.start(database.client, feed, paymentsProjection(name));
    expect(await runner.reached(log.last, 10_000)).toBe(true);
    return { runner, stop: () => feed.stop() };
  }

  it('it is equal where they are folded from the same log', async () => {
    const log = logOf(300);
    const { stop } = await live(named('equal'), log);
    const scratch = await ScratchProjection.open(memory, paymentsProjection(named('equal')));
    await scratch.fold(log.events.slice(0, 200));
    expect(await compareWithLive(database.client, scratch, reachIn(scratch, log.events), 0)).toEqual({
      position: log.last,
      differences: [],
    });
    expect(scratch.position).toBe(log.last);
    await stop();
  });

  it('it says which rows differ', async () => {
    const log = logOf(300);
    const { stop } = await live(named('edited'), log);
    await database.client.query(`UPDATE ${named('edited')}.payments SET note = 'by hand' WHERE id = 'p7'`);
    await database.client.query(`DELETE FROM ${named('edited')}.payments WHERE id = 'p8'`);
    const scratch = await ScratchProjection.open(memory, paymentsProjection(named('edited')));
    const { differences } = await compareWithLive(database.client, scratch, reachIn(scratch, log.events), 0);
    expect(differences).toEqual([
      {
        table: 'payments',
        liveRows: 299,
        rebuiltRows: 300,
        onlyLive: { count: 1, rows: [expect.objectContaining({ id: 'p7', note: 'by hand' })] },
        onlyRebuilt: { count: 2, rows: expect.arrayContaining([expect.objectContaining({ id: 'p8' })]) },
      },
    ]);
    await stop();
  });

  it.each<[string, () => Promise<ScratchProjection>, RegExp]>([
    ['there are none', () => ScratchProjection.open(memory, paymentsProjection(named('nobody'))), /no live rows/],
    ['they are of another version', () => ScratchProjection.open(memory, paymentsProjection(named('edited'), 2)), /another version/],
  ])('it is refused where %s', async (_, openScratch, why) => {
    const scratch = await openScratch();
    const comparing = compareWithLive(database.client, scratch, () => Promise.resolve(), 0);
    await expect(comparing).rejects.toThrow(why);
    await expect(comparing).rejects.toBeInstanceOf(NotComparable);
  });

  it('it is refused where the live rows stand still before it', async () => {
    const log = logOf(3);
    const { stop } = await live(named('slow'), log);
    await stop();
    const scratch = await ScratchProjection.open(memory, paymentsProjection(named('slow')));
    await scratch.fold(logOf(4).events);
    await expect(compareWithLive(database.client, scratch, () => Promise.resolve(), 0)).rejects.toThrow(/stand still at 6, before 8/);
  });
});
