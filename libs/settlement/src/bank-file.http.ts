import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  atLeastQuery,
  Caller,
  commandIdOf,
  contentHashOf,
  Edge,
  IdempotencyKey,
  nameOf,
  Operators,
  pageOf,
  Problem,
  validated,
  XmlBody,
  type AtLeast,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BankFileCommands } from './bank-file.commands.js';
import { WithdrawInstructionBody } from './bank-file.dto.js';
import { BankFileViews } from './bank-file.view.js';
import { BankEvidenceBody } from './bank.dto.js';
import type { Bank } from './bank.js';
import { BANK } from './bank.tokens.js';

/** Larger ones come through the folder. */
const largestFile = 32 * 1024 * 1024;

/** Files to the bank and from it. */
@ApiTags('bank files')
@Controller('v1/settlement')
@Operators('finance', 'approver', 'ops', 'auditor')
export class BankFileController {
  constructor(
    private readonly commands: BankFileCommands,
    private readonly views: BankFileViews,
    private readonly edge: Edge,
    @Inject(BANK) private readonly bank: Bank,
  ) {}

  @Get('bank-files')
  @ApiOperation({ summary: 'Files from the bank, the newest first, and where its statements do not follow one another' })
  @ApiQuery({ name: 'status', required: false, enum: ['proposed', 'accepted', 'rejected', 'acknowledged'] })
  @atLeastQuery
  async files(@Query() query: PageQuery & AtLeast & { status?: string }): Promise<object> {
    const { limit, after } = pageOf(query);
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.files(this.bank.name, query.status, limit, after)), position };
  }

  @Post('bank-files')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @XmlBody(largestFile)
  @ApiConsumes('application/xml')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOperation({
    summary:
      'Hand in a statement, a notification or a status report: it is `proposed`, and `accepted` when another person hands in the same bytes; a file counts once',
  })
  async upload(
    @Req() request: FastifyRequest,
    @Headers('file-name') name: string | undefined,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    const bytes = request.rawBody;
    if (!bytes || bytes.length === 0) throw new Problem('invalid', 'The body must be the file.');
    const by = nameOf(caller);
    const commandId = commandIdOf(caller, key ?? contentHashOf(bytes.toString('base64')));
    const taken = await this.commands.upload(bytes, name ?? 'upload.xml', { commandId, by });
    if (taken.outcome !== 'rejected') return taken;
    const { code, path, line, detail } = taken.problem;
    throw new Problem('invalid', `${code} at ${path}${line === undefined ? '' : `, line ${line}`}: ${detail}`);
  }

  @Post('bank-files/:fileId/acknowledge')
  @HttpCode(200)
  @Operators('finance', 'ops')
  @ApiOperation({ summary: 'Say that a file that was rejected has been seen to' })
  @ApiBody({ type: BankEvidenceBody })
  acknowledge(
    @Param('fileId') fileId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('AcknowledgeBankFile', caller, key, { fileId, body }, async (asked) => {
      await this.commands.acknowledge(fileId, validated(BankEvidenceBody, body).note, asked);
      return { fileId };
    });
  }

  @Get('payout-runs')
  @ApiOperation({ summary: 'Runs of instructions that go to the bank in files, the newest first, and what waits for the next one' })
  @atLeastQuery
  async runs(@Query() query: PageQuery & AtLeast): Promise<object> {
    const { limit, after } = pageOf(query);
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.runs(this.bank.name, limit, after)), position };
  }

  @Get('payout-runs/:sequence')
  @ApiOperation({ summary: 'One run, with its instructions and its files' })
  @atLeastQuery
  async run(@Param('sequence') sequence: string, @Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    const found = await this.views.run(this.bank.name, numberOf(sequence));
    if (!found) throw new Problem('not_found', `There is no run ${sequence}.`);
    return { ...found, position };
  }

  @Post('payout-runs')
  @Operators('finance')
  @ApiOperation({ summary: 'Close the run with what waits now; somebody else releases it' })
  closeRun(@Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('ClosePayoutRun', caller, key, {}, async (asked) => ({ runId: await this.commands.closeRun(asked) }));
  }

  @Post('payout-runs/:sequence/release')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Let the files of a run go' })
  releaseRun(@Param('sequence') sequence: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('ReleasePayoutRun', caller, key, { sequence }, async (asked) => ({
      runId: await this.commands.releaseRun(numberOf(sequence), asked),
    }));
  }

  @Post('instructions/:key/withdraw')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Keep an instruction out of the run that is open: its payout fails' })
  @ApiBody({ type: WithdrawInstructionBody })
  withdraw(
    @Param('key') instruction: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('WithdrawInstruction', caller, key, { instruction, body }, async (asked) => {
      const { attempt, reason } = validated(WithdrawInstructionBody, body);
      await this.commands.withdraw(instruction, attempt, reason, asked);
      return { key: instruction, attempt };
    });
  }

  @Get('payout-files/:messageId')
  @ApiProduces('application/xml')
  @ApiOperation({ summary: 'A file as it went to the bank' })
  async file(@Param('messageId') messageId: string, @Res() reply: FastifyReply): Promise<void> {
    const text = await this.commands.fileText(messageId);
    void reply
      .header('content-type', 'application/xml; charset=utf-8')
      .header('content-disposition', `attachment; filename="${messageId.replaceAll(/[^\w.-]/g, '')}.xml"`)
      .send(text);
  }
}

function numberOf(sequence: string): number {
  if (/^\d{1,9}$/.test(sequence)) return Number(sequence);
  throw new Problem('invalid', 'A run is named by its number.', 'sequence');
}
