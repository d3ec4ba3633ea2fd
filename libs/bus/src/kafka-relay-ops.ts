import { randomUUID } from 'node:crypto';
import { Checkpoint, type EventStore } from '@tongbao/event-store';
import { checkpointName } from './kafka-relay-checkpoint.js';

/** Everything up to here is published for certain; 0 when the service's relay never ran. */
export async function relayPosition(store: EventStore, service: string): Promise<bigint> {
  const { position } = await Checkpoint.load(store, checkpointName(service));
  return position;
}

/**
 * Has the service's messages after an earlier position published once more. A relay that runs is stopped by that, as by another one that begins:
 * the next one to begin starts at the position.
 * @throws RangeError for a later position than the relay's: messages would never be published; WrongRevision when the relay moved on meanwhile
 */
export async function resetRelay(store: EventStore, service: string, position: bigint): Promise<void> {
  const checkpoint = await Checkpoint.load(store, checkpointName(service), randomUUID());
  if (position < 0n) throw new RangeError('a position is not below 0');
  if (position > checkpoint.position) {
    throw new RangeError(
      `the relay of ${service} is at ${checkpoint.position}: what is between that and ${position} would never be published`,
    );
  }
  await checkpoint.move(position);
}
