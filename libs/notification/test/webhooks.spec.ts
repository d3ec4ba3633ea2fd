import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { load } from '@tongbao/event-store';
import { openPglite, type SqlClient } from '@tongbao/read-model';
import { captured, eventually, Ground, Hub } from './hub.js';
import { Receiver, verified, type Answer, type ReceivedWebhook } from './receiver.js';
import type { DispatcherOptions } from '../src/delivery.dispatcher.js';
import { deliveryIdOf } from '../src/delivery.js';
import { findEndpoint } from '../src/endpoints.view.js';
import { queueDeliveries, recover, revisionAt } from '../src/redelivery.js';
import { endpointFold, endpointStream, type Endpoint } from '../src/endpoint.js';

let sql: SqlClient;
let ground: Ground;
const hubs: Hub[] = [];
const receivers: Receiver[] = [];

beforeAll(async () => {
  sql = await openPglite('memory');
});

beforeEach(async () => {
  ground = await Ground.open(sql);
});

afterAll(() => sql.close());

afterEach(async () => {
  expect(hubs.flatMap(({ failures }) => failures)).toEqual([]);
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
  for (const hub of hubs.splice(0)) await hub.stop();
  await ground.close();
});

async function start(options: DispatcherOptions = {}): Promise<Hub> {
  const hub = await Hub.start(ground, { stopGraceMs: 100, ...options });
  hubs.push(hub);
  return hub;
}

async function receiver(answer?: (webhook: ReceivedWebhook) => Answer | Promise<Answer>): Promise<Receiver> {
  const opened = await Receiver.open(answer);
  receivers.push(opened);
  return opened;
}

const endpointOf = async (hub: Hub, endpointId: string): Promise<Endpoint> => {
  const { state } = await load(hub.store, endpointStream(endpointId), endpointFold);
  if (!state) throw new Error(`no ${endpointId}`);
  return state;
};

const never = new Promise<never>(() => undefined);

describe('a webhook', () => {
  it('goes to every endpoint of its platform that asked for it, signed, and is logged', async () => {
    const hub = await start();
    const [all, declined, other] = [await receiver(), await receiver(), await receiver()];
    const secret = await hub.endpoint('ep_all', 'A', all.url);
    await hub.endpoint('ep_declined', 'A', declined.url, ['payment.declined']);
    await hub.endpoint('ep_other', 'B', other.url);
    await hub.news.accept([captured('m1', 'A'), { ...captured('m2', 'A'), type: 'payment.declined' }, captured('m3', 'B')]);

    const [first] = await all.until(2);
    expect(verified(secret, first!)).toEqual({
      type: 'payment.captured',
      timestamp: '2026-01-02T03:04:05.678Z',
      data: captured('m1', 'A').data,
    });
    expect(first?.id).toBe(deliveryIdOf('m1', 'ep_all'));
    expect((await hub.settled('m1', 'ep_all', 'delivered')).history).toEqual([
      { attempt: 1, outcome: 'delivered', at: new Date(ground.nowMs).toISOString(), durationMs: expect.any(Number), status: 204 },
    ]);
    await Promise.all([hub.settled('m2', 'ep_declined', 'delivered'), hub.settled('m3', 'ep_other', 'delivered')]);
    expect([all.ids, declined.ids, other.ids].map((ids) => ids.length)).toEqual([2, 1, 1]);
  });

  it('that the bus delivers again is sent once, also after a restart', async () => {
    const hub = await start();
    const platform = await receiver();
    await hub.endpoint('ep_1', 'A', platform.url);
    await Promise.all([hub.news.accept([captured('m1', 'A')]), hub.news.accept([captured('m1', 'A')])]);
    await hub.settled('m1', 'ep_1', 'delivered');
    await hub.stop();
    hubs.pop();

    const next = await start();
    await next.news.accept([captured('m1', 'A'), captured('m2', 'A')]);
    await next.settled('m2', 'ep_1', 'delivered');
    expect(platform.ids).toEqual(['m1', 'm2'].map((messageId) => deliveryIdOf(messageId, 'ep_1')));
  });
});

describe('a webhook that fails', () => {
  it('is tried again when its time has come, under the same id', async () => {
    const hub = await start({ schedule: [5_000, 30_000] });
    const platform = await receiver(() => ({ status: platform.received.length < 3 ? 500 : 200, body: 'out of order' }));
    await hub.endpoint('ep_1', 'A', platform.url);
    await hub.news.accept([captured('m1', 'A')]);

    for (const [attempts, waitMs] of [
      [1, 5_000],
      [2, 30_000],
    ] as const) {
      const row = await hub.settled('m1', 'ep_1', 'pending', attempts);
      const last = row.history.at(-1);
      expect(last).toMatchObject({ outcome: 'failed', status: 500, responseBody: 'out of order' });
      const dueMs = Date.parse(row.nextAttemptAt ?? '');
      expect(dueMs).toBe(ground.nowMs + waitMs + (last?.durationMs ?? 0));
      ground.nowMs = dueMs;
    }
    const row = await hub.settled('m1', 'ep_1', 'delivered', 3);
    expect(row.history.map(({ attempt, at }) => [attempt, Date.parse(at) <= ground.nowMs])).toEqual(
      [1, 2, 3].map((attempt) => [attempt, true]),
    );
    expect(new Set(platform.ids).size).toBe(1);
  });

  it('waits as long as Retry-After says', async () => {
    const hub = await start({ schedule: [5_000] });
    const platform = await receiver(() => ({ status: 503, headers: { 'retry-after': '3600' } }));
    await hub.endpoint('ep_1', 'A', platform.url);
    await hub.news.accept([captured('m1', 'A')]);
    const { nextAttemptAt } = await hub.settled('m1', 'ep_1', 'pending', 1);
    expect(Date.parse(nextAttemptAt ?? '') - ground.nowMs).toBeGreaterThanOrEqual(3_600_000);
  });

  it('is dead after the last attempt, and goes out when it is asked for again', async () => {
    const hub = await start({ schedule: [1_000] });
    const platform = await receiver(() => ({ status: 500 }));
    await hub.endpoint('ep_1', 'A', platform.url);
    await hub.news.accept([captured('m1', 'A')]);
    await hub.settled('m1', 'ep_1', 'pending');
    ground.nowMs += 60_000;
    const dead = await hub.settled('m1', 'ep_1', 'dead', 2);
    expect(dead.nextAttemptAt).toBeNull();

    platform.answerWith(() => ({ status: 200 }));
    const { messageId, type, subject } = dead;
    const again = { messageId, type, subject, news: { revision: dead.newsRevision, index: dead.newsIndex } };
    await queueDeliveries(hub.store, await endpointOf(hub, 'ep_1'), [again], {
      commandId: 'c1',
      by: 'platform:A',
      now: new Date(ground.nowMs),
    });
    const delivered = await hub.settled('m1', 'ep_1', 'delivered', 3);
    expect(delivered.tries).toBe(1);
    expect(new Set(platform.ids).size).toBe(1);
  });
});

describe('an endpoint', () => {
  it('that answers 410 is disabled, and its platform is told at another one', async () => {
    const hub = await start();
    const [gone, notices] = [await receiver(() => ({ status: 410 })), await receiver()];
    await hub.endpoint('ep_gone', 'A', gone.url);
    await hub.endpoint('ep_notices', 'A', notices.url, ['endpoint.disabled']);
    await hub.news.accept([captured('m1', 'A')]);
    const [notice] = await notices.until(1);
    expect(notice?.data).toEqual({ endpointId: 'ep_gone', platformId: 'A', reason: 'gone', disabledAt: expect.any(String) });
    expect((await endpointOf(hub, 'ep_gone')).status).toBe('disabled');
    await hub.settled('m1', 'ep_gone', 'dead');
  });

  it('to which nothing gets through for days is disabled, also over a restart', async () => {
    const options = { schedule: [1_000, 1_000, 1_000], disableAfterMs: 60_000 };
    const hub = await start(options);
    const platform = await receiver(() => ({ status: 500 }));
    await hub.endpoint('ep_1', 'A', platform.url);
    await hub.news.accept([captured('m1', 'A')]);
    await hub.settled('m1', 'ep_1', 'pending', 1);
    await hub.stop();
    hubs.pop();
    ground.nowMs += 60_000;
    const next = await start(options);
    await eventually(async () => (await findEndpoint(ground.sql, 'ep_1'))?.reason === 'failing');
    expect((await endpointOf(next, 'ep_1')).status).toBe('disabled');
  });

  it('that was disabled gets what it missed when it asks for it', async () => {
    const hub = await start();
    const platform = await receiver();
    await hub.endpoint('ep_1', 'A', platform.url);
    await hub.news.accept([captured('m1', 'A')]);
    await hub.settled('m1', 'ep_1', 'delivered');
    const named = { endpointId: 'ep_1', platformId: 'A' };
    await hub.happened({ type: 'EndpointDisabled', ...named, reason: 'asked', by: 'platform:A', disabledAt: '' });
    await hub.news.accept([captured('m2', 'A'), captured('x', 'B')]);
    await hub.happened({ type: 'EndpointEnabled', ...named, by: 'platform:A', enabledAt: '' });
    await hub.news.accept([captured('m3', 'A')]);
    await hub.settled('m3', 'ep_1', 'delivered');
    expect(await hub.delivery('m2', 'ep_1')).toBeUndefined();

    const from = await revisionAt(hub.store, new Date(0));
    const request = { commandId: 'c1', by: 'platform:A', now: new Date(ground.nowMs) };
    expect(await recover(hub.store, ground.sql, await endpointOf(hub, 'ep_1'), from, request)).toMatchObject({
      queued: 1,
      next: undefined,
    });
    await hub.settled('m2', 'ep_1', 'delivered');
    expect(platform.ids).toEqual(['m1', 'm3', 'm2'].map((messageId) => deliveryIdOf(messageId, 'ep_1')));
  });

  it('that does not answer holds up neither others nor its own newer webhooks', async () => {
    const hub = await start();
    const slow = await receiver(({ data }) => (data['paymentId'] === 'pay_m1' ? never : { status: 200 }));
    const quick = await receiver();
    await hub.endpoint('ep_slow', 'A', slow.url);
    await hub.endpoint('ep_quick', 'A', quick.url);
    await hub.news.accept([captured('m1', 'A'), captured('m2', 'A')]);
    await Promise.all([
      hub.settled('m1', 'ep_quick', 'delivered'),
      hub.settled('m2', 'ep_quick', 'delivered'),
      hub.settled('m2', 'ep_slow', 'delivered'),
    ]);
    expect((await hub.delivery('m1', 'ep_slow'))?.attempts).toBe(0);
  });

  it('gets everything, one at a time, when far more comes than may be held in memory', async () => {
    const pace = { inFlight: 1, failuresUntilProbing: 20, probeEveryMs: 1_000, probeEveryAtMostMs: 60_000 };
    const hub = await start({ capacity: 4, pace });
    let inFlight = 0;
    let most = 0;
    const platform = await receiver(async () => {
      most = Math.max(most, (inFlight += 1));
      await new Promise((turn) => setImmediate(turn));
      inFlight -= 1;
      return { status: 200 };
    });
    await hub.endpoint('ep_1', 'A', platform.url);
    const messageIds = Array.from({ length: 300 }, (_, index) => `m${index}`);
    await hub.news.accept(messageIds.map((messageId) => captured(messageId, 'A')));
    await platform.until(300);
    expect(new Set(platform.ids)).toEqual(new Set(messageIds.map((messageId) => deliveryIdOf(messageId, 'ep_1'))));
    expect([most, platform.ids.length]).toEqual([1, 300]);
  });

  it('that is down is probed now and then, instead of being met with every webhook', async () => {
    const pace = { inFlight: 2, failuresUntilProbing: 2, probeEveryMs: 1_000, probeEveryAtMostMs: 60_000 };
    const hub = await start({ pace, schedule: [1_000_000] });
    let isUp = false;
    const platform = await receiver(() => ({ status: isUp ? 200 : 500 }));
    await hub.endpoint('ep_1', 'A', platform.url);
    const messageIds = Array.from({ length: 50 }, (_, index) => `m${index}`);
    await hub.news.accept(messageIds.map((messageId) => captured(messageId, 'A')));
    // The second failure comes when the third request is out already.
    await eventually(async () => (await ground.sql.query('select 1 from notification.deliveries where attempts > 0')).length === 3);
    expect(platform.received).toHaveLength(3);
    isUp = true;
    ground.nowMs += 2_000;
    await platform.until(50);
  });
});

describe('after a crash', () => {
  it('nothing is lost, and only what was not recorded is repeated, under the same id', async () => {
    const hub = await start();
    const platform = await receiver();
    await hub.endpoint('ep_1', 'A', platform.url);
    await hub.news.accept([captured('recorded', 'A')]);
    await hub.settled('recorded', 'ep_1', 'delivered');

    // The process dies while the receiver has the webhook and has not answered: whatever it answers, nobody records it.
    let stopped: Promise<void> | undefined;
    platform.answerWith(async () => {
      stopped ??= hub.stop();
      await stopped;
      return { status: 200 };
    });
    await hub.news.accept([captured('unrecorded', 'A')]);
    await platform.until(2);
    await stopped;
    hubs.pop();

    platform.answerWith(() => ({ status: 200 }));
    const next = await start();
    await next.news.accept([captured('new', 'A')]);
    await Promise.all([next.settled('unrecorded', 'ep_1', 'delivered'), next.settled('new', 'ep_1', 'delivered')]);
    const count = (messageId: string) => platform.ids.filter((id) => id === deliveryIdOf(messageId, 'ep_1')).length;
    expect(['recorded', 'unrecorded', 'new'].map(count)).toEqual([1, 2, 1]);
  });
});

describe('the projection', () => {
  it('is the same when it is built anew', async () => {
    const hub = await start({ schedule: [1_000] });
    const [good, bad] = [await receiver(), await receiver(() => ({ status: 500 }))];
    await hub.endpoint('ep_good', 'A', good.url);
    await hub.endpoint('ep_bad', 'A', bad.url);
    await hub.news.accept(Array.from({ length: 20 }, (_, index) => captured(`m${index}`, 'A')));
    await hub.settled('m19', 'ep_good', 'delivered');
    await hub.settled('m19', 'ep_bad', 'pending');
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});
