import { Body, Controller, Get, Inject, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  atLeastQuery,
  Caller,
  Edge,
  IdempotencyKey,
  Operators,
  Problem,
  toAnswer,
  validated,
  type AtLeast,
  type Principal,
} from '@tongbao/service';
import { ReconciliationCommands } from './reconciliation.commands.js';
import { TermsBody } from './reconciliation.dto.js';
import { ReconciliationQueries } from './reconciliation.queries.js';
import { builtInProviders, builtInTerms, termsIn } from './terms.js';

/** How the bills of each provider are read, and by how much they may differ. */
@ApiTags('reconciliation')
@Controller('v1/reconciliation/terms')
@Operators('finance', 'approver', 'ops', 'auditor')
export class TermsController {
  constructor(
    @Inject(Edge) private readonly edge: Edge,
    private readonly commands: ReconciliationCommands,
    private readonly queries: ReconciliationQueries,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Terms of each provider whose bills can be given; version 0: nobody has set them' })
  @atLeastQuery
  async terms(@Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    const set = await this.queries.allTerms();
    const named = new Set(set.map(({ provider }) => provider));
    const untouched = builtInProviders.filter((provider) => !named.has(provider));
    const items = [
      ...set.map(({ provider, version, terms, by, setAt }) => ({ provider, version, ...terms, by, setAt })),
      ...untouched.map((provider) => ({ provider, version: 0, ...builtInTerms(provider) })),
    ];
    return { items: items.sort((one, other) => (one.provider < other.provider ? -1 : 1)), position };
  }

  @Put(':provider')
  @Operators('approver')
  @ApiOperation({ summary: 'Set the terms of a provider; they count for the runs that begin from now on' })
  @ApiBody({ type: TermsBody })
  set(
    @Param('provider') provider: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.edge.run('SetReconciliationTerms', caller, key, { provider, body }, async (asked) => {
      if (!/^[a-z][a-z0-9]{0,31}$/.test(provider)) throw new Problem('invalid', 'provider must be the name of a provider.', 'provider');
      const terms = termsIn(validated(TermsBody, body));
      return { provider, ...toAnswer(await this.commands.setTerms(provider, terms, asked)) };
    });
  }
}
