import type { EntriesPosted, PayoutEvent } from '@tongbao/contracts';
import { EventStore, LogFeed, categoryOf, handle, type DomainEvent, type FeedConsumer, type StoredEvent } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { SandboxBank } from '@tongbao/sandbox';
import type { Bank } from '../src/bank.js';
import { BankStatementProcess } from '../src/bank-statement.process.js';
import type { SettlementModel } from '../src/models.js';
import { PaymentMarking } from '../src/payment-marking.process.js';
import { decidePayout, type PayoutRefusal } from '../src/payout.decide.js';
import { PayoutProcess } from '../src/payout.process.js';
import { payoutFold, payoutStream, type PayoutState } from '../src/payout.js';
import { settlementCategories, settlementProjection } from '../src/settlement.projection.js';
import { SettlementCommands } from '../src/settlement.commands.js';
import { SettlementProcess } from '../src/settlement.process.js';
import { SettlementQueries } from '../src/settlement.queries.js';
import { isMoneyFactKind } from '../src/sides.js';
import { WindowKeeper } from '../src/window-keeper.js';
import { postedFor, type Fact } from './facts.js';

export const clock = { now: () => new Date('2026-01-31T00:00:00Z') };

export const modelFor = (currency: string, change: Partial<SettlementModel> = {}): SettlementModel => ({
  name: 'dnm',
  currency,
  minimumPayoutMinor: 100,
  collection: 'debit',
  automaticApprovalUpToMinor: 1_000_000,
  ...change,
});

/** The processes of settlement, as one start of the hub has them. */
export interface Processes {
  settlement: SettlementProcess;
  payouts: PayoutProcess;
  statement: BankStatementProcess;
  marking: PaymentMarking;
  windows: WindowKeeper;
  commands: SettlementCommands;
}

/** What a start of the processes may have otherwise. */
export interface ProcessOptions {
  store?: EventStore;
  bank?: Bank;
  needProof?: boolean;
}

/** A real store, a real projection and a sandbox bank; the ledger and the payment service are played by the spec. */
export class TestHub {
  readonly queries: SettlementQueries;
  #posted = 0n;
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

  static async start(): Promise<TestHub> {
    const server = await startEventStoreServer({ dataDir: ':memory:' });
    const store = EventStore.connect(server.connectionString);
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

  processes(model: SettlementModel, { store = this.store, bank = this.bank, needProof = false }: ProcessOptions = {}): Processes {
    const { queries, projection } = this;
    const windows = new WindowKeeper(store, [model], clock);
    const settlement = new SettlementProcess({ store, queries, windows, models: [model], bank: bank.name, clock });
    const payouts = new PayoutProcess({ store, queries, projection, bank, clock, bankTimeoutMs: 200, needProof });
    return {
      windows,
      settlement,
      payouts,
      commands: new SettlementCommands(store, windows, settlement, payouts, clock),
      statement: new BankStatementProcess(store, bank),
      marking: new PaymentMarking(store, queries, { paymentsInSlice: 2, pauseMs: 0 }),
    };
  }

  async fact(stream: string, event: Fact): Promise<bigint> {
    const { position } = await this.store.append(stream, 'any', [event], { commandId: `spec ${(this.#facts += 1)}` });
    return position;
  }

  payment = (event: Fact & { paymentId: string }): Promise<bigint> => this.fact(`payment-${event.paymentId}`, event);

  async registerBankAccount(party: string, accountNumber: string): Promise<void> {
    await this.fact(`participant-${party}`, {
      type: 'BankAccountSet',
      party,
      bank: 'x',
      accountNumber,
      holder: party,
    });
  }

  /** The projection has everything that is in the log, and so has the spec. */
  async projected(): Promise<void> {
    const head = await this.store.head();
    const [seen, folded] = await Promise.all([this.#consumer.reached(head, 10_000), this.projection.reached(head, 10_000)]);
    if (!seen || !folded) throw new Error(`the projection is at ${this.projection.status().position}, the log at ${head}`);
  }

  /** The ledger posts what has happened. */
  async post(): Promise<void> {
    const facts = (await this.log('payment')).filter(({ event, position }) => isMoneyFactKind(event.type) && position > this.#posted);
    const last = facts.at(-1);
    if (!last) return;
    this.#posted = last.position;
    const posted: EntriesPosted = postedFor(facts, last.position, 1);
    await this.fact('journal-main', posted);
  }

  /** The ledger answers each ask for a hold. */
  async answerHolds(answer: (holdId: string) => 'placed' | 'refused' = () => 'placed'): Promise<void> {
    for (const { event } of await this.log<PayoutEvent>('payout')) {
      if (event.type !== 'PayoutRequested' || event.holdId === undefined) continue;
      const { payoutId, holdId } = event;
      const command =
        answer(holdId) === 'placed'
          ? ({ type: 'RecordHoldPlaced', holdId } as const)
          : ({ type: 'RecordHoldRefused', holdId, code: 'client_money_not_covered' } as const);
      const decide = (state: PayoutState) => decidePayout(command, state);
      await handle<PayoutState, PayoutEvent, PayoutRefusal>(this.store, payoutStream(payoutId), payoutFold, decide, {
        commandId: `answer ${holdId}`,
      });
    }
  }

  /** Everything in the log of a category. */
  async log<E extends DomainEvent>(category: string): Promise<StoredEvent<E>[]> {
    await this.projected();
    return this.#events.filter(({ stream }) => categoryOf(stream) === category) as StoredEvent<E>[];
  }
}
