import { describe, expect, it } from '@jest/globals';
import type { ReconciliationStarted } from '@tongbao/contracts';
import { builtInTerms } from './terms.js';
import type { RunEvent } from './facts.js';
import { areSameBills, dayFold, openRun, type DayState } from './run.js';
import { decideRun, type RunCommand, type StartRun } from './run.decide.js';

const started = {
  ...{ provider: 'wechatpay', day: '2026-03-01', from: '', to: '' },
  bills: [
    { bill: 'fund' as const, billId: 'b2' },
    { bill: 'trade' as const, billId: 'b1' },
  ],
  terms: builtInTerms('wechatpay')!,
  ...{ afterPosition: '0', throughPosition: '9', requestedBy: 'hub', startedAt: '' },
};
const start: StartRun = { type: 'StartRun', ...started };
const first: ReconciliationStarted = {
  ...{ type: 'ReconciliationStarted', ...started, runId: 'wechatpay_2026-03-01_1', number: 1 },
  bills: [started.bills[1]!, started.bills[0]!],
};
const reference = { runId: first.runId, provider: 'wechatpay', day: '2026-03-01' };
const report = { matched: 1, lines: [], totals: [], differences: [], breaks: [], explained: 0, takenIn: { carried: 0, open: 0 }, fees: [] };
const completed: RunEvent = { type: 'ReconciliationCompleted', ...reference, report, carried: 0, carriedDigest: 'd', completedAt: '' };
const failed: RunEvent = { type: 'ReconciliationFailed', ...reference, code: 'too_many_breaks', detail: '', failedAt: '' };
const carried: RunEvent = { type: 'LinesCarried', ...reference, first: 0, lines: [] };
const complete: RunCommand = { type: 'CompleteRun', runId: first.runId, report, carried: 0, carriedDigest: 'd', now: '' };
const fail: RunCommand = { type: 'FailRun', runId: first.runId, code: 'too_many_breaks', detail: '', now: '' };

const after = (...events: RunEvent[]): DayState => events.reduce(dayFold.evolve, dayFold.initial);

describe('a day of a provider', () => {
  it.each<[string, RunEvent[], RunCommand, unknown]>([
    ['is compared, its bills in order', [], start, { events: [first] }],
    ['is not compared without a bill', [], { ...start, bills: [] }, { refused: 'invalid' }],
    ['is compared by one run at a time', [first], start, { refused: 'state_conflict' }],
    ['is compared by one run at a time, also while that carries', [first, carried], start, { refused: 'state_conflict' }],
    [
      'is compared again when that has ended',
      [first, completed],
      start,
      { events: [{ ...first, runId: 'wechatpay_2026-03-01_2', number: 2 }] },
    ],
    [
      'is compared again when that has failed',
      [first, failed],
      start,
      { events: [{ ...first, runId: 'wechatpay_2026-03-01_2', number: 2 }] },
    ],
    ['is not ended before it began', [], complete, { refused: 'state_conflict' }],
    ['is not ended by another run', [first], { ...complete, runId: 'x' }, { refused: 'state_conflict' }],
    ['ends', [first], complete, { events: [completed] }],
    ['ends after what it carries', [first, carried], complete, { events: [completed] }],
    ['ends once', [first, completed], complete, { events: [] }],
    ['fails', [first], fail, { events: [failed] }],
    ['does not fail when it has ended', [first, completed], fail, { events: [] }],
    ['carries lines', [first], { type: 'CarryLines', runId: first.runId, first: 0, lines: [] }, { events: [carried] }],
    ['carries nothing when it has ended', [first, failed], { type: 'CarryLines', runId: first.runId, first: 0, lines: [] }, { events: [] }],
  ])('%s', (_, events, command, expected) => expect(decideRun(command, after(...events))).toEqual(expected));

  it('knows which run is under way', () => {
    expect([openRun(after()), openRun(after(first)), openRun(after(first, completed))]).toEqual([undefined, first, undefined]);
  });

  it('has the same bills in whichever order', () => {
    expect(areSameBills(first.bills, started.bills)).toBe(true);
    expect(areSameBills(first.bills, [{ bill: 'trade', billId: 'b1' }])).toBe(false);
    expect(areSameBills(first.bills, [started.bills[0]!, { bill: 'trade', billId: 'b3' }])).toBe(false);
  });
});
