import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  atLeastQuery,
  Caller,
  Edge,
  IdempotencyKey,
  Operators,
  pageOf,
  toAnswer,
  validated,
  type AtLeast,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { BillViews } from './bills.view.js';
import { ReconciliationCommands } from './reconciliation.commands.js';
import { StartRunBody } from './reconciliation.dto.js';
import { dayIn } from './query.params.js';

interface RunsQuery extends PageQuery, AtLeast {
  provider?: string;
  from?: string;
  to?: string;
}

/** Comparisons of a provider's day: they begin by themselves when the day has its bills. */
@ApiTags('reconciliation')
@Controller('v1/reconciliation')
@Operators('finance', 'approver', 'ops', 'auditor')
export class RunsController {
  constructor(
    @Inject(Edge) private readonly edge: Edge,
    private readonly commands: ReconciliationCommands,
    private readonly views: BillViews,
  ) {}

  @Get('runs')
  @ApiOperation({ summary: 'Runs, the one that began last first' })
  @ApiQuery({ name: 'provider', required: false })
  @ApiQuery({ name: 'from', required: false, description: 'first day' })
  @ApiQuery({ name: 'to', required: false, description: 'last day' })
  @atLeastQuery
  async runs(@Query() query: RunsQuery): Promise<object> {
    const { limit, after } = pageOf(query);
    const filter = { provider: query.provider, from: dayIn(query.from, 'from'), to: dayIn(query.to, 'to') };
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.runs(filter, limit, after)), position };
  }

  @Post('runs')
  @Operators('finance')
  @ApiOperation({ summary: 'Compare a day now, with the bills that it has; a day with all its bills is compared by itself' })
  @ApiBody({ type: StartRunBody })
  start(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('StartReconciliation', caller, key, body, async (asked) => {
      const { provider, day } = validated(StartRunBody, body);
      dayIn(day, 'day');
      return toAnswer(await this.commands.startRun(provider, day, asked));
    });
  }

  @Get('runs/:runId')
  @ApiOperation({ summary: 'One run: what was compared, by which terms, and the report' })
  @atLeastQuery
  run(@Param('runId') runId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`run ${runId}`, atLeast, () => this.views.run(runId));
  }

  @Get('days/:provider/:day')
  @ApiOperation({ summary: 'One day of a provider: its bills, and its last run' })
  @atLeastQuery
  day(@Param('provider') provider: string, @Param('day') day: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`bill of ${provider} for ${day}`, atLeast, () => this.views.day(provider, day));
  }
}
