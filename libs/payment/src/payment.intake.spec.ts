import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { memoryCache, type Cache } from '@tongbao/cache';
import { body, openIntake } from '../test/intake.js';

/** A cache whose hints are always the same, right or wrong. */
function hinting(isSeen: boolean): Cache {
  const cache = memoryCache();
  return {
    take: (quotas) => cache.take(quotas),
    seen: () => Promise.resolve(isSeen),
    status: () => cache.status(),
    close: () => cache.close(),
  };
}

describe.each([
  ['remembers', () => memoryCache()],
  ['has forgotten', () => hinting(false)],
  ['takes everything for a repetition', () => hinting(true)],
])('with a cache that %s, an order', (_, open) => {
  let hub: Awaited<ReturnType<typeof openIntake>>;
  beforeEach(async () => {
    hub = await openIntake(open());
  });
  afterEach(async () => {
    await hub.close();
    expect(hub.failures).toEqual([]);
  });

  it('that is repeated is told what the payment is now', async () => {
    const first = await hub.intake.request(body(), 'c1', 0);
    expect(first).toMatchObject({ isReplay: false, payment: { status: 'pending' } });
    await hub.idle();
    for (const commandId of ['c1', 'c2']) {
      const again = await hub.intake.request(body(), commandId, 0);
      expect(again).toMatchObject({ isReplay: true, payment: { status: 'captured', order: { paymentId: first.payment.order.paymentId } } });
    }
    expect(await hub.events(first.payment.order.paymentId)).toEqual(['PaymentRequested', 'AttemptStarted', 'PaymentCaptured']);
  });

  it('that is repeated while the provider works waits for the outcome', async () => {
    const method = { provider: 'alipay', token: 'slow:200' };
    const [first, again] = await Promise.all([
      hub.intake.request(body({ method }), 'c1', 5_000),
      hub.intake.request(body({ method }), 'c2', 5_000),
    ]);
    expect([first.payment.status, again.payment.status]).toEqual(['captured', 'captured']);
    expect([first.isReplay, again.isReplay].sort()).toEqual([false, true]);
  });

  it('with other content is a conflict', async () => {
    await hub.intake.request(body(), 'c1', 0);
    const other = body({ payer: { userId: 'u2' } });
    for (const commandId of ['c1', 'c2'])
      await expect(hub.intake.request(other, commandId, 0)).rejects.toMatchObject({ code: 'order_conflict' });
    expect(await hub.intake.request(body({ method: { provider: 'alipay', token: 'decline' } }), 'c3', 0)).toMatchObject({ isReplay: true });
  });

  it('that was refused is judged anew', async () => {
    await hub.suspend('B');
    for (const commandId of ['c1', 'c2'])
      await expect(hub.intake.request(body(), commandId, 0)).rejects.toMatchObject({ code: 'platform_suspended' });
    await hub.reinstate('B');
    expect(await hub.intake.request(body(), 'c3', 0)).toMatchObject({ isReplay: false });
  });

  it('that was accepted stays so, whatever has changed since', async () => {
    await hub.intake.request(body(), 'c1', 0);
    await hub.suspend('B');
    expect(await hub.intake.request(body(), 'c1', 0)).toMatchObject({ isReplay: true });
    await expect(hub.intake.request(body({ orderId: 'order-2' }), 'c2', 0)).rejects.toMatchObject({ code: 'platform_suspended' });
  });

  it('that was accepted stays so after its expiry, which a new one must not have behind it', async () => {
    const soon = { expiresAt: new Date(Date.now() + 60_000).toISOString() };
    await hub.intake.request(body(soon), 'c1', 5_000);
    hub.clock.aheadMs = 60_001;
    expect(await hub.intake.request(body(soon), 'c1', 0)).toMatchObject({ isReplay: true, payment: { status: 'captured' } });
    await expect(hub.intake.request(body({ ...soon, payer: { userId: 'u2' } }), 'c2', 0)).rejects.toMatchObject({ code: 'order_conflict' });
    await expect(hub.intake.request(body({ ...soon, orderId: 'order-2' }), 'c3', 0)).rejects.toMatchObject({
      ...{ code: 'invalid', field: 'expiresAt' },
    });
  });

  it('counts once under a velocity limit, however often it is repeated, and is answered when that is reached', async () => {
    await hub.limit('A', { scope: 'user', windowSeconds: 3_600, maxCount: 2 });
    for (const commandId of ['c1', 'c2', 'c3']) await hub.intake.request(body(), commandId, 0);
    expect(await hub.intake.request(body({ orderId: 'order-2' }), 'c4', 0)).toMatchObject({ isReplay: false });
    await expect(hub.intake.request(body({ orderId: 'order-3' }), 'c5', 0)).rejects.toMatchObject({ code: 'limit_exceeded' });
    expect(await hub.intake.request(body(), 'c6', 0)).toMatchObject({ isReplay: true });
  });

  it('that is requested twenty times at once is one payment', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (__, index) => hub.intake.request(body(), `c${index}`, 5_000)));
    expect(all.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    const [paymentId = '', ...others] = new Set(all.map(({ payment }) => payment.order.paymentId));
    expect(others).toEqual([]);
    expect(await hub.events(paymentId)).toEqual(['PaymentRequested', 'AttemptStarted', 'PaymentCaptured']);
  });
});

describe('a repetition', () => {
  it('tries to append only where the cache does not know it', async () => {
    for (const [cache, appends] of [
      [memoryCache(), 0],
      [hinting(false), 1],
    ] as const) {
      const hub = await openIntake(cache);
      await hub.intake.request(body(), 'c1', 5_000);
      const append = jest.spyOn(hub.store, 'append');
      await hub.intake.request(body(), 'c1', 5_000);
      expect(append).toHaveBeenCalledTimes(appends);
      await hub.close();
    }
  });
});

describe('what a process has in hand', () => {
  it('is over when the order is written down, however long its caller waits for the provider', async () => {
    const hub = await openIntake(memoryCache());
    const waiting = hub.intake.request(body({ method: { provider: 'alipay', token: 'slow:500' } }), 'c1', 20_000);
    expect(hub.workload.oldestMs).toBeGreaterThan(0);
    const first = await Promise.race([waiting, hub.intake.request(body(), 'c2', 0)]);
    expect(first.payment.status).toBe('pending');
    expect(hub.workload.oldestMs).toBe(0);
    expect((await waiting).payment.status).toBe('captured');
    await hub.close();
  });
});
