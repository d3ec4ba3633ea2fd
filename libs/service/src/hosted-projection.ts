import { Outage } from '@tongbao/event-store';
import { Problem } from './problem.js';

/** What tells how far a projection is; a ProjectionRunner. */
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

/** One of the projections of the process, which are started after the parts that ask for them are made. */
export class HostedProjection implements Follower {
  constructor(
    private readonly projections: ReadonlyMap<string, Follower>,
    private readonly name: string,
  ) {}

  reached(position: bigint, timeoutMs: number): Promise<boolean> {
    return this.#runner.reached(position, timeoutMs);
  }

  status(): { position: bigint } {
    return this.#runner.status();
  }

  get #runner(): Follower {
    const runner = this.projections.get(this.name);
    if (!runner) throw new Problem('unavailable', `The projection ${this.name} does not run in this process.`);
    return runner;
  }
}
