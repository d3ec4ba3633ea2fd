import { EventStore } from '@tongbao/event-store';
import { HubClient } from '../hub-client.js';
import { orderOf, registerSeller, type Seller } from './bench-orders.js';
import { CommitWatcher } from './commit-watcher.js';
import { HubUnderTest } from './hub-under-test.js';
import { appendCopies, templateOf, type PaymentTemplate } from './payment-copies.js';
import { untilReadModelsReach } from './read-models.js';
import { holdsWithin } from './until.js';

/** Its window gets the many payments; the others' get few, or the load. */
export const largeCurrency = 'USD';
export const smallCurrency = 'CNY';
export const loadCurrency = 'EUR';
const currencies = [largeCurrency, smallCurrency, loadCurrency];

const patienceMs = 600_000;

/** A hub with many captured payments, all of them in the books and the read models. Settlements need no second person and pay nothing out. */
export class PreparedHub {
  readonly #templates = new Map<string, PaymentTemplate>();
  #copies = 0;

  private constructor(
    readonly hub: HubUnderTest,
    readonly store: EventStore,
    readonly watcher: CommitWatcher,
    readonly seller: Seller,
  ) {}

  static async start(payments: number, progress: (line: string) => void): Promise<PreparedHub> {
    const hub = await HubUnderTest.start({
      TONGBAO_CURRENCIES: currencies.join(','),
      SETTLEMENT_AUTOMATIC_APPROVAL_MINOR: String(Number.MAX_SAFE_INTEGER),
    });
    const store = EventStore.connect(hub.eventStoreUrl);
    try {
      const seller = await registerSeller(hub, currencies);
      const prepared = new PreparedHub(hub, store, await CommitWatcher.start(store), seller);
      progress(`preparing ${payments} captured payments, appended to the log as copies of a real one`);
      const startedMs = performance.now();
      await prepared.addPayments(largeCurrency, payments);
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

  /** Adds captured payments and waits until the books and every read model have them. */
  async addPayments(currency: string, count: number): Promise<void> {
    const template = await this.#template(currency);
    const last = await appendCopies(this.store, template, { first: this.#copies, count });
    this.#copies += count;
    if (!(await holdsWithin(patienceMs, () => this.watcher.sourcePosition >= last))) throw new Error(`the books do not reach ${last}`);
    await untilReadModelsReach(this.hub, this.watcher.journalPosition, patienceMs);
  }

  async stop(): Promise<void> {
    await this.watcher.stop();
    await this.store.close();
    await this.hub.stop();
  }

  /** One payment that goes the whole way, through the HTTP API. */
  async #template(currency: string): Promise<PaymentTemplate> {
    const known = this.#templates.get(currency);
    if (known) return known;
    const client = new HubClient(this.hub.url, { signer: this.seller.signer });
    const body = orderOf(`template-${currency}`, 'user-1', currency);
    const { paymentId } = await client.post<{ paymentId: string }>('/v1/payments', { body, waitSeconds: 10 });
    await client.close();
    const events = await this.store.read(`payment-${paymentId}`);
    const template = templateOf(events.map(({ event }) => event));
    this.#templates.set(currency, template);
    return template;
  }
}
