import type { SettlementEvent, WindowEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { BenchContext } from './bench.js';
import { loadPayments, type MeasuredLoad } from './payment-load.js';
import { largeCurrency, loadCurrency, smallCurrency, type PreparedHub } from './prepared-hub.js';
import { rounded, type FigureTable, type PartReport } from './report.js';
import { holdsWithin } from './until.js';

const smallWindow = 100;
const smallClosings = 3;
const loadPerSecond = 100;
const loadSeconds = 15;
const patienceMs = 300_000;

/** Milliseconds between the events of a closing, as they were received from the log. */
export interface Closing {
  payments: number;
  closedToRequested: number;
  requestedToClaimed: number;
  claimedToCalculated: number;
  total: number;
}

/** How long closing a window and calculating its settlement takes, with few and with many payments in it, and what intake feels of what follows. */
export async function benchWindowClose({ prepared, payments, progress }: BenchContext): Promise<PartReport> {
  const made = await prepared();
  const log = new SettlementLog(made.store);
  try {
    const small: Closing[] = [];
    for (let closing = 0; closing < smallClosings; closing += 1) {
      await made.addPayments(smallCurrency, smallWindow);
      await made.hub.untilAtRest();
      const { times, settlementId } = await close(made, log, smallCurrency, smallWindow);
      await log.told(settlementId);
      small.push(times);
    }
    progress(`window-close: ${loadPerSecond} payments/s for ${loadSeconds} s, to compare with`);
    const { hub, seller, watcher } = made;
    const load = () => loadPayments({ hub, seller, watcher, currency: loadCurrency }, loadPerSecond, loadSeconds);
    const before = await load();
    await hub.untilAtRest();
    progress(`window-close: ${payments} payments`);
    const { times: large, settlementId } = await close(made, log, largeCurrency, payments);
    const during = await load();
    const toldMs = await log.told(settlementId);
    return reportOf({ small, large, before, during, toldMs });
  } finally {
    await log.stop();
  }
}

async function close({ hub }: PreparedHub, log: SettlementLog, currency: string, payments: number) {
  const finance = hub.as('finance');
  const { items } = await finance.get<{ items: { windowId: string }[] }>('/v1/settlement/windows', { currency, state: 'open' });
  const [window] = items;
  if (!window) throw new Error(`there is no open window of ${currency}`);
  const { windowId } = window;
  await finance.post(`/v1/settlement/windows/${windowId}/close`);
  const { settlementId } = await finance.post<{ settlementId: string }>('/v1/settlement/settlements', { body: { windowIds: [windowId] } });
  const at = await log.calculated(windowId, settlementId);
  const times: Closing = {
    payments,
    closedToRequested: at.requested - at.closed,
    requestedToClaimed: at.claimed - at.requested,
    claimedToCalculated: at.calculated - at.claimed,
    total: at.calculated - at.closed,
  };
  return { times, settlementId };
}

/** When events of windows and settlements were received from the log, by type and what they are about. */
class SettlementLog {
  readonly #stopping = new AbortController();
  readonly #at = new Map<string, number>();
  readonly #finished: Promise<void>;
  #failure: unknown;

  constructor(store: EventStore) {
    this.#finished = this.#follow(store).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  async calculated(windowId: string, settlementId: string) {
    const calculated = await this.#when(`SettlementCalculated ${settlementId}`);
    const [closed, claimed] = [await this.#when(`WindowClosed ${windowId}`), await this.#when(`WindowClaimed ${windowId}`)];
    return { closed, claimed, calculated, requested: await this.#when(`SettlementRequested ${settlementId}`) };
  }

  /** @returns milliseconds from the end of a settlement until all its payments had been told */
  async told(settlementId: string): Promise<number> {
    return (await this.#when(`PaymentsMarked ${settlementId}`)) - (await this.#when(`SettlementSettled ${settlementId}`));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
  }

  async #when(what: string): Promise<number> {
    const found = await holdsWithin(patienceMs, () => this.#failure !== undefined || this.#at.has(what));
    const at = this.#at.get(what);
    if (!found || at === undefined) throw new Error(`there is no ${what} in the log`, { cause: this.#failure });
    return at;
  }

  async #follow(store: EventStore): Promise<void> {
    for await (const { events } of store.follow(['window', 'settlement'], 0n, this.#stopping.signal)) {
      const nowMs = performance.now();
      for (const { event } of events) {
        // These two categories hold nothing else.
        const { type, ...about } = event as WindowEvent | SettlementEvent;
        const subject =
          type.startsWith('Window') && 'windowId' in about ? about.windowId : 'settlementId' in about ? about.settlementId : '';
        this.#at.set(`${type} ${subject}`, nowMs);
      }
    }
  }
}

interface Measured {
  small: Closing[];
  large: Closing;
  before: MeasuredLoad;
  during: MeasuredLoad;
  toldMs: number;
}

function reportOf({ small, large, before, during, toldMs }: Measured): PartReport {
  const smallest = small.reduce((best, closing) => (closing.total < best.total ? closing : best));
  const meaning = 'WindowClosed to SettlementCalculated on a hub at rest, read models current: nothing is subtracted for their lag';
  const intake = `of a payment's ledger entry at ${loadPerSecond}/s`;
  return {
    part: 'window-close',
    figures: [
      { name: `closing, ${large.payments} payments`, value: large.total, unit: 'ms', goal: '< 50', meaning },
      {
        name: `closing, ${smallWindow} payments`,
        value: smallest.total,
        unit: 'ms',
        goal: 'the same',
        meaning: `the least of ${small.length}, the first of which also warms up`,
      },
      { name: 'intake before, p99', value: before.entry.p99, unit: 'ms', meaning: `${intake}, before the closing` },
      {
        name: 'intake after, p99',
        value: during.entry.p99,
        unit: 'ms',
        goal: 'unchanged',
        meaning: `${intake}, while the payments of the closed window are told that they are settled`,
      },
      {
        name: 'payments told',
        value: large.payments / (toldMs / 1_000),
        unit: '/s',
        meaning: 'throttled, so that intake does not feel it',
      },
    ],
    tables: [closingTable([...small, large])],
    detail: { small, large, before, during, toldMs },
  };
}

const closingTable = (closings: readonly Closing[]): FigureTable => ({
  title:
    'Closings, in ms between the events as they came from the log (the operator asks for the settlement as soon as the closing is answered)',
  columns: [
    { title: 'payments', align: 'right' },
    { title: 'closed to requested', align: 'right' },
    { title: 'to claimed', align: 'right' },
    { title: 'to calculated', align: 'right' },
    { title: 'in all', align: 'right' },
  ],
  rows: closings.map((closing) => [
    closing.payments,
    ...[closing.closedToRequested, closing.requestedToClaimed, closing.claimedToCalculated, closing.total].map(rounded),
  ]),
});
