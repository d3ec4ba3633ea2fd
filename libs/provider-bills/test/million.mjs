// A day of a million payments through the generator, the importers and the reconciliation, in a process of its own: `node million.mjs PROVIDER COUNT` prints
// the breaks, the seconds and the most memory that it ever had. Files are read from a folder, as bills are.
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

// The sources themselves: Node takes the types off, and '.js' in an import means the '.ts' beside it.
registerHooks({
  resolve: (specifier, context, next) =>
    next(context.parentURL?.endsWith('.ts') && specifier.startsWith('.') ? specifier.replace(/\.js$/, '.ts') : specifier, context),
});
const { billLines, factsOf, generateBill, importBill, plantedBreaks, reconcile } = await import('../src/index.ts');

const [provider, count] = [process.argv[2], Number(process.argv[3])];
const period = { from: '2026-02-28T16:00:00Z', to: '2026-03-01T16:00:00Z' };
const bills = provider === 'alipay' ? ['trade'] : ['trade', 'fund'];
const currency = provider === 'stripe' ? 'USD' : 'CNY';

// Every tenth is a refund of the one before. The numbers are scattered, so that no file is in the order of another.
function* movements(step) {
  for (let index = 0; index < count; index += 1) {
    const number = (index * step) % count;
    const isRefund = number % 10 === 9;
    const at = new Date(Date.parse(period.from) + Math.floor((number / count) * 86_400) * 1000).toISOString();
    const key = (of) => `p${String(of).padStart(25, '0')}`;
    const common = { amountMinor: 1000 + (number % 977), feeMinor: 6, currency, at, title: 'Course' };
    yield isRefund
      ? { ...common, kind: 'refund', key: `r${key(number)}`, paymentKey: key(number - 1) }
      : { ...common, kind: 'payment', key: key(number) };
  }
}

const keyOf = (number) => `p${String(number).padStart(25, '0')}`;
const errors = {
  trade: [
    { error: 'missing', key: keyOf(11) },
    { error: 'amount', key: keyOf(count - 9), byMinor: -1 },
    { error: 'duplicate', key: keyOf(count >> 1) },
  ],
  ...(bills.includes('fund')
    ? {
        fund: [
          { error: 'fee', key: keyOf(3), byMinor: 1 },
          { error: 'missing', key: keyOf(5) },
        ],
      }
    : {}),
};

const folder = mkdtempSync(join(tmpdir(), 'million-'));
const seconds = {};
const timed = async (name, work) => {
  const begin = performance.now();
  await work();
  seconds[name] = Math.round((performance.now() - begin) / 100) / 10;
};
try {
  // A step that shares no factor with the count walks through all numbers.
  const steps = { trade: 7919, fund: 104_729 };
  for (const bill of bills) {
    await timed(`write ${bill}`, () =>
      pipeline(
        generateBill(movements(steps[bill]), { provider, bill, period, errors: errors[bill] }),
        createWriteStream(join(folder, bill)),
      ),
    );
  }
  const ends = {};
  const linesOf = (bill) =>
    billLines(importBill(provider, { path: join(folder, bill) }, provider === 'stripe' ? {} : { bill }), (item) => {
      if (item.type === 'problem') throw new Error(JSON.stringify(item.problem));
      if (item.type === 'end') ends[bill] = { rows: item.end.rows, verified: item.end.verified };
    });
  const found = [];
  let summary;
  await timed('reconcile', async () => {
    const input = { events: factsOf(provider, movements(1)), ...Object.fromEntries(bills.map((bill) => [bill, linesOf(bill)])) };
    for await (const item of reconcile(input, { tempDir: folder })) {
      if (item.type === 'break') found.push({ kind: item.break.kind, key: item.break.ourKey, on: item.break.on });
      if (item.type === 'summary') ({ summary } = item);
    }
  });
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  const planted = plantedBreaks(errors);
  console.log(JSON.stringify({ found, planted, matched: summary.matched, ends, seconds, megabytes }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
