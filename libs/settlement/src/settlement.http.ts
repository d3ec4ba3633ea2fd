import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  atLeastQuery,
  Caller,
  Edge,
  IdempotencyKey,
  Operators,
  pageOf,
  Problem,
  toAnswer,
  validated,
  type AtLeast,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { ComparisonReport } from './comparison-report.js';
import { SettlementCommands } from './settlement.commands.js';
import { AbortSettlementBody, ApproveSettlementBody, RequestSettlementBody } from './settlement.dto.js';
import { SettlementViews, type WindowFilter } from './settlement.view.js';

const windowStates = ['open', 'closed', 'settling', 'settled'] as const;

/** Windows and settlements, for the hub's finance people. */
@ApiTags('settlement')
@Controller('v1/settlement')
@Operators('finance', 'approver', 'ops', 'auditor')
export class SettlementController {
  constructor(
    private readonly commands: SettlementCommands,
    private readonly views: SettlementViews,
    private readonly report: ComparisonReport,
    private readonly edge: Edge,
  ) {}

  @Get('windows')
  @ApiOperation({ summary: 'Windows by currency, the newest first' })
  @ApiQuery({ name: 'model', required: false })
  @ApiQuery({ name: 'currency', required: false })
  @ApiQuery({ name: 'state', required: false, enum: windowStates })
  @atLeastQuery
  async windows(@Query() query: PageQuery & AtLeast & { model?: string; currency?: string; state?: string }): Promise<object> {
    const { model, currency, state } = query;
    if (state !== undefined && !isWindowState(state))
      throw new Problem('invalid', `state must be one of ${windowStates.join(', ')}.`, 'state');
    const { limit, after } = pageOf(query);
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.windows({ model, currency, state }, limit, after)), position };
  }

  @Get('windows/:windowId')
  @ApiOperation({ summary: 'One window: the net of each party, beside the ledger’s movement of the same facts, and who owes whom' })
  @atLeastQuery
  async window(@Param('windowId') windowId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`window ${windowId}`, atLeast, () => this.views.window(windowId));
  }

  @Post('windows/:windowId/close')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Close a window, which opens the next one; its place in the log is the cut-off' })
  close(@Param('windowId') windowId: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('CloseWindow', caller, key, { windowId }, async (asked) => ({
      windowId,
      ...toAnswer(await this.commands.closeWindow(windowId, asked)),
    }));
  }

  @Get('settlements')
  @ApiOperation({ summary: 'Settlements, the newest first' })
  @ApiQuery({ name: 'currency', required: false })
  @atLeastQuery
  async settlements(@Query() query: PageQuery & AtLeast & { currency?: string }): Promise<object> {
    const { limit, after } = pageOf(query);
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.settlements(query.currency, limit, after)), position };
  }

  @Post('settlements')
  @Operators('finance')
  @ApiOperation({ summary: 'Settle windows: calculated, checked against the ledger, approved, paid' })
  @ApiBody({ type: RequestSettlementBody })
  request(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('RequestSettlement', caller, key, body, async (asked) => {
      const { windowIds } = validated(RequestSettlementBody, body);
      const { settlementId, ...answer } = await this.commands.request(windowIds, asked);
      return { settlementId, ...toAnswer(answer) };
    });
  }

  @Get('settlements/:settlementId')
  @ApiOperation({ summary: 'One settlement: parties, obligations, payouts, and how far its payments have been told' })
  @atLeastQuery
  settlement(@Param('settlementId') settlementId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`settlement ${settlementId}`, atLeast, () => this.views.settlement(settlementId));
  }

  @Get('settlements/:settlementId/differences')
  @ApiOperation({
    summary:
      'Where the ledger moved something else than the facts of a settlement say, fact by fact, in the order of the log. Read from the log: a page looks at some thousand facts and may hold fewer differences than asked for, or none; the list ends where there is no `next`',
  })
  async differences(@Param('settlementId') settlementId: string, @Query() query: PageQuery): Promise<object> {
    const { limit, after } = pageOf(query);
    return this.report.page(settlementId, limit, after);
  }

  @Post('settlements/:settlementId/recompare')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Compare a settlement with the ledger again, once what differed is corrected there' })
  recompare(
    @Param('settlementId') settlementId: string,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('CompareAgain', caller, key, { settlementId }, async (asked) => ({
      settlementId,
      ...toAnswer(await this.commands.compareAgain(settlementId, asked)),
    }));
  }

  @Post('settlements/:settlementId/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve what somebody else asked for; with the amount, only if it is still that' })
  @ApiBody({ type: ApproveSettlementBody, required: false })
  approve(
    @Param('settlementId') settlementId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ApproveSettlement', caller, key, { settlementId, body }, async (asked) => {
      const { movedMinor } = validated(ApproveSettlementBody, body ?? {});
      return { settlementId, ...toAnswer(await this.commands.approve(settlementId, asked, movedMinor)) };
    });
  }

  @Post('settlements/:settlementId/abort')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Give a settlement up before it pays; its windows may be settled again' })
  @ApiBody({ type: AbortSettlementBody })
  abort(
    @Param('settlementId') settlementId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('AbortSettlement', caller, key, { settlementId, body }, async (asked) => {
      const { reason } = validated(AbortSettlementBody, body);
      return { settlementId, ...toAnswer(await this.commands.abort(settlementId, reason, asked)) };
    });
  }

  @Get('settlements/:settlementId/payouts')
  @ApiOperation({ summary: 'The payouts and collections of a settlement' })
  @atLeastQuery
  async payouts(@Param('settlementId') settlementId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    if (!(await this.views.settlement(settlementId))) throw new Problem('not_found', `There is no settlement ${settlementId}.`);
    return { items: await this.views.payouts(settlementId), position };
  }
}

const isWindowState = (state: string): state is NonNullable<WindowFilter['state']> => windowStates.some((each) => each === state);
