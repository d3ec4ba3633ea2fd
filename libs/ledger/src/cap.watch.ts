import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { CapEvent, CapUseChanged } from '@tongbao/contracts';
import { handle, Outage, type EventStore, type LogFeed } from '@tongbao/event-store';
import type { Clock, Follower, Leadership } from '@tongbao/service';
import type { Logger } from 'pino';
import { capFold, capStream, capUseOf, decideCapUse, shareAfter, type CapAlarms, type CapUse } from './cap-use.js';
import type { CapQueries } from './cap.queries.js';
import { PacedLoop } from './paced-loop.js';

export interface CapWatchParts {
  store: EventStore;
  feed: LogFeed;
  queries: CapQueries;
  /** With the projection `ledger`. */
  projections: ReadonlyMap<string, Follower>;
  alarms: CapAlarms;
  clock: Clock;
  logger: Logger;
  leadership: Leadership;
  /** How often is looked, while the books move; every second when left out. */
  everyMs?: number;
}

const retryMs = 1_000;
const projectionWithinMs = 5_000;

/**
 * Tells, on a stream of each party, when its use of its net debit cap comes to a share that is told of, and when it falls under one again. It looks at what the
 * projection has, after the journal has moved: what comes and goes between two looks is not told of. What was told last is on the stream, so nothing
 * is told twice, whoever leads. The cap itself is the writer's affair, which checks it with every command.
 */
export class CapWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #loop: PacedLoop;
  /** What was told last, of those that have been looked at. */
  readonly #told = new Map<string, { party: string; currency: string; percent: number }>();
  #position = 0n;

  constructor(private readonly parts: CapWatchParts) {
    const { everyMs = 1_000, logger } = parts;
    const onError = (error: unknown) => {
      if (error instanceof Outage) logger.warn({ err: error, what: 'caps' }, 'waits for something that is down');
      else logger.error({ err: error }, 'the use of caps could not be looked at');
    };
    this.#loop = new PacedLoop((stopping) => this.#look(stopping), { name: 'caps', everyMs, retryMs, onError });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.leadership.undertake('caps', () => this.#lead());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#loop.stop();
  }

  #lead(): Promise<void> {
    const { feed } = this.parts;
    this.#position = feed.head;
    feed.consume({ name: 'caps', categories: ['journal'], after: feed.head }, ({ events, position }) => {
      this.#position = position;
      if (events.length > 0) this.#loop.want();
      return Promise.resolve();
    });
    this.#loop.start();
    this.#loop.want();
    return Promise.resolve();
  }

  async #look(stopping: AbortSignal): Promise<void> {
    const { projections, queries } = this.parts;
    const projection = projections.get('ledger');
    if (!(await projection?.reached(this.#position, projectionWithinMs)))
      throw new Outage('the projection of the ledger is behind, or does not run');
    const uses = await queries.all();
    for (const use of [...uses, ...this.#withoutCap(uses)]) {
      if (stopping.aborted) return;
      await this.#tell(use);
    }
  }

  /** Those whose cap was taken away while a share was told of. */
  #withoutCap(uses: readonly CapUse[]): CapUse[] {
    const capped = new Set(uses.map(({ party, currency }) => capStream(party, currency)));
    return [...this.#told].flatMap(([stream, { party, currency, percent }]) =>
      percent === 0 || capped.has(stream)
        ? []
        : [capUseOf({ party, currency, capMinor: 0n, netMinor: 0n, reservedMinor: 0n, liquidityMinor: 0n })],
    );
  }

  async #tell(use: CapUse): Promise<void> {
    const { store, alarms, clock, logger } = this.parts;
    const { party, currency } = use;
    const stream = capStream(party, currency);
    const known = this.#told.get(stream)?.percent;
    if (known !== undefined && shareAfter(known, use.percent, alarms) === known) return;
    const last = await store.readLast<CapEvent>(stream);
    const loaded = { state: last?.event.percent ?? 0, revision: last?.revision };
    const now = clock.now().toISOString();
    const handled = await handle<number, CapUseChanged, never>(
      store,
      stream,
      capFold,
      (share) => decideCapUse(use, share, alarms, now),
      { commandId: `${stream} ${loaded.revision ?? 'new'}`, actor: 'hub' },
      loaded,
    );
    this.#told.set(stream, { party, currency, percent: handled.state });
    if (handled.outcome === 'accepted' && handled.events.length > 0)
      logger.warn(
        { party, currency, percent: handled.state, used: use.usedMinor, limit: use.limitMinor },
        'the use of a net debit cap has changed',
      );
  }
}
