import { describe, expect, it } from '@jest/globals';
import { Bookkeeper, captured, example1, placeHold, postEntry, registered, split, transfer } from '../test/builders.js';
import { isImplicit, partyBehind } from './chart.js';
import type { OpenAccountCommand, SetLimitsCommand } from './commands.js';

const open = (account: string, overrides: Partial<OpenAccountCommand> = {}): OpenAccountCommand => ({
  command: 'OpenAccount',
  commandId: `open ${account}`,
  account,
  ...overrides,
});
const limits = (account: string, overrides: Partial<SetLimitsCommand> = {}): SetLimitsCommand => ({
  command: 'SetLimits',
  commandId: `limits ${account}`,
  account,
  currency: 'CNY',
  ...overrides,
});
const given = () => new Bookkeeper().facts(registered('platform:A'), registered('platform:B'), captured(example1));
const metadata = [{ name: 'owner', value: 'treasury' }];
const code = (keeper: Bookkeeper, command: Parameters<Bookkeeper['command']>[0]) => keeper.command(command).outcome.code;

describe('an account', () => {
  it.each([
    ['provider:alipay', true],
    ['bank:icbc', true],
    ['user:u:wallet', true],
    ['transit:po_1', true],
    ['dispute:d', true],
    ['hub:fees', true],
    ['platform:X', false],
    ['creator:X', false],
    ['escrow:x', false],
  ])('%s exists by itself: %s', (account, itself) => {
    expect(isImplicit(account)).toBe(itself);
    expect(given().books.status(account)).toBe(itself ? 'open' : 'unknown');
  });

  it('of liquidity or reserve exists with its party', () => {
    const { books } = given();
    expect([partyBehind('liquidity:platform:A'), partyBehind('platform:A')]).toEqual(['platform:A', undefined]);
    expect([books.status('liquidity:platform:A'), books.status('reserve:platform:X')]).toEqual(['open', 'unknown']);
  });
});

describe('opening', () => {
  it('says in which currencies commands may move an account, and what it is for', () => {
    const keeper = given().with(open('escrow:x', { currencies: ['JPY', 'USD'], metadata }));
    expect(keeper.books.details('escrow:x')).toEqual({ currencies: ['JPY', 'USD'], metadata });
    expect(keeper.journal.at(-1)?.accounts).toEqual([{ account: 'escrow:x', change: 'opened', currencies: ['JPY', 'USD'], metadata }]);
    expect(code(keeper, postEntry('c1', [transfer('hub:fx', 'escrow:x', 5, 'x', 'USD')]))).toBe(undefined);
    expect(code(keeper, postEntry('c2', [transfer('hub:fx', 'escrow:x', 5)]))).toBe('currency_mismatch');
    expect(code(keeper, placeHold('h', 'escrow:x', 1))).toBe('currency_mismatch');
    expect(code(keeper, placeHold('h2', 'escrow:x', 1, { currency: 'USD' }))).toBe(undefined);
    expect(code(keeper, limits('escrow:x'))).toBe('currency_mismatch');
  });

  it('again says the same or nothing; other content is refused', () => {
    const keeper = given().with(open('escrow:x', { metadata }));
    const events = keeper.journal.length;
    for (const again of [{}, { metadata }])
      expect(code(keeper, open('escrow:x', { commandId: JSON.stringify(again), ...again }))).toBe(undefined);
    expect(keeper.journal.slice(events).flatMap(({ accounts }) => accounts)).toEqual([]);
    expect(code(keeper, open('escrow:x', { commandId: 'other', metadata: [{ name: 'owner', value: 'sales' }] }))).toBe(
      'exists_with_different_content',
    );
    expect(code(keeper, open('escrow:x', { commandId: 'more', currencies: ['CNY'], metadata }))).toBe('exists_with_different_content');
  });

  it('tells of an account that is there what nobody has said, but not while it is frozen', () => {
    const keeper = given().with({ command: 'FreezeAccount', commandId: 'f', account: 'platform:A' });
    expect(code(keeper, open('platform:A', { metadata }))).toBe('account_frozen');
    expect(code(keeper, open('platform:B', { metadata }))).toBe(undefined);
    expect(keeper.books.details('platform:B')).toEqual({ metadata });
  });

  it('for other currencies than those it has money in is refused', () => {
    expect(code(given(), open('platform:A', { currencies: ['USD'] }))).toBe('currency_mismatch');
    expect(code(given(), open('platform:A', { currencies: ['CNY', 'USD'] }))).toBe(undefined);
  });

  it('outlives freezing and unfreezing', () => {
    const keeper = given().with(open('escrow:x', { currencies: ['CNY'] }));
    keeper.with(
      { command: 'FreezeAccount', commandId: 'f', account: 'escrow:x' },
      { command: 'UnfreezeAccount', commandId: 'u', account: 'escrow:x' },
    );
    expect(keeper.books.takes('escrow:x', 'USD')).toBe(false);
  });

  it('holds back no fact, but an alarm tells of it', () => {
    const keeper = given().with(open('platform:B', { currencies: ['CNY'] }));
    keeper.facts(captured([split('provider:stripe', 'platform:B', 700)], { currency: 'USD' }));
    expect(keeper.posted('platform:B', 'USD')).toBe(700);
    expect(keeper.alarms).toEqual(['limit_passed platform:B']);
  });
});

describe('limits', () => {
  it('set by a command give credit, and take it back', () => {
    const keeper = given();
    keeper.command(limits('platform:A', { minimumBalanceMinor: -100 }));
    expect(code(keeper, postEntry('c1', [transfer('platform:A', 'hub:fees', 1000)]))).toBe(undefined);
    expect(code(keeper, postEntry('c2', [transfer('platform:A', 'hub:fees', 1)]))).toBe('insufficient_funds');
    keeper.command(limits('platform:A', { commandId: 'none' }));
    expect(code(keeper, postEntry('c3', [transfer('platform:A', 'hub:fees', 1)]))).toBe(undefined);
  });

  it('of one currency leave another alone', () => {
    const keeper = given().with(
      limits('platform:A', { minimumBalanceMinor: 0 }),
      postEntry('c', [transfer('platform:A', 'hub:fx', 5, 'x', 'USD')]),
    );
    expect(keeper.posted('platform:A', 'USD')).toBe(-5);
  });

  it('never let a wallet be overdrawn by a command, unless it was given credit', () => {
    const keeper = given().with(limits('user:u:wallet'));
    expect(code(keeper, placeHold('h', 'user:u:wallet', 1))).toBe('insufficient_funds');
    keeper.command(limits('user:u:wallet', { commandId: 'credit', minimumBalanceMinor: -10 }));
    expect(code(keeper, placeHold('h', 'user:u:wallet', 10, { commandId: 'again' }))).toBe(undefined);
  });
});

describe('closing', () => {
  it('takes an account out of use when it is at zero in every currency', () => {
    const keeper = given().with(open('escrow:x'), postEntry('in', [transfer('hub:fx', 'escrow:x', 5, 'x', 'USD')]));
    const close = (commandId: string) => ({ command: 'CloseAccount', commandId, account: 'escrow:x' }) as const;
    expect(code(keeper, close('1'))).toBe('account_not_empty');
    keeper.command(postEntry('out', [transfer('escrow:x', 'hub:fx', 5, 'x', 'USD')]));
    expect(code(keeper, close('2'))).toBe(undefined);
    expect(code(keeper, postEntry('late', [transfer('hub:fx', 'escrow:x', 5)]))).toBe('account_closed');
    expect(code(keeper, open('escrow:x', { commandId: 'reopen' }))).toBe('account_closed');
  });
});
