import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventStore } from '@tongbao/event-store';
import { appendNewStreams } from '@tongbao/event-store-server';
import { registerBankAccounts, registerSeller } from './bench-orders.js';
import { approvesAll } from './closing.js';
import { CommitWatcher } from './commit-watcher.js';
import { HubUnderTest } from './hub-under-test.js';
import { appendCopies, copiesAsStreams, type PaymentTemplate } from './payment-copies.js';
import { untilReadModelsReach } from './read-models.js';
import { realPayment } from './real-payment.js';
import { holdsWithin } from './until.js';

const program = fileURLToPath(new URL('./window-close.program.js', import.meta.url));
const patienceMs = 1_800_000;

export interface Filling {
  currency: string;
  payments: number;
}

/**
 * A hub whose windows have many payments each, as it would have them: captured payments are appended to its log while it is down, as copies of a real
 * one; then its ledger and settlement start, the ledger posts them and the read models take them in, before anything is measured. Its settlements need no
 * second person; what it pays waits for cash that no provider pays out.
 */
export class FilledHub {
  #copies: number;

  private constructor(
    readonly hub: HubUnderTest,
    readonly store: EventStore,
    private readonly watcher: CommitWatcher,
    private readonly templates: ReadonlyMap<string, PaymentTemplate>,
    copies: number,
  ) {
    this.#copies = copies;
  }

  static async start(currencies: readonly string[], fillings: readonly Filling[], progress: (line: string) => void): Promise<FilledHub> {
    const settings = { TONGBAO_CURRENCIES: currencies.join(','), ...approvesAll };
    const { dataDir, templates } = await templatesOf(settings, currencies);
    let copies = 0;
    let last = 0n;
    for (const { currency, payments } of fillings) {
      const startedMs = performance.now();
      last = await appendNewStreams(
        join(dataDir, 'events'),
        copiesAsStreams(templateIn(templates, currency), { first: copies, count: payments }),
      );
      copies += payments;
      progress(`${payments} payments in ${currency} are in the log after ${secondsSince(startedMs)} s`);
    }
    const hub = await HubUnderTest.start(settings, dataDir, program);
    const store = EventStore.connect(hub.eventStoreUrl);
    try {
      const filled = new FilledHub(hub, store, await CommitWatcher.start(store, last), templates, copies);
      const startedMs = performance.now();
      await filled.#untilTaken(last);
      progress(`they are in the books and the read models after ${secondsSince(startedMs)} s`);
      await hub.untilAtRest();
      progress(`the hub is at rest after ${secondsSince(startedMs)} s`);
      return filled;
    } catch (error) {
      await store.close();
      await hub.stop();
      throw error;
    }
  }

  /** Adds captured payments to the open window of a currency and waits until the books and every read model have them, and the hub is at rest. */
  async add(currency: string, count: number): Promise<void> {
    const last = await appendCopies(this.store, templateIn(this.templates, currency), { first: this.#copies, count });
    this.#copies += count;
    await this.#untilTaken(last);
    await this.hub.untilAtRest();
  }

  async stop(): Promise<void> {
    await this.watcher.stop();
    await this.store.close();
    await this.hub.stop();
  }

  async #untilTaken(position: bigint): Promise<void> {
    const isPosted = await holdsWithin(patienceMs, () => this.watcher.sourcePosition >= position);
    if (!isPosted) throw new Error(`the books do not reach ${position}`);
    await untilReadModelsReach(this.hub, this.watcher.journalPosition, patienceMs);
  }
}

/** A new hub's data, and of each currency one payment that went the whole way through the HTTP API. */
async function templatesOf(
  settings: Record<string, string>,
  currencies: readonly string[],
): Promise<{ dataDir: string; templates: Map<string, PaymentTemplate> }> {
  const hub = await HubUnderTest.start(settings);
  const store = EventStore.connect(hub.eventStoreUrl);
  try {
    const seller = await registerSeller(hub, currencies);
    await registerBankAccounts(hub);
    const templates = new Map<string, PaymentTemplate>();
    for (const currency of currencies) templates.set(currency, await realPayment(hub, store, seller, currency));
    await hub.untilAtRest();
    return { dataDir: hub.dataDir, templates };
  } catch (error) {
    await hub.stop();
    throw error;
  } finally {
    await store.close();
    await hub.end();
  }
}

function templateIn(templates: ReadonlyMap<string, PaymentTemplate>, currency: string): PaymentTemplate {
  const template = templates.get(currency);
  if (!template) throw new Error(`there is no payment in ${currency} to copy`);
  return template;
}

const secondsSince = (startedMs: number): number => Math.round((performance.now() - startedMs) / 1_000);
