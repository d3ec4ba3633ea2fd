import type { LogFeed } from '@tongbao/event-store';

interface Follower {
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
}

/** The payment projection's place in the log. */
export class ProjectionPosition {
  constructor(
    private readonly feed: LogFeed,
    private readonly projection: () => Follower | undefined,
  ) {}

  /** Waits until the projection has read the log to its present end. */
  async catchUp(): Promise<void> {
    await this.projection()?.reached(await this.feed.end(), 5_000);
  }
}
