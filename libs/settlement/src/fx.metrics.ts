import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { METRICS } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import { FxQueries } from './fx.queries.js';

const everyMs = 10_000;

/** How many payouts in other currencies are in which state. */
@Injectable()
export class FxMetrics implements BeforeApplicationShutdown {
  readonly #end: () => void;

  constructor(@Inject(METRICS) metrics: Metrics, queries: FxQueries) {
    this.#end = metrics.collect(
      'tongbao_exchanges',
      async () =>
        (await queries.counts()).map(({ status, currency, payIn, count }) => ({
          labels: { status, from: currency, to: payIn },
          value: count,
        })),
      { everyMs },
    );
  }

  beforeApplicationShutdown(): void {
    this.#end();
  }
}
