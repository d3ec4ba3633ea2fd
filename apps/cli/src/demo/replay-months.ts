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

/** One month after the other: wallets, orders, refunds that fall in it, and its end. Prints a line for each. */
export async function replayMonths(purchases: readonly Purchase[], scenario: Scenario, parts: Parts): Promise<MonthResult[]> {
  const refunds = new RefundCalendar();
  const results: MonthResult[] = [];
  for (const month of byMonth(purchases)) {
    const result = await replayMonth(month, scenario, refunds, parts);
    parts.io.out(`${monthText(result)}\n`);
    results.push(result);
  }
  return results;
}

async function replayMonth({ month, purchases }: Month, scenario: Scenario, calendar: RefundCalendar, { io, api, replay }: Parts): Promise<MonthResult> {
  const orders = purchases.map((purchase) => scenario.order(purchase));
  for (const order of orders) calendar.add(order);
  const refunds = calendar.of(month);
  const before = { ...replay.counts };
  const bar = new MonthBar(io, month, orders.length + refunds.flat().length);
  try {
    bar.phase('wallets');
    await replay.topUp(scenario.topUps(month, orders));
    bar.phase('orders');
    await replay.orders(orders, bar.step);
    bar.phase('refunds');
    await replay.refunds(refunds, bar.step);
    bar.phase('closing, paying out');
    const settled = await settleWindow(api);
    const { refunds: refunded, refundedMinor } = replay.counts;
    const { orders: count, grossMinor } = totalsOf(purchases);
    return { month, orders: count, grossMinor, refunds: refunded - before.refunds, refundedMinor: refundedMinor - before.refundedMinor, ...settled };
  } finally {
    bar.end();
  }
}
