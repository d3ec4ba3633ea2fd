import { BACKWARDS, END, EventStoreDBClient, FORWARDS, START, type AllStreamResolvedEvent } from '@eventstore/db-client';
import type { Json, Recorded } from './record.js';

/** Every event of the hub up to the present end of the log, in log order. System events and streams are left out. */
export async function readStore(url: string): Promise<Recorded[]> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    const recorded: Recorded[] = [];
    const end = await lastPosition(client);
    for await (const resolved of client.readAll({ direction: FORWARDS, fromPosition: START })) {
      const event = recordedOf(resolved);
      if (event && event.position <= end) recorded.push(event);
    }
    return recorded;
  } finally {
    await client.dispose();
  }
}

async function lastPosition(client: EventStoreDBClient): Promise<bigint> {
  let last = 0n;
  for await (const { event } of client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }))
    last = event?.position.commit ?? 0n;
  return last;
}

function recordedOf({ event }: AllStreamResolvedEvent): Recorded | undefined {
  if (!event || event.type.startsWith('$') || event.streamId.startsWith('$') || !event.isJson) return undefined;
  return {
    position: event.position.commit,
    id: event.id,
    stream: event.streamId,
    revision: Number(event.revision),
    type: event.type,
    // JSON objects, as `isJson` says.
    data: event.data as Json,
  };
}

export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));
