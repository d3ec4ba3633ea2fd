import type { HubUnderTest } from './hub-under-test.js';
import { holdsWithin } from './until.js';

interface ProjectionStatus {
  name: string;
  position: string;
  state: string;
  error?: string;
}

/**
 * Waits until every projection has folded the log up to a position.
 * @param left projections that do not follow what is at that position
 * @returns how many milliseconds that took
 */
export async function untilReadModelsReach(
  hub: Pick<HubUnderTest, 'as'>,
  position: bigint,
  timeoutMs: number,
  left: readonly string[] = [],
): Promise<number> {
  const startedMs = performance.now();
  let behind: ProjectionStatus[] = [];
  const reached = await holdsWithin(timeoutMs, async () => {
    const { items } = await hub.as('ops').get<{ items: ProjectionStatus[] }>('/v1/projections');
    behind = items.filter((projection) => !left.includes(projection.name) && BigInt(projection.position) < position);
    const failed = items.find(({ state }) => state === 'failed');
    if (failed) throw new Error(`the projection ${failed.name} stands still: ${failed.error ?? 'no reason given'}`);
    return behind.length === 0;
  });
  if (!reached)
    throw new Error(
      `${behind.map(({ name, position: at }) => `${name} is at ${at}`).join(', ')}, not at ${position}, after ${timeoutMs} ms`,
    );
  return performance.now() - startedMs;
}
