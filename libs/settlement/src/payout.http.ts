import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { isParty, proposalIdOf } from '@tongbao/contracts';
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
import { BankEvidenceBody, BankReasonBody, despiteIn, DespiteLinesBody } from './bank.dto.js';
import type { Bank } from './bank.js';
import { BANK } from './bank.tokens.js';
import { PayoutCommands } from './payout.commands.js';
import { ApproveAssignmentBody, AssignmentBody } from './payout.dto.js';
import { PayoutViews, type PayoutFilter } from './payout.view.js';
import { payoutStatuses, wordIn } from './query.words.js';

/** Payouts and collections one by one, the bank that carries them out, and the lines of its statement. */
@ApiTags('settlement')
@Controller('v1')
@Operators('finance', 'approver', 'ops', 'auditor')
export class PayoutController {
  constructor(
    private readonly commands: PayoutCommands,
    private readonly views: PayoutViews,
    private readonly edge: Edge,
    @Inject(BANK) private readonly bank: Bank,
  ) {}

  @Get('settlement/payouts')
  @ApiOperation({ summary: 'Payouts and collections, the newest first' })
  @ApiQuery({ name: 'status', required: false, enum: payoutStatuses })
  @ApiQuery({ name: 'party', required: false })
  @ApiQuery({ name: 'currency', required: false })
  @atLeastQuery
  async payouts(@Query() query: PageQuery & PayoutFilter & AtLeast): Promise<object> {
    const { limit, after } = pageOf(query);
    const filter = { ...query, status: wordIn(payoutStatuses, query.status, 'status') };
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.payouts(filter, limit, after)), position };
  }

  @Get('settlement/payouts/:payoutId')
  @ApiOperation({ summary: 'One payout, and the lines of the bank that say they are of it' })
  @atLeastQuery
  async payout(@Param('payoutId') payoutId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    const found = await this.views.payout(payoutId);
    if (!found) throw new Problem('not_found', `There is no payout ${payoutId}.`);
    return { ...found, position };
  }

  @Post('settlement/payouts/:payoutId/retry')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({
    summary: 'Ask again for a payout that the ledger refused or the bank failed, to the account that the party has named by now',
  })
  @ApiBody({ type: DespiteLinesBody, required: false })
  retry(
    @Param('payoutId') payoutId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('RetryPayout', caller, key, { payoutId, ...despiteIn(body) }, async (asked) => ({
      payoutId,
      ...toAnswer(await this.commands.retry(payoutId, asked, despiteIn(body).despite)),
    }));
  }

  @Post('settlement/payouts/:payoutId/carry')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Give a payout up in this settlement; its amount is carried to the next' })
  @ApiBody({ type: DespiteLinesBody, required: false })
  carry(
    @Param('payoutId') payoutId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('CarryPayout', caller, key, { payoutId, ...despiteIn(body) }, async (asked) => ({
      payoutId,
      ...toAnswer(await this.commands.carry(payoutId, asked, despiteIn(body).despite)),
    }));
  }

  @Post('settlement/payouts/:payoutId/declare-failed')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({
    summary: 'Say, on the word of the bank, that an instruction never will be carried out; somebody else retries or carries it',
  })
  @ApiBody({ type: BankEvidenceBody })
  declareFailed(
    @Param('payoutId') payoutId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('DeclarePayoutFailed', caller, key, { payoutId, body }, async (asked) => ({
      payoutId,
      ...toAnswer(await this.commands.declareFailed(payoutId, validated(BankEvidenceBody, body).note, asked)),
    }));
  }

  @Get('finance/banks')
  @ApiOperation({ summary: 'The bank: its money by currency, what is on its way out, what waits, and whether it is paused' })
  @atLeastQuery
  async banks(@Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    return { items: [await this.views.bank(this.bank.name)], position };
  }

  @Post('settlement/banks/:bank/pause')
  @HttpCode(200)
  @Operators('finance', 'approver', 'ops')
  @ApiOperation({ summary: 'Give the bank nothing from now on: no payout, no collection, no withdrawal, no file' })
  @ApiBody({ type: BankReasonBody })
  pause(
    @Param('bank') bank: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('PausePayouts', caller, key, { bank, body }, async (asked) => ({
      bank,
      ...toAnswer(await this.commands.pause(bank, validated(BankReasonBody, body).reason, asked)),
    }));
  }

  @Post('settlement/banks/:bank/resume')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Go on with what waits' })
  resume(@Param('bank') bank: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('ResumePayouts', caller, key, { bank }, async (asked) => ({
      bank,
      ...toAnswer(await this.commands.resume(bank, asked)),
    }));
  }

  @Get('finance/bank-lines')
  @ApiOperation({ summary: 'Lines of the bank’s statement, the newest first; what nothing has matched waits in suspense' })
  @ApiQuery({ name: 'matched', required: false, enum: ['true', 'false'] })
  @atLeastQuery
  async lines(@Query() query: PageQuery & AtLeast & { matched?: string }): Promise<object> {
    const { matched } = query;
    if (matched !== undefined && matched !== 'true' && matched !== 'false')
      throw new Problem('invalid', 'matched must be true or false.', 'matched');
    const { limit, after } = pageOf(query);
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.lines(this.bank.name, matched && matched === 'true', limit, after)), position };
  }

  @Post('finance/bank-lines/:lineId/assign')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({
    summary: 'Say whose prefunded money a line has brought that waits in suspense; somebody else approves what is answered as proposalId',
  })
  @ApiBody({ type: AssignmentBody })
  assign(
    @Param('lineId') lineId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('AssignBankLine', caller, key, { lineId, body }, async (asked) => {
      const { party, note } = validated(AssignmentBody, body);
      if (!isParty(party)) throw new Problem('invalid', 'party must be platform:<id> or creator:<id>.', 'party');
      const said = { proposalId: proposalIdOf(asked.commandId), party, note };
      return {
        ...{ lineId, proposalId: said.proposalId },
        ...toAnswer(await this.commands.proposeAssignment(this.bank.name, lineId, said, asked)),
      };
    });
  }

  @Post('finance/bank-lines/:lineId/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve whose money a line has brought: it is in that party’s liquidity from now on' })
  @ApiBody({ type: ApproveAssignmentBody })
  approveAssignment(
    @Param('lineId') lineId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ApproveBankLine', caller, key, { lineId, body }, async (asked) => ({
      lineId,
      ...toAnswer(await this.commands.approveAssignment(lineId, validated(ApproveAssignmentBody, body).proposalId, asked)),
    }));
  }

  @Post('finance/bank-lines/:lineId/reject')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Reject whose money a line is said to have brought' })
  @ApiBody({ type: BankReasonBody })
  rejectAssignment(
    @Param('lineId') lineId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('RejectBankLine', caller, key, { lineId, body }, async (asked) => ({
      lineId,
      ...toAnswer(await this.commands.rejectAssignment(lineId, validated(BankReasonBody, body).reason, asked)),
    }));
  }
}
