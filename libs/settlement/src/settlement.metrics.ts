import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { METRICS } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import { SettlementQueries } from './settlement.queries.js';

const countsEveryMs = 10_000;
const imbalanceEveryMs = 60_000;

/** How many settlements are in which state, and whether windows agree with the ledger. */
@Injectable()
export class SettlementMetrics implements BeforeApplicationShutdown {
  readonly #ends: (() => void)[];

  constructor(@Inject(METRICS) metrics: Metrics, queries: SettlementQueries) {
    this.#ends = [
      metrics.collect(
        'tongbao_settlements',
        async () => (await queries.settlementCounts()).map(({ status, count }) => ({ labels: { status }, value: count })),
        { everyMs: countsEveryMs },
      ),
      metrics.collect(
        'tongbao_settlement_imbalance_minor',
        async () =>
          (await queries.imbalances()).map(({ currency, imbalanceMinor }) => ({ labels: { currency }, value: Number(imbalanceMinor) })),
        { everyMs: imbalanceEveryMs },
      ),
    ];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.#ends) end();
  }
}
