import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { LogFeed } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { CLOCK, LOG_FEED, METRICS, SQL, type Clock } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import { trialBalance, type Check } from './trial-balance.view.js';

/** Sums over all accounts: not at every scrape. */
const imbalanceEveryMs = 60_000;

/** How far the books are behind, and whether they add up. */
@Injectable()
export class LedgerMetrics implements BeforeApplicationShutdown {
  readonly #ends: (() => void)[];

  constructor(
    @Inject(METRICS) metrics: Metrics,
    @Inject(LOG_FEED) feed: LogFeed,
    @Inject(SQL) sql: SqlClient,
    @Inject(CLOCK) clock: Clock,
  ) {
    const writer = () => feed.status().filter(({ name }) => name === writerConsumer);
    this.#ends = [
      metrics.collect('tongbao_ledger_lag_seconds', () => writer().map(({ lagMs }) => ({ labels: {}, value: lagMs / 1_000 }))),
      metrics.collect('tongbao_ledger_imbalance_minor', async () => imbalances((await trialBalance(sql, clock.now())).checks), {
        everyMs: imbalanceEveryMs,
      }),
    ];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.#ends) end();
  }
}

/** The consumer of the feed that posts facts: only the process that leads has one. */
export const writerConsumer = 'ledger-writer';

/** By how much the checks of each currency fail together. */
function imbalances(checks: readonly Check[]): { labels: { currency: string }; value: number }[] {
  const byCurrency = new Map<string, number>();
  for (const { currency, differenceMinor } of checks) byCurrency.set(currency, (byCurrency.get(currency) ?? 0) + differenceMinor);
  return [...byCurrency].map(([currency, value]) => ({ labels: { currency }, value }));
}
