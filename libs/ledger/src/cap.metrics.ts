import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { HUB_CONFIG, METRICS, type HubConfig } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import { CapQueries } from './cap.queries.js';

const everyMs = 10_000;

/** How many parties are near their net debit cap. */
@Injectable()
export class CapMetrics implements BeforeApplicationShutdown {
  readonly #end: () => void;

  constructor(@Inject(METRICS) metrics: Metrics, queries: CapQueries, @Inject(HUB_CONFIG) { capAlarmPercents }: HubConfig) {
    this.#end = metrics.collect(
      'tongbao_cap_use_parties',
      async () => {
        const uses = await queries.all();
        return capAlarmPercents.map((percent) => ({
          labels: { percent },
          value: uses.filter((use) => use.percent >= Number(percent)).length,
        }));
      },
      { everyMs },
    );
  }

  beforeApplicationShutdown(): void {
    this.#end();
  }
}
