import { auditStore, eventually, type AuditReport } from '@tongbao/testing';
import type { Load } from './load.js';
import type { Market } from './market.js';

/** Has the auditor read the event store and the topics. */
export function auditOf({ cluster }: Market): Promise<AuditReport> {
  const { eventStoreUrl, kafkaBrokers } = cluster.addresses;
  return auditStore(eventStoreUrl, kafkaBrokers);
}

/** Waits until everything that was accepted is captured and all that follows from it is done, and has it audited. */
export async function auditAtRest(market: Market, loads: readonly Load[]): Promise<AuditReport> {
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
