import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { account, accountPattern, isCash, isClientMoney, isParty, partyPattern, walletPattern } from './accounts.js';
import { problems } from './problem-codes.js';
import { deadLetterTopic, platformEventsTopic } from './topics.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Event types by the file that declares them: `facts/payout.ts` declares those of `payout-` streams. */
const declared = readdirSync(here('./facts')).flatMap((file) =>
  [...readFileSync(here(`./facts/${file}`), 'utf8').matchAll(/^ {2}type: '(\w+)';$/gm)].map(
    ([, type]) => [file.replace('.ts', '').replace('-', ''), type!] as const,
  ),
);

describe('a fact', () => {
  it.each(declared)('of %s: %s has a golden file', (category, type) =>
    expect(existsSync(here(`../golden/${category}/${type}.v1.json`))).toBe(true),
  );
  it('is declared at all', () => expect(declared.length).toBeGreaterThan(50));
});

describe('accounts', () => {
  it.each([
    [account.platform('A'), { party: true, client: true, cash: false }],
    [account.creator('K'), { party: true, client: true, cash: false }],
    [account.wallet('u'), { party: false, client: true, cash: false }],
    [account.transit('p'), { party: false, client: true, cash: false }],
    [account.liquidity('platform:A'), { party: false, client: true, cash: false }],
    [account.reserve('platform:A'), { party: false, client: true, cash: false }],
    [account.dispute('d'), { party: false, client: true, cash: false }],
    [account.provider('alipay'), { party: false, client: false, cash: true }],
    [account.bank('main'), { party: false, client: false, cash: true }],
    [account.fx, { party: false, client: false, cash: false }],
    [account.fees, { party: false, client: false, cash: false }],
    [account.suspense, { party: false, client: false, cash: false }],
  ])('%s is what its name says', (name, { party, client, cash }) =>
    expect({ party: isParty(name), client: isClientMoney(name), cash: isCash(name) }).toEqual({ party, client, cash }),
  );

  it.each<[string, 'party' | 'wallet' | 'other' | 'none']>([
    ['platform:A', 'party'],
    ['creator:K_1.x-y', 'party'],
    ['platform:', 'none'],
    ['platform:A ', 'none'],
    ['platform:A:B', 'none'],
    ['platform:-A', 'none'],
    [`platform:${'A'.repeat(64)}`, 'party'],
    [`platform:${'A'.repeat(65)}`, 'none'],
    ['user:u1:wallet', 'wallet'],
    ['liquidity:platform:A', 'other'],
    ['liquidity:A', 'none'],
    ['reserve:creator:K', 'other'],
    ['reserve:platform:A:B', 'none'],
    ['hub:provider-fees', 'other'],
    ['dispute:d_1', 'other'],
    ['fees', 'none'],
    ['Hub:fees', 'none'],
    ['hub:fees\n', 'none'],
  ])('%j is the name of: %s', (name, of) =>
    expect([partyPattern, walletPattern, accountPattern].map((pattern) => pattern.test(name))).toEqual([
      of === 'party',
      of === 'wallet',
      of !== 'none',
    ]),
  );
});

it('every problem has a status of an error and a title', () => {
  for (const { status, title } of Object.values(problems)) expect(status >= 400 && status < 600 && title.length > 0).toBe(true);
});

it('topics are named after what they are for', () => {
  expect([platformEventsTopic('A'), deadLetterTopic('tongbao.ledger.commands', 'ledger')]).toEqual([
    'tongbao.platform.A.events',
    'tongbao.ledger.commands.ledger.dead',
  ]);
});
