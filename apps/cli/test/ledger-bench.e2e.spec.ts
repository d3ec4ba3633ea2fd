import { expect, it } from '@jest/globals';
import { benchLedger } from '../src/bench/ledger.bench.js';
import { benchLog } from '../src/bench/log.bench.js';
import { partText } from '../src/bench/report.js';

/** So small that its figures mean nothing: that everything is measured, and that the books and the database take what they are given. */
const sizes = { seconds: 0.1, rounds: 1, groups: 50, entries: 3_000, accounts: 2_000 };

it('measures the ledger, and the same postings by PostgreSQL', async () => {
  const report = await benchLedger({ progress: () => undefined, sizes });
  for (const { name, value } of report.figures) expect([name, value > 0 && Number.isFinite(value)]).toEqual([name, true]);
  const [table] = report.tables;
  expect(table?.rows).toHaveLength(11);
  for (const row of table?.rows ?? []) expect(row.every((cell) => cell !== undefined && cell !== '' && !Number.isNaN(cell))).toBe(true);
  expect(report.figures.find(({ name }) => name === 'start after a kill')?.meaning).toMatch(/^3000 entries/);
  expect(report.figures.find(({ name }) => name === 'start with many accounts')?.meaning).toMatch(/ 2002 accounts/);
  expect(partText(report)).toContain('SQL function');
}, 120_000);

it('measures what the transparency log costs, each receipt checked', async () => {
  const report = await benchLog({ progress: () => undefined, sizes: { leaves: 600, receipts: 20 } });
  expect(report.figures.map(({ name }) => name)).toEqual([
    'entries into the log',
    'checkpoint',
    'inclusion proof',
    'receipt',
    'receipt checked',
  ]);
  for (const { value } of report.figures) expect(value).toBeGreaterThan(0);
});
