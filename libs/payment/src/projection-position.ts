import type { EventStore } from '@tongbao/event-store';
import type { ProjectionRunner } from '@tongbao/read-model';

/** The payment projection's place in the log. */
export class ProjectionPosition {
  constructor(
    private readonly store: EventStore,
    private readonly runner: () => ProjectionRunner | undefined,
  ) {}

  /** Waits until the projection has read the log to its present end. */
  async catchUp(): Promise<void> {
    await this.runner()?.reached(await this.store.head(), 5_000);
  }
}
