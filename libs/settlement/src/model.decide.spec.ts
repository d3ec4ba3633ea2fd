import { describe, expect, it } from '@jest/globals';
import type { ModelEvent, SettlementModelTerms } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { decideModel, type ModelCommand, type ModelRefusal, type ProposeModel } from './model.decide.js';
import { modelProblem } from './model.rules.js';
import { modelFold } from './model.js';

const now = '2026-01-01T00:00:00Z';
const terms: SettlementModelTerms = {
  granularity: 'net',
  interchange: 'multilateral',
  delay: 'deferred',
  minimumPayoutMinor: 100,
  collection: 'debit',
  automaticApprovalUpToMinor: 0,
};
const daily = { cron: '0 23 * * *', timeZone: 'Asia/Shanghai' };
const other: SettlementModelTerms = {
  ...terms,
  schedule: { ...daily, calendar: 'cn' },
  settleAfterDays: 1,
  reserve: { basisPoints: 500, releaseAfterDays: 90 },
};

const proposed = (version: number, about = terms, by = 'operator:fin'): ModelEvent => ({
  ...{ type: 'SettlementModelProposed', name: 'daily', currency: 'CNY', version, ...about, by, proposedAt: now },
});
const set = (version: number, about = terms): ModelEvent => ({
  ...{
    type: 'SettlementModelSet',
    name: 'daily',
    currency: 'CNY',
    version,
    ...about,
    by: 'operator:fin',
    approvedBy: 'operator:boss',
    setAt: now,
  },
});
const first: ModelEvent = { type: 'SettlementModelSet', name: 'daily', currency: 'CNY', version: 1, ...terms, by: 'hub', setAt: now };

const propose = (about = terms, change: Partial<ProposeModel> = {}): ModelCommand => ({
  ...{ type: 'ProposeModel', name: 'daily', currency: 'CNY', terms: about, calendarExists: true, by: 'operator:fin', now },
  ...change,
});
const approve = (version: number, by = 'operator:boss'): ModelCommand => ({ type: 'ApproveModel', version, by, now });
const setFirst: ModelCommand = { type: 'SetFirstTerms', name: 'daily', currency: 'CNY', terms, now };

const given = (...history: ModelEvent[]) => ({
  when: (command: ModelCommand) => ({
    then: (expected: Decision<ModelEvent, ModelRefusal>) =>
      expect(decideModel(command, history.reduce(modelFold.evolve, modelFold.initial))).toEqual(expected),
  }),
});

describe('a model', () => {
  it('is proposed', () =>
    given()
      .when(propose())
      .then({ events: [proposed(1)] }));
  it('is set once somebody else has approved it', () =>
    given(proposed(1))
      .when(approve(1))
      .then({ events: [set(1)] }));
  it('gets another version for other terms', () =>
    given(proposed(1), set(1))
      .when(propose(other))
      .then({ events: [proposed(2, other)] }));
  it('is set to what was proposed last', () => {
    const earlier = [proposed(1), set(1), proposed(2, other)];
    const newest = { ...terms, minimumPayoutMinor: 500 };
    given(...earlier)
      .when(propose(newest))
      .then({ events: [proposed(3, newest)] });
    given(...earlier, proposed(3, newest))
      .when(approve(3))
      .then({ events: [set(3, newest)] });
  });
  it('proposed as it is, or as it is proposed already, stays as it is', () => {
    given(first).when(propose()).then({ events: [] });
    given(first, proposed(2, other)).when(propose(other)).then({ events: [] });
  });
  it('takes a proposal back by what counts already', () =>
    given(first, proposed(2, other))
      .when(propose(terms))
      .then({ events: [proposed(3)] }));
  it('approved again stays as it is', () => given(proposed(1), set(1)).when(approve(1)).then({ events: [] }));
  it('begins with the terms of the settings, where there is none', () => {
    given()
      .when(setFirst)
      .then({ events: [first] });
    given(first)
      .when({ ...setFirst, terms: other })
      .then({ events: [] });
    given(proposed(1, other))
      .when(setFirst)
      .then({ events: [{ ...first, version: 2 }] });
  });

  it.each<[ModelRefusal, string, ModelEvent[], ModelCommand]>([
    ['invalid', 'terms that contradict each other', [], propose({ ...terms, delay: 'immediate', schedule: daily })],
    ['invalid', 'before the calendar is looked for', [], propose({ ...terms, minimumPayoutMinor: -1 }, { calendarExists: false })],
    ['invalid', 'settings that nobody could propose', [], { ...setFirst, currency: 'XYZ' }],
    ['not_found', 'a calendar that there is not', [], propose(other, { calendarExists: false })],
    ['not_found', 'approving what nobody has proposed', [first], approve(2)],
    ['state_conflict', 'approving what is proposed no longer', [proposed(1), proposed(2, other)], approve(1)],
    ['state_conflict', 'before it is asked who approves', [proposed(1), proposed(2, other)], approve(1, 'operator:fin')],
    ['four_eyes', 'approving what one has proposed oneself', [proposed(1)], approve(1, 'operator:fin')],
  ])('is refused with %s: %s', (refused, _, history, command) =>
    given(...history)
      .when(command)
      .then({ refused }),
  );

  it.each<[string, string, Partial<SettlementModelTerms> & { name?: string; currency?: string }]>([
    ['currency', 'no currency of ISO 4217', { currency: 'XYZ' }],
    ['name', 'a capital letter', { name: 'Daily' }],
    ['name', 'a digit at the beginning', { name: '1daily' }],
    ['name', 'more than 31 characters', { name: 'a'.repeat(32) }],
    ['name', 'what parts a stream’s name', { name: 'daily_net' }],
    ['settleAfterDays', 'more than a year', { settleAfterDays: 367 }],
    ['settleAfterDays', 'half a day', { settleAfterDays: 0.5 }],
    ['schedule.timeZone', 'no time zone', { schedule: { ...daily, timeZone: 'Asia/Peking2' } }],
    ['schedule.cron', 'no pattern', { schedule: { ...daily, cron: 'daily' } }],
    ['minimumPayoutMinor', 'a negative minimum', { minimumPayoutMinor: -1 }],
    ['automaticApprovalUpToMinor', 'more than an amount may be', { automaticApprovalUpToMinor: 1_000_000_000_001 }],
    ['reserve.basisPoints', 'more than all of it', { reserve: { basisPoints: 10_001, releaseAfterDays: 1 } }],
    ['reserve.releaseAfterDays', 'a day before', { reserve: { basisPoints: 1, releaseAfterDays: -1 } }],
    ['schedule', 'an immediate model with a schedule', { delay: 'immediate', schedule: daily }],
    ['settleAfterDays', 'an immediate model that waits', { delay: 'immediate', settleAfterDays: 1 }],
    ['interchange', 'a gross model that nets pairs', { granularity: 'gross', interchange: 'bilateral' }],
  ])('is refused for its %s: %s', (field, _, { name = 'daily', currency = 'CNY', ...change }) =>
    expect(modelProblem(name, currency, { ...terms, ...change })?.field).toBe(field),
  );
  it.each<[string, Partial<SettlementModelTerms>]>([
    ['deferred net multilateral', {}],
    ['deferred net bilateral', { interchange: 'bilateral' }],
    ['immediate gross', { delay: 'immediate', granularity: 'gross', collection: 'liquidity' }],
    ['everything that there is', other],
    ['bounds', { settleAfterDays: 366, reserve: { basisPoints: 10_000, releaseAfterDays: 366 }, minimumPayoutMinor: 0 }],
  ])('may be %s', (_, change) => expect(modelProblem('a'.repeat(31), 'CNY', { ...terms, ...change })).toBeUndefined());
});
