import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntriesPosted } from '@tongbao/contracts';
import { Bookkeeper, captured, placeHold, postEntry, registered, split, transfer, type Step } from '../test/builders.js';
import { histories, type Happening } from '../test/histories.js';
import { wholeState } from '../test/whole-state.js';
import type { Decision } from './books.decide.js';
import { Books, type Memory } from './books.js';
import { freeze, Thawing, type FrozenBooks, type Part } from './books.snapshot.js';
import { withOriginals } from './commands.js';
import { JournalBatch } from './journal.batch.js';

/** So little that histories of a hundred steps forget much. */
const memory: Memory = { endedHolds: 2, outcomes: 7 };

/** Adopts what its batches decide, as the writer does. */
class Adopting extends Bookkeeper {
  constructor(
    kept: Memory,
    private readonly begunWith?: Books,
  ) {
    super(kept);
  }

  get own(): Books {
    return this.begunWith ?? this.books;
  }

  override write(steps: readonly Step[]): Decision[] {
    const batch = new JournalBatch(this.own, this.nowMs);
    const decisions = steps.flatMap((step) => {
      if ('command' in step) return [batch.decide(step.command)];
      batch.postFact(step.fact, BigInt(step.position));
      batch.reach(BigInt(step.position));
      return [];
    });
    if (!batch.mustBeWritten) return decisions;
    const event = batch.toEvent(1);
    batch.adoptInto(this.own, event);
    this.journal.push(JSON.parse(JSON.stringify(event)) as EntriesPosted);
    return decisions;
  }

  live(history: readonly Happening[], from = 0, before: readonly EntriesPosted[] = []): this {
    history.forEach((happening, index) => {
      if ('minutes' in happening) this.nowMs += happening.minutes * 60_000;
      const entries = [...before, ...this.journal].flatMap((event) => event.entries);
      if ('fact' in happening) this.write([{ fact: happening.fact, position: 100 + from + index }]);
      else if ('command' in happening) this.write([{ command: withOriginals(happening.command, new Map(entries.entries())) }]);
      else this.write([]);
    });
    return this;
  }
}

const parties = ['platform:A', 'platform:B', 'creator:K'];
const start = (kept = memory) => new Adopting(kept).facts(...parties.map(registered));

const folded = (journal: readonly EntriesPosted[], kept = memory): Books => {
  const books = new Books(kept);
  journal.forEach((event, revision) => books.apply(event, revision));
  return books;
};

const thawed = (frozen: FrozenBooks, texts: Iterable<string>, kept = memory): Books => {
  const thawing = new Thawing(kept);
  for (const text of texts) thawing.add(JSON.parse(text) as Part);
  return thawing.finish(frozen);
};

const hold = (holdId: string, amountMinor: number) => ({
  holdId,
  currency: 'CNY',
  reservations: [{ account: 'platform:A', amountMinor }],
  purpose: 'payment',
  ref: `ref ${holdId}`,
});

describe('over any history', () => {
  it('what a batch decided, adopted, is what the fold makes of its event', () =>
    fc.assert(
      fc.property(histories(100), (history) => {
        const keeper = start().live(history);
        expect(wholeState(folded(keeper.journal))).toEqual(wholeState(keeper.books));
      }),
      { numRuns: 100 },
    ));

  it('books from a snapshot are the books from the journal, in pieces of any size, whatever happens while it is read', () =>
    fc.assert(
      fc.property(histories(60), histories(60), fc.integer({ min: 1, max: 3_000 }), (before, meanwhile, characters) => {
        const keeper = start().live(before);
        const expected = wholeState(folded(keeper.journal));
        const frozen = freeze(keeper.books);
        const texts: string[] = [];
        const pieces = frozen.texts(characters);
        meanwhile.forEach((happening, index) => {
          const { value } = pieces.next();
          if (typeof value === 'string') texts.push(value);
          keeper.live([happening], 1_000 + index);
        });
        texts.push(...pieces);
        frozen.thaw();
        expect(wholeState(thawed(frozen, texts))).toEqual(expected);
      }),
      { numRuns: 150 },
    ));

  it('books from a snapshot go on as the others do', () =>
    fc.assert(
      fc.property(histories(60), histories(60), (before, after) => {
        const keeper = start().live(before);
        const frozen = freeze(keeper.books);
        const other = new Adopting(memory, thawed(frozen, [...frozen.texts(200)]));
        frozen.thaw();
        other.nowMs = keeper.nowMs;
        const earlier = [...keeper.journal];
        other.live(after, 1_000, earlier);
        keeper.live(after, 1_000);
        expect(other.journal).toEqual(keeper.journal.slice(earlier.length));
        expect(wholeState(other.own)).toEqual(wholeState(keeper.books));
      }),
      { numRuns: 100 },
    ));
});

describe('a snapshot', () => {
  it('tells amounts exactly, however large', () => {
    const keeper = start();
    const most = Number.MAX_SAFE_INTEGER;
    keeper.facts(...[1, 2, 3].map(() => captured([split('provider:x', 'platform:A', most)])));
    const frozen = freeze(keeper.books);
    expect(thawed(frozen, frozen.texts(1_000)).balance('platform:A', 'CNY').posted).toBe(3n * BigInt(most));
  });

  it('of nothing is none', () => expect(() => freeze(new Books())).toThrow('nothing'));

  it('that lacks a part is none', () => {
    const frozen = freeze(start().facts(captured([split('provider:x', 'platform:A', 10)])).books);
    const texts = [...frozen.texts(10)];
    const without = (part: string) => texts.filter((text) => !text.startsWith(`{"part":"${part}"`));
    expect(() => thawed(frozen, without('firstEntries'))).toThrow('end at event none');
    const another = texts.findIndex((text) => text.includes('provider:x'));
    expect(() => thawed(frozen, texts.toSpliced(another, 1))).toThrow('sum to');
  });

  it('keeps what is written in it: whoever changes this, or what a fold keeps, raises its version', () => {
    const keeper = start({ endedHolds: 10, outcomes: 10 });
    keeper.write([
      {
        command: { command: 'OpenAccount', commandId: 'o', account: 'fund:1', currencies: ['CNY'], metadata: [{ name: 'a', value: 'b' }] },
      },
    ]);
    keeper.write([{ command: { command: 'SetLimits', commandId: 'l', account: 'platform:A', currency: 'CNY', minimumBalanceMinor: -50 } }]);
    keeper.facts(captured([split('provider:x', 'platform:A', 100)]));
    keeper.write([{ command: postEntry('p', [transfer('platform:A', 'hub:fees', 30)]) }]);
    keeper.write([{ command: placeHold('h', 'platform:A', 20, { expiresAt: '2026-01-01T01:00:00.000Z' }) }]);
    keeper.write([{ command: placeHold('e', 'platform:A', 5) }, { command: { command: 'VoidHold', commandId: 'v', holdId: 'e' } }]);
    keeper.write([{ command: postEntry('q', [transfer('hub:fees', 'platform:A', 7)], 1) }]);
    expect(keeper.journal.flatMap(({ outcomes }) => outcomes.filter(({ result }) => result === 'refused'))).toEqual([]);
    const parts = [...freeze(keeper.books).texts(10_000)].map((text) => JSON.parse(text) as Part);
    expect(parts.filter(({ part }) => part !== 'outcomes')).toEqual([
      {
        part: 'balances',
        currency: 'CNY',
        rows: [
          ['provider:x', -100, 0, 0, 0],
          ['platform:A', 77, 20, 0, 77],
          ['hub:fees', 23, 0, 0, 0],
        ],
      },
      { part: 'limits', currency: 'CNY', rows: [['platform:A', -50, null]] },
      {
        part: 'statuses',
        rows: ['platform:A', 'platform:B', 'creator:K', 'fund:1'].map((account) => [account, 'open']),
      },
      { part: 'details', rows: [['fund:1', { currencies: ['CNY'], metadata: [{ name: 'a', value: 'b' }] }]] },
      {
        part: 'holds',
        rows: [
          { ...hold('h', 20), expiresAt: '2026-01-01T01:00:00.000Z', status: 'placed' },
          { ...hold('e', 5), status: 'voided' },
        ],
      },
      { part: 'endedHolds', rows: ['e'] },
      { part: 'corrections', rows: [[1, 'corrected']] },
      { part: 'firstEntries', rows: [0, 0, 0, 0, 1, 1, 0, 0] },
    ]);
    const outcomes = parts.flatMap((each) => (each.part === 'outcomes' ? each.rows : []));
    const [, , posted, placed, , voided] = outcomes;
    expect(outcomes).toHaveLength(7);
    expect(posted?.toSpliced(1, 1)).toEqual(['p', 'PostEntry', 'note', 'accepted', 0, 1]);
    expect(placed?.toSpliced(1, 1)).toEqual(['place h', 'PlaceHold', 'h', 'accepted', 'ref h', null, null, 'payment']);
    expect(voided?.toSpliced(1, 1)).toEqual(['v', 'VoidHold', 'e', 'accepted']);
  });
});
