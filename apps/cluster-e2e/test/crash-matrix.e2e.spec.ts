import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { auditAtRest } from './audit.js';
import { Load } from './load.js';
import { Market } from './market.js';

/**
 * Where a process is killed: before an append of a category or type is sent (what led to it is done), or after it is durable (and nobody has been told); around
 * the rows of its projection, or a call of the bank; or at any moment, where it has nothing of its own to lose.
 */
const anyMoment = 'at any moment';
const points: { process: string; point: string; count: number; means: string; settles?: true }[] = [
  { process: 'payment-1', point: 'before payment', count: 25, means: 'after the provider, before the event' },
  { process: 'payment-1', point: 'after payment', count: 25, means: 'after append, before ack' },
  { process: 'payment-1', point: 'before checkpoint', count: 2, means: 'relay: after produce, before checkpoint' },
  { process: 'payment-1', point: 'after checkpoint', count: 2, means: 'relay: after checkpoint' },
  { process: 'payment-1', point: 'before rows', count: 3, means: 'projection: folded, nothing written' },
  { process: 'payment-1', point: 'amid rows', count: 3, means: 'projection: rows written, not committed' },
  { process: 'payment-1', point: 'after rows', count: 3, means: 'projection: rows and checkpoint committed, nobody told' },
  { process: 'ledger-1', point: 'before journal', count: 5, means: 'mid batch' },
  { process: 'ledger-1', point: 'after journal', count: 5, means: 'books durable, nobody told' },
  { process: 'ledger-1', point: 'before checkpoint', count: 1, means: 'relay of the ledger' },
  { process: 'notification-1', point: 'before news', count: 5, means: 'taken from the bus, not yet durable' },
  { process: 'notification-1', point: 'after news', count: 5, means: 'durable, offset not yet committed' },
  { process: 'settlement-1', point: 'amid rows', count: 3, means: 'projection: rows written, not committed' },
  { process: 'gateway', point: anyMoment, count: 20, means: 'requests in hand; their senders repeat them' },
  { process: 'settlement-1', point: 'before window', count: 1, means: 'mid close: before WindowClosed', settles: true },
  { process: 'settlement-1', point: 'after window', count: 1, means: 'mid close: closed, next not open', settles: true },
  { process: 'settlement-1', point: 'after settlement', count: 2, means: 'calculated, nobody told', settles: true },
  { process: 'settlement-1', point: 'before payout', count: 2, means: 'mid payout', settles: true },
  { process: 'settlement-1', point: 'after payout', count: 2, means: 'mid payout: instructed, nobody told', settles: true },
  { process: 'settlement-1', point: 'after WindowClaimed', count: 1, means: 'claimed, not calculated', settles: true },
  { process: 'settlement-1', point: 'after SettlementPaying', count: 1, means: 'past abort, no payout asked for', settles: true },
  { process: 'ledger-1', point: 'after EntriesPosted:PlaceHold', count: 1, means: 'hold in the books, nobody told', settles: true },
  { process: 'settlement-1', point: 'after bankcall', count: 1, means: 'the bank has it, its answer is lost', settles: true },
  { process: 'ledger-1', point: 'before EntriesPosted:PayoutInstructed', count: 1, means: 'instructed, not in the books', settles: true },
  { process: 'settlement-1', point: 'after statement', count: 1, means: 'lines of the bank read, nothing recorded', settles: true },
  { process: 'settlement-1', point: 'after WindowSettled', count: 1, means: 'windows settled, the settlement not', settles: true },
  { process: 'settlement-1', point: 'after PaymentSidesSettled', count: 1, means: 'telling payments: a slice is out', settles: true },
  { process: 'payment-1', point: 'after PaymentSettled', count: 3, means: 'some payments of a slice told', settles: true },
];

/** One of each service, under its name. */
const projections = ['payment', 'ledger', 'settlement', 'notification'];

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
    if (point === anyMoment) await killAfter(load, count, process);
    else writeFileSync(file, `${point} ${count}`);
    // A close or a settlement that is cut short is asked for again, as an operator would.
    const settling = settles ? settleUntilDone() : Promise.resolve();
    await eventually(
      () => Promise.resolve({ at: `${process} ${point} (${means})`, fired: !existsSync(file), restarts: supervised.restarts }),
      ({ fired, restarts }) => fired && restarts > before && supervised.process !== undefined,
      60_000,
    );
    await settling;
    const accepted = load.accepted.size;
    // Through whatever was killed, too.
    await eventually(
      () => Promise.resolve(load.accepted.size),
      (size) => size > accepted,
      60_000,
    );
  }
  await load.stop();
  expect([...load.statuses.keys()].filter((status) => ![201, 0, 429, 503].includes(status))).toEqual([]);
  await eventually(openSettlements, (open) => open.length === 0, 60_000);
  const report = await auditAtRest(market, [load]);
  expect(report.problems).toEqual([]);
  expect(report.figures['captured']).toBe(load.accepted.size);
  expect(report.figures['settlements']).toBeGreaterThanOrEqual(5);
  for (const name of projections) expect([name, await comparisonOf(name)]).toEqual([name, { equal: true, differences: [] }]);
}, 750_000);

/** Pulls the plug of a process once so many more requests have been accepted. */
async function killAfter(load: Load, count: number, process: string): Promise<void> {
  const before = load.accepted.size;
  await eventually(
    () => Promise.resolve(load.accepted.size - before),
    (more) => more >= count,
    60_000,
  );
  market.cluster.processes.get(process)?.process?.signal('SIGKILL');
}

/** The rows that queries read beside those that the log gives when it is folded anew. */
async function comparisonOf(projection: string): Promise<unknown> {
  const path = `/v1/projections/${projection}`;
  await market.done(market.post('ops', `${path}/compare`), 202);
  const { body } = await eventually(
    () => market.get('ops', path),
    ({ body: { job } }) => job?.state !== 'running',
    60_000,
  );
  const { report, error } = body.job;
  return report ? { equal: report.equal, differences: report.differences } : error;
}

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
