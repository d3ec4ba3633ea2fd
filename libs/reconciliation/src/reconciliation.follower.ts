import { Outage } from '@tongbao/event-store';
import { Problem } from '@tongbao/service';
import { reconciliationProjection } from './reconciliation.projection.js';

/** What tells how far the projection is; a ProjectionRunner. */
export interface Follower {
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
  status(): { position: bigint };
}

/** The projection has not come to where a step may read it; the step is tried again. */
export class ProjectionBehind extends Outage {
  override readonly name = 'ProjectionBehind';
}

/** This part's projection among those of the process, which are started after its parts are made. */
export class ReconciliationFollower implements Follower {
  constructor(private readonly projections: ReadonlyMap<string, Follower>) {}

  reached(position: bigint, timeoutMs: number): Promise<boolean> {
    return this.#runner.reached(position, timeoutMs);
  }

  status(): { position: bigint } {
    return this.#runner.status();
  }

  /** @throws ProjectionBehind when it does not get there in time */
  async untilReached(position: bigint): Promise<void> {
    if (await this.reached(position, 5_000)) return;
    throw new ProjectionBehind(`the projection is at ${this.status().position}, not yet at ${position}`);
  }

  get #runner(): Follower {
    const runner = this.projections.get(reconciliationProjection.name);
    if (!runner) throw new Problem('unavailable', `The projection ${reconciliationProjection.name} does not run in this process.`);
    return runner;
  }
}
