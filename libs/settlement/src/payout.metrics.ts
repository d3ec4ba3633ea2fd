import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { METRICS } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import { BankFileQueries } from './bank-file.queries.js';
import type { Bank } from './bank.js';
import { BANK } from './bank.tokens.js';
import { alarmsOf } from './payout.check.js';
import { PayoutQueries } from './payout.queries.js';

const everyMs = 10_000;

/** How many payouts and withdrawals are in which state, and what of the bank waits for a person. */
@Injectable()
export class PayoutMetrics implements BeforeApplicationShutdown {
  readonly #ends: (() => void)[];

  constructor(@Inject(METRICS) metrics: Metrics, queries: PayoutQueries, files: BankFileQueries, @Inject(BANK) bank: Bank) {
    this.#ends = [
      metrics.collect(
        'tongbao_payouts',
        async () => (await queries.counts()).map(({ kind, status, count }) => ({ labels: { kind, status }, value: count })),
        { everyMs },
      ),
      metrics.collect(
        'tongbao_bank_alarms',
        async () => {
          const { rejectedFiles, gaps, runs } = await alarmsOf(files, bank.name);
          const paused = (await queries.pausedBanks()).length;
          const counts = { paused, file_rejected: rejectedFiles, statement_gap: gaps, run_waiting: runs };
          return Object.entries(counts).map(([alarm, value]) => ({ labels: { alarm }, value }));
        },
        { everyMs },
      ),
    ];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.#ends) end();
  }
}
