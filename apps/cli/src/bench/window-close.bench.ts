import type { BenchContext } from './bench.js';
import { measureClosing, type Closing } from './closing.js';
import { FilledHub } from './filled-hub.js';
import { rounded, type Figure, type FigureTable, type PartReport } from './report.js';
import { SettlementLog } from './settlement-log.js';

const warmUp = { currency: 'CAD', payments: 100, closings: 5 };
/** A window of each size lies in a currency of its own, so that all are there before the first one closes. */
const currencies = ['CNY', 'USD', 'EUR', 'GBP'];
const sizes = [1_000, 10_000, 100_000];
/** Small windows are filled and closed again. */
const closings = 5;
const againUpTo = 10_000;
/** The seller is paid, the processor is collected from. */
const payouts = 2;

/** How long closing a window takes until it is calculated and until its payouts are asked for, with few payments in it and with many. */
export async function benchWindowClose({ largestWindow, progress }: BenchContext): Promise<PartReport> {
  const fillings = [...sizes.filter((size) => size < largestWindow), largestWindow].map((payments, index) => ({
    payments,
    currency: currencies[index] ?? warmUp.currency,
  }));
  const filled = await FilledHub.start([warmUp.currency, ...fillings.map(({ currency }) => currency)], fillings, progress);
  const { hub, store } = filled;
  const log = await SettlementLog.start(store);
  try {
    for (let closing = 0; closing < warmUp.closings; closing += 1) {
      await filled.add(warmUp.currency, warmUp.payments);
      await measureClosing(hub, log, warmUp.currency, payouts);
    }
    const measured: Closing[] = [];
    for (const { currency, payments } of fillings) {
      progress(`window-close: ${payments} payments`);
      for (let closing = 0; closing < (payments > againUpTo ? 1 : closings); closing += 1) {
        if (closing > 0) await filled.add(currency, payments);
        await hub.untilAtRest();
        measured.push(await measureClosing(hub, log, currency, payouts));
      }
    }
    return reportOf(measured);
  } finally {
    await log.stop();
    await filled.stop();
  }
}

function reportOf(measured: readonly Closing[]): PartReport {
  const bySize = [...Map.groupBy(measured, ({ facts }) => 10 ** Math.round(Math.log10(facts)))];
  return {
    part: 'window-close',
    figures: bySize.flatMap(([size, own]) => figuresOf(size, own, bySize[0]?.[1] ?? [])),
    tables: [tableOf(measured)],
    detail: { measured },
  };
}

function figuresOf(size: number, own: readonly Closing[], smallest: readonly Closing[]): Figure[] {
  const of = (name: keyof Closing, closings: readonly Closing[]) => median(closings.map((closing) => closing[name]));
  const name = `${size} payments`;
  const middle = own.length > 1 ? `the middle one of ${own.length} closings` : 'one closing';
  return [
    { name: `${name}: command`, value: of('command', own), unit: 'ms', meaning: `the close as who asks for it sees it; ${middle}` },
    {
      name: `${name}: to calculated`,
      value: of('closedToCalculated', own),
      unit: 'ms',
      goal: '< 50',
      meaning: 'WindowClosed to SettlementCalculated on a hub at rest, read models current: nothing is subtracted for their lag',
    },
    {
      name: `${name}: to payouts`,
      value: of('closedToPayouts', own),
      unit: 'ms',
      goal: 'the same',
      meaning: `WindowClosed to the last PayoutRequested; ${rounded(of('closedToPayouts', own) / of('closedToPayouts', smallest))} of the smallest window's`,
    },
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const tableOf = (measured: readonly Closing[]): FigureTable => ({
  title: 'Closings, in ms (the operator asks for the settlement as soon as the closing is answered)',
  columns: [
    { title: 'facts', align: 'right' },
    { title: 'command', align: 'right' },
    { title: 'closed to requested', align: 'right' },
    { title: 'to calculated', align: 'right' },
    { title: 'to payouts', align: 'right' },
    { title: 'in all', align: 'right' },
  ],
  rows: measured.map((closing) => [
    closing.facts,
    ...[
      closing.command,
      closing.closedToRequested,
      closing.requestedToCalculated,
      closing.calculatedToPayouts,
      closing.closedToPayouts,
    ].map(rounded),
  ]),
});
