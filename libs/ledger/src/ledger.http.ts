import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { isCurrency } from '@tongbao/money';
import type { SqlClient } from '@tongbao/read-model';
import { CLOCK, Operators, pageOf, Problem, PROJECTIONS, reachedAtLeast, SQL, type Clock, type PageQuery } from '@tongbao/service';
import { LedgerQueries, type AsOf } from './ledger.queries.js';
import { trialBalance } from './trial-balance.view.js';

/** What a query needs of the projection's runner. */
interface Follower {
  status(): { position: bigint };
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
}

interface AtLeast {
  atLeast?: string;
}

const atLeast = { name: 'atLeast', required: false, description: 'log position that the answer must reflect' } as const;

/** The books as the projection shows them. */
@ApiTags('ledger')
@Controller('v1/ledger')
@Operators('finance', 'auditor', 'ops')
export class LedgerController {
  readonly #queries: LedgerQueries;

  constructor(
    @Inject(SQL) private readonly sql: SqlClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, Follower>,
  ) {
    this.#queries = new LedgerQueries(sql);
  }

  @Get('accounts')
  @ApiOperation({ summary: 'Accounts with their balances, by name and currency' })
  @ApiQuery({ name: 'prefix', required: false, description: 'such as platform:' })
  @ApiQuery(atLeast)
  async accounts(@Query() query: PageQuery & AtLeast & { prefix?: string }): Promise<object> {
    const { limit, after } = pageOf(query);
    return this.#answer(query, () => this.#queries.accounts(query.prefix, limit, after));
  }

  @Get('accounts/:account')
  @ApiOperation({ summary: 'One account in all its currencies' })
  @ApiQuery(atLeast)
  async account(@Param('account') account: string, @Query() query: AtLeast): Promise<object> {
    return this.#answer(query, async () =>
      found(await this.#queries.account(account), 'account_not_found', `There is no account ${account}.`),
    );
  }

  @Get('accounts/:account/balance')
  @ApiOperation({ summary: 'The balance now, or as a time or a journal revision left it: posted, held, available' })
  @ApiQuery({ name: 'currency', required: true })
  @ApiQuery({ name: 'asOf', required: false, description: 'ISO 8601 with time zone, or a journal revision' })
  @ApiQuery(atLeast)
  async balance(@Param('account') account: string, @Query() query: AtLeast & { currency?: string; asOf?: string }): Promise<object> {
    const { currency } = query;
    if (currency === undefined || !isCurrency(currency))
      throw new Problem('invalid', 'currency must be an ISO 4217 currency code such as USD.', 'currency');
    const asOf = query.asOf === undefined ? undefined : readAsOf(query.asOf);
    return this.#answer(query, async () => {
      await this.#mustKnow(asOf);
      return found(await this.#queries.balance(account, currency, asOf), 'account_not_found', `There is no account ${account}.`);
    });
  }

  @Get('accounts/:account/entries')
  @ApiOperation({ summary: 'Entries that moved an account, newest first' })
  @ApiQuery(atLeast)
  async entriesOf(@Param('account') account: string, @Query() query: PageQuery & AtLeast): Promise<object> {
    const { limit, after } = pageOf(query);
    return this.#answer(query, () => this.#queries.entriesOf(account, limit, after));
  }

  @Get('entries')
  @ApiOperation({ summary: 'Entries about a payment, a payout, a bank line, in the order of the books' })
  @ApiQuery({ name: 'ref', required: true })
  @ApiQuery(atLeast)
  async entriesAbout(@Query() query: PageQuery & AtLeast & { ref?: string }): Promise<object> {
    const { ref } = query;
    if (!ref) throw new Problem('invalid', 'ref is required: a payment, a payout, a bank line.', 'ref');
    const { limit, after } = pageOf(query);
    return this.#answer(query, () => this.#queries.entriesAbout(ref, limit, after));
  }

  @Get('entries/:number')
  @ApiOperation({ summary: 'One entry' })
  @ApiQuery(atLeast)
  async entry(@Param('number') number: string, @Query() query: AtLeast): Promise<object> {
    return this.#answer(query, async () =>
      found(await this.#queries.entry(entryNumber(number)), 'entry_not_found', `There is no entry ${number}.`),
    );
  }

  @Get('holds/:holdId')
  @ApiOperation({ summary: 'One hold' })
  @ApiQuery(atLeast)
  async hold(@Param('holdId') holdId: string, @Query() query: AtLeast): Promise<object> {
    return this.#answer(query, async () => found(await this.#queries.hold(holdId), 'hold_not_found', `There is no hold ${holdId}.`));
  }

  @Get('trial-balance')
  @ApiOperation({ summary: 'Sums by account and currency, the checks that can fail, and what waits in transit and suspense' })
  @ApiQuery(atLeast)
  async trialBalance(@Query() query: AtLeast): Promise<object> {
    return this.#answer(query, () => trialBalance(this.sql, this.clock.now()));
  }

  /** With the position that the answer reflects, and perhaps a little more. */
  async #answer<T extends object>(query: AtLeast, ask: () => Promise<T>): Promise<T & { position: string }> {
    const projection = this.projections.get('ledger');
    if (!projection) throw new Problem('unavailable', 'The projection of the ledger does not run in this process.');
    await reachedAtLeast(projection, query.atLeast);
    const position = String(projection.status().position);
    return { ...(await ask()), position };
  }

  /** A balance of a revision that is not there yet would be a guess. */
  async #mustKnow(asOf: AsOf | undefined): Promise<void> {
    if (!asOf || !('revision' in asOf)) return;
    const revision = await this.#queries.revision();
    if (revision === undefined || asOf.revision > revision)
      throw new Problem(
        'invalid',
        `asOf is beyond the journal, which is at ${revision === undefined ? 'no revision yet' : `revision ${revision}`}.`,
        'asOf',
      );
  }
}

/** @throws Problem invalid */
export function entryNumber(text: string): number {
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number))
    throw new Problem('invalid', 'The number of an entry is an integer from 0 on.', 'number');
  return number;
}

function readAsOf(text: string): AsOf {
  if (/^\d{1,9}$/.test(text)) return { revision: Number(text) };
  const time = /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new Problem('invalid', 'asOf must be a journal revision or a time such as 2026-01-31T08:00:00Z.', 'asOf');
  return { time: new Date(time).toISOString() };
}

function found<T>(value: T | undefined, code: 'account_not_found' | 'entry_not_found' | 'hold_not_found', detail: string): T {
  if (value === undefined) throw new Problem(code, detail);
  return value;
}
