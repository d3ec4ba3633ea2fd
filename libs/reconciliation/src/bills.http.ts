import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
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
import { BillIntake } from './bill-intake.js';
import { fileIn, fileType, TakesFile } from './bill-upload.js';
import { BillViews } from './bills.view.js';
import { ReconciliationCommands } from './reconciliation.commands.js';
import { NoteBody } from './reconciliation.dto.js';
import { dayIn, wordIn } from './query.params.js';

interface BillsQuery extends PageQuery, AtLeast {
  provider?: string;
  status?: string;
  from?: string;
  to?: string;
}

/** What a bill is given as. */
interface GivenAs {
  provider?: string;
  bill?: string;
  day?: string;
  payout?: string;
  payoutAmountMinor?: string;
  payoutCurrency?: string;
}

const statuses = ['received', 'fit', 'unfit', 'accepted'] as const;

/** Bills of providers: they come in as files, and are read and compared by themselves. */
@ApiTags('reconciliation')
@Controller('v1/reconciliation/bills')
@Operators('finance', 'approver', 'ops', 'auditor')
export class BillsController {
  constructor(
    @Inject(Edge) private readonly edge: Edge,
    private readonly intake: BillIntake,
    private readonly commands: ReconciliationCommands,
    private readonly views: BillViews,
  ) {}

  @Post()
  @TakesFile()
  @Operators('finance', 'ops')
  @ApiOperation({
    summary: 'Give a bill as the provider gives it (ZIP, gzip, CSV or JSON); the same content for the same day is the same bill',
  })
  @ApiConsumes(fileType)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiQuery({ name: 'provider', required: true, example: 'alipay' })
  @ApiQuery({ name: 'bill', required: true, enum: ['trade', 'fund'] })
  @ApiQuery({ name: 'day', required: true, description: 'the day of the bill by the clock of the provider', example: '2026-03-01' })
  @ApiQuery({ name: 'payout', required: false, description: 'the payout that the bill is of, instead of the activity of the day' })
  @ApiQuery({ name: 'payoutAmountMinor', required: false, description: 'what it comes to, in minor units' })
  @ApiQuery({ name: 'payoutCurrency', required: false })
  give(
    @Query() query: GivenAs,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('GiveBill', caller, key, query, async (asked) => {
      const { provider = '', day = '' } = query;
      const bill = wordIn(['trade', 'fund'], query.bill, 'bill');
      if (bill === undefined) throw new Problem('invalid', 'bill must be trade or fund.', 'bill');
      if (day === '') throw new Problem('invalid', 'day must be a day such as 2026-03-01.', 'day');
      dayIn(day, 'day');
      const payout = payoutIn(query);
      return toAnswer(await this.intake.take({ provider, bill, day, ...(payout && { payout }) }, fileIn(body), asked));
    });
  }

  @Get()
  @ApiOperation({ summary: 'Bills, the one that came last first' })
  @ApiQuery({ name: 'provider', required: false })
  @ApiQuery({ name: 'status', required: false, enum: statuses })
  @ApiQuery({ name: 'from', required: false, description: 'first day' })
  @ApiQuery({ name: 'to', required: false, description: 'last day' })
  @atLeastQuery
  async bills(@Query() query: BillsQuery): Promise<object> {
    const { limit, after } = pageOf(query);
    const filter = {
      ...{ provider: query.provider, status: wordIn(statuses, query.status, 'status') },
      ...{ from: dayIn(query.from, 'from'), to: dayIn(query.to, 'to') },
    };
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.bills(filter, limit, after)), position };
  }

  @Get(':billId')
  @ApiOperation({ summary: 'One bill, with what is wrong with it' })
  @atLeastQuery
  bill(@Param('billId') billId: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`bill ${billId}`, atLeast, () => this.views.bill(billId));
  }

  @Post(':billId/accept')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Use a bill that has problems, as it is; by somebody else than who gave it' })
  @ApiBody({ type: NoteBody })
  accept(
    @Param('billId') billId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('AcceptBill', caller, key, { billId, body }, async (asked) => {
      const { note } = validated(NoteBody, body);
      return { billId, ...toAnswer(await this.commands.acceptBill(billId, note, asked)) };
    });
  }
}

/** @throws Problem invalid */
function payoutIn({ payout, payoutAmountMinor, payoutCurrency }: GivenAs) {
  if (payout === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,128}$/.test(payout)) throw new Problem('invalid', 'payout must be the number of a payout.', 'payout');
  const amountMinor = Number(payoutAmountMinor);
  if (!/^\d{1,15}$/.test(payoutAmountMinor ?? ''))
    throw new Problem('invalid', 'payoutAmountMinor must be an amount in minor units.', 'payoutAmountMinor');
  if (payoutCurrency === undefined || !/^[A-Z]{3}$/.test(payoutCurrency))
    throw new Problem('invalid', 'payoutCurrency must be an ISO 4217 currency code.', 'payoutCurrency');
  return { payoutId: payout, amountMinor, currency: payoutCurrency };
}
