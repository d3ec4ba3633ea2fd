import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { differencesOf, findingMeanings, Findings } from './findings.js';

it('everything that an audit can find stands in the documentation', () => {
  const text = readFileSync(new URL('../../../../docs/transparency-log.md', import.meta.url), 'utf8');
  for (const [finding, meaning] of Object.entries(findingMeanings)) expect(text).toContain(`\`${finding}\` | ${meaning} |`);
});

it('differences are told by the paths of their parts', () => {
  expect(differencesOf({ a: [1, { b: 2 }], c: null, d: 4 }, { a: [1, { b: 3 }, 5], c: {}, e: 6 })).toEqual([
    { field: 'a/1/b', expected: 2, found: 3 },
    { field: 'a/2', found: 5 },
    { field: 'c', expected: null, found: {} },
    { field: 'd', expected: 4 },
    { field: 'e', found: 6 },
  ]);
  expect(differencesOf({ a: [1] }, { a: { 0: 1 } })).toEqual([{ field: 'a', expected: [1], found: { 0: 1 } }]);
  expect(differencesOf('x', 'x')).toEqual([]);
});

it('of a kind a thousand findings are kept, and all are counted', () => {
  const findings = new Findings();
  for (let at = 0; at < 1_500; at++) findings.add({ finding: 'tile_missing', at: String(at) });
  findings.add({ finding: 'event_damaged', at: 'journal-main@3' });
  expect(findings.kept).toHaveLength(1_001);
  expect(findings.total).toBe(1_501);
  expect([findings.isDamaged('journal-main'), findings.isDamaged('log-main')]).toEqual([true, false]);
});
