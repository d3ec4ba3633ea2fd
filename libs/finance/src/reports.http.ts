import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, Operators, pageOf, Problem, type Principal } from '@tongbao/service';
import { queries, type AskedByPage, type AskedByPeriod } from './api-queries.js';
import { feeDimensions, feesOf } from './fees.view.js';
import { FINANCE_OPTIONS, type FinanceOptions } from './finance.options.js';
import { FinanceReads, type Snapshot } from './finance.reads.js';
import { flowsOf, type FlowFilter } from './flows.view.js';
import { periodIn, periodText, type Period } from './period.js';
import { askedParty, currencyIn, oneOf, requiredCurrency, someOf } from './query-params.js';
import { revenueDimensions, revenueOf } from './revenue.view.js';

interface FeesQuery extends AskedByPeriod {
  by?: string;
  kind?: string;
  platform?: string;
  provider?: string;
}

interface FlowsQuery extends AskedByPeriod {
  group?: string;
  cause?: string;
  edges?: string;
}

const groupings = ['account', 'type'] as const;
const causes = ['payment', 'refund', 'dispute', 'entry'] as const;

/** What was earned, and what went where, by the hour of the log's clock. A platform may ask for what is its own. */
@ApiTags('finance')
@Controller('v1/finance')
@Allow({ platforms: true, operators: ['finance', 'approver', 'auditor', 'ops'] })
export class ReportsController {
  constructor(
    private readonly reads: FinanceReads,
    @Inject(FINANCE_OPTIONS) private readonly options: FinanceOptions,
  ) {}

  @Get('fees')
  @ApiOperation({ summary: 'Fees of the hub by period, and by who bore them, kind, platform and provider; charged, given back, net' })
  @queries.optional('by', `by comma, some of ${feeDimensions.join(', ')}`)
  @queries.optional('kind', 'as agreements call the fee')
  @queries.optional('platform', 'id of the platform that the payment was made at')
  @queries.optional('provider', 'such as alipay')
  @queries.period
  @queries.party
  @queries.currency
  @queries.page
  @queries.atLeast
  async fees(@Query() query: FeesQuery, @Caller() caller: Principal): Promise<object> {
    const { kind, platform, provider } = query;
    const by = someOf(feeDimensions, query.by, 'by');
    const filter = { currency: currencyIn(query.currency), party: askedParty(caller, query.party), kind, platform, provider };
    const { limit, after } = pageOf(query);
    return this.#read(query, async (snapshot, period) => feesOf(snapshot, period, by, filter, limit, after));
  }

  @Get('revenue')
  @Operators('finance', 'approver', 'auditor', 'ops')
  @ApiOperation({
    summary: 'What the hub earned and what it bore by period: fees, providers’ and bank fees, losses, net; with the payments',
  })
  @queries.optional('by', `by comma, some of ${revenueDimensions.join(', ')}`)
  @queries.optional('platform', 'id of the platform that the payment was made at')
  @queries.optional('provider', 'such as alipay')
  @queries.period
  @queries.currency
  @queries.page
  @queries.atLeast
  async revenue(@Query() query: FeesQuery): Promise<object> {
    const { platform, provider } = query;
    const by = someOf(revenueDimensions, query.by, 'by');
    const filter = { currency: currencyIn(query.currency), platform, provider };
    const { limit, after } = pageOf(query);
    return this.#read(query, async (snapshot, period) => revenueOf(snapshot, period, by, filter, limit, after));
  }

  @Get('flows')
  @ApiOperation({ summary: 'The graph of who paid whom in a period and currency: nodes, edges with sums by kind, and where payers bought' })
  @queries.optional('group', 'nodes are accounts, or kinds of accounts', groupings)
  @queries.optional('cause', 'only what this moved', causes)
  @queries.optional(
    'edges',
    'edges that are shown by account, 1 to 1000, 200 when left out; smaller ones are drawn together by the kinds of accounts',
  )
  @queries.period
  @queries.party
  @queries.currency
  @queries.atLeast
  async flows(@Query() query: FlowsQuery, @Caller() caller: Principal): Promise<object> {
    const filter: FlowFilter = {
      currency: requiredCurrency(query.currency),
      account: askedParty(caller, query.party),
      cause: query.cause === undefined ? undefined : oneOf(causes, query.cause, 'cause'),
    };
    const grouping = oneOf(groupings, query.group ?? 'account', 'group');
    const most = edgesIn(query.edges);
    return this.#read({ ...query, unit: 'total' }, async (snapshot, period) => ({
      currency: filter.currency,
      ...(await flowsOf(snapshot, period, filter, grouping, most)),
    }));
  }

  #read(query: AskedByPage & { unit?: string }, work: (snapshot: Snapshot, period: Period) => Promise<object>): Promise<object> {
    return this.reads.read(['finance'], query.atLeast, async (snapshot) => {
      const period = await periodIn(snapshot.tx, query, this.options.timeZone);
      return { ...(await work(snapshot, period)), period: periodText(period), position: String(snapshot.position) };
    });
  }
}

const mostEdges = 1_000;
const usualEdges = 200;

/** @throws Problem invalid */
function edgesIn(text: string | undefined): number {
  const edges = text === undefined ? usualEdges : Number(text);
  if (Number.isInteger(edges) && edges >= 1 && edges <= mostEdges) return edges;
  throw new Problem('invalid', `edges must be an integer from 1 to ${mostEdges}.`, 'edges');
}
