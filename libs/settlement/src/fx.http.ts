import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
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
  type AtLeast,
  type Clock,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { ExchangeCommands } from './exchange.commands.js';
import { FxQuoteBody, WithdrawQuoteBody } from './fx.dto.js';
import { FxQuoteCommands } from './fx-quote.commands.js';
import { rateOf } from './fx-rate.js';
import { FxViews, type ExchangeFilter, type QuoteFilter } from './fx.view.js';
import { wordIn } from './query.words.js';

const statuses = ['awaiting_rate', 'locked', 'holding', 'held', 'requested', 'refused', 'exchanged', 'carried'] as const;

/** What the hub gives for currencies, and what it has exchanged for parties that are paid in another one. */
@ApiTags('foreign exchange')
@Controller('v1/fx')
@Operators('finance', 'approver', 'ops', 'auditor')
export class FxController {
  constructor(
    private readonly quotes: FxQuoteCommands,
    private readonly commands: ExchangeCommands,
    private readonly views: FxViews,
    private readonly edge: Edge,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post('quotes')
  @HttpCode(201)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Record what the hub gives of one currency for another; it takes the place of the quote before' })
  @ApiBody({ type: FxQuoteBody })
  quote(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.edge.run('RecordFxQuote', caller, key, body, async (asked) => {
      const { rate: text, ...request } = validated(FxQuoteBody, body);
      const rate = rateOf(text);
      if (!rate) throw new Problem('invalid', 'rate must be more than 0, and at most 9007199254740991 without its point.', 'rate');
      return toAnswer(await this.quotes.record({ ...request, ...rate }, asked));
    });
  }

  @Post('quotes/:quoteId/withdraw')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Lock nothing more by a quote; what is locked stays so' })
  @ApiBody({ type: WithdrawQuoteBody })
  withdraw(
    @Param('quoteId') quoteId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('WithdrawFxQuote', caller, key, { quoteId, body }, async (asked) => {
      const { reason } = validated(WithdrawQuoteBody, body);
      return { quoteId, ...toAnswer(await this.quotes.withdraw(quoteId, reason, asked)) };
    });
  }

  @Get('quotes')
  @ApiOperation({ summary: 'Quotes, the newest first' })
  @ApiQuery({ name: 'from', required: false, description: 'currency that is sold' })
  @ApiQuery({ name: 'to', required: false, description: 'currency that is bought' })
  @ApiQuery({ name: 'counting', required: false, enum: ['true'], description: 'those alone by which rates are locked now' })
  @atLeastQuery
  async list(@Query() query: PageQuery & AtLeast & QuoteFilter & { counting?: string }): Promise<object> {
    const { limit, after } = pageOf(query);
    const { from, to } = query;
    const position = await this.edge.position(query.atLeast);
    const counting = query.counting === 'true' ? this.clock.now().toISOString() : undefined;
    return { ...(await this.views.quotes({ from, to }, counting, limit, after)), position };
  }

  @Get('exchanges')
  @ApiOperation({ summary: 'Payouts that are paid in another currency, the newest first: at which rate, or what they wait for' })
  @ApiQuery({ name: 'status', required: false, enum: statuses })
  @ApiQuery({ name: 'settlementId', required: false })
  @ApiQuery({ name: 'party', required: false })
  @ApiQuery({ name: 'currency', required: false, description: 'currency that is sold' })
  @atLeastQuery
  async exchanges(@Query() query: PageQuery & AtLeast & ExchangeFilter): Promise<object> {
    const { limit, after } = pageOf(query);
    const { settlementId, party, currency } = query;
    const status = wordIn(statuses, query.status, 'status');
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.exchanges({ status, settlementId, party, currency }, limit, after)), position };
  }

  @Post('exchanges/:settlementId/:party/carry')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Give up what waits for a rate or for cash: the amount is carried to the next settlement, as it is' })
  carry(
    @Param('settlementId') settlementId: string,
    @Param('party') party: string,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('CarryExchange', caller, key, { settlementId, party }, async (asked) => ({
      settlementId,
      party,
      ...toAnswer(await this.commands.carry(settlementId, party, asked)),
    }));
  }
}
