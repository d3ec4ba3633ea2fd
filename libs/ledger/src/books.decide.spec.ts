import { describe, expect, it } from '@jest/globals';
import { Bookkeeper, captured, example1, placeHold, postEntry, registered, split, transfer } from '../test/builders.js';
import { refusals } from './books.refusals.js';
import type { Command, Refusal } from './commands.js';
import type { AnyFact } from './posting-rules.js';

const order: Refusal[] = [
  'exists_with_different_content',
  'account_not_found',
  'account_closed',
  'account_frozen',
  'currency_mismatch',
  'amount_not_positive',
  'same_account',
  'hold_not_found',
  'hold_already_committed',
  'hold_already_voided',
  'hold_expired',
  'exceeds_hold',
  'entry_not_found',
  'entry_not_reversible',
  'already_reversed',
  'insufficient_funds',
  'cap_exceeded',
  'client_money_not_covered',
  'account_not_empty',
];

/** Two platforms, one of them with limits, after example 1; a wallet with 10.00; entries 0 and 1. */
function given(): Bookkeeper {
  return new Bookkeeper()
    .facts(...['platform:A', 'platform:B', 'platform:frozen', 'platform:closed'].map(registered), captured(example1))
    .facts({ type: 'LimitsSet', party: 'platform:A', currency: 'CNY', minimumBalanceMinor: 0 })
    .facts({ type: 'LimitsSet', party: 'platform:B', currency: 'CNY', netDebitCapMinor: 100 })
    .facts({ type: 'TopUpCaptured', topUpId: 't1', userId: 'u', provider: 'alipay', providerRef: 'x', amountMinor: 1000, currency: 'CNY' })
    .with({ command: 'FreezeAccount', commandId: 'freeze', account: 'platform:frozen' })
    .with({ command: 'CloseAccount', commandId: 'close', account: 'platform:closed' });
}

const commit = (holdId: string, ...transfers: ReturnType<typeof transfer>[]): Command => ({
  command: 'CommitHold',
  commandId: `commit ${holdId}`,
  holdId,
  transfers,
});
const reversal = (keeper: Bookkeeper, entry: number, commandId = `reverse ${entry}`): Command => {
  const original = keeper.journal.flatMap(({ entries }) => entries)[entry];
  return { command: 'ReverseEntry', commandId, entry, ...(original && { original }) };
};
const voiding = (holdId: string): Command => ({ command: 'VoidHold', commandId: `void ${holdId}`, holdId });
const instructed: AnyFact = {
  type: 'PayoutInstructed',
  ...{ payoutId: 's1_platform.A', settlementId: 's1', party: 'platform:A', direction: 'payout', amountMinor: 100, currency: 'CNY' },
  ...{ bank: 'sandbox', attempt: 1, accountNumber: '1', holder: 'A' },
};
const minuteLater = '2026-01-01T00:01:00Z';

const rows: [Refusal, string, Command[], Command | ((keeper: Bookkeeper) => Command)][] = [
  [
    'exists_with_different_content',
    'an id used for something else',
    [postEntry('c', [transfer('hub:fees', 'hub:losses', 1)])],
    postEntry('c', [transfer('hub:fees', 'hub:losses', 2)]),
  ],
  [
    'exists_with_different_content',
    'a hold that is another one',
    [placeHold('h', 'platform:A', 1)],
    placeHold('h', 'platform:A', 2, { commandId: 'other' }),
  ],
  [
    'exists_with_different_content',
    'an account that was opened as another one',
    [],
    { command: 'OpenAccount', commandId: 'c', account: 'escrow:usd', currencies: ['CNY'] },
  ],
  ['account_not_found', 'a hold on an account nobody opened', [], placeHold('h', 'platform:X', 1)],
  ['account_not_found', 'an entry of an account nobody opened', [], postEntry('c', [transfer('hub:fees', 'creator:X', 1)])],
  [
    'account_not_found',
    'limits of an account nobody opened',
    [],
    { command: 'SetLimits', commandId: 'c', account: 'creator:X', currency: 'CNY' },
  ],
  ['account_closed', 'an entry of a closed account', [], postEntry('c', [transfer('hub:fees', 'platform:closed', 1)])],
  ['account_closed', 'opening what is closed', [], { command: 'OpenAccount', commandId: 'c', account: 'platform:closed' }],
  ['account_frozen', 'a hold on a frozen account', [], placeHold('h', 'platform:frozen', 1)],
  ['account_frozen', 'an entry of a frozen account', [], postEntry('c', [transfer('hub:fees', 'platform:frozen', 1)])],
  [
    'currency_mismatch',
    'a commit in another currency',
    [placeHold('h', 'platform:A', 1)],
    commit('h', transfer('platform:A', 'hub:fees', 1, 'x', 'USD')),
  ],
  ['currency_mismatch', 'an entry in a currency that an account does not take', [], postEntry('c', [transfer('hub:fx', 'escrow:usd', 1)])],
  ['currency_mismatch', 'a hold in a currency that an account does not take', [], placeHold('h', 'escrow:usd', 1)],
  [
    'currency_mismatch',
    'limits in a currency that an account does not take',
    [],
    { command: 'SetLimits', commandId: 'c', account: 'escrow:usd', currency: 'CNY' },
  ],
  [
    'currency_mismatch',
    'opening an account for other currencies than it has money in',
    [],
    { command: 'OpenAccount', commandId: 'c', account: 'platform:A', currencies: ['USD'] },
  ],
  ['amount_not_positive', 'an entry of nothing', [], postEntry('c', [transfer('hub:fees', 'hub:losses', 0)])],
  ['amount_not_positive', 'a hold of less than nothing', [], placeHold('h', 'platform:A', -1)],
  ['same_account', 'a transfer to oneself', [], postEntry('c', [transfer('hub:fees', 'hub:fees', 1)])],
  ['hold_not_found', 'committing a hold that is not there', [], commit('h', transfer('platform:A', 'hub:fees', 1))],
  ['hold_not_found', 'voiding a hold that is not there', [], voiding('h')],
  [
    'hold_already_committed',
    'voiding a committed hold',
    [placeHold('h', 'platform:A', 1), commit('h', transfer('platform:A', 'hub:fees', 1))],
    voiding('h'),
  ],
  [
    'hold_already_voided',
    'committing a voided hold',
    [placeHold('h', 'platform:A', 1), voiding('h')],
    commit('h', transfer('platform:A', 'hub:fees', 1)),
  ],
  [
    'hold_expired',
    'committing too late',
    [placeHold('h', 'platform:A', 1, { expiresAt: minuteLater })],
    (keeper) => ((keeper.nowMs += 60_000), commit('h', transfer('platform:A', 'hub:fees', 1))),
  ],
  [
    'exceeds_hold',
    'committing more than is held',
    [placeHold('h', 'platform:A', 10)],
    commit('h', transfer('platform:A', 'hub:fees', 6), transfer('platform:A', 'hub:losses', 5)),
  ],
  [
    'exceeds_hold',
    'committing from an account that the hold does not reserve',
    [placeHold('h', 'platform:A', 10)],
    commit('h', transfer('platform:B', 'hub:fees', 1)),
  ],
  ['entry_not_found', 'reversing what was never posted', [], (keeper) => reversal(keeper, 2)],
  ['entry_not_found', 'correcting what was never posted', [], postEntry('c', [transfer('hub:fees', 'hub:losses', 1)], 2)],
  [
    'entry_not_reversible',
    'a payout that was instructed: the party would be owed it once more',
    [],
    (keeper) => reversal(keeper.facts(instructed), 2),
  ],
  ['already_reversed', 'reversing twice', [reversal(given(), 1)], (keeper) => reversal(keeper, 1, 'again')],
  [
    'already_reversed',
    'reversing what was corrected',
    [postEntry('c', [transfer('hub:fees', 'hub:losses', 1)], 0)],
    (keeper) => reversal(keeper, 0),
  ],
  ['already_reversed', 'correcting what was reversed', [reversal(given(), 1)], postEntry('c', [transfer('hub:fees', 'hub:losses', 1)], 1)],
  ['insufficient_funds', 'more than is in a wallet', [], placeHold('h', 'user:u:wallet', 1001)],
  ['insufficient_funds', 'more than a party has prefunded', [], placeHold('h', 'liquidity:platform:A', 1, { purpose: 'payout' })],
  ['insufficient_funds', 'more than another hold has left', [placeHold('h1', 'platform:A', 600)], placeHold('h2', 'platform:A', 301)],
  ['insufficient_funds', 'an entry under the minimum balance', [], postEntry('c', [transfer('platform:A', 'hub:fees', 901)])],
  ['cap_exceeded', 'a debit past the net debit cap', [], placeHold('h', 'platform:B', 51)],
  [
    'cap_exceeded',
    'a debit past what other holds have left of the cap',
    [placeHold('h1', 'platform:B', 30)],
    placeHold('h2', 'platform:B', 21),
  ],
  ['client_money_not_covered', 'a payout of more than there is', [], placeHold('h', 'hub:fees', 151, { purpose: 'payout' })],
  [
    'client_money_not_covered',
    'two payouts that together are more than there is',
    [placeHold('h1', 'hub:fees', 100, { purpose: 'payout' })],
    placeHold('h2', 'hub:fees', 100, { purpose: 'payout' }),
  ],
  [
    'client_money_not_covered',
    'a sweep that takes what belongs to clients',
    [],
    postEntry('c', [transfer('hub:fees', 'transit:sweep', 101)]),
  ],
  ['account_not_empty', 'closing an account that has money', [], { command: 'CloseAccount', commandId: 'c', account: 'platform:A' }],
  [
    'account_not_empty',
    'closing an account that has money reserved',
    [placeHold('h', 'platform:new', 1)],
    { command: 'CloseAccount', commandId: 'c', account: 'platform:new' },
  ],
];

describe('refusals', () => {
  it('have the documented order', () => expect(refusals.map(([code]) => code)).toEqual(order));

  it('have an example each here', () => expect(new Set(rows.map(([code]) => code))).toEqual(new Set(order)));

  it.each(rows)('%s: %s', (code, _, before, asked) => {
    const keeper = given();
    keeper.command({ command: 'OpenAccount', commandId: 'open new', account: 'platform:new' });
    keeper.command({ command: 'OpenAccount', commandId: 'open usd', account: 'escrow:usd', currencies: ['USD'] });
    for (const command of before) expect(keeper.command(command).outcome.result).toBe('accepted');
    const command = typeof asked === 'function' ? asked(keeper) : asked;
    const entries = keeper.books.nextEntry;
    const { outcome } = keeper.command(command);
    expect(outcome).toMatchObject({ result: 'refused', code });
    expect(keeper.books.nextEntry).toBe(entries);
  });
});

describe('commands', () => {
  it('commit a hold in part: the rest is released', () => {
    const keeper = given();
    keeper.command(placeHold('h', 'platform:A', 500));
    expect(keeper.command(commit('h', transfer('platform:A', 'platform:B', 300))).outcome).toMatchObject({ result: 'accepted', entry: 2 });
    expect([keeper.posted('platform:A'), keeper.available('platform:A'), keeper.posted('platform:B')]).toEqual([600, 600, 250]);
  });

  it('reserve on several accounts all or nothing', () => {
    const keeper = given();
    const reservations = [
      { account: 'user:u:wallet', amountMinor: 800 },
      { account: 'platform:A', amountMinor: 901 },
    ];
    expect(keeper.command(placeHold('h', '', 0, { reservations })).outcome.code).toBe('insufficient_funds');
    expect(keeper.available('user:u:wallet')).toBe(1000);
    expect(keeper.command(placeHold('h', '', 0, { commandId: 'again', reservations: reservations.slice(0, 1) })).outcome.result).toBe(
      'accepted',
    );
  });

  it('reserve the same account twice in one hold no further than it has', () =>
    expect(
      given().command(
        placeHold('h', '', 0, {
          reservations: [
            { account: 'platform:A', amountMinor: 500 },
            { account: 'platform:A', amountMinor: 401 },
          ],
        }),
      ).outcome.code,
    ).toBe('insufficient_funds'));

  it('of a payout need no room under the net debit cap', () =>
    expect(
      given()
        .facts(captured([split('provider:alipay', 'platform:B', 1000)]), {
          type: 'SettlementSettled',
          settlementId: 's',
          model: 'm',
          currency: 'CNY',
          windowIds: [],
          parties: [{ party: 'platform:B', netMinor: 950 }],
          settledAt: '',
        })
        .command(placeHold('h', 'platform:B', 950, { purpose: 'payout' })).outcome.result,
    ).toBe('accepted'));

  it('reverse an entry', () => {
    const keeper = given();
    keeper.command(reversal(keeper, 0));
    expect(['platform:A', 'platform:B', 'hub:fees', 'provider:alipay'].map((each) => keeper.posted(each))).toEqual([0, 0, 0, -1000]);
    expect(keeper.journal.at(-1)?.entries[0]).toMatchObject({ kind: 'ReverseEntry', ref: 'pay_1', corrects: 0 });
    expect(keeper.net('platform:A')).toBe(0);
  });

  it('correct an entry more than once', () => {
    const keeper = given();
    expect(keeper.command(postEntry('c1', [transfer('hub:fees', 'platform:A', 10)], 0)).outcome.entry).toBe(2);
    expect(keeper.command(postEntry('c2', [transfer('hub:fees', 'platform:A', 10)], 0)).outcome.entry).toBe(3);
  });

  it('exchange currencies in one entry', () => {
    const keeper = given().with(postEntry('cash', [transfer('provider:stripe', 'hub:fx', 100, 'cash', 'USD')]));
    keeper.command(postEntry('fx', [transfer('platform:A', 'hub:fx', 700), transfer('hub:fx', 'platform:A', 100, 'fx', 'USD')]));
    expect([keeper.posted('platform:A'), keeper.posted('platform:A', 'USD'), keeper.posted('hub:fx', 'USD')]).toEqual([200, 100, 0]);
  });

  it('of an uncovered currency may still lessen the lack', () => {
    const keeper = given().facts(captured([split('hub:losses', 'platform:A', 500)]));
    expect(keeper.command(placeHold('h', 'platform:A', 1, { purpose: 'payout' })).outcome.code).toBe('client_money_not_covered');
    expect(keeper.command(postEntry('c', [transfer('platform:A', 'hub:losses', 100)])).outcome.result).toBe('accepted');
    expect(keeper.command(postEntry('d', [transfer('hub:losses', 'platform:A', 1)])).outcome.code).toBe('client_money_not_covered');
  });

  it('freeze and unfreeze; a second time changes nothing', () => {
    const keeper = given();
    const account = 'platform:A';
    for (const commandId of ['1', '2'])
      expect(keeper.command({ command: 'FreezeAccount', commandId, account }).outcome.result).toBe('accepted');
    expect(keeper.command(placeHold('h', account, 1)).outcome.code).toBe('account_frozen');
    keeper.command({ command: 'UnfreezeAccount', commandId: '3', account });
    expect(keeper.command(placeHold('h', account, 1, { commandId: '4' })).outcome.result).toBe('accepted');
    expect(
      keeper.journal.flatMap(({ accounts }) => accounts.filter((each) => each.account === account && each.change !== 'opened')),
    ).toHaveLength(2);
  });

  it('hold six times 10.00 of a balance of 50.00 in one batch: exactly one is refused', () => {
    const keeper = new Bookkeeper().facts({
      type: 'TopUpCaptured',
      topUpId: 't',
      userId: 'u',
      provider: 'alipay',
      providerRef: 'x',
      amountMinor: 5000,
      currency: 'CNY',
    });
    const decisions = keeper.write(Array.from({ length: 6 }, (_, index) => ({ command: placeHold(`h${index}`, 'user:u:wallet', 1000) })));
    expect(decisions.map(({ outcome }) => outcome.code)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      'insufficient_funds',
    ]);
  });
});

describe('an id', () => {
  const hold = placeHold('h', 'platform:A', 500);

  it('answers a repetition with the first outcome, though things have changed', () => {
    const keeper = given();
    const first = keeper.command(hold);
    const refused = keeper.command(placeHold('h2', 'platform:A', 500));
    keeper.command(voiding('h'));
    const events = keeper.journal.length;
    expect(keeper.command(hold)).toEqual({ outcome: first.outcome, changes: {}, outcomes: [], replayed: true });
    expect(keeper.command(placeHold('h2', 'platform:A', 500))).toEqual({ ...refused, outcomes: [], replayed: true });
    expect(keeper.journal).toHaveLength(events);
  });

  it('has one effect when it comes twice in one batch', () => {
    const keeper = given();
    const decisions = keeper.write([{ command: hold }, { command: hold }]);
    expect(decisions.map(({ replayed }) => replayed)).toEqual([false, true]);
    expect(keeper.available('platform:A')).toBe(400);
  });

  it('of a hold, asked for by another command, is answered without a second effect', () => {
    const keeper = given();
    keeper.command(hold);
    expect(keeper.command({ ...hold, commandId: 'another' })).toMatchObject({
      outcome: { result: 'accepted', commandId: 'another' },
      replayed: false,
    });
    expect(keeper.available('platform:A')).toBe(400);
  });

  it('of a hold that was refused may be asked for again by another command', () => {
    const keeper = given();
    keeper.command(placeHold('h', 'platform:A', 901));
    keeper.facts(captured(example1));
    expect(keeper.command(placeHold('h', 'platform:A', 901, { commandId: 'later' })).outcome.result).toBe('accepted');
  });

  it('of a hold has one effect of two commits at once', () => {
    const keeper = given();
    keeper.command(hold);
    const twice = ['one', 'two'].map((commandId) => ({
      command: { ...commit('h', transfer('platform:A', 'platform:B', 500)), commandId },
    }));
    expect(keeper.write(twice).map(({ outcome }) => outcome.code)).toEqual([undefined, 'hold_already_committed']);
    expect(keeper.posted('platform:A')).toBe(400);
  });
});
