import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { CLOCK, METRICS, type Clock } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import { ageCuts, ageOf } from './ages.js';
import { ReconciliationQueries } from './reconciliation.queries.js';

const everyMs = 10_000;

/** What waits for people: open breaks, lines of our bank that nobody explained, bills that cannot be used. */
@Injectable()
export class ReconciliationMetrics implements BeforeApplicationShutdown {
  readonly #ends: (() => void)[];

  constructor(@Inject(METRICS) metrics: Metrics, @Inject(CLOCK) clock: Clock, queries: ReconciliationQueries) {
    const cuts = () => ageCuts(clock.now());
    this.#ends = [
      metrics.collect(
        'tongbao_reconciliation_breaks',
        async () =>
          (await queries.openBreaks(cuts())).map(({ kind, older, count }) => ({ labels: { kind, age: ageOf(older) }, value: count })),
        { everyMs },
      ),
      metrics.collect(
        'tongbao_reconciliation_bank_lines',
        async () => (await queries.openBankLines(cuts())).map(({ older, count }) => ({ labels: { age: ageOf(older) }, value: count })),
        { everyMs },
      ),
      metrics.collect(
        'tongbao_reconciliation_bills',
        async () => (await queries.billCounts()).map(({ status, count }) => ({ labels: { status }, value: count })),
        { everyMs },
      ),
    ];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.#ends) end();
  }
}
