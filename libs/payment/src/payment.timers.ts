import type { Clock } from '@tongbao/service';
import type { Loop } from '@tongbao/telemetry';
import type { Logger } from 'pino';
import type { PaymentReactor } from './payment.reactor.js';
import type { PaymentQueries } from './payments.view.js';
import type { PaymentWaiters } from './payment.waiters.js';
import type { TopUpReactor } from './top-up.reactor.js';

const everyMs = 1_000;
const perRound = 200;
const firstPauseMs = 5_000;
const longestPauseMs = 300_000;

/**
 * The durable timers of payments: expiries, answers that are outstanding, intents that a crash left behind. A row says when; what to do the stream
 * says. What stays due is looked at with growing pauses.
 */
export class PaymentTimers {
  readonly #pauses = new Map<string, { pauseMs: number; until: number }>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly queries: PaymentQueries,
    private readonly reactor: PaymentReactor,
    private readonly topUps: TopUpReactor,
    private readonly waiters: PaymentWaiters,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly loop?: Loop,
  ) {
    loop?.idle();
  }

  start(): void {
    const next = () => {
      this.loop?.beat();
      this.#round = this.sweep()
        .catch((error: unknown) => this.logger.warn({ err: error }, 'the timers of payments could not be looked at; next try in a second'))
        .finally(() => {
          this.loop?.idle();
          if (this.#timer) this.#timer = setTimeout(next, everyMs);
        });
    };
    this.#timer = setTimeout(next, everyMs);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#round;
  }

  /** One look at everything that is due. */
  async sweep(): Promise<void> {
    const now = this.clock.now();
    const due = await this.queries.due(now.toISOString(), perRound);
    const stillDue = new Set([...due.payments, ...due.topUps]);
    for (const id of this.#pauses.keys()) if (!stillDue.has(id)) this.#pauses.delete(id);
    const ready = (id: string) => this.#isReady(id, now.getTime());
    await Promise.all([
      ...due.payments.filter(ready).map(async (id) => this.waiters.changed(id, await this.reactor.run(id))),
      ...due.topUps.filter(ready).map((id) => this.topUps.run(id)),
    ]);
  }

  #isReady(id: string, now: number): boolean {
    const pause = this.#pauses.get(id);
    if (pause && pause.until > now) return false;
    const pauseMs = Math.min(pause ? pause.pauseMs * 2 : firstPauseMs, longestPauseMs);
    this.#pauses.set(id, { pauseMs, until: now + pauseMs });
    return true;
  }
}
