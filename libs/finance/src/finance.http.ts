import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, CLOCK, pageOf, Problem, type Clock, type Principal } from '@tongbao/service';
import { agedThings, agedThingsOfParties, agesOf, ageTotalsOf } from './ageing.view.js';
import { queries, type AskedByPage, type AskedByPeriod } from './api-queries.js';
import { FINANCE_OPTIONS, type FinanceOptions } from './finance.options.js';
import { FinanceReads, type Snapshot } from './finance.reads.js';
import { positionAt } from './log-moments.js';
import { dueObligations, obligationsOf, type ObligationScope } from './obligations.view.js';
import { boundIn, periodIn, periodText, zoneIn } from './period.js';
import { positionsAsOf, positionsNow } from './positions.view.js';
import { askedParty, currencyIn, momentIn, oneOf, orderedPeriod } from './query-params.js';
import { settlementsOf, settlementStatuses } from './settlements.view.js';

interface SettlementsQuery extends AskedByPeriod {
  model?: string;
  status?: string;
}

interface ObligationsQuery extends AskedByPeriod {
  window?: string;
}

interface AgeingQuery extends AskedByPage {
  what?: string;
  buckets?: string;
}

const usualBuckets = [1, 7, 30, 90];

/** Where parties stand, what was settled, who owes whom, and for how long. A platform may ask for what is its own. */
@ApiTags('finance')
@Controller('v1/finance')
@Allow({ platforms: true, operators: ['finance', 'approver', 'auditor', 'ops'] })
export class FinanceController {
  constructor(
    private readonly reads: FinanceReads,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(FINANCE_OPTIONS) private readonly options: FinanceOptions,
  ) {}

  @Get('positions')
  @ApiOperation({ summary: 'Where each party stands: its position, open and unsettled nets, what is carried; or its position as it was' })
  @queries.optional('asOf', 'a log position, or a time with its zone: what had happened up to there, or before it')
  @queries.party
  @queries.currency
  @queries.page
  @queries.atLeast
  async positions(@Query() query: AskedByPage & { asOf?: string }, @Caller() caller: Principal): Promise<object> {
    const filter = { currency: currencyIn(query.currency), party: askedParty(caller, query.party) };
    const { limit, after } = pageOf(query);
    const moment = momentIn(query.asOf, 'asOf', this.clock.now());
    if (moment === undefined) return this.#read(['settlement'], query, (snapshot) => positionsNow(snapshot, filter, limit, after));
    return this.#read(['settlement', 'finance'], query, async (snapshot) => {
      if ('position' in moment && moment.position > snapshot.position)
        throw new Problem('invalid', `asOf is beyond what has been folded, which is ${snapshot.position}.`, 'asOf');
      const position = await positionAt(snapshot.tx, moment, snapshot.position);
      return { ...(await positionsAsOf(snapshot, position, filter, limit, after)), asOf: String(position) };
    });
  }

  @Get('settlements')
  @ApiOperation({ summary: 'Settlements, the newest first, with what they pay out, collect and carry' })
  @queries.optional('model', 'such as dnm')
  @queries.optional('status', 'where it stands', settlementStatuses)
  @queries.optional('from', 'asked for since: a day of the zone, or a time with its zone')
  @queries.optional('to', 'likewise, exclusive')
  @queries.optional('zone', 'time zone of days; that of the settings when left out')
  @queries.party
  @queries.currency
  @queries.page
  @queries.atLeast
  async settlements(@Query() query: SettlementsQuery, @Caller() caller: Principal): Promise<object> {
    const { model, status } = query;
    const filter = {
      ...{ party: askedParty(caller, query.party), currency: currencyIn(query.currency), model },
      status: status === undefined ? undefined : oneOf(settlementStatuses, status, 'status'),
    };
    const { limit, after } = pageOf(query);
    const zone = zoneIn(query.zone ?? this.options.timeZone);
    return this.#read(['settlement'], query, async (snapshot) => {
      const [from, to] = [await boundIn(snapshot.tx, query.from, 'from', zone), await boundIn(snapshot.tx, query.to, 'to', zone)];
      return settlementsOf(snapshot, { ...filter, ...orderedPeriod(from, to) }, limit, after);
    });
  }

  @Get('obligations')
  @ApiOperation({ summary: 'Who owes whom by the transfers between platforms: of what is not settled, of a window, or of a period' })
  @queries.optional('window', 'a window’s id')
  @queries.period
  @queries.party
  @queries.currency
  @queries.page
  @queries.atLeast
  async obligations(@Query() query: ObligationsQuery, @Caller() caller: Principal): Promise<object> {
    const filter = { currency: currencyIn(query.currency), party: askedParty(caller, query.party) };
    const { limit, after } = pageOf(query);
    const isOfPeriod = query.from !== undefined || query.to !== undefined;
    if (isOfPeriod && query.window !== undefined) throw new Problem('invalid', 'Ask for a window or for a period, not for both.', 'window');
    return this.#read(['settlement', 'finance'], query, async (snapshot) => {
      const period = isOfPeriod ? await periodIn(snapshot.tx, { ...query, unit: 'total' }, this.options.timeZone) : undefined;
      const scope: ObligationScope = period ? { period } : query.window === undefined ? { unsettled: true } : { window: query.window };
      const found = await obligationsOf(snapshot, scope, filter, limit, after);
      const due = 'unsettled' in scope ? { due: await dueObligations(snapshot, filter) } : {};
      return { ...found, ...due, ...(period && { period: periodText(period) }) };
    });
  }

  @Get('ageing')
  @ApiOperation({ summary: 'How long what is owed has been owed, and what waits has waited: sums of everything, or lines of one thing' })
  @queries.optional('what', 'lines of this; sums of all when left out', agedThings)
  @queries.optional('buckets', 'days up to which each bucket goes, by comma; 1,7,30,90 when left out')
  @queries.party
  @queries.currency
  @queries.page
  @queries.atLeast
  async ageing(@Query() query: AgeingQuery, @Caller() caller: Principal): Promise<object> {
    const filter = { currency: currencyIn(query.currency), party: askedParty(caller, query.party) };
    const buckets = bucketsIn(query.buckets);
    const now = this.clock.now();
    const mine = caller.kind === 'platform' ? agedThingsOfParties : agedThings;
    const what = query.what === undefined ? undefined : oneOf(mine, query.what, 'what');
    const { limit, after } = pageOf(query);
    return this.#read(['settlement', 'finance'], query, async (snapshot) => {
      const found =
        what === undefined
          ? { totals: await ageTotalsOf(snapshot, mine, filter, buckets, now) }
          : { what, ...(await agesOf(snapshot, what, filter, buckets, now, limit, after)) };
      return { ...found, asOf: now.toISOString() };
    });
  }

  #read(
    sources: readonly ('settlement' | 'finance')[],
    query: { atLeast?: string },
    work: (snapshot: Snapshot) => Promise<object>,
  ): Promise<object> {
    return this.reads.read(sources, query.atLeast, async (snapshot) => ({
      ...(await work(snapshot)),
      position: String(snapshot.position),
    }));
  }
}

const mostBuckets = 12;
const mostDays = 3_650;

/** @throws Problem invalid */
function bucketsIn(text: string | undefined): readonly number[] {
  if (text === undefined) return usualBuckets;
  const days = text.split(',').map(Number);
  const isAscending = days.every((day, index) => Number.isInteger(day) && day > (days[index - 1] ?? 0) && day <= mostDays);
  if (isAscending && days.length <= mostBuckets) return days;
  throw new Problem('invalid', `buckets must be up to ${mostBuckets} ascending numbers of days such as 1,7,30,90.`, 'buckets');
}
