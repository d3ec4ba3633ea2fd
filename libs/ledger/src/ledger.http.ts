import { applyDecorators, Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { account as accountNames } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  Allow,
  Caller,
  CLOCK,
  EVENT_STORE,
  Operators,
  pageOf,
  Problem,
  PROJECTIONS,
  reachedAtLeast,
  SQL,
  type Clock,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { accountTree } from './account-tree.view.js';
import { newestRevision } from './as-of.js';
import { balanceHistory, mostPoints } from './balance-history.view.js';
import { partyBehind } from './chart.js';
import { EntryQueries, type AccountEntry } from './entries.queries.js';
import { HoldQueries } from './holds.queries.js';
import { journalStream } from './journal.fold.js';
import {
  asOfIn,
  entryNumber,
  filterIn,
  historyIn,
  holdStatusIn,
  orderIn,
  requiredCurrency,
  type AtLeast,
  type EntriesQuery,
  type HistoryQuery,
} from './ledger-query.params.js';
import { LedgerQueries } from './ledger.queries.js';
import { trialBalance, trialBalanceAsOf } from './trial-balance.view.js';

/** What a query needs of the projection's runner. */
interface Follower {
  status(): { position: bigint };
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
}

const optional = (name: string, description: string): MethodDecorator => ApiQuery({ name, required: false, description });

const AsksAtLeast = (): MethodDecorator =>
  applyDecorators(
    optional('atLeast', 'log position that the answer must reflect'),
    optional('atLeastRevision', 'journal revision that the answer must reflect'),
  );

const AsksForPage = (): MethodDecorator =>
  applyDecorators(
    optional('limit', '1 to 500, 50 when not given'),
    optional('cursor', '`next` of the page before; the last page has none. What is written meanwhile moves nothing from page to page'),
    AsksAtLeast(),
  );

const AsksAsOf = (): MethodDecorator => optional('asOf', 'ISO 8601 with time zone, or a journal revision; now when not given');

const AsksForEntries = (usual: 'newest' | 'oldest'): MethodDecorator =>
  applyDecorators(
    optional('kind', 'of the entry, such as PaymentCaptured'),
    optional('currency', 'of a transfer'),
    optional('from', 'posted at or after, ISO 8601 with time zone'),
    optional('to', 'posted before, ISO 8601 with time zone'),
    optional('order', `newest or oldest first; ${usual} when not given`),
    AsksForPage(),
  );

/** Operators see every account, a platform its own. */
const OfAccount = (): MethodDecorator => Allow({ platforms: true, operators: ['finance', 'auditor', 'ops'] });

/** The books as the projection shows them. Each answer names the log position and the journal revision that it reflects; it may know a little more. */
@ApiTags('ledger')
@Controller('v1/ledger')
@Operators('finance', 'auditor', 'ops')
export class LedgerController {
  readonly #queries: LedgerQueries;
  readonly #entries: EntryQueries;
  readonly #holds: HoldQueries;

  constructor(
    @Inject(SQL) private readonly sql: SqlClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, Follower>,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {
    this.#queries = new LedgerQueries(sql);
    this.#entries = new EntryQueries(sql);
    this.#holds = new HoldQueries(sql);
  }

  @Get('accounts')
  @ApiOperation({ summary: 'Accounts with their balances and limits, by name and currency' })
  @optional('prefix', 'such as platform:')
  @AsksForPage()
  async accounts(@Query() query: PageQuery & AtLeast & { prefix?: string }): Promise<object> {
    const { limit, after } = pageOf(query);
    return this.#answer(query, () => this.#queries.accounts(query.prefix, limit, after));
  }

  @Get('accounts/:account')
  @OfAccount()
  @ApiOperation({ summary: 'One account in all its currencies, with its limits and metadata; a platform sees its own' })
  @AsksAtLeast()
  async account(@Param('account') account: string, @Query() query: AtLeast, @Caller() caller: Principal): Promise<object> {
    requireOwnAccount(caller, account);
    return this.#answer(query, () => this.#known(account));
  }

  @Get('accounts/:account/balance')
  @OfAccount()
  @ApiOperation({
    summary: 'The balance now, or as a time or a journal revision left it: posted, held, available; a platform sees its own',
  })
  @ApiQuery({ name: 'currency', required: true })
  @AsksAsOf()
  @AsksAtLeast()
  async balance(
    @Param('account') account: string,
    @Query() query: AtLeast & { currency?: string; asOf?: string },
    @Caller() caller: Principal,
  ): Promise<object> {
    requireOwnAccount(caller, account);
    const [currency, asOf] = [requiredCurrency(query.currency), asOfIn(query.asOf)];
    return this.#answer(query, async () =>
      found(await this.#queries.balance(account, currency, asOf), 'account_not_found', `There is no account ${account}.`),
    );
  }

  @Get('accounts/:account/history')
  @OfAccount()
  @ApiOperation({ summary: 'A balance by hours, days or months, for a chart: opening, closing, low, high and turnover, without a gap' })
  @ApiQuery({ name: 'currency', required: true })
  @optional('unit', 'hour, day or month; day when not given')
  @optional('zone', 'time zone such as Asia/Shanghai, whose days and months are meant; UTC when not given')
  @optional('from', `ISO 8601 with time zone; at most ${mostPoints.hour} hours, ${mostPoints.day} days or ${mostPoints.month} months`)
  @optional('to', 'ISO 8601 with time zone; now when not given')
  @AsksAtLeast()
  async history(@Param('account') account: string, @Query() query: HistoryQuery, @Caller() caller: Principal): Promise<object> {
    requireOwnAccount(caller, account);
    const question = historyIn(account, query, this.clock.now().getTime());
    return this.#answer(query, async () => {
      await this.#known(account);
      return balanceHistory(this.sql, question);
    });
  }

  @Get('accounts/:account/entries')
  @OfAccount()
  @ApiOperation({
    summary:
      'Entries that moved an account. A platform sees those of its own, and of each what concerns it. A page of a filter may hold fewer than asked for and have a next one',
  })
  @optional('counterparty', 'account that the money went to or came from')
  @AsksForEntries('newest')
  async entriesOf(@Param('account') account: string, @Query() query: EntriesQuery, @Caller() caller: Principal): Promise<object> {
    requireOwnAccount(caller, account);
    const page = { ...pageOf(query), order: orderIn(query.order, 'newest') };
    const filter = filterIn(query);
    return this.#answer(query, async () => {
      await this.#known(account);
      const entries = await this.#entries.ofAccount(account, filter, page);
      return caller.kind === 'platform' ? { ...entries, items: entries.items.map(concerning(account)) } : entries;
    });
  }

  @Get('accounts/:account/holds')
  @ApiOperation({ summary: 'Holds that reserve money of an account, or did' })
  @optional('status', 'placed: reserved now; ended: committed, voided or expired; all when not given')
  @optional('order', 'by when they were placed: newest or oldest first; newest when not given')
  @AsksForPage()
  async holdsOf(
    @Param('account') account: string,
    @Query() query: PageQuery & AtLeast & { status?: string; order?: string },
  ): Promise<object> {
    const page = { ...pageOf(query), order: orderIn(query.order, 'newest'), status: holdStatusIn(query.status) };
    return this.#answer(query, async () => {
      await this.#known(account);
      return this.#holds.ofAccount(account, page);
    });
  }

  @Get('entries')
  @ApiOperation({ summary: 'Entries about a payment, a payout, a bank line, in the order of the books' })
  @ApiQuery({ name: 'ref', required: true })
  @AsksForEntries('oldest')
  async entriesAbout(@Query() query: EntriesQuery & { ref?: string }): Promise<object> {
    const { ref } = query;
    if (!ref) throw new Problem('invalid', 'ref is required: a payment, a payout, a bank line.', 'ref');
    const page = { ...pageOf(query), order: orderIn(query.order, 'oldest') };
    const filter = filterIn(query);
    return this.#answer(query, () => this.#entries.about(ref, filter, page));
  }

  @Get('entries/:number')
  @ApiOperation({ summary: 'One entry, with the entries that correct it' })
  @AsksAtLeast()
  async entry(@Param('number') number: string, @Query() query: AtLeast): Promise<object> {
    return this.#answer(query, async () =>
      found(await this.#entries.entry(entryNumber(number)), 'entry_not_found', `There is no entry ${number}.`),
    );
  }

  @Get('holds/:holdId')
  @ApiOperation({ summary: 'One hold' })
  @AsksAtLeast()
  async hold(@Param('holdId') holdId: string, @Query() query: AtLeast): Promise<object> {
    return this.#answer(query, async () => found(await this.#holds.hold(holdId), 'hold_not_found', `There is no hold ${holdId}.`));
  }

  @Get('tree')
  @ApiOperation({
    summary:
      'What accounts add up to at any level of their names, with what is one level below; now, or as a time or a journal revision left it',
  })
  @optional('prefix', 'platform:*, liquidity:platform:*; everything when not given')
  @AsksAsOf()
  @AsksForPage()
  async tree(@Query() query: PageQuery & AtLeast & { prefix?: string; asOf?: string }): Promise<object> {
    const question = { ...pageOf(query), prefix: query.prefix, asOf: asOfIn(query.asOf) };
    return this.#answer(query, () => accountTree(this.sql, question));
  }

  @Get('trial-balance')
  @ApiOperation({
    summary:
      'Sums by account and currency, the checks that can fail, and what waits in transit and suspense; with asOf, sums and checks as a time or a journal revision left them',
  })
  @AsksAsOf()
  @AsksAtLeast()
  async trialBalance(@Query() query: AtLeast & { asOf?: string }): Promise<object> {
    const asOf = asOfIn(query.asOf);
    return this.#answer(query, async () => (asOf ? trialBalanceAsOf(this.sql, asOf) : trialBalance(this.sql, this.clock.now())));
  }

  /** With the position and the revision that the answer reflects, and perhaps a little more. */
  async #answer<T extends object>(query: AtLeast, ask: () => Promise<T>): Promise<object> {
    const projection = this.projections.get('ledger');
    if (!projection) throw new Problem('unavailable', 'The projection of the ledger does not run in this process.');
    await reachedAtLeast(projection, query.atLeast);
    await reachedAtLeast(projection, await this.#positionOf(query.atLeastRevision));
    const position = String(projection.status().position);
    const journalRevision = await newestRevision(this.sql);
    return { ...(journalRevision !== undefined && { journalRevision }), ...(await ask()), position };
  }

  /** Where a journal event lies in the log. */
  async #positionOf(revision: string | undefined): Promise<string | undefined> {
    if (revision === undefined) return undefined;
    if (!/^\d{1,9}$/.test(revision)) throw new Problem('invalid', 'atLeastRevision must be a journal revision.', 'atLeastRevision');
    const [event] = await this.store.read(journalStream(), { from: Number(revision), limit: 1 });
    if (!event) throw new Problem('invalid', `The journal has no revision ${revision} yet.`, 'atLeastRevision');
    return String(event.position);
  }

  async #known(account: string): Promise<object> {
    return found(await this.#queries.account(account), 'account_not_found', `There is no account ${account}.`);
  }
}

/** A platform's own: its position, and what is set aside of it. */
function requireOwnAccount(caller: Principal, account: string): void {
  if (caller.kind !== 'platform') return;
  const own = accountNames.platform(caller.platformId);
  if (account !== own && partyBehind(account) !== own) throw new Problem('forbidden', `${account} is not an account of ${own}.`, 'account');
}

/** Of an entry what concerns an account: transfers between others, and what operators noted, are not for who owns it. */
const concerning =
  (account: string) =>
  (entry: AccountEntry): AccountEntry => {
    const shown = { ...entry, transfers: entry.transfers.filter(({ from, to }) => from === account || to === account) };
    delete shown.note;
    return shown;
  };

function found<T>(value: T | undefined, code: 'account_not_found' | 'entry_not_found' | 'hold_not_found', detail: string): T {
  if (value === undefined) throw new Problem(code, detail);
  return value;
}
