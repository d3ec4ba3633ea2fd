import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PartName } from '@tongbao/cluster';
import { eventually } from '@tongbao/testing';
import { auditAtRest } from './audit.js';
import { Load } from './load.js';
import { Market } from './market.js';

/** Longer than appends are tried again, and than a lease lasts. OUTAGE_SECONDS=30 is what a release is tested with. */
const seconds = Number(process.env['OUTAGE_SECONDS'] ?? 12);
const services = ['payment-1', 'ledger-1', 'settlement-1', 'notification-1'];

let market: Market;

beforeAll(async () => {
  market = await Market.open();
}, 120_000);

afterAll(() => market.close(), 60_000);

describe(`what the hub depends on is down for ${seconds} s under load`, () => {
  it.each<[PartName]>([['redis'], ['postgres'], ['kafka'], ['event-store']])(
    '%s: nothing accepted is lost or doubled, refusals are clear, and it recovers by itself',
    async (name) => {
      const part = market.cluster.part(name);
      const restarts = restartsOfAll();
      const load = Load.start(market, name, { inFlight: 6, everyMs: 100 });
      await eventually(
        () => Promise.resolve(load.accepted.size),
        (count) => count > 20,
        30_000,
      );
      await part.stop();
      await alive(seconds);
      const before = load.accepted.size;
      await part.start();
      // Recovery without a hand: requests are accepted again, and the processes are those of before.
      await eventually(
        () => Promise.resolve(load.accepted.size),
        (count) => count > before + 50,
        60_000,
      );
      await load.stop();
      expect([...load.statuses.keys()].filter((status) => ![201, 429, 503].includes(status))).toEqual([]);
      const report = await auditAtRest(market, [load]);
      expect(report.problems).toEqual([]);
      expect(restartsOfAll()).toEqual(restarts);
    },
    240_000,
  );
});

/** Consumers that are cut off are no stalled ones: while the outage lasts, every process says that it lives. */
async function alive(forSeconds: number): Promise<void> {
  const until = performance.now() + forSeconds * 1_000;
  while (performance.now() < until) {
    for (const service of services) {
      const response = await fetch(`${market.cluster.urlOf(service)}/health/live`);
      expect([service, response.status, await response.text()]).toEqual([service, 200, expect.any(String)]);
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

const restartsOfAll = (): number[] => services.map((name) => market.cluster.processes.get(name)?.restarts ?? -1);
