import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import type { PaymentQueries } from './payments.view.js';
import type { Workload } from './workload.js';

const everyMs = 10_000;

/** How many payments wait for a provider to say what became of them, and for how long; and how far this process is behind with new ones. */
export class PaymentMetrics implements BeforeApplicationShutdown {
  readonly #ends: (() => void)[];

  constructor(metrics: Metrics, queries: PaymentQueries, clock: Clock, workload: Workload) {
    const unanswered = () => queries.unanswered(clock.now());
    const ageOf = (since: Date | undefined) => (since ? Math.max(0, clock.now().getTime() - since.getTime()) / 1_000 : 0);
    this.#ends = [
      metrics.collect('tongbao_payments_intake_lag_seconds', () => [{ labels: {}, value: workload.oldestMs / 1_000 }]),
      metrics.collect('tongbao_payments_outcome_unknown', async () => [{ labels: {}, value: (await unanswered()).count }], { everyMs }),
      metrics.collect(
        'tongbao_payments_outcome_unknown_oldest_seconds',
        async () => [{ labels: {}, value: ageOf((await unanswered()).since) }],
        { everyMs },
      ),
    ];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.#ends) end();
  }
}
