import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { proposalIdOf } from '@tongbao/contracts';
import {
  atLeastQuery,
  Caller,
  CLOCK,
  Edge,
  IdempotencyKey,
  Operators,
  pageOf,
  Problem,
  toAnswer,
  validated,
  type Asked,
  type AtLeast,
  type Clock,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { ages } from './ages.js';
import { BreakViews, type BreakFilter } from './breaks.view.js';
import { ReconciliationCommands, type BreakRequest } from './reconciliation.commands.js';
import { ApproveProposalBody, CommentBody, CorrectionBody, NoteBody, OwnerBody } from './reconciliation.dto.js';
import { dayIn, flagIn, wordIn } from './query.params.js';

interface BreaksQuery extends PageQuery, AtLeast {
  provider?: string;
  kind?: string;
  status?: string;
  owner?: string;
  proposed?: string;
  currency?: string;
  age?: string;
  day?: string;
  format?: string;
}

const kinds = ['missing_at_provider', 'missing_here', 'amount_differs', 'status_differs', 'fee_differs', 'duplicate'] as const;
const statuses = ['open', 'explained', 'resolved', 'corrected'] as const;

/** Breaks: what the sides say otherwise, and what is done about it. */
@ApiTags('reconciliation')
@Controller('v1/reconciliation/breaks')
@Operators('finance', 'approver', 'ops', 'auditor')
export class BreaksController {
  constructor(
    @Inject(Edge) private readonly edge: Edge,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly commands: ReconciliationCommands,
    private readonly views: BreakViews,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Breaks, the newest first, with totals by kind, currency and age; JSON, or CSV by Accept or format=csv' })
  @ApiQuery({ name: 'provider', required: false })
  @ApiQuery({ name: 'kind', required: false, enum: kinds })
  @ApiQuery({ name: 'status', required: false, enum: statuses })
  @ApiQuery({ name: 'owner', required: false, description: 'whose; empty: nobody’s' })
  @ApiQuery({ name: 'proposed', required: false, enum: ['true', 'false'], description: 'whether a correction waits for approval' })
  @ApiQuery({ name: 'currency', required: false })
  @ApiQuery({ name: 'age', required: false, enum: ages })
  @ApiQuery({ name: 'day', required: false, description: 'day of the bill that it was found in' })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv'] })
  @ApiProduces('application/json', 'text/csv')
  @atLeastQuery
  async breaks(@Query() query: BreaksQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const filter = filterIn(query);
    const format = wordIn(['json', 'csv'], query.format, 'format');
    const { limit, after } = pageOf(query);
    const position = await this.edge.position(query.atLeast);
    const now = this.clock.now();
    if (format === 'csv' || (format === undefined && (request.headers.accept ?? '').includes('text/csv'))) {
      const csv = Readable.from(this.views.csv(filter, now));
      void reply.header('content-type', 'text/csv; charset=utf-8').header('tongbao-position', position).send(csv);
    } else void reply.send({ ...(await this.views.breaks(filter, now, limit, after)), position });
  }

  @Get(':breakId')
  @ApiOperation({ summary: 'One break: what each side says, comments, proposal, and how it ended' })
  @atLeastQuery
  break(@Param('breakId') breakId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`break ${breakId}`, atLeast, () => this.views.break(breakId, this.clock.now()));
  }

  @Post(':breakId/assign')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Say whose it is' })
  @ApiBody({ type: OwnerBody })
  assign(
    @Param('breakId') breakId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('AssignBreak', breakId, body, caller, key, () => ({ type: 'AssignBreak', owner: validated(OwnerBody, body).owner }));
  }

  @Post(':breakId/comments')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Write something down' })
  @ApiBody({ type: CommentBody })
  comment(
    @Param('breakId') breakId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('CommentBreak', breakId, body, caller, key, () => ({ type: 'CommentBreak', text: validated(CommentBody, body).text }));
  }

  @Post(':breakId/resolve')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Close it with a note: nothing is to be posted' })
  @ApiBody({ type: NoteBody })
  resolve(
    @Param('breakId') breakId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ResolveBreak', breakId, body, caller, key, () => ({ type: 'ResolveBreak', note: validated(NoteBody, body).note }));
  }

  @Post(':breakId/correction')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Propose an entry that corrects it; somebody else approves what is answered as proposalId' })
  @ApiBody({ type: CorrectionBody })
  propose(
    @Param('breakId') breakId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ProposeCorrection', breakId, body, caller, key, ({ commandId }) => {
      const { currency, transfers, note } = validated(CorrectionBody, body);
      const moved = transfers.map(({ from, to, amountMinor }) => ({ from, to, amountMinor, kind: 'reconciliation-correction' }));
      return { type: 'ProposeCorrection', proposalId: proposalIdOf(commandId), currency, transfers: moved, note };
    });
  }

  @Post(':breakId/correction/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve what somebody else proposed: it is posted, and the break is closed' })
  @ApiBody({ type: ApproveProposalBody })
  approve(
    @Param('breakId') breakId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ApproveCorrection', breakId, body, caller, key, () => ({
      type: 'ApproveCorrection',
      proposalId: validated(ApproveProposalBody, body).proposalId,
    }));
  }

  @Post(':breakId/correction/reject')
  @HttpCode(200)
  @Operators('approver', 'finance')
  @ApiOperation({ summary: 'Drop what was proposed' })
  @ApiBody({ type: NoteBody })
  reject(
    @Param('breakId') breakId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('RejectCorrection', breakId, body, caller, key, () => ({
      type: 'RejectCorrection',
      note: validated(NoteBody, body).note,
    }));
  }

  #run(
    operation: string,
    breakId: string,
    body: unknown,
    caller: Principal,
    key: string | undefined,
    command: (asked: Asked) => BreakRequest,
  ): Promise<object> {
    return this.edge.run(operation, caller, key, { breakId, body }, async (asked) => {
      const request = command(asked);
      const named = 'proposalId' in request && { proposalId: request.proposalId };
      return { breakId, ...named, ...toAnswer(await this.commands.onBreak(breakId, request, asked)) };
    });
  }
}

function filterIn(query: BreaksQuery): BreakFilter {
  const { provider, owner, currency } = query;
  if (currency !== undefined && !/^[A-Z]{3}$/.test(currency))
    throw new Problem('invalid', 'currency must be an ISO 4217 code.', 'currency');
  return {
    ...{ provider, owner, currency },
    kind: wordIn(kinds, query.kind, 'kind'),
    status: wordIn(statuses, query.status, 'status'),
    proposed: flagIn(query.proposed, 'proposed'),
    age: wordIn(ages, query.age, 'age'),
    day: dayIn(query.day, 'day'),
  };
}
