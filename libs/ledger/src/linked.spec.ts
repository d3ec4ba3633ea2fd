import { describe, expect, it } from '@jest/globals';
import { Bookkeeper, captured, example1, placeHold, postEntry, registered, stateOf, transfer } from '../test/builders.js';
import type { LinkedCommand, PostingCommand } from './commands.js';
import { LinkedTooLarge } from './journal.batch.js';

const given = () =>
  new Bookkeeper()
    .facts(registered('platform:A'), registered('platform:B'), captured(example1))
    .facts({ type: 'LimitsSet', party: 'platform:A', currency: 'CNY', minimumBalanceMinor: 0 });

const linked = (commandId: string, ...commands: PostingCommand[]): LinkedCommand => ({ command: 'Linked', commandId, commands });
const pays = (id: string, amountMinor: number) => postEntry(id, [transfer('platform:A', 'platform:B', amountMinor)]);
const undo = (keeper: Bookkeeper, entry: number): PostingCommand => {
  const original = keeper.journal.flatMap(({ entries }) => entries)[entry];
  return { command: 'ReverseEntry', commandId: `undo ${entry}`, entry, ...(original && { original }) };
};

describe('linked commands', () => {
  it('take effect together, in their order, each with its own id, entry and balances', () => {
    const keeper = given();
    const { outcome } = keeper.command(linked('l', pays('1', 600), pays('2', 300)));
    expect(outcome).toMatchObject({ command: 'Linked', result: 'accepted', entry: 1 });
    expect(outcome.members).toMatchObject([
      {
        commandId: '1',
        entry: 1,
        balances: [
          { account: 'platform:A', postedMinor: 300 },
          { account: 'platform:B', postedMinor: 550 },
        ],
      },
      {
        commandId: '2',
        entry: 2,
        balances: [
          { account: 'platform:A', postedMinor: 0 },
          { account: 'platform:B', postedMinor: 850 },
        ],
      },
    ]);
    expect(keeper.journal.at(-1)?.outcomes.map(({ commandId }) => commandId)).toEqual(['1', '2', 'l']);
  });

  it('of which one is refused undo wholly, with its code and index; the next succeed', () => {
    const keeper = given();
    const before = stateOf(keeper.books);
    const { outcome } = keeper.command(linked('l', pays('1', 600), pays('2', 301), pays('3', 1)));
    expect(outcome).toMatchObject({ result: 'refused', code: 'insufficient_funds', index: 1 });
    expect(outcome.members).toBeUndefined();
    expect(stateOf(keeper.books)).toEqual(before);
    expect(keeper.books.outcome('1')).toBeUndefined();
    expect(keeper.command(linked('l2', pays('1', 600), pays('4', 300))).outcome.result).toBe('accepted');
    expect(keeper.posted('platform:A')).toBe(0);
  });

  it('leave what comes before and behind them in the batch alone', () => {
    const keeper = given();
    const decisions = keeper.write([
      { command: pays('first', 100) },
      { command: linked('l', pays('1', 800), pays('2', 1)) },
      { command: pays('last', 800) },
    ]);
    expect(decisions.map(({ outcome }) => outcome.code)).toEqual([undefined, 'insufficient_funds', undefined]);
    expect(decisions.map(({ outcome }) => outcome.entry)).toEqual([1, undefined, 2]);
    expect(keeper.posted('platform:A')).toBe(0);
  });

  it('are answered with the first outcome when they come again, refused ones too', () => {
    const keeper = given();
    const fits = linked('l', pays('1', 600), pays('2', 300));
    const first = keeper.command(fits);
    const events = keeper.journal.length;
    const ofMembers = first.outcome.members?.map((member) => ({ ...member, balances: undefined }));
    expect(keeper.command(fits)).toMatchObject({ replayed: true, outcome: { ...first.outcome, members: ofMembers } });
    expect(keeper.journal).toHaveLength(events);
    const refused = linked('m', pays('3', 1));
    keeper.command(refused);
    keeper.facts(captured(example1));
    expect(keeper.command(refused)).toMatchObject({ replayed: true, outcome: { result: 'refused', code: 'insufficient_funds', index: 0 } });
  });

  it('under an id with other content are refused without a trace', () => {
    const keeper = given().with(linked('l', pays('1', 1)));
    expect(keeper.command(linked('l', pays('1', 1), pays('2', 1))).outcome.code).toBe('exists_with_different_content');
    expect(keeper.books.outcome('2')).toBeUndefined();
  });

  it('count what was done before under its own id, and refuse an id used for something else', () => {
    const keeper = given().with(pays('1', 100));
    const { outcome } = keeper.command(linked('l', pays('1', 100), pays('2', 100)));
    expect(outcome.members?.map(({ entry }) => entry)).toEqual([1, 2]);
    expect(keeper.posted('platform:A')).toBe(700);
    expect(keeper.command(linked('m', pays('3', 1), pays('1', 5))).outcome).toMatchObject({
      code: 'exists_with_different_content',
      index: 1,
    });
    expect(keeper.command(linked('n', pays('4', 1), pays('4', 2))).outcome).toMatchObject({
      code: 'exists_with_different_content',
      index: 1,
    });
  });

  it('may undo an entry, post it right and commit a hold, all or none', () => {
    const keeper = given().with(placeHold('h', 'platform:A', 500));
    const commit: PostingCommand = {
      command: 'CommitHold',
      commandId: 'c',
      holdId: 'h',
      transfers: [transfer('platform:A', 'platform:B', 200)],
    };
    expect(keeper.command(linked('l', commit, { ...commit, commandId: 'd' })).outcome).toMatchObject({
      code: 'hold_already_committed',
      index: 1,
    });
    expect(keeper.books.hold('h')?.status).toBe('placed');
    keeper.facts(captured(example1));
    expect(keeper.command(linked('m', undo(keeper, 0), commit, pays('right', 100))).outcome).toMatchObject({
      result: 'accepted',
      entry: 2,
    });
    expect([keeper.posted('platform:A'), keeper.available('platform:A')]).toEqual([600, 600]);
  });

  it('that are more than one event holds are not decided at all', () => {
    const keeper = given();
    const many = Array.from({ length: 900 }, (_, index) =>
      postEntry(
        `c${index}`,
        [1, 2, 3].map(() => transfer('hub:losses', 'hub:fees', 1)),
      ),
    );
    expect(() => keeper.command(linked('l', ...many))).toThrow(LinkedTooLarge);
    expect(keeper.command(linked('m', ...many.slice(0, 400))).outcome.result).toBe('accepted');
    expect(JSON.stringify(keeper.journal.at(-1)).length).toBeLessThan(500_000);
  });
});

describe('the answer of a posting', () => {
  it('carries what that very entry left of each account and currency that it touched', () => {
    const cash = postEntry('cash', [transfer('provider:stripe', 'hub:fx', 100, 'cash', 'USD')]);
    const keeper = given().with(placeHold('h', 'platform:A', 40), cash);
    const decisions = keeper.write([
      { command: pays('1', 100) },
      {
        command: postEntry('2', [
          transfer('platform:A', 'hub:fx', 10),
          transfer('hub:fx', 'platform:A', 2, 'fx', 'USD'),
          transfer('hub:fx', 'platform:A', 1),
        ]),
      },
    ]);
    const made = (account: string, currency: string, postedMinor: number, heldMinor = 0) => ({ account, currency, postedMinor, heldMinor });
    expect(decisions.map(({ outcome }) => outcome.balances)).toEqual([
      [made('platform:A', 'CNY', 800, 40), made('platform:B', 'CNY', 50)],
      [made('platform:A', 'CNY', 791, 40), made('hub:fx', 'CNY', 9), made('hub:fx', 'USD', 98), made('platform:A', 'USD', 2)],
    ]);
    expect(keeper.command(pays('1', 100))).toMatchObject({ replayed: true, outcome: { entry: 2 } });
  });

  it('leaves out what is more than a number tells exactly', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const keeper = given().facts(
      captured([transfer('provider:alipay', 'platform:B', most)]),
      captured([transfer('provider:alipay', 'platform:B', most)]),
    );
    expect(keeper.command(pays('1', 100)).outcome).toMatchObject({ result: 'accepted', balances: [{ account: 'platform:A' }] });
    expect(keeper.books.balance('platform:B', 'CNY').posted).toBe(2n * BigInt(most) + 50n);
  });

  it('of a committed hold has the rest released', () => {
    const keeper = given().with(placeHold('h', 'platform:A', 500));
    const { outcome } = keeper.command({
      command: 'CommitHold',
      commandId: 'c',
      holdId: 'h',
      transfers: [transfer('platform:A', 'platform:B', 200)],
    });
    expect(outcome.balances?.[0]).toEqual({ account: 'platform:A', currency: 'CNY', postedMinor: 700, heldMinor: 0 });
  });
});
