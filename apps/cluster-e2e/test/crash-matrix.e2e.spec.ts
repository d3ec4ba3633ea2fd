import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { auditAtRest } from './audit.js';
import { Load } from './load.js';
import { Market } from './market.js';

/** Where a process is killed: before an append is sent (what led to it is done), or after it is durable (and nobody has been told). */
const points: { process: string; point: string; count: number; means: string; settles?: true }[] = [
  { process: 'payment-1', point: 'before payment', count: 25, means: 'after the provider, before the event' },
  { process: 'payment-1', point: 'after payment', count: 25, means: 'after append, before ack' },
  { process: 'payment-1', point: 'before checkpoint', count: 2, means: 'relay: after produce, before checkpoint' },
  { process: 'payment-1', point: 'after checkpoint', count: 2, means: 'relay: after checkpoint' },
  { process: 'ledger-1', point: 'before journal', count: 5, means: 'mid batch' },
  { process: 'ledger-1', point: 'after journal', count: 5, means: 'books durable, nobody told' },
  { process: 'ledger-1', point: 'before checkpoint', count: 1, means: 'relay of the ledger' },
  { process: 'notification-1', point: 'before news', count: 5, means: 'taken from the bus, not yet durable' },
  { process: 'notification-1', point: 'after news', count: 5, means: 'durable, offset not yet committed' },
  { process: 'settlement-1', point: 'before window', count: 1, means: 'mid close: before WindowClosed', settles: true },
  { process: 'settlement-1', point: 'after window', count: 1, means: 'mid close: closed, next not open', settles: true },
  { process: 'settlement-1', point: 'after settlement', count: 2, means: 'calculated, nobody told', settles: true },
  { process: 'settlement-1', point: 'before payout', count: 2, means: 'mid payout', settles: true },
  { process: 'settlement-1', point: 'after payout', count: 2, means: 'mid payout: instructed, nobody told', settles: true },
];

let market: Market;

beforeAll(async () => {
  market = await Market.open({ faults: true, env: { SETTLEMENT_AUTOMATIC_APPROVAL_MINOR: '100000000', PROVIDER_TIMEOUT_MS: '2000' } });
}, 120_000);

afterAll(() => market.close(), 60_000);

it(`a kill at each of ${points.length} named points, under load, changes nothing`, async () => {
  const load = Load.start(market, 'crash', { inFlight: 8, everyMs: 150 });
  for (const { process, point, count, means, settles } of points) {
    const supervised = market.cluster.processes.get(process)!;
    const before = supervised.restarts;
    const file = market.cluster.faultFileOf(process);
    writeFileSync(file, `${point} ${count}`);
    // A close or a settlement that is cut short is asked for again, as an operator would.
    const settling = settles ? settleUntilDone() : Promise.resolve();
    await eventually(
      () => Promise.resolve({ at: `${process} ${point} (${means})`, fired: !existsSync(file), restarts: supervised.restarts }),
      ({ fired, restarts }) => fired && restarts > before && supervised.process !== undefined,
      60_000,
    );
    await settling;
  }
  await load.stop();
  expect([...load.statuses.keys()].filter((status) => ![201, 0, 429, 503].includes(status))).toEqual([]);
  await eventually(openSettlements, (open) => open.length === 0, 60_000);
  const report = await auditAtRest(market, [load]);
  expect(report.problems).toEqual([]);
  expect(report.figures['captured']).toBe(load.accepted.size);
  expect(report.figures['settlements']).toBeGreaterThanOrEqual(5);
}, 400_000);

async function settleUntilDone(): Promise<void> {
  await eventually(
    () => market.settle().catch((error: unknown) => `not settled: ${String(error)}`),
    (result) => !result.startsWith('not settled'),
    60_000,
  );
}

/** Those that have not come to their end. */
async function openSettlements(): Promise<string[]> {
  const { body } = await market.get('finance', '/v1/settlement/settlements?limit=100');
  const ended = ['settled', 'aborted'];
  return (body.items ?? ['?'])
    .filter(({ status }: { status: string }) => !ended.includes(status))
    .map((each: object) => JSON.stringify(each));
}
