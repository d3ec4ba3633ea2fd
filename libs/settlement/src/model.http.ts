import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { isParty, type Party } from '@tongbao/contracts';
import {
  Caller,
  CommandRefusals,
  IdempotencyKey,
  nameOf,
  Operators,
  pageOf,
  Problem,
  validated,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { ModelCommands } from './model.commands.js';
import { ApproveModelBody, CalendarBody, ModelBody, PartyModelBody } from './model.dto.js';
import { ModelViews } from './model.view.js';
import { HostedProjection, reflected } from './projection-follower.js';
import type { Answer, Asked } from './settlement.commands.js';

interface AtLeast {
  atLeast?: string;
}

const atLeastQuery = ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' });

/** How parties are settled: models, who is on which, and business calendars. Finance proposes; an approver says yes. */
@ApiTags('settlement')
@Controller('v1/settlement')
@Operators('finance', 'approver', 'ops', 'auditor')
export class ModelController {
  constructor(
    private readonly commands: ModelCommands,
    private readonly views: ModelViews,
    private readonly projection: HostedProjection,
    private readonly refusals: CommandRefusals,
  ) {}

  @Get('models')
  @ApiOperation({ summary: 'The models by which parties are settled, by currency' })
  @ApiQuery({ name: 'currency', required: false })
  @atLeastQuery
  async models(@Query() { currency, atLeast }: AtLeast & { currency?: string }): Promise<object> {
    const position = await reflected(this.projection, atLeast);
    return { items: await this.views.models(currency), position };
  }

  @Get('models/:name/:currency')
  @ApiOperation({ summary: 'One model: what counts, what is proposed, and every version that ever counted' })
  @atLeastQuery
  model(@Param('name') name: string, @Param('currency') currency: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.#one(`model ${name} for ${currency}`, atLeast, () => this.views.model(name, currency));
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
    return this.#run('ProposeModel', caller, key, { name, currency, body }, async (asked) => {
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
    return this.#run('ApproveModel', caller, key, { name, currency, body }, async (asked) => {
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
    const position = await reflected(this.projection, query.atLeast);
    return { ...(await this.views.assignedParties(query.currency, limit, after)), position };
  }

  @Get('parties/:party/models')
  @ApiOperation({ summary: 'The model of a party, by currency; the one that it changes to, and when. In other currencies it is on dnm' })
  @atLeastQuery
  async partyModels(@Param('party') party: string, @Query() { atLeast }: AtLeast): Promise<object> {
    const position = await reflected(this.projection, atLeast);
    return { items: await this.views.partyModels(partyOf(party)), position };
  }

  @Put('parties/:party/models')
  @Operators('finance')
  @ApiOperation({
    summary: 'Propose the model of a party in a currency; once approved, it takes effect where the next window of the old model closes',
  })
  @ApiBody({ type: PartyModelBody })
  proposePartyModel(
    @Param('party') party: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ProposePartyModel', caller, key, { party, body }, async (asked) => {
      const { currency, model } = validated(PartyModelBody, body);
      const answer = await this.commands.proposePartyModel(partyOf(party), currency, model, asked);
      return { party, currency, model, ...toAnswer(answer) };
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
    return this.#run('ApprovePartyModel', caller, key, { party, body }, async (asked) => {
      const { currency, model } = validated(PartyModelBody, body);
      const answer = await this.commands.approvePartyModel(partyOf(party), currency, model, asked);
      return { party, currency, model, ...toAnswer(answer) };
    });
  }

  @Get('calendars')
  @ApiOperation({ summary: 'Business calendars' })
  @atLeastQuery
  async calendars(@Query() { atLeast }: AtLeast): Promise<object> {
    const position = await reflected(this.projection, atLeast);
    return { items: await this.views.calendars(), position };
  }

  @Get('calendars/:name')
  @ApiOperation({ summary: 'One business calendar' })
  @atLeastQuery
  calendar(@Param('name') name: string, @Query() { atLeast }: AtLeast): Promise<object> {
    return this.#one(`calendar ${name}`, atLeast, () => this.views.calendar(name));
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
    return this.#run('SetCalendar', caller, key, { name, body }, async (asked) => {
      const { version, ...answer } = await this.commands.setCalendar(name, validated(CalendarBody, body), asked);
      return { name, version, ...toAnswer(answer) };
    });
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
    const position = await reflected(this.projection, atLeast);
    const found = await read();
    if (!found) throw new Problem('not_found', `There is no ${what}.`);
    return { ...found, position };
  }
}

const toAnswer = ({ position }: Answer) => ({ position: String(position) });

function partyOf(name: string): Party {
  if (isParty(name)) return name;
  throw new Problem('invalid', 'party must be platform:<id> or creator:<id>.', 'party');
}
