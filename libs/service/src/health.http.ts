import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Bus } from '@tongbao/bus';
import { Outage, type LogFeed } from '@tongbao/event-store';
import type { LoopWatch } from '@tongbao/telemetry';
import type { FastifyReply } from 'fastify';
import type { RunningProjection } from './projections.http.js';
import { BUS, HEALTH_CHECKS, LOG_FEED, LOOPS, PROJECTIONS } from './tokens.js';

/** Something a process needs before it should get work. */
export interface HealthCheck {
  name: string;
  /** Undefined when all is well, else what is wrong. */
  problem(): Promise<string | undefined>;
  /** What people should know though the process may have work. */
  notice?(): Promise<string | undefined>;
}

interface Found {
  name: string;
  problem: string;
}

/** A process whose queries are further behind gets no work from outside until it has caught up. */
const mostLagMs = 60_000;

/** What cannot be told while something is down is told later: that it is down, its own check says. */
async function noticeOf(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check.notice?.();
  } catch (error) {
    if (error instanceof Outage) return undefined;
    throw error;
  }
}

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(LOG_FEED) private readonly feed: LogFeed,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOOPS) private readonly loops: LoopWatch,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, RunningProjection>,
    @Inject(HEALTH_CHECKS) private readonly checks: readonly HealthCheck[],
  ) {}

  /** Whether the process makes progress: no fold and no partition has stopped for good, no loop hangs. Says nothing of what it depends on. */
  @Get('live')
  @ApiOperation({ summary: 'Does the process make progress?' })
  live(@Res() reply: FastifyReply): void {
    const folds = this.#failedFolds();
    const others = this.#failedProjections().filter(({ name }) => !folds.some((fold) => fold.name === name));
    const problems = [...folds, ...others, ...this.#failedPartitions(), ...this.#stuckLoops()];
    void reply.status(problems.length === 0 ? 200 : 503).send({ status: problems.length === 0 ? 'ok' : 'failing', problems });
  }

  /** Whether the process should get work: everything that it depends on answers, and its queries neither stand still nor are far behind. */
  @Get('ready')
  @ApiOperation({ summary: 'Should the process get work?' })
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const found = await Promise.all(this.checks.map(async (check) => ({ name: check.name, problem: await check.problem() })));
    const problems = [...found.filter(({ problem }) => problem !== undefined), ...this.#failedProjections(), ...this.#lags()];
    const notices = await this.#notices();
    void reply
      .status(problems.length === 0 ? 200 : 503)
      .send({ status: problems.length === 0 ? 'ok' : 'not ready', problems, ...(notices.length > 0 && { notices }) });
  }

  async #notices(): Promise<{ name: string; notice: string }[]> {
    const asked = await Promise.all(this.checks.map(async (check) => ({ name: check.name, notice: await noticeOf(check) })));
    return asked.flatMap(({ name, notice }) => (notice === undefined ? [] : [{ name, notice }]));
  }

  #failedFolds(): Found[] {
    const failed = this.feed.status().filter(({ state }) => state === 'failed');
    return failed.map(({ name, error }) => ({ name, problem: error ?? 'failed' }));
  }

  /** Also one that has failed before it folded anything: of that the feed knows nothing. */
  #failedProjections(): Found[] {
    return [...this.projections].flatMap(([name, projection]) => {
      const { state, error } = projection.status();
      return state === 'failed' ? [{ name, problem: error ?? 'failed' }] : [];
    });
  }

  #failedPartitions(): Found[] {
    return this.bus
      .status()
      .flatMap(({ group, topics }) =>
        topics.flatMap(({ topic, failed }) =>
          failed.map(({ partition, error }) => ({ name: `bus ${group}`, problem: `partition ${partition} of ${topic}: ${error}` })),
        ),
      );
  }

  #stuckLoops(): Found[] {
    const stuck = this.loops.status().filter((loop) => loop.stuck);
    return stuck.map(({ name, ageMs }) => ({ name, problem: `no progress for ${Math.round(ageMs / 1_000)} s` }));
  }

  #lags(): Found[] {
    return [...this.projections].flatMap(([name, projection]) => {
      const { lagMs } = projection.status();
      return lagMs > mostLagMs ? [{ name: `projection ${name}`, problem: `${Math.round(lagMs / 1_000)} s behind` }] : [];
    });
  }
}
