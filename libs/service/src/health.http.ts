import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { LogFeed } from '@tongbao/event-store';
import type { FastifyReply } from 'fastify';
import { HEALTH_CHECKS, LOG_FEED } from './tokens.js';

/** Something a process needs before it should get work. */
export interface HealthCheck {
  name: string;
  /** Undefined when all is well, else what is wrong. */
  problem(): Promise<string | undefined>;
}

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(LOG_FEED) private readonly feed: LogFeed,
    @Inject(HEALTH_CHECKS) private readonly checks: readonly HealthCheck[],
  ) {}

  /** Whether the process makes progress: no fold has stopped for good. Says nothing of what it depends on. */
  @Get('live')
  @ApiOperation({ summary: 'Does the process make progress?' })
  live(@Res() reply: FastifyReply): void {
    const failed = this.feed.status().filter(({ state }) => state === 'failed');
    const problems = failed.map(({ name, error }) => ({ name, problem: error ?? 'failed' }));
    void reply.status(problems.length === 0 ? 200 : 503).send({ status: problems.length === 0 ? 'ok' : 'failing', problems });
  }

  /** Whether the process should get work: everything that it depends on answers. */
  @Get('ready')
  @ApiOperation({ summary: 'Should the process get work?' })
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const found = await Promise.all(this.checks.map(async (check) => ({ name: check.name, problem: await check.problem() })));
    const problems = found.filter(({ problem }) => problem !== undefined);
    void reply.status(problems.length === 0 ? 200 : 503).send({ status: problems.length === 0 ? 'ok' : 'not ready', problems });
  }
}
