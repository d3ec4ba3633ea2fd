import { Outage } from '@tongbao/event-store';

/** What tells how far the projection is; a ProjectionRunner. */
export interface Follower {
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
  status(): { position: bigint };
}

/** The projection has not come to where a step may read it; the step is tried again. */
export class ProjectionBehind extends Outage {
  override readonly name = 'ProjectionBehind';
}

/** @throws ProjectionBehind when it does not get there in time */
export async function untilReached(projection: Follower, position: bigint): Promise<void> {
  if (await projection.reached(position, 5_000)) return;
  throw new ProjectionBehind(`the projection is at ${projection.status().position}, not yet at ${position}`);
}
