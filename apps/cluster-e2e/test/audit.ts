import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@tongbao/testing';
import type { Load } from './load.js';
import type { Market } from './market.js';

const run = promisify(execFile);
const auditor = fileURLToPath(new URL('../../auditor/dist/main.js', import.meta.url));

interface Report {
  ok: boolean;
  figures: Record<string, number>;
  problems: string[];
}

/** Has the auditor, which asks no service and shares no code with any, read the event store and the topics. */
export async function auditOf({ cluster }: Market): Promise<Report> {
  const { eventStoreUrl, kafkaBrokers } = cluster.addresses;
  const args = [auditor, '--event-store', eventStoreUrl, '--kafka', kafkaBrokers, '--json'];
  // Exit code 1 says that something does not hold: the report says what.
  const { stdout } = await run(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
    if (typeof error === 'object' && error !== null && 'stdout' in error && String(error.stdout).startsWith('{'))
      return { stdout: String(error.stdout) };
    throw error;
  });
  return JSON.parse(stdout) as Report;
}

/** Waits until everything that was accepted is captured and all that follows from it is done, and has it audited. */
export async function auditAtRest(market: Market, loads: readonly Load[]): Promise<Report> {
  const accepted = new Map(loads.flatMap((load) => [...load.accepted]));
  const captured = async () => {
    const found = new Set<string>();
    for (let cursor: string | undefined; ;) {
      const page = await market.platform().listPayments({ limit: 500, ...(cursor !== undefined && { cursor }) });
      for (const { orderId, status } of page.items) if (status === 'captured') found.add(orderId);
      cursor = page.next;
      if (cursor === undefined) break;
    }
    return [...accepted.keys()].filter((orderId) => !found.has(orderId));
  };
  await eventually(captured, (missing) => missing.length === 0, 90_000);
  const behind = async () => {
    const { status, body } = await market.get('ops', '/v1/relays');
    return status === 200 ? body.items.filter(({ lagEvents }: { lagEvents: number }) => lagEvents > 0) : [body];
  };
  await eventually(behind, (relays) => relays.length === 0, 90_000);
  // The books may be a moment behind the payments.
  return eventually(
    () => auditOf(market),
    ({ ok }) => ok,
    30_000,
  ).catch(() => auditOf(market));
}
