import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { isParty, type Party } from '@tongbao/contracts';
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
import { ModelCommands, type PartyTerms } from './model.commands.js';
import { ApproveModelBody, CalendarBody, ModelBody, PartyModelBody } from './model.dto.js';
import { ModelViews } from './model.view.js';

/** How parties are settled: models, who is on which, and business calendars. Finance proposes; an approver says yes. */
@ApiTags('settlement')
@Controller('v1/settlement')
@Operators('finance', 'approver', 'ops', 'auditor')
export class ModelController {
  constructor(
    private readonly commands: ModelCommands,
    private readonly views: ModelViews,
    private readonly edge: Edge,
  ) {}

  @Get('models')
  @ApiOperation({ summary: 'The models by which parties are settled, by currency' })
  @ApiQuery({ name: 'currency', required: false })
  @atLeastQuery
  async models(@Query() { currency, atLeast }: AtLeast & { currency?: string }): Promise<object> {
    const position = await this.edge.position(atLeast);
    return { items: await this.views.models(currency), position };
  }

  @Get('models/:name/:currency')
  @ApiOperation({ summary: 'One model: what counts, what is proposed, and every version that ever counted' })
  @atLeastQuery
  model(@Param('name') name: string, @Param('currency') currency: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`model ${name} for ${currency}`, atLeast, () => this.views.model(name, currency));
  }

  @Put('models/:name/:currency')
  @Operators('finance')
  @ApiOperation({
    summary: 'Propose a model, or new terms of one; they count for windows that close after somebody else has approved them',
  })
  @ApiBody({ type: ModelBody })
  proposeModel(
    @Param('name') name: string,
    @Param('currency') currency: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ProposeModel', caller, key, { name, currency, body }, async (asked) => {
      const { version, ...answer } = await this.commands.proposeModel(name, currency, validated(ModelBody, body), asked);
      return { name, currency, version, ...toAnswer(answer) };
    });
  }

  @Post('models/:name/:currency/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve the version that somebody else has proposed' })
  @ApiBody({ type: ApproveModelBody })
  approveModel(
    @Param('name') name: string,
    @Param('currency') currency: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ApproveModel', caller, key, { name, currency, body }, async (asked) => {
      const { version } = validated(ApproveModelBody, body);
      return { name, currency, version, ...toAnswer(await this.commands.approveModel(name, currency, version, asked)) };
    });
  }

  @Get('parties')
  @ApiOperation({ summary: 'Parties that were put on a model of a currency; every other one is on dnm' })
  @ApiQuery({ name: 'currency', required: true })
  @atLeastQuery
  async assigned(@Query() query: PageQuery & AtLeast & { currency?: string }): Promise<object> {
    if (query.currency === undefined) throw new Problem('invalid', 'currency must be given.', 'currency');
    const { limit, after } = pageOf(query);
    const position = await this.edge.position(query.atLeast);
    return { ...(await this.views.assignedParties(query.currency, limit, after)), position };
  }

  @Get('parties/:party/models')
  @ApiOperation({ summary: 'The model of a party, by currency; the one that it changes to, and when. In other currencies it is on dnm' })
  @atLeastQuery
  async partyModels(@Param('party') party: string, @Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    return { items: await this.views.partyModels(partyOf(party)), position };
  }

  @Put('parties/:party/models')
  @Operators('finance')
  @ApiOperation({
    summary:
      'Propose the model of a party in a currency, and the currency that it is paid in; once approved, a model takes effect where the next window of the old one closes',
  })
  @ApiBody({ type: PartyModelBody })
  proposePartyModel(
    @Param('party') party: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ProposePartyModel', caller, key, { party, body }, async (asked) => {
      const terms = termsOf(validated(PartyModelBody, body));
      return { party, ...terms, ...toAnswer(await this.commands.proposePartyModel(partyOf(party), terms, asked)) };
    });
  }

  @Post('parties/:party/models/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve the model that somebody else has proposed for a party' })
  @ApiBody({ type: PartyModelBody })
  approvePartyModel(
    @Param('party') party: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('ApprovePartyModel', caller, key, { party, body }, async (asked) => {
      const terms = termsOf(validated(PartyModelBody, body));
      return { party, ...terms, ...toAnswer(await this.commands.approvePartyModel(partyOf(party), terms, asked)) };
    });
  }

  @Get('calendars')
  @ApiOperation({ summary: 'Business calendars' })
  @atLeastQuery
  async calendars(@Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    return { items: await this.views.calendars(), position };
  }

  @Get('calendars/:name')
  @ApiOperation({ summary: 'One business calendar' })
  @atLeastQuery
  calendar(@Param('name') name: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.edge.one(`calendar ${name}`, atLeast, () => this.views.calendar(name));
  }

  @Put('calendars/:name')
  @Operators('finance')
  @ApiOperation({ summary: 'Set a business calendar, the whole of it' })
  @ApiBody({ type: CalendarBody })
  setCalendar(
    @Param('name') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('SetCalendar', caller, key, { name, body }, async (asked) => {
      const { version, ...answer } = await this.commands.setCalendar(name, validated(CalendarBody, body), asked);
      return { name, version, ...toAnswer(answer) };
    });
  }
}

/** To be paid in the currency itself is to be paid as it is. */
const termsOf = ({ currency, model, payIn }: PartyModelBody): PartyTerms => ({
  currency,
  model,
  ...(payIn !== undefined && payIn !== currency && { payIn }),
});

function partyOf(name: string): Party {
  if (isParty(name)) return name;
  throw new Problem('invalid', 'party must be platform:<id> or creator:<id>.', 'party');
}
