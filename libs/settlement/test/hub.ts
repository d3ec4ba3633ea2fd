import { isMoneyFactKind, type EntriesPosted, type PayoutEvent, type PositionEvent, type WithdrawalEvent } from '@tongbao/contracts';
import { EventStore, LogFeed, categoryOf, type DomainEvent, type FeedConsumer, type StoredEvent } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { SandboxBank } from '@tongbao/sandbox';
import type { Bank } from '../src/bank.js';
import { ComparisonReport } from '../src/comparison-report.js';
import { ExchangeCommands } from '../src/exchange.commands.js';
import { FxQuoteCommands } from '../src/fx-quote.commands.js';
import { FxQueries } from '../src/fx.queries.js';
import { LiquidityDraws } from '../src/liquidity-draws.js';
import { ModelCommands } from '../src/model.commands.js';
import { ModelRegistry } from '../src/model.registry.js';
import { modelStream } from '../src/model.js';
import type { SettlementModel } from '../src/models.js';
import { ObligationCommands } from '../src/obligation.commands.js';
import { ObligationViews } from '../src/obligation.view.js';
import { PaymentMarking } from '../src/payment-marking.process.js';
import { payoutOrders } from '../src/payout.orders.js';
import { SettlementSchedule } from '../src/schedule.process.js';
import { ScheduleQueries } from '../src/schedule.queries.js';
import { settlementCategories, settlementProjection } from '../src/settlement.projection.js';
import { SettlementCommands } from '../src/settlement.commands.js';
import { SettlementProcess } from '../src/settlement.process.js';
import { SettlementQueries } from '../src/settlement.queries.js';
import { WindowKeeper } from '../src/window-keeper.js';
import { withdrawalOrders } from '../src/withdrawal.orders.js';
import type { Clock } from '@tongbao/service';
import pino from 'pino';
import { accountsOf, bankProcesses, type BankProcesses } from './bank-processes.js';
import { postedFor, type Fact } from './facts.js';

export { modelFor } from './model-for.js';

export const clock = { now: () => new Date('2026-01-31T00:00:00Z') };

/** The processes of settlement, as one start of the hub has them. */
export interface Processes extends BankProcesses {
  settlement: SettlementProcess;
  marking: PaymentMarking;
  windows: WindowKeeper;
  models: ModelCommands;
  schedule: SettlementSchedule;
  commands: SettlementCommands;
  obligations: ObligationCommands;
  quotes: FxQuoteCommands;
  exchanges: ExchangeCommands;
  draws: LiquidityDraws;
  report: ComparisonReport;
}

/** What a start of the processes may have otherwise. */
export interface ProcessOptions {
  store?: EventStore;
  bank?: Bank;
  needProof?: boolean;
  clock?: Clock;
  /** What one event of a calculation holds, in characters. */
  sliceCharacters?: number;
}

/** A real store, a real projection and a sandbox bank; the ledger and the payment service are played by the spec. */
export class TestHub {
  readonly queries: SettlementQueries;
  #posted = 0n;
  #entries = 1;
  /** Holds that the ledger has answered about: it says so once. */
  readonly #answered = new Set<string>();
  readonly #events: StoredEvent[] = [];
  readonly #consumer: FeedConsumer;
  #facts = 0;

  private constructor(
    readonly server: EventStoreServer,
    readonly store: EventStore,
    readonly feed: LogFeed,
    readonly sql: SqlClient,
    readonly projection: ProjectionRunner,
    readonly bank: SandboxBank,
  ) {
    this.queries = new SettlementQueries(sql);
    this.#consumer = feed.consume({ name: 'spec', categories: settlementCategories, after: 0n }, ({ events }) => {
      this.#events.push(...events);
      return Promise.resolve();
    });
  }

  /** @param patienceMs how long the store may say nothing: store and database share one thread, which large folds keep to themselves */
  static async start(patienceMs?: number): Promise<TestHub> {
    const server = await startEventStoreServer({ dataDir: ':memory:' });
    const patience = patienceMs === undefined ? {} : { silentForMs: patienceMs, retryForMs: patienceMs };
    const store = EventStore.connect(server.connectionString, patience);
    const feed = new LogFeed(store, { categories: settlementCategories });
    await feed.start();
    const sql = await openPglite('memory');
    const projection = await ProjectionRunner.start(sql, feed, settlementProjection);
    return new TestHub(server, store, feed, sql, projection, new SandboxBank({ file: ':memory:', now: clock.now }));
  }

  async stop(): Promise<void> {
    await this.projection.stop();
    await this.feed.stop();
    await this.sql.close();
    // Together: the client waits for reads that were left half way, which only the server ends.
    await Promise.all([this.store.close(), this.server.close()]);
    this.bank.close();
  }

  processes({
    store = this.store,
    bank = this.bank,
    needProof = false,
    clock: now = clock,
    sliceCharacters,
  }: ProcessOptions = {}): Processes {
    const { queries, projection } = this;
    const windows = new WindowKeeper(store, now);
    const models = new ModelRegistry(store, queries);
    const accounts = accountsOf(this.sql, now);
    const fx = new FxQueries(this.sql);
    const settlement = new SettlementProcess({
      store,
      feed: this.feed,
      queries,
      fx,
      windows,
      models,
      projection,
      bank: bank.name,
      accounts,
      clock: now,
      ...(sliceCharacters !== undefined && { sliceCharacters }),
    });
    const commands = new SettlementCommands(store, windows, settlement, now);
    return {
      ...bankProcesses({ store, feed: this.feed, sql: this.sql, queries, projection, bank, clock: now, needProof }),
      windows,
      settlement,
      models: new ModelCommands(store, now),
      commands,
      obligations: new ObligationCommands(store, new ObligationViews(this.sql), models),
      draws: new LiquidityDraws(store, models),
      quotes: new FxQuoteCommands(store, ['USD', 'CNY', 'EUR', 'JPY', 'GBP'], now),
      exchanges: new ExchangeCommands(store, models),
      report: new ComparisonReport(store, queries, models),
      schedule: new SettlementSchedule({
        models: queries,
        queries: new ScheduleQueries(this.sql),
        commands,
        clock: now,
        logger: pino({ level: 'silent' }),
      }),
      marking: new PaymentMarking(store, queries, { paymentsInSlice: 2, pauseMs: 0 }),
    };
  }

  async fact(stream: string, event: Fact): Promise<bigint> {
    const { position } = await this.store.append(stream, 'any', [event], { commandId: `spec ${(this.#facts += 1)}` });
    return position;
  }

  /** A version of a model, as if it had been approved. */
  model = (model: SettlementModel, version = 1): Promise<bigint> =>
    this.fact(modelStream(model.name, model.currency), {
      type: 'SettlementModelSet',
      ...model,
      version,
      by: 'hub',
      setAt: clock.now().toISOString(),
    });

  payment = (event: Fact & { paymentId: string }): Promise<bigint> => this.fact(`payment-${event.paymentId}`, event);

  /** In force at once. @param currency of the account; without one it serves all that have none of their own */
  async registerBankAccount(party: string, accountNumber: string, currency?: string): Promise<void> {
    const kind = party.startsWith('creator:') ? 'creator' : 'platform';
    const id = party.slice(kind.length + 1);
    const stream = `participant-${party}`;
    await this.fact(stream, { type: 'ParticipantRegistered', party, kind, id, name: party, currencies: [], methods: [] });
    const account = { party, bank: 'x', accountNumber, holder: party };
    const now = clock.now().toISOString();
    const approval = { proposalId: `bap_${accountNumber}`, by: 'operator:boss', note: 'called them', approvedAt: now, inForceAt: now };
    await this.fact(
      stream,
      currency === undefined ? { type: 'BankAccountSet', ...account } : { type: 'BankAccountApproved', ...account, currency, ...approval },
    );
  }

  /** The projection has everything that is in the log, and so has the spec. */
  async projected(): Promise<void> {
    const head = await this.feed.end();
    const [seen, folded] = await Promise.all([this.#consumer.reached(head, 10_000), this.projection.reached(head, 10_000)]);
    if (!seen || !folded) throw new Error(`the projection is at ${this.projection.status().position}, the log at ${head}`);
  }

  /**
   * The ledger posts what has happened.
   * @param factsInBatch in one event: fewer where each moves much
   */
  async post(factsInBatch = 1_000): Promise<void> {
    const payments = (await this.log('payment')).filter(({ event }) => isMoneyFactKind(event.type));
    const isNew = ({ position }: StoredEvent) => position > this.#posted;
    const lines = (await this.log('reconciliation')).filter(({ event }) => event.type === 'BankLineRecorded');
    const facts = [...payments, ...(await this.log('position')), ...lines].filter(isNew).sort(byPosition);
    const last = facts.at(-1);
    if (!last) return;
    this.#posted = last.position;
    for (let start = 0; start < facts.length; start += factsInBatch) {
      const batch = facts.slice(start, start + factsInBatch);
      const isLast = start + factsInBatch >= facts.length;
      const posted: EntriesPosted = postedFor(batch, isLast ? last.position : (batch.at(-1)?.position ?? 0n), this.#entries);
      this.#entries += posted.entries.length;
      await this.fact('journal-main', posted);
    }
  }

  /** What has happened so far the spec has posted itself. */
  async postedByHand(): Promise<void> {
    this.#posted = await this.store.head();
  }

  /** The ledger answers each ask for a hold. */
  async answerHolds(answer: (holdId: string) => 'placed' | 'refused' = () => 'placed'): Promise<void> {
    const accounts = accountsOf(this.sql, clock);
    const [payouts, withdrawals] = [payoutOrders(this.store, clock, accounts), withdrawalOrders(this.store, clock, accounts)];
    const answerOf = (holdId: string) =>
      answer(holdId) === 'placed'
        ? ({ type: 'RecordHoldPlaced', holdId } as const)
        : ({ type: 'RecordHoldRefused', holdId, code: 'client_money_not_covered' } as const);
    for (const { event } of await this.log<PayoutEvent>('payout')) {
      if (event.type !== 'PayoutRequested' || event.holdId === undefined || !this.#isNew(event.holdId)) continue;
      await payouts.step(event.payoutId, answerOf(event.holdId), { commandId: `answer ${event.holdId}` });
    }
    for (const { event } of await this.log<WithdrawalEvent>('withdrawal')) {
      if (event.type !== 'WithdrawalRequested' || !this.#isNew(event.holdId)) continue;
      await withdrawals.step(event.withdrawalId, answerOf(event.holdId), { commandId: `answer ${event.holdId}` });
    }
    const draws = new LiquidityDraws(this.store, new ModelRegistry(this.store, this.queries));
    for (const { event } of await this.log<PositionEvent>('position')) {
      const isAsk =
        event.type === 'LiquidityDrawRequested' || event.type === 'ExchangeFundsRequested' || event.type === 'ExchangeRequested';
      if (!isAsk || !this.#isNew(event.holdId)) continue;
      const code = event.type === 'ExchangeRequested' ? 'client_money_not_covered' : 'insufficient_funds';
      const refusedWith = answer(event.holdId) === 'placed' ? undefined : code;
      await draws.answered(event.party.replace(':', '.'), event.holdId, refusedWith, `answer ${event.holdId}`);
    }
  }

  #isNew(holdId: string): boolean {
    if (this.#answered.has(holdId)) return false;
    this.#answered.add(holdId);
    return true;
  }

  /** Everything in the log of a category. */
  async log<E extends DomainEvent>(category: string): Promise<StoredEvent<E>[]> {
    await this.projected();
    return this.#events.filter(({ stream }) => categoryOf(stream) === category) as StoredEvent<E>[];
  }
}

const byPosition = (one: StoredEvent, other: StoredEvent): number => (one.position < other.position ? -1 : 1);
