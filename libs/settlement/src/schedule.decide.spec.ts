import { describe, expect, it } from '@jest/globals';
import type { CalendarSet, SettlementModelSet } from '@tongbao/contracts';
import { china2026 } from '../test/china-2026.js';
import { beginOf, whatIsDue, type ClosedWindow, type DueAction, type OpenWindow, type Scheduled } from './schedule.decide.js';

const model = (change: Partial<SettlementModelSet> = {}): SettlementModelSet => ({
  ...{ type: 'SettlementModelSet', name: 'daily', currency: 'CNY', version: 1, by: 'hub', setAt: '2026-01-01T00:00:00Z' },
  ...{ granularity: 'net', interchange: 'multilateral', delay: 'deferred' },
  ...{ minimumPayoutMinor: 0, collection: 'carry', automaticApprovalUpToMinor: 0 },
  ...change,
});
const daily = { cron: '0 23 * * *', timeZone: 'Asia/Shanghai' }; // 15:00 UTC
const inChina = { schedule: { ...daily, calendar: 'cn' } };
const calendar: CalendarSet = {
  type: 'CalendarSet',
  name: 'cn',
  version: 1,
  ...china2026,
  by: 'operator:fin',
  setAt: '2026-01-01T00:00:00Z',
};

const open = (closedBefore: string | undefined, change: Partial<OpenWindow> = {}): OpenWindow => ({
  ...{ windowId: 'daily_CNY_000003', model: 'daily', currency: 'CNY', openedAt: '2026-02-01T00:00:00Z', facts: 0 },
  before: closedBefore === undefined ? undefined : { closedAt: closedBefore, isThrough: true },
  ...change,
});
const closed = (sequence: number, closedAt: string, terms = model(), change: Partial<ClosedWindow> = {}): ClosedWindow => ({
  ...{ windowId: `daily_CNY_00000${sequence}`, model: 'daily', currency: 'CNY', closedAt, terms, before: undefined },
  ...change,
});

/** What is due of a model at a time, reckoned from its last closing. */
function due(now: string, of: { terms?: SettlementModelSet; open?: OpenWindow; closed?: readonly ClosedWindow[] }): DueAction[] {
  const scheduled: Scheduled = {
    model: of.terms ?? model(),
    open: of.open,
    closed: of.closed ?? [],
    calendars: new Map([['cn', calendar]]),
  };
  return whatIsDue(scheduled, new Date(now), beginOf(scheduled));
}
const close = (by: 'schedule' | 'immediate') => ({ type: 'close', windowId: 'daily_CNY_000003', by });
const settle = (sequences: readonly number[], by: 'schedule' | 'immediate' = 'schedule') => ({
  type: 'settle',
  windowIds: sequences.map((sequence) => `daily_CNY_00000${sequence}`),
  by,
});

describe('a window with a schedule', () => {
  const terms = model({ schedule: daily });
  it('is closed when its time has come, and not before', () => {
    const window = open('2026-03-01T15:00:00Z');
    expect(due('2026-03-02T14:59:59Z', { terms, open: window })).toEqual([]);
    expect(due('2026-03-02T15:00:00Z', { terms, open: window })).toEqual([close('schedule')]);
  });
  it('is closed once, however many times have gone by', () => {
    expect(due('2026-03-09T03:00:00Z', { terms, open: open('2026-03-01T15:00:00Z') })).toEqual([close('schedule')]);
    expect(due('2026-03-09T03:00:01Z', { terms, open: open('2026-03-09T03:00:00Z') })).toEqual([]);
  });
  it('counts from its opening, as the first one', () => {
    const first = open(undefined, { openedAt: '2026-03-02T10:00:00Z' });
    expect(due('2026-03-02T14:00:00Z', { terms, open: first })).toEqual([]);
    expect(due('2026-03-02T15:00:00Z', { terms, open: first })).toEqual([close('schedule')]);
  });
  it('is not closed for times before the schedule was set', () => {
    const later = model({ schedule: daily, setAt: '2026-03-05T10:00:00Z' });
    expect(due('2026-03-05T11:00:00Z', { terms: later, open: open('2026-03-01T15:00:00Z') })).toEqual([]);
    expect(due('2026-03-05T15:00:00Z', { terms: later, open: open('2026-03-01T15:00:00Z') })).toEqual([close('schedule')]);
  });
  it('is closed whatever has become of the settlement before it', () => {
    const window = open(undefined, { before: { closedAt: '2026-03-01T15:00:00Z', isThrough: false } });
    expect(due('2026-03-02T15:00:00Z', { terms, open: window })).toEqual([close('schedule')]);
  });
  it('is closed empty, too', () =>
    expect(due('2026-03-02T15:00:00Z', { terms, open: open('2026-03-01T15:00:00Z', { facts: 0 }) })).toEqual([close('schedule')]));
  it('with a calendar is closed on the next day with business', () => {
    const window = open('2026-02-14T15:00:00Z'); // the Saturday before nine days of holidays
    expect(due('2026-02-23T15:00:00Z', { terms: model(inChina), open: window })).toEqual([]);
    expect(due('2026-02-24T15:00:00Z', { terms: model(inChina), open: window })).toEqual([close('schedule')]);
  });
  it('stops where its calendar is not there', () =>
    expect(() =>
      due('2026-02-24T15:00:00Z', { terms: model({ schedule: { ...daily, calendar: 'de' } }), open: open('2026-02-14T15:00:00Z') }),
    ).toThrow('there is no calendar de'));
});

describe('a window without a schedule', () => {
  it('is left to be closed by hand', () =>
    expect(due('2030-01-01T00:00:00Z', { open: open('2026-03-01T15:00:00Z', { facts: 9 }) })).toEqual([]));
});

describe('a window of an immediate model', () => {
  const terms = model({ delay: 'immediate' });
  const now = '2026-03-02T00:00:00Z';
  it('is closed as soon as there is something in it', () => {
    expect(due(now, { terms, open: open('2026-03-01T15:00:00Z', { facts: 0 }) })).toEqual([]);
    expect(due(now, { terms, open: open('2026-03-01T15:00:00Z', { facts: 1 }) })).toEqual([close('immediate')]);
    expect(due(now, { terms, open: open(undefined, { facts: 1 }) })).toEqual([close('immediate')]);
  });
  it('waits for the one before it, and gathers what comes meanwhile', () => {
    const before = { closedAt: '2026-03-01T15:00:00Z', isThrough: false };
    expect(due(now, { terms, open: open(undefined, { facts: 7, before }) })).toEqual([]);
  });
  it('is settled at once', () => expect(due(now, { terms, closed: [closed(1, now, terms)] })).toEqual([settle([1], 'immediate')]));
});

describe('a settlement', () => {
  const after2 = model({ settleAfterDays: 2, schedule: daily });
  it('is asked for after its days', () => {
    expect(due('2026-03-03T14:59:59Z', { closed: [closed(1, '2026-03-01T15:00:00Z', after2)] })).toEqual([]);
    expect(due('2026-03-03T15:00:00Z', { closed: [closed(1, '2026-03-01T15:00:00Z', after2)] })).toEqual([settle([1])]);
  });
  it('takes all windows that are due, in their order, and leaves the others', () => {
    const windows = [
      closed(1, '2026-03-01T15:00:00Z', after2),
      closed(2, '2026-03-02T15:00:00Z', after2),
      closed(3, '2026-03-03T15:00:00Z', after2),
    ];
    expect(due('2026-03-04T16:00:00Z', { closed: windows })).toEqual([settle([1, 2])]);
  });
  it('takes windows before one that is due with it, though a clock that has jumped put them in the future', () => {
    const windows = [closed(1, '2027-01-01T00:00:00Z', after2), closed(2, '2026-03-02T15:00:00Z', after2)];
    expect(due('2026-03-04T16:00:00Z', { closed: windows })).toEqual([settle([1, 2])]);
  });
  it('takes windows of an earlier version, which was settled by hand, together with those that follow it', () => {
    const windows = [closed(1, '2026-03-01T15:00:00Z', model()), closed(2, '2026-03-02T15:00:00Z', after2)];
    expect(due('2026-03-04T16:00:00Z', { closed: windows })).toEqual([settle([1, 2])]);
  });
  it('is left to be asked for by hand where there are no days', () =>
    expect(due('2027-01-01T00:00:00Z', { closed: [closed(1, '2026-03-01T15:00:00Z')] })).toEqual([]));
  it('waits while the window before it is unsettled', () => {
    const before = { closedAt: '2026-03-01T15:00:00Z', isThrough: false };
    expect(due('2026-03-09T16:00:00Z', { closed: [closed(2, '2026-03-02T15:00:00Z', after2, { before })] })).toEqual([]);
    expect(
      due('2026-03-09T16:00:00Z', { closed: [closed(2, '2026-03-02T15:00:00Z', after2, { before: { ...before, isThrough: true } })] }),
    ).toEqual([settle([2])]);
  });
  it('counts days with business', () => {
    const windows = [closed(1, '2026-02-13T15:00:00Z', model({ ...inChina, settleAfterDays: 1 }))];
    expect(due('2026-02-14T14:00:00Z', { closed: windows })).toEqual([]);
    expect(due('2026-02-14T15:00:00Z', { closed: windows })).toEqual([settle([1])]); // a Saturday that is worked
  });
  it('counts days of UTC without a schedule', () => {
    const windows = [closed(1, '2026-03-01T15:00:00Z', model({ settleAfterDays: 0 }))];
    expect(due('2026-03-01T15:00:00Z', { closed: windows })).toEqual([settle([1])]);
  });
  it('takes a hundred windows at most', () => {
    const many = Array.from({ length: 150 }, (_, index) => closed(index, '2026-03-01T15:00:00Z', after2));
    const [action] = due('2026-04-01T00:00:00Z', { closed: many });
    expect(action?.type === 'settle' && action.windowIds).toHaveLength(100);
  });
  it('comes before the next closing', () => {
    const terms = model({ schedule: daily, settleAfterDays: 0 });
    const actions = due('2026-03-03T15:00:00Z', {
      terms,
      open: open('2026-03-02T15:00:00Z'),
      closed: [closed(2, '2026-03-02T15:00:00Z', terms)],
    });
    expect(actions).toEqual([settle([2]), close('schedule')]);
  });
});
