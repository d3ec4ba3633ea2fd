import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { isNetted } from '@tongbao/contracts';
import { refusals } from './books.refusals.js';
import { chart } from './chart.js';
import { postingRules } from './posting-rules.js';

const text = readFileSync(fileURLToPath(new URL('../../../docs/ledger.md', import.meta.url)), 'utf8');

/** The cells of a section's table, without its head. */
const tableOf = (heading: string): string[][] =>
  (text.split(`## ${heading}`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const named = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

describe('docs/ledger.md', () => {
  const rules = tableOf('Posting rules');

  it('has a row for every posting rule, and no other', () =>
    expect(rules.flatMap(([fact]) => named(fact)).sort()).toEqual(Object.keys(postingRules).sort()));

  it.each(rules.filter(([, , net]) => net === 'yes' || net === 'no').flatMap(([fact, , net]) => named(fact).map((name) => [name, net])))(
    'says of %s rightly whether it counts in nets',
    (kind, net) => expect(isNetted({ kind: kind! })).toBe(net === 'yes'),
  );

  it('has the refusals in their order', () =>
    expect(tableOf('Refusals, in their order').flatMap(([code]) => named(code))).toEqual(refusals.map(([code]) => code)));

  it('has every kind of accounts', () => {
    const accounts = tableOf('Chart of accounts').flatMap(([account]) => named(account));
    for (const { prefix } of chart)
      expect({ prefix, told: accounts.some((each) => each.startsWith(prefix)) }).toEqual({ prefix, told: true });
  });
});
