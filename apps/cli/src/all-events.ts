import { EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import { StoreUnavailable } from '@tongbao/event-store';

export interface DeepReport {
  events: number;
  /** The first event that is not as it was written; reading goes no further. */
  damage?: string;
}

const progressEvery = 5_000;
const grpcDataLoss = 15;
const grpcUnavailable = 14;

/**
 * Reads every event of a running event store: the server compares the checksum of each one that it gives.
 * @throws StoreUnavailable
 */
export async function readEveryEvent(connectionString: string, onProgress: (events: number) => void): Promise<DeepReport> {
  const client = EventStoreDBClient.connectionString(connectionString);
  let events = 0;
  try {
    for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START, maxCount: Number.MAX_SAFE_INTEGER })) {
      if (!event) continue;
      events += 1;
      if (events % progressEvery === 0) onProgress(events);
    }
    return { events };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === grpcDataLoss) return { events, damage: error instanceof Error ? error.message : String(error) };
    const isDown = code === grpcUnavailable || (error instanceof Error && 'type' in error && error.type === 'unavailable');
    if (isDown) throw new StoreUnavailable(`no event store answers at ${connectionString}`, { cause: error });
    throw error;
  } finally {
    await client.dispose();
  }
}
