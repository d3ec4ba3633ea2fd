import { EventStore } from '@tongbao/event-store';
import { registerSeller, type Seller } from './bench-orders.js';
import { CommitWatcher } from './commit-watcher.js';
import { HubUnderTest } from './hub-under-test.js';
import { appendCopies } from './payment-copies.js';
import { untilReadModelsReach } from './read-models.js';
import { realPayment } from './real-payment.js';
import { holdsWithin } from './until.js';

const currency = 'USD';
const patienceMs = 600_000;

/** A hub with many captured payments, all of them in the books and the read models. */
export class PreparedHub {
  private constructor(
    readonly hub: HubUnderTest,
    readonly store: EventStore,
    private readonly watcher: CommitWatcher,
    private readonly seller: Seller,
  ) {}

  static async start(payments: number, progress: (line: string) => void): Promise<PreparedHub> {
    const hub = await HubUnderTest.start({ TONGBAO_CURRENCIES: currency });
    const store = EventStore.connect(hub.eventStoreUrl);
    try {
      const seller = await registerSeller(hub, [currency]);
      const prepared = new PreparedHub(hub, store, await CommitWatcher.start(store), seller);
      progress(`preparing ${payments} captured payments, appended to the log as copies of a real one`);
      const startedMs = performance.now();
      await prepared.#addPayments(payments);
      progress(`they are in the books and the read models after ${Math.round((performance.now() - startedMs) / 1_000)} s`);
      await hub.untilAtRest();
      progress(`the hub is at rest after ${Math.round((performance.now() - startedMs) / 1_000)} s`);
      return prepared;
    } catch (error) {
      await store.close();
      await hub.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.watcher.stop();
    await this.store.close();
    await this.hub.stop();
  }

  /** Adds captured payments and waits until the books and every read model have them. */
  async #addPayments(count: number): Promise<void> {
    const template = await realPayment(this.hub, this.store, this.seller, currency);
    const last = await appendCopies(this.store, template, { first: 0, count });
    if (!(await holdsWithin(patienceMs, () => this.watcher.sourcePosition >= last))) throw new Error(`the books do not reach ${last}`);
    await untilReadModelsReach(this.hub, this.watcher.journalPosition, patienceMs);
  }
}
