import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Allow,
  atLeastQuery,
  Caller,
  Edge,
  IdempotencyKey,
  nameOf,
  Operators,
  pageOf,
  Problem,
  validated,
  type Answer,
  type Asked,
  type AtLeast,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { ObligationCommands } from './obligation.commands.js';
import { ConfirmObligationBody, RejectObligationBody, ReportObligationBody } from './obligation.dto.js';
import { ObligationViews, obligationView, type ObligationFilter } from './obligation.view.js';

const readers = { platforms: true, operators: ['finance', 'approver', 'ops', 'auditor'] } as const;

/** What platforms pay each other directly, by bilateral settlements. A platform sees what it owes and is owed. */
@ApiTags('settlement')
@Controller('v1/settlement/obligations')
export class ObligationController {
  constructor(
    private readonly commands: ObligationCommands,
    private readonly views: ObligationViews,
    private readonly edge: Edge,
  ) {}

  @Get()
  @Allow(readers)
  @ApiOperation({ summary: 'Debts that platforms pay each other directly, the newest first' })
  @ApiQuery({ name: 'status', required: false, enum: ['due', 'reported', 'paid', 'carried'] })
  @ApiQuery({ name: 'settlementId', required: false })
  @ApiQuery({ name: 'currency', required: false })
  @ApiQuery({ name: 'party', required: false, description: 'owes or is owed; a platform sees its own' })
  @atLeastQuery
  async list(@Query() query: PageQuery & AtLeast & ObligationFilter, @Caller() caller: Principal): Promise<object> {
    const { limit, after } = pageOf(query);
    const { status, settlementId, currency } = query;
    if (caller.kind === 'platform' && query.party !== undefined && query.party !== nameOf(caller))
      throw new Problem('forbidden', 'A platform sees what it owes and is owed.', 'party');
    const party = caller.kind === 'platform' ? nameOf(caller) : query.party;
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.list({ status, settlementId, currency, party }, limit, after)), position };
  }

  @Get(':obligationId')
  @Allow(readers)
  @ApiOperation({ summary: 'One of them, and what was last said of it' })
  @atLeastQuery
  async one(@Param('obligationId') obligationId: string, @Query() { atLeast }: AtLeast, @Caller() caller: Principal): Promise<object> {
    const position = await this.edge.position(atLeast);
    const row = await this.views.one(obligationId);
    const isOwn = caller.kind === 'operator' || row?.debtor === nameOf(caller) || row?.creditor === nameOf(caller);
    if (!row || !isOwn) throw new Problem('not_found', `There is no obligation ${obligationId}.`);
    return { ...obligationView(row), position };
  }

  @Post(':obligationId/report')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Say what has become of a debt; it has no effect before somebody else has confirmed it' })
  @ApiBody({ type: ReportObligationBody })
  report(
    @Param('obligationId') obligationId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ReportObligation', caller, key, { obligationId, body }, (asked) => {
      const { outcome, note } = validated(ReportObligationBody, body);
      return this.commands.report(obligationId, outcome, note, asked);
    });
  }

  @Post(':obligationId/confirm')
  @HttpCode(200)
  @Allow({ platforms: true, operators: ['approver'] })
  @ApiOperation({ summary: 'Confirm what somebody else has reported; that it was paid, the creditor may confirm' })
  @ApiBody({ type: ConfirmObligationBody })
  confirm(
    @Param('obligationId') obligationId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ConfirmObligation', caller, key, { obligationId, body }, (asked) =>
      this.commands.confirm(obligationId, validated(ConfirmObligationBody, body).outcome, asked),
    );
  }

  @Post(':obligationId/reject')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'What was reported is not so: the debt is due again' })
  @ApiBody({ type: RejectObligationBody })
  reject(
    @Param('obligationId') obligationId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('RejectObligation', caller, key, { obligationId, body }, (asked) =>
      this.commands.reject(obligationId, validated(RejectObligationBody, body).note, asked),
    );
  }

  async #run(
    operation: string,
    principal: Principal,
    key: string | undefined,
    body: { obligationId: string; body?: unknown },
    work: (asked: Asked) => Promise<Answer>,
  ): Promise<object> {
    const { position } = await this.edge.run(operation, principal, key, body, work);
    return { obligationId: body.obligationId, position: String(position) };
  }
}
