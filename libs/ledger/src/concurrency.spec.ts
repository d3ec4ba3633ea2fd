import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { captured, placeHold, postEntry, registered, split, startMs, transfer } from '../test/builders.js';
import { openHub, posted, type Hub } from '../test/hub.js';
import type { Command, PostingCommand } from './commands.js';
import type { JournalWriter } from './journal.writer.js';

let hub: Hub;
let writer: JournalWriter;
beforeEach(async () => {
  hub = await openHub();
  writer = await hub.startWriter();
  const sale = captured([split('provider:alipay', 'platform:A', 5_000)]);
  const limits = { type: 'LimitsSet', party: 'platform:A', currency: 'CNY', minimumBalanceMinor: 0 } as const;
  const last = await hub.record(registered('platform:A'), registered('platform:B'), sale, limits);
  await hub.follow(writer).reached(last, 10_000);
});
afterEach(() => hub.close());

const all = (commands: Command[]) => Promise.all(commands.map((command) => writer.submit(command)));
const codes = async (commands: Command[]) => (await all(commands)).map(({ result, code }) => code ?? result);
const counted = (values: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};
const pays = (id: string, amountMinor: number): PostingCommand => postEntry(id, [transfer('platform:A', 'platform:B', amountMinor)]);

describe('at the same moment', () => {
  it('of 500 entries, each is reversed once of twice', async () => {
    const entries = (
      await all(Array.from({ length: 500 }, (_, index) => postEntry(`e${index}`, [transfer('hub:losses', 'hub:fees', 1)])))
    ).map(({ entry }) => entry!);
    const twice = ['one', 'other'].flatMap((who) =>
      entries.map((entry): Command => ({ command: 'ReverseEntry', commandId: `${who} ${entry}`, entry, note: 'n' })),
    );
    const answers = await all(twice);
    for (const entry of entries) {
      const outcomes = answers.filter(({ subject }) => subject === String(entry)).map(({ result, code }) => code ?? result);
      expect(outcomes.sort()).toEqual(['accepted', 'already_reversed']);
    }
    expect([posted(writer.books, 'hub:fees'), posted(writer.books, 'hub:losses')]).toEqual([0, 0]);
  });

  it('of six holds of 1,000 on a balance of 5,000, exactly one is refused', async () => {
    const holds = Array.from({ length: 6 }, (_, index) => placeHold(`h${index}`, 'platform:A', 1_000));
    expect(counted(await codes(holds))).toEqual({ accepted: 5, insufficient_funds: 1 });
  });

  it('a hold that is committed twice and voided has one of these ends', async () => {
    await writer.submit(placeHold('h', 'platform:A', 1_000));
    const commit = (commandId: string): Command => ({
      command: 'CommitHold',
      commandId,
      holdId: 'h',
      transfers: [transfer('platform:A', 'platform:B', 400)],
    });
    const ends = await codes([commit('c1'), commit('c2'), { command: 'VoidHold', commandId: 'v', holdId: 'h' }]);
    expect(counted(ends)).toEqual({ accepted: 1, hold_already_committed: 2 });
    expect(posted(writer.books, 'platform:B')).toBe(400);
    expect(writer.books.balance('platform:A', 'CNY')).toMatchObject({ posted: 4_600n, held: 0n });
  });

  it('a command that comes ten times has one effect', async () => {
    const answers = await all(Array.from({ length: 10 }, () => pays('once', 700)));
    expect(new Set(answers.map(({ entry }) => entry)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(posted(writer.books, 'platform:B')).toBe(700);
  });

  it('linked commands that fail undo wholly, and the next succeed', async () => {
    const linked = (commandId: string, ...commands: PostingCommand[]): Command => ({ command: 'Linked', commandId, commands });
    const outcomes = await all([
      linked('l1', pays('1', 3_000), pays('2', 2_001)),
      linked('l2', pays('3', 3_000), pays('4', 2_000)),
      linked('l3', pays('5', 1)),
    ]);
    expect(outcomes.map(({ code, index, entry }) => [code, index, entry])).toEqual([
      ['insufficient_funds', 1, undefined],
      [undefined, undefined, 1],
      ['insufficient_funds', 0, undefined],
    ]);
    expect(outcomes[1]?.members).toMatchObject([{ entry: 1 }, { entry: 2 }]);
    expect((await hub.journal()).flatMap(({ entries }) => entries)).toHaveLength(3);
  });

  it('linked commands may undo what the journal holds', async () => {
    const { entry } = await writer.submit(pays('wrong', 900));
    const undo: PostingCommand = { command: 'ReverseEntry', commandId: 'undo', entry: entry!, note: 'n' };
    expect((await writer.submit({ command: 'Linked', commandId: 'l', commands: [undo, pays('right', 90)] })).members).toMatchObject([
      { entry: 2 },
      { entry: 3 },
    ]);
    expect(posted(writer.books, 'platform:B')).toBe(90);
  });
});

describe('a hold', () => {
  it('expires by the clock of the server though its writer ended before', async () => {
    const inAMinute = new Date(startMs + 60_000).toISOString();
    await writer.stop();
    const first = await hub.startWriter({ now: () => new Date(startMs) });
    await first.submit(placeHold('h', 'platform:A', 1_000, { expiresAt: inAMinute }));
    await first.stop();
    const second = await hub.startWriter({ now: () => new Date(startMs + 60_000) });
    const commit: Command = { command: 'CommitHold', commandId: 'c', holdId: 'h', transfers: [transfer('platform:A', 'platform:B', 1)] };
    expect((await second.submit(commit)).code).toBe('hold_expired');
    expect(second.books.balance('platform:A', 'CNY').held).toBe(0n);
  });
});
