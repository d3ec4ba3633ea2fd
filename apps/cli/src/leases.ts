import type { EventStore, LeaseEvent } from '@tongbao/event-store';

/** Who leads a service, as its lease says. */
export interface LeaseState {
  service: string;
  epoch: number;
  holder: string;
  /** Where the holder is reached. */
  url?: string;
  /** How long the holder may be silent. */
  ttlMs: number;
  /** The holder has given it up, and nobody has taken it yet. */
  isReleased: boolean;
  /** When the newest event of the lease was written, by the store's clock. */
  heardAt: Date;
  /** Of the newest event. */
  revision: number;
}

export const leaseStream = (service: string): string => `lease-${service}`;

/** Undefined for a service that never had a leader, as in the embedded form. */
export async function leaseOf(store: EventStore, service: string): Promise<LeaseState | undefined> {
  const last = await store.readLast<LeaseEvent>(leaseStream(service));
  if (!last) return undefined;
  const { type, epoch, holder, url, ttlMs } = last.event;
  const isReleased = type === 'LeaseReleased';
  return { service, epoch, holder, ...(url !== undefined && { url }), ttlMs, isReleased, heardAt: last.createdAt, revision: last.revision };
}
