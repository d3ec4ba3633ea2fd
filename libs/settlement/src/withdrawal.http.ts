import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { account } from '@tongbao/contracts';
import {
  Allow,
  atLeastQuery,
  Caller,
  Edge,
  IdempotencyKey,
  Operators,
  pageOf,
  Problem,
  toAnswer,
  validated,
  type Answer,
  type Asked,
  type AtLeast,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { BankEvidenceBody, BankReasonBody, despiteIn, DespiteLinesBody } from './bank.dto.js';
import { PayoutViews, type WithdrawalFilter } from './payout.view.js';
import { withdrawalStatuses, wordIn } from './query.words.js';
import { WithdrawalCommands, type WithdrawalRequest } from './withdrawal.commands.js';
import { WithdrawalBody } from './withdrawal.dto.js';

/** Money that leaves by the bank from wallets, from prefunded liquidity, and from the hub's own fees. */
@ApiTags('withdrawals')
@Controller('v1/withdrawals')
@Allow({ platforms: true, operators: ['finance', 'approver', 'ops', 'auditor'] })
export class WithdrawalController {
  constructor(
    private readonly commands: WithdrawalCommands,
    private readonly views: PayoutViews,
    private readonly edge: Edge,
  ) {}

  @Post()
  @Allow({ platforms: true, operators: ['finance'] })
  @ApiOperation({ summary: 'Take money out of a wallet, of prefunded liquidity, or of the fees of the hub; the ledger holds it first' })
  @ApiBody({ type: WithdrawalBody })
  request(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('RequestWithdrawal', caller, key, body, async (asked) => {
      const request = toRequest(validated(WithdrawalBody, body), asked.by);
      const { withdrawalId, ...answer } = await this.commands.request(request, asked);
      return { withdrawalId, ...toAnswer(answer) };
    });
  }

  @Get()
  @ApiOperation({ summary: 'Withdrawals, the newest first; a platform sees its own' })
  @ApiQuery({ name: 'status', required: false, enum: withdrawalStatuses })
  @ApiQuery({ name: 'account', required: false })
  @atLeastQuery
  async list(@Query() query: PageQuery & WithdrawalFilter & AtLeast, @Caller() caller: Principal): Promise<object> {
    const { limit, after } = pageOf(query);
    const { account: of } = query;
    const status = wordIn(withdrawalStatuses, query.status, 'status');
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.withdrawals({ status, account: of, platform: platformOf(caller) }, limit, after)), position };
  }

  @Get(':withdrawalId')
  @ApiOperation({ summary: 'One withdrawal, and the lines of the bank that say they are of it' })
  @atLeastQuery
  async one(@Param('withdrawalId') withdrawalId: string, @Query() { atLeast }: AtLeast, @Caller() caller: Principal): Promise<object> {
    const position = await this.edge.position(atLeast);
    const found = await this.views.withdrawal(withdrawalId, platformOf(caller));
    if (!found) throw new Problem('not_found', `There is no withdrawal ${withdrawalId}.`);
    return { ...found, position };
  }

  @Post(':withdrawalId/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve what somebody else asked for' })
  approve(
    @Param('withdrawalId') withdrawalId: string,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#about('ApproveWithdrawal', withdrawalId, caller, key, undefined, (asked) => this.commands.approve(withdrawalId, asked));
  }

  @Post(':withdrawalId/cancel')
  @HttpCode(200)
  @Allow({ platforms: true, operators: ['finance', 'approver'] })
  @ApiOperation({ summary: 'Give it up while the ledger holds it and the bank knows nothing of it, or after a refusal' })
  @ApiBody({ type: BankReasonBody })
  cancel(
    @Param('withdrawalId') withdrawalId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#about('CancelWithdrawal', withdrawalId, caller, key, body, (asked) =>
      this.commands.cancel(withdrawalId, validated(BankReasonBody, body).reason, asked),
    );
  }

  @Post(':withdrawalId/retry')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Ask again for what the ledger refused or the bank failed' })
  @ApiBody({ type: DespiteLinesBody, required: false })
  retry(
    @Param('withdrawalId') withdrawalId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    const { despite } = despiteIn(body);
    return this.#about('RetryWithdrawal', withdrawalId, caller, key, despite, (asked) => this.commands.retry(withdrawalId, asked, despite));
  }

  @Post(':withdrawalId/declare-failed')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Say, on the word of the bank, that an instruction never will be carried out; somebody else retries it' })
  @ApiBody({ type: BankEvidenceBody })
  declareFailed(
    @Param('withdrawalId') withdrawalId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#about('DeclareWithdrawalFailed', withdrawalId, caller, key, body, (asked) =>
      this.commands.declareFailed(withdrawalId, validated(BankEvidenceBody, body).note, asked),
    );
  }

  #about(
    operation: string,
    withdrawalId: string,
    caller: Principal,
    key: string | undefined,
    body: unknown,
    work: (asked: Asked) => Promise<Answer>,
  ): Promise<object> {
    return this.edge.run(operation, caller, key, { withdrawalId, body }, async (asked) => ({
      withdrawalId,
      ...toAnswer(await work(asked)),
    }));
  }
}

const platformOf = (caller: Principal): string | undefined =>
  caller.kind === 'platform' ? account.platform(caller.platformId) : undefined;

function toRequest({ from, userId, party, amountMinor, currency, destination }: WithdrawalBody, by: string): WithdrawalRequest {
  const { accountNumber, holder, bic, clearing } = destination ?? {};
  const route = {
    ...(bic !== undefined && { bic }),
    ...(clearing && { clearing: { memberId: clearing.memberId, ...(clearing.system !== undefined && { system: clearing.system }) } }),
  };
  return {
    account: accountFrom(from, userId, party ?? by),
    amountMinor,
    currency,
    ...(accountNumber !== undefined &&
      holder !== undefined && { destination: { accountNumber, holder, ...(Object.keys(route).length > 0 && { route }) } }),
  };
}

function accountFrom(from: WithdrawalBody['from'], userId: string | undefined, party: string): string {
  if (from === 'fees') return account.fees;
  if (from === 'liquidity') {
    if (!/^(platform|creator):/.test(party)) throw new Problem('invalid', 'party must name whose liquidity it is.', 'party');
    return account.liquidity(party);
  }
  if (userId === undefined) throw new Problem('invalid', 'userId must name whose wallet it is.', 'userId');
  return account.wallet(userId);
}
