import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { account, isParty } from '@tongbao/contracts';
import { isCurrency } from '@tongbao/money';
import { Allow, Caller, pageOf, Problem, reachedAtLeast, type PageQuery, type Principal } from '@tongbao/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FinanceViews, statementCsv } from './finance.view.js';
import { HostedProjection } from './projection-follower.js';

interface PositionsQuery extends PageQuery {
  currency?: string;
  party?: string;
  atLeast?: string;
}

interface StatementQuery {
  party?: string;
  currency?: string;
  from?: string;
  to?: string;
  format?: string;
  atLeast?: string;
}

const atLeastQuery = ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' });

/** What finance asks; a platform may ask for what is its own. */
@ApiTags('finance')
@Controller('v1/finance')
@Allow({ platforms: true, operators: ['finance', 'approver', 'auditor', 'ops'] })
export class FinanceController {
  constructor(
    private readonly views: FinanceViews,
    private readonly projection: HostedProjection,
  ) {}

  @Get('positions')
  @ApiOperation({ summary: 'Where each party stands: open nets, closed and unsettled ones, what is carried, and its position' })
  @ApiQuery({ name: 'currency', required: false })
  @ApiQuery({ name: 'party', required: false, description: 'platform:<id> or creator:<id>' })
  @atLeastQuery
  async positions(@Query() query: PositionsQuery, @Caller() caller: Principal): Promise<object> {
    const party = askedParty(caller, query.party);
    const { limit, after } = pageOf(query);
    const position = await this.#position(query.atLeast);
    return { ...(await this.views.positions({ currency: query.currency, party }, limit, after)), position };
  }

  @Get('statements')
  @ApiOperation({
    summary: 'Every movement of a party’s position in a period, with the position before and after; JSON, or CSV by Accept or format=csv',
  })
  @ApiQuery({ name: 'party', required: true, description: 'platform:<id> or creator:<id>' })
  @ApiQuery({ name: 'currency', required: true })
  @ApiQuery({ name: 'from', required: false, description: 'ISO 8601 with time zone; from the beginning when left out' })
  @ApiQuery({ name: 'to', required: false, description: 'ISO 8601 with time zone, exclusive; to the end when left out' })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv'] })
  @ApiProduces('application/json', 'text/csv')
  @atLeastQuery
  async statement(
    @Query() query: StatementQuery,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const party = askedParty(caller, query.party);
    const { currency } = query;
    if (party === undefined || !isParty(party)) throw new Problem('invalid', 'party must be platform:<id> or creator:<id>.', 'party');
    if (currency === undefined || !isCurrency(currency))
      throw new Problem('invalid', 'currency must be an ISO 4217 currency code.', 'currency');
    const [from, to] = [timeOf(query.from, 'from'), timeOf(query.to, 'to')];
    if (from !== undefined && to !== undefined && to < from) throw new Problem('invalid', 'to must not be before from.', 'to');
    const asCsv = wantsCsv(query.format, request.headers.accept);
    const position = await this.#position(query.atLeast);
    const statement = await this.views.statement(party, currency, from, to);
    if (asCsv)
      void reply.header('content-type', 'text/csv; charset=utf-8').header('tongbao-position', position).send(statementCsv(statement));
    else void reply.send({ ...statement, position });
  }

  /** What the answer reflects, and perhaps a little more. */
  async #position(atLeast: string | undefined): Promise<string> {
    await reachedAtLeast(this.projection, atLeast);
    return String(this.projection.status().position);
  }
}

/** A platform's own account, whatever it asks for of others; an operator may ask for anyone. */
function askedParty(caller: Principal, party: string | undefined): string | undefined {
  if (caller.kind === 'operator') return party;
  const own = account.platform(caller.platformId);
  if (party !== undefined && party !== own) throw new Problem('forbidden', 'A platform sees its own account.', 'party');
  return own;
}

const zoned = /^\d{4}-\d{2}-\d{2}T.+(?:Z|[+-]\d{2}:\d{2})$/;

function timeOf(text: string | undefined, field: string): string | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!zoned.test(text) || Number.isNaN(time.getTime()))
    throw new Problem('invalid', `${field} must be a time such as 2026-01-31T00:00:00Z.`, field);
  return time.toISOString();
}

function wantsCsv(format: string | undefined, accept: string | undefined): boolean {
  if (format !== undefined && format !== 'json' && format !== 'csv') throw new Problem('invalid', 'format must be json or csv.', 'format');
  return format === 'csv' || (format === undefined && (accept ?? '').includes('text/csv'));
}
