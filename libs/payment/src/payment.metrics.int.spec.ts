import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PaymentEvent } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { ProcessMetrics } from '@tongbao/telemetry';
import { requested } from '../test/builders.js';
import { PaymentMetrics } from './payment.metrics.js';
import { PaymentQueries, paymentProjection } from './payments.view.js';
import { Workload } from './workload.js';

describe('the figures of payments', () => {
  let server: EventStoreServer;
  let store: EventStore;
  let feed: LogFeed;
  let sql: SqlClient;
  let runner: ProjectionRunner;
  beforeAll(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    feed = new LogFeed(store, { categories: ['payment', 'topup'] });
    await feed.start();
    sql = await openPglite('memory');
    runner = await ProjectionRunner.start(sql, feed, paymentProjection);
  }, 180_000);
  afterAll(async () => {
    await runner.stop();
    await feed.stop();
    await sql.close();
    await Promise.all([store.close(), server.close()]);
  });

  async function happened(paymentId: string, ...events: PaymentEvent[]): Promise<void> {
    const { position } = await store.append(`payment-${paymentId}`, 'any', events, { commandId: `${paymentId} ${events[0]?.type ?? ''}` });
    expect(await runner.reached(position, 10_000)).toBe(true);
  }
  /** What is told at a time from now on. */
  async function toldAfter(seconds: number): Promise<{ unknown: number; oldest: number }> {
    const metrics = new ProcessMetrics();
    const clock = { now: () => new Date(Date.now() + seconds * 1_000) };
    const figures = new PaymentMetrics(metrics, new PaymentQueries(sql), clock, new Workload());
    const text = await metrics.text();
    figures.beforeApplicationShutdown();
    const figure = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    return { unknown: figure('tongbao_payments_outcome_unknown'), oldest: figure('tongbao_payments_outcome_unknown_oldest_seconds') };
  }

  it('tell how many wait for a provider, and since when', async () => {
    expect(await toldAfter(0)).toEqual({ unknown: 0, oldest: 0 });
    await happened('p1', ...requested({ paymentId: 'p1' }));
    expect(await toldAfter(0)).toEqual({ unknown: 0, oldest: 0 });
    await happened('p1', { type: 'AttemptOutcomeUnknown', attempt: 1, reason: 'no answer' });
    const told = await toldAfter(100);
    expect(told.unknown).toBe(1);
    expect(told.oldest).toBeGreaterThanOrEqual(100);
    expect(told.oldest).toBeLessThan(200);
  });

  it('count a refund that the provider should have answered by now, and not one that it was just asked for', async () => {
    const { unknown } = await toldAfter(0);
    await happened('p2', ...requested({ paymentId: 'p2' }));
    await happened('p2', {
      type: 'RefundRequested',
      refundId: 'r1',
      providerKey: 'k',
      amountMinor: 100,
      currency: 'CNY',
      reason: 'asked for',
      requestedAt: '2026-01-31T08:00:00.000Z',
    });
    expect((await toldAfter(0)).unknown).toBe(unknown);
    expect((await toldAfter(60)).unknown).toBe(unknown + 1);
  });
});
