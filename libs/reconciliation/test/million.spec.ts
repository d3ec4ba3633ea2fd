import { expect, it } from '@jest/globals';
import { compareMany } from './million.js';

it('a million payments of a day are compared with their bill, and their fees posted, in less than 300 MB and beside the event loop', async () => {
  // Compiles what the measured process runs: the compiler would be the most of its memory.
  await compareMany('alipay', 100);
  const { report, megabytes, loopSeconds } = await compareMany('alipay', 1_000_000);
  expect(report.breaks).toEqual([
    { kind: 'amount_differs', found: 1, known: 0 },
    { kind: 'missing_at_provider', found: 1, known: 0 },
  ]);
  expect(report).toMatchObject({ matched: 999_998, fees: [{ currency: 'CNY', billed: 999_999, billedMinor: 5_999_994 }] });
  expect(megabytes).toBeLessThan(300);
  // A hundredth of a millisecond for each line would be ten seconds.
  expect(Object.values(loopSeconds).reduce((sum, each) => sum + each)).toBeLessThan(5);
}, 900_000);
