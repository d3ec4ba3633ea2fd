import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { proposalIdOf } from '@tongbao/contracts';
import {
  atLeastQuery,
  Caller,
  CLOCK,
  Edge,
  IdempotencyKey,
  Operators,
  pageOf,
  toAnswer,
  validated,
  type AtLeast,
  type Clock,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { BankLineViews } from './bank-lines.view.js';
import { ReconciliationCommands } from './reconciliation.commands.js';
import { ApproveProposalBody, ExplanationBody, NoteBody } from './reconciliation.dto.js';
import { flagIn, wordIn } from './query.params.js';

interface BankLinesQuery extends PageQuery, AtLeast {
  bank?: string;
  status?: string;
  currency?: string;
}

interface PayoutsQuery extends PageQuery, AtLeast {
  provider?: string;
  open?: string;
}

const statuses = ['open', 'explained', 'assigned'] as const;

/** Lines of our bank statements that nobody could explain, and what providers paid out. */
@ApiTags('reconciliation')
@Controller('v1/reconciliation')
@Operators('finance', 'approver', 'ops', 'auditor')
export class BankLinesController {
  constructor(
    @Inject(Edge) private readonly edge: Edge,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly commands: ReconciliationCommands,
    private readonly views: BankLineViews,
  ) {}

  @Get('bank-lines')
  @ApiOperation({ summary: 'Lines that waited, or wait, in hub:suspense; the newest first, with their age' })
  @ApiQuery({ name: 'bank', required: false })
  @ApiQuery({ name: 'status', required: false, enum: statuses })
  @ApiQuery({ name: 'currency', required: false })
  @atLeastQuery
  async lines(@Query() query: BankLinesQuery): Promise<object> {
    const { limit, after } = pageOf(query);
    const filter = { bank: query.bank, status: wordIn(statuses, query.status, 'status'), currency: query.currency };
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.unmatched(filter, this.clock.now(), limit, after)), position };
  }

  @Get('bank-lines/:bank/:lineId')
  @ApiOperation({ summary: 'One line' })
  @atLeastQuery
  line(@Param('bank') bank: string, @Param('lineId') lineId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`unmatched line ${lineId} of ${bank}`, atLeast, () => this.views.line(bank, lineId, this.clock.now()));
  }

  @Post('bank-lines/:bank/:lineId/explanation')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Say to which account a line belongs; somebody else approves what is answered as proposalId' })
  @ApiBody({ type: ExplanationBody })
  explain(
    @Param('bank') bank: string,
    @Param('lineId') lineId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ProposeExplanation', caller, key, { bank, lineId, body }, async (asked) => {
      const { account, note } = validated(ExplanationBody, body);
      const proposalId = proposalIdOf(asked.commandId);
      const command = { type: 'ProposeExplanation', proposalId, account, note } as const;
      return { proposalId, ...toAnswer(await this.commands.onBankLine({ bank, lineId }, command, asked)) };
    });
  }

  @Post('bank-lines/:bank/:lineId/explanation/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve what somebody else said: the line leaves hub:suspense' })
  @ApiBody({ type: ApproveProposalBody })
  approve(
    @Param('bank') bank: string,
    @Param('lineId') lineId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ApproveExplanation', caller, key, { bank, lineId, body }, async (asked) => {
      const { proposalId } = validated(ApproveProposalBody, body);
      return toAnswer(await this.commands.onBankLine({ bank, lineId }, { type: 'ApproveExplanation', proposalId }, asked));
    });
  }

  @Post('bank-lines/:bank/:lineId/explanation/reject')
  @HttpCode(200)
  @Operators('approver', 'finance')
  @ApiOperation({ summary: 'Drop what was said' })
  @ApiBody({ type: NoteBody })
  reject(
    @Param('bank') bank: string,
    @Param('lineId') lineId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('RejectExplanation', caller, key, { bank, lineId, body }, async (asked) => {
      const { note } = validated(NoteBody, body);
      return toAnswer(await this.commands.onBankLine({ bank, lineId }, { type: 'RejectExplanation', note }, asked));
    });
  }

  @Get('payouts')
  @ApiOperation({ summary: 'What providers paid out to our bank by their bills, with the line of our statement; the newest first' })
  @ApiQuery({ name: 'provider', required: false })
  @ApiQuery({ name: 'open', required: false, enum: ['true', 'false'], description: 'whether no line of our bank is it yet' })
  @atLeastQuery
  async payouts(@Query() query: PayoutsQuery): Promise<object> {
    const { limit, after } = pageOf(query);
    const filter = { provider: query.provider, open: flagIn(query.open, 'open') };
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.payouts(filter, limit, after)), position };
  }
}
