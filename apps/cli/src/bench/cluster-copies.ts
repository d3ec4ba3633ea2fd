import { HubClient } from '../hub-client.js';
import { orderOf } from './bench-orders.js';
import { benchCurrency, type ClusterUnderTest } from './cluster-under-test.js';
import type { CommitWatcher } from './commit-watcher.js';
import { appendCopies, templateOf, type PaymentTemplate } from './payment-copies.js';
import { holdsWithin } from './until.js';

const patienceMs = 600_000;

/** Many captured payments, appended to the log as copies of one that has gone the whole way: past intake, as fast as the store takes them. */
export class ClusterCopies {
  #count = 0;

  private constructor(
    private readonly hub: ClusterUnderTest,
    private readonly watcher: CommitWatcher,
    /** How many events one payment is. */
    readonly eventsEach: number,
    private readonly template: PaymentTemplate,
  ) {}

  static async of(hub: ClusterUnderTest, watcher: CommitWatcher): Promise<ClusterCopies> {
    const client = new HubClient(hub.url, { signer: (await hub.seller()).signer });
    try {
      const body = orderOf('template', 'user-1', benchCurrency);
      const { paymentId } = await client.post<{ paymentId: string }>('/v1/payments', { body, waitSeconds: 10 });
      const events = await hub.store.read(`payment-${paymentId}`);
      return new ClusterCopies(hub, watcher, events.length, templateOf(events.map(({ event }) => event)));
    } finally {
      await client.close();
    }
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Returns when the books have them.
   * @returns log position of the last one
   */
  async add(count: number): Promise<bigint> {
    const last = await appendCopies(this.hub.store, this.template, { first: this.#count, count });
    this.#count += count;
    if (!(await holdsWithin(patienceMs, () => this.watcher.sourcePosition >= last))) throw new Error(`the books do not reach ${last}`);
    return last;
  }
}
