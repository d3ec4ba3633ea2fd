import type { Io } from '../io.js';
import { monthText, type MonthResult } from './demo-report.js';
import type { HubApi } from './hub-api.js';
import { MonthBar } from './month-bar.js';
import { byMonth, totalsOf, type Month, type Purchase } from './purchases.js';
import type { Replay } from './replay.js';
import { RefundCalendar, type Scenario } from './scenario.js';
import { settleWindow } from './settle-window.js';

interface Parts {
  io: Io;
  api: HubApi;
  replay: Replay;
}

export interface ReplayedMonths {
  results: MonthResult[];
  paymentsMs: number;
  monthEndsMs: number;
}

/** One month after the other: wallets, orders, refunds that fall in it, and its end. Prints a line for each. */
export async function replayMonths(purchases: readonly Purchase[], scenario: Scenario, parts: Parts): Promise<ReplayedMonths> {
  const refunds = new RefundCalendar();
  const replayed: ReplayedMonths = { results: [], paymentsMs: 0, monthEndsMs: 0 };
  for (const month of byMonth(purchases)) {
    const { result, paymentsMs, monthEndMs } = await replayMonth(month, scenario, refunds, parts);
    parts.io.out(`${monthText(result)}\n`);
    replayed.results.push(result);
    replayed.paymentsMs += paymentsMs;
    replayed.monthEndsMs += monthEndMs;
  }
  return replayed;
}

async function replayMonth({ month, purchases }: Month, scenario: Scenario, calendar: RefundCalendar, { io, api, replay }: Parts) {
  const orders = purchases.map((purchase) => scenario.order(purchase));
  for (const order of orders) calendar.add(order);
  const refunds = calendar.of(month);
  const before = { ...replay.counts };
  const startedMs = performance.now();
  const bar = new MonthBar(io, month, orders.length + refunds.flat().length);
  try {
    bar.phase('wallets');
    await replay.topUp(scenario.topUps(month, orders));
    bar.phase('orders');
    await replay.orders(orders, bar.step);
    bar.phase('refunds');
    await replay.refunds(refunds, bar.step);
    bar.phase('closing, paying out');
    const paidMs = performance.now();
    const settled = await settleWindow(api);
    const made = { refunds: replay.counts.refunds - before.refunds, refundedMinor: replay.counts.refundedMinor - before.refundedMinor };
    const result: MonthResult = { month, ...totalsOf(purchases), ...made, ...settled };
    return { result, paymentsMs: paidMs - startedMs, monthEndMs: performance.now() - paidMs };
  } finally {
    bar.end();
  }
}
