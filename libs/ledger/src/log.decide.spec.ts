import { describe, expect, it } from '@jest/globals';
import { decideCheckpoint, type LogVerdict, type LogView } from './log.decide.js';

const origin = 'hub.example/log';
const signed = { origin, size: 10, rootHash: 'ten', journalRevision: 4, isOfThisKey: true };
const tree = { size: 12, rootHash: 'twelve', journalRevision: 6 };

const given = (view: Partial<LogView>) => ({
  then: (verdict: LogVerdict['verdict'], alarm?: string) => {
    const found = decideCheckpoint({ origin, ...view });
    expect([found.verdict, 'alarm' in found ? found.alarm : undefined]).toEqual([verdict, alarm]);
  },
});

describe('a tree is signed', () => {
  it.each<[string, Partial<LogView>]>([
    ['for the first time', { tree, history: 'continued' }],
    ['when it continues what was signed last', { signed, tree, history: 'continued' }],
    ['when it continues that, and the journal is as long as it says', { signed, tree, journalRevision: 6, history: 'continued' }],
    ['once more when the key has changed', { signed: { ...signed, isOfThisKey: false }, tree: { ...signed, journalRevision: 5 } }],
  ])('%s', (_, view) => given(view).then('sign'));
});

describe('nothing is signed', () => {
  it.each<[string, Partial<LogView>, LogVerdict['verdict']]>([
    ['of an empty journal', {}, 'nothing_new'],
    ['when the journal has gone on without an entry', { signed, tree: { ...signed, journalRevision: 9 } }, 'nothing_new'],
    ['while the tables are made from the beginning', { signed }, 'behind'],
    ['while they have not come to what was signed', { signed, tree: { size: 3, rootHash: 'three', journalRevision: 2 } }, 'behind'],
    ['while they have come to its journal event less one', { signed, tree: { ...tree, size: 9, journalRevision: 3 } }, 'behind'],
  ])('%s', (_, view, verdict) => given(view).then(verdict));
});

describe('people are called', () => {
  it.each<[string, string, Partial<LogView>]>([
    ['rolled_back', 'when there are fewer entries than were signed', { signed, tree: { ...tree, size: 9 } }],
    ['rolled_back', 'when the journal ends before what was signed', { signed, journalRevision: 3 }],
    ['rolled_back', 'when there is no journal any more', { signed, journalRevision: null }],
    ['rolled_back', 'when the tables know more of the journal than there is', { tree, journalRevision: 5, history: 'continued' }],
    ['forked', 'when as many entries have another root', { signed, tree: { ...signed, rootHash: 'other', journalRevision: 4 } }],
    ['forked', 'when the tree does not continue what was signed', { signed, tree, history: 'forked' }],
    ['tiles_damaged', 'when the tiles do not make the root', { signed, tree, history: 'tiles_damaged' }],
    ['tiles_damaged', 'when they do not for the first time', { tree, history: 'tiles_damaged' }],
    ['origin_differs', 'when another log was signed here', { signed: { ...signed, origin: 'other.example' }, tree, history: 'continued' }],
  ])('%s: %s', (alarm, _, view) => given(view).then('alarm', alarm));
});

it('a tree that has grown is not decided on unseen', () => expect(() => decideCheckpoint({ origin, signed, tree })).toThrow(/looked at/));
