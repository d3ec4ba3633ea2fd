import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { account as accountNames } from '@tongbao/contracts';
import {
  Allow,
  atLeastQuery,
  Caller,
  Operators,
  pageOf,
  Problem,
  PROJECTIONS,
  reachedAtLeast,
  type AtLeast,
  type Follower,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { CapQueries } from './cap.queries.js';
import { requiredCurrency } from './ledger-query.params.js';

/** How much of their net debit caps parties use: of the cap and what they have prefunded, with what is reserved. */
@ApiTags('ledger')
@Controller('v1/ledger')
@Operators('finance', 'approver', 'auditor', 'ops')
export class CapController {
  constructor(
    private readonly queries: CapQueries,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, Follower>,
  ) {}

  @Get('caps')
  @ApiOperation({ summary: 'Every party that has a net debit cap, and how much of it is used, by name' })
  @ApiQuery({ name: 'currency', required: false })
  @atLeastQuery
  async list(@Query() query: PageQuery & AtLeast & { currency?: string }): Promise<object> {
    const { limit, after } = pageOf(query);
    const currency = query.currency === undefined ? undefined : requiredCurrency(query.currency);
    const position = await this.#position(query.atLeast);
    return { ...(await this.queries.page(currency, limit, after)), position };
  }

  @Get('accounts/:party/cap')
  @Allow({ platforms: true, operators: ['finance', 'approver', 'auditor', 'ops'] })
  @ApiOperation({ summary: 'How much of its net debit cap a party uses, and what is left; a platform sees its own' })
  @ApiQuery({ name: 'currency', required: true })
  @atLeastQuery
  async one(@Param('party') party: string, @Query() query: AtLeast & { currency?: string }, @Caller() caller: Principal): Promise<object> {
    if (caller.kind === 'platform' && party !== accountNames.platform(caller.platformId))
      throw new Problem('forbidden', 'A platform sees its own cap.', 'party');
    const currency = requiredCurrency(query.currency);
    const position = await this.#position(query.atLeast);
    const use = await this.queries.one(party, currency);
    if (!use) throw new Problem('not_found', `${party} has no net debit cap in ${currency}.`);
    return { ...use, position };
  }

  async #position(atLeast: string | undefined): Promise<string> {
    const projection = this.projections.get('ledger');
    if (!projection) throw new Problem('unavailable', 'The projection of the ledger does not run in this process.');
    await reachedAtLeast(projection, atLeast);
    return String(projection.status().position);
  }
}
