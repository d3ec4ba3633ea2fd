import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { auditAtRest } from './audit.js';
import { Load } from './load.js';
import { Market } from './market.js';

const services = ['payment', 'ledger', 'settlement', 'notification'] as const;
const takeoverWithinMs = 10_000;

let market: Market;

beforeAll(async () => {
  market = await Market.open({ replicas: 2 });
}, 180_000);

afterAll(() => market.close(), 60_000);

describe('two processes of each service', () => {
  it('one of them leads, and both work', async () => {
    const load = Load.start(market, 'shared');
    await eventually(
      () => Promise.resolve(load.accepted.size),
      (count) => count > 200,
      60_000,
    );
    await load.stop();
    for (const service of services) expect([service, (await leadersOf(service)).length]).toEqual([service, 1]);
    for (const service of ['payment', 'notification'] as const)
      for (const replica of [1, 2]) expect([service, replica, await handledBy(`${service}-${replica}`)]).toEqual([service, replica, true]);
  }, 120_000);

  it.each(services)(
    '%s: when the leader is killed the other one takes over, and nothing is doubled',
    async (service) => {
      const load = Load.start(market, `takeover-${service}`);
      const [leader] = await eventually(
        () => leadersOf(service),
        (leaders) => leaders.length === 1,
        30_000,
      );
      const other = `${service}-${leader === `${service}-1` ? 2 : 1}`;
      await eventually(
        () => Promise.resolve(load.accepted.size),
        (count) => count > 20,
        30_000,
      );
      const killedMs = performance.now();
      market.cluster.processes.get(leader!)!.process!.signal('SIGKILL');
      await eventually(
        () => leads(other),
        (leading) => leading,
        30_000,
      );
      expect(performance.now() - killedMs).toBeLessThan(takeoverWithinMs);
      await eventually(() => Promise.resolve(market.cluster.processes.get(leader!)!.process !== undefined), Boolean, 60_000);
      expect(await leadersOf(service)).toEqual([other]);
      await load.stop();
      const report = await auditAtRest(market, [load]);
      expect(report.problems).toEqual([]);
    },
    180_000,
  );

  it('ledger: a leader that stood still for longer than its lease comes back: it ends, and the books have one history', async () => {
    const load = Load.start(market, 'standstill');
    const [leader] = await eventually(
      () => leadersOf('ledger'),
      (leaders) => leaders.length === 1,
      30_000,
    );
    const other = `ledger-${leader === 'ledger-1' ? 2 : 1}`;
    await eventually(
      () => Promise.resolve(load.accepted.size),
      (count) => count > 20,
      30_000,
    );
    const supervised = market.cluster.processes.get(leader!)!;
    const { process: stopped, restarts } = supervised;
    stopped!.signal('SIGSTOP');
    await eventually(
      () => leads(other),
      (leading) => leading,
      30_000,
    );
    const before = load.accepted.size;
    await eventually(
      () => Promise.resolve(load.accepted.size),
      (count) => count > before + 20,
      30_000,
    );
    stopped!.signal('SIGCONT');
    await eventually(
      () => Promise.resolve(supervised),
      (now) => now.restarts > restarts && now.process !== undefined && now.process !== stopped,
      60_000,
    );
    expect(await leadersOf('ledger')).toEqual([other]);
    await load.stop();
    const report = await auditAtRest(market, [load]);
    expect(report.problems).toEqual([]);
  }, 180_000);
});

async function metricsOf(process: string): Promise<string> {
  const response = await fetch(`${market.cluster.urlOf(process)}/metrics`);
  return response.text();
}

async function leads(process: string): Promise<boolean> {
  const service = process.slice(0, -2);
  return (await metricsOf(process).catch(() => '')).includes(`tongbao_leader{service="${service}"} 1`);
}

async function leadersOf(service: string): Promise<string[]> {
  const names = [`${service}-1`, `${service}-2`];
  const leading = await Promise.all(names.map(leads));
  return names.filter((_, index) => leading[index]);
}

/** Whether a process has handled messages: payment's own need holds, so what counts for it are requests. */
async function handledBy(process: string): Promise<boolean> {
  const metrics = await metricsOf(process);
  const metric = process.startsWith('payment')
    ? /tongbao_http_requests_total\{[^}]*route="\/v1\/payments"[^}]*\} (\d+)/
    : /tongbao_bus_messages_total\{[^}]*outcome="handled"[^}]*\} (\d+)/;
  return Number(metric.exec(metrics)?.[1] ?? 0) > 0;
}
