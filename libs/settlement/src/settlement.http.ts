import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Caller,
  CommandRefusals,
  IdempotencyKey,
  nameOf,
  Operators,
  pageOf,
  Problem,
  reachedAtLeast,
  validated,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import type { SettlementModel } from './models.js';
import { HostedProjection } from './projection-follower.js';
import { SettlementCommands, type Asked } from './settlement.commands.js';
import { AbortSettlementBody, RequestSettlementBody } from './settlement.dto.js';
import { SETTLEMENT_MODELS } from './settlement.tokens.js';
import { SettlementViews, type WindowFilter } from './settlement.view.js';

interface AtLeast {
  atLeast?: string;
}

const windowStates = ['open', 'closed', 'settling', 'settled'] as const;

const atLeastQuery = ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' });

/** Windows, settlements and their payouts, for the hub's finance people. */
@ApiTags('settlement')
@Controller('v1/settlement')
@Operators('finance', 'approver', 'ops', 'auditor')
export class SettlementController {
  constructor(
    @Inject(SETTLEMENT_MODELS) private readonly settlementModels: readonly SettlementModel[],
    private readonly commands: SettlementCommands,
    private readonly views: SettlementViews,
    private readonly projection: HostedProjection,
    private readonly refusals: CommandRefusals,
  ) {}

  @Get('models')
  @ApiOperation({ summary: 'The models by which parties are settled, one for each currency' })
  models(): object {
    return { items: this.settlementModels };
  }

  @Get('windows')
  @ApiOperation({ summary: 'Windows by currency, the newest first' })
  @ApiQuery({ name: 'currency', required: false })
  @ApiQuery({ name: 'state', required: false, enum: windowStates })
  @atLeastQuery
  async windows(@Query() query: PageQuery & AtLeast & { currency?: string; state?: string }): Promise<object> {
    const { currency, state } = query;
    if (state !== undefined && !isWindowState(state))
      throw new Problem('invalid', `state must be one of ${windowStates.join(', ')}.`, 'state');
    const { limit, after } = pageOf(query);
    const position = await this.#position(query.atLeast);
    return { ...(await this.views.windows({ currency, state }, limit, after)), position };
  }

  @Get('windows/:windowId')
  @ApiOperation({ summary: 'One window: the net of each party, beside the ledger’s movement of the same facts, and who owes whom' })
  @atLeastQuery
  async window(@Param('windowId') windowId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.#one(`window ${windowId}`, atLeast, () => this.views.window(windowId));
  }

  @Post('windows/:windowId/close')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Close a window, which opens the next one; its place in the log is the cut-off' })
  close(@Param('windowId') windowId: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#run('CloseWindow', caller, key, { windowId }, async (asked) => ({
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
    const position = await this.#position(query.atLeast);
    return { ...(await this.views.settlements(query.currency, limit, after)), position };
  }

  @Post('settlements')
  @Operators('finance')
  @ApiOperation({ summary: 'Settle windows: calculated, checked against the ledger, approved, paid' })
  @ApiBody({ type: RequestSettlementBody })
  request(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#run('RequestSettlement', caller, key, body, async (asked) => {
      const { windowIds } = validated(RequestSettlementBody, body);
      const { settlementId, ...answer } = await this.commands.request(windowIds, asked);
      return { settlementId, ...toAnswer(answer) };
    });
  }

  @Get('settlements/:settlementId')
  @ApiOperation({ summary: 'One settlement: parties, obligations, payouts, and how far its payments have been told' })
  @atLeastQuery
  settlement(@Param('settlementId') settlementId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.#one(`settlement ${settlementId}`, atLeast, () => this.views.settlement(settlementId));
  }

  @Post('settlements/:settlementId/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve what somebody else asked for' })
  approve(
    @Param('settlementId') settlementId: string,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ApproveSettlement', caller, key, { settlementId }, async (asked) => ({
      settlementId,
      ...toAnswer(await this.commands.approve(settlementId, asked)),
    }));
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
    return this.#run('AbortSettlement', caller, key, { settlementId, body }, async (asked) => {
      const { reason } = validated(AbortSettlementBody, body);
      return { settlementId, ...toAnswer(await this.commands.abort(settlementId, reason, asked)) };
    });
  }

  @Get('settlements/:settlementId/payouts')
  @ApiOperation({ summary: 'The payouts and collections of a settlement' })
  @atLeastQuery
  async payouts(@Param('settlementId') settlementId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.#position(atLeast);
    if (!(await this.views.settlement(settlementId))) throw new Problem('not_found', `There is no settlement ${settlementId}.`);
    return { items: await this.views.payouts(settlementId), position };
  }

  @Post('payouts/:payoutId/retry')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({
    summary: 'Ask again for a payout that the ledger refused or the bank failed, to the account that the party has named by now',
  })
  retry(@Param('payoutId') payoutId: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#run('RetryPayout', caller, key, { payoutId }, async (asked) => ({
      payoutId,
      ...toAnswer(await this.commands.retryPayout(payoutId, asked)),
    }));
  }

  @Post('payouts/:payoutId/carry')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Give a payout up in this settlement; its amount is carried to the next' })
  carry(@Param('payoutId') payoutId: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#run('CarryPayout', caller, key, { payoutId }, async (asked) => ({
      payoutId,
      ...toAnswer(await this.commands.carryPayout(payoutId, asked)),
    }));
  }

  #run(
    operation: string,
    principal: Principal,
    key: string | undefined,
    body: unknown,
    work: (asked: Asked) => Promise<object>,
  ): Promise<object> {
    return this.refusals.answer({ principal, key, operation, body }, (commandId) => work({ commandId, by: nameOf(principal) }));
  }

  async #one(what: string, atLeast: string | undefined, read: () => Promise<object | undefined>): Promise<object> {
    const position = await this.#position(atLeast);
    const found = await read();
    if (!found) throw new Problem('not_found', `There is no ${what}.`);
    return { ...found, position };
  }

  /** What the answer reflects, and perhaps a little more. */
  async #position(atLeast: string | undefined): Promise<string> {
    await reachedAtLeast(this.projection, atLeast);
    return String(this.projection.status().position);
  }
}

const toAnswer = ({ position }: { position: bigint }) => ({ position: String(position) });

const isWindowState = (state: string): state is NonNullable<WindowFilter['state']> => windowStates.some((each) => each === state);
