import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { METRICS } from '@tongbao/service';
import type { Metrics } from '@tongbao/telemetry';
import { TransparencyLog } from './log.service.js';

/** How far the log is signed, how far it is behind, and whether something is wrong with it. */
@Injectable()
export class LogMetrics implements BeforeApplicationShutdown {
  readonly #ends: (() => void)[];

  constructor(@Inject(METRICS) metrics: Metrics, log: TransparencyLog) {
    const ofLeader = (value: (status: { lagMs: number; isAlarmed: boolean }) => number) => () => {
      const status = log.status();
      return status ? [{ labels: {}, value: value(status) }] : [];
    };
    this.#ends = [
      metrics.collect(
        'tongbao_log_lag_seconds',
        ofLeader(({ lagMs }) => lagMs / 1_000),
      ),
      metrics.collect(
        'tongbao_log_alarm',
        ofLeader(({ isAlarmed }) => (isAlarmed ? 1 : 0)),
      ),
      metrics.collect('tongbao_log_size', () => [{ labels: {}, value: log.checkpoints.known.size }]),
      metrics.collect('tongbao_log_witnessed_size', () => [{ labels: {}, value: log.checkpoints.known.witnessedSize }]),
    ];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.#ends) end();
  }
}
