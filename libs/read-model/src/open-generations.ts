import { Generation, shapeDigestOf, shapesOf } from './generation.js';
import type { Projection } from './projection.js';
import { changingGenerations, registered, takeOver, type Registered, type Writer } from './registry.js';
import type { SqlClient } from './sql-client.js';

export interface OpenedGenerations {
  /** Of today's version: events are folded into it. */
  active: Registered;
  /** What queries read: the same, or an older version until the active one has caught up. */
  shown: Registered;
  /** A build that was stopped, or under way when its process ended: it can be gone on with. */
  stopped: Registered | undefined;
}

/**
 * The generations that a start finds or makes: the first start makes number 1 and shows it at once; a start with another version (or other
 * tables) goes on with the building of that version, or begins it. What an unfinished rebuild of this version has left stays, to be resumed or dropped.
 */
export async function openGenerations(client: SqlClient, projection: Projection, epoch: number): Promise<OpenedGenerations> {
  for (const { schema, name } of shapesOf(projection)) {
    if (schema !== projection.name) throw new Error(`table ${name} must be declared in the schema ${projection.name}, not ${schema}`);
  }
  const shape = shapeDigestOf(projection);
  const { version } = projection;
  const writer: Writer = { projection: projection.name, epoch };
  await takeOver(client, writer);
  return changingGenerations(client, writer, async (tx) => {
    const found = await registered(tx, projection.name);
    const shown = found.find(({ live }) => live);
    const isCurrent = (entry: Registered): boolean => entry.version === version && entry.shape === shape;
    const current = shown && isCurrent(shown) ? shown : found.find((entry) => isCurrent(entry) && entry.build === null);
    const stopped = current === shown ? found.findLast((entry) => isCurrent(entry) && entry.build !== null) : undefined;
    for (const entry of found) {
      if (entry !== shown && entry !== current && entry !== stopped) await Generation.drop(tx, projection, entry.generation);
    }
    if (current) return { active: current, shown: shown ?? current, stopped };
    const generation = (found.at(-1)?.generation ?? 0) + 1;
    const active: Registered = { generation, version, shape, position: 0n, live: false, epoch, build: null };
    await Generation.create(tx, projection, active);
    if (!shown) await Generation.show(tx, projection, active.generation, undefined);
    return { active, shown: shown ?? active, stopped: undefined };
  });
}
