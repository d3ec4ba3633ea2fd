import { describe, expect, it } from '@jest/globals';
import type { BreakEvent, Transfer } from '@tongbao/contracts';
import fc from 'fast-check';
import { breakFold, breakIdOf, differenceOf, saysTheSame, type BreakContent, type BreakState } from './break.js';
import { accountsFor, decideBreak, type BreakCommand } from './break.decide.js';

const says = (amountMinor: number, side: 'events' | 'trade' | 'fund' = 'trade') => ({
  ...{
    side,
    amountMinor,
    feeMinor: 6,
    currency: 'CNY',
    status: 'succeeded',
    at: '2026-03-01T01:00:00.000Z',
    providerRef: 'r',
    ourKey: 'k',
  },
});
const content: BreakContent = {
  ...{ breakId: 'brk_1', provider: 'alipay', day: '2026-03-01', kind: 'amount_differs', subject: 'payment:k', movement: 'payment' },
  ...{ ourKey: 'k', providerRef: 'r', on: ['trade'], says: [says(1_000, 'events'), says(1_005)] },
  differences: [{ side: 'trade', currency: 'CNY', amountMinor: 5, feeMinor: 0 }],
  occurredAt: '2026-03-01T01:00:00.000Z',
};
const otherwise: BreakContent = {
  ...content,
  says: [says(1_000, 'events'), says(1_003)],
  differences: [{ side: 'trade', currency: 'CNY', amountMinor: 3, feeMinor: 0 }],
};
const found: BreakEvent = { type: 'BreakFound', ...content, runId: 'r1', foundAt: '' };
const explained: BreakEvent = { type: 'BreakExplained', breakId: 'brk_1', runId: 'r2', day: '2026-03-02', explainedAt: '' };
const resolved: BreakEvent = { type: 'BreakResolved', breakId: 'brk_1', note: 'n', by: 'operator:fin', resolvedAt: '' };
const loss: Transfer = { from: 'provider:alipay', to: 'hub:suspense', amountMinor: 5, kind: 'reconciliation-correction' };
const correction = { breakId: 'brk_1', currency: 'CNY', transfers: [loss], note: 'n' };
const proposed: BreakEvent = { type: 'BreakCorrectionProposed', proposalId: 'p1', ...correction, by: 'operator:fin', proposedAt: '' };
/** Of before proposals had names. */
const unnamed: BreakEvent = { type: 'BreakCorrectionProposed', ...correction, by: 'operator:fin', proposedAt: '' };
const rejected: BreakEvent = { type: 'BreakCorrectionRejected', breakId: 'brk_1', note: 'no', by: 'operator:boss', rejectedAt: '' };
const corrected: BreakEvent = {
  type: 'BreakCorrected',
  ...correction,
  proposedBy: 'operator:fin',
  by: 'operator:boss',
  correctedAt: 'now',
};
const assigned: BreakEvent = { type: 'BreakAssigned', breakId: 'brk_1', owner: 'jo', by: 'operator:fin', assignedAt: 'now' };
const commented: BreakEvent = { type: 'BreakCommented', breakId: 'brk_1', text: 't', by: 'operator:fin', commentedAt: 'now' };

const after = (...events: BreakEvent[]): BreakState => events.reduce(breakFold.evolve, breakFold.initial);

const find = (of = content, day = '2026-03-01'): BreakCommand => ({ type: 'RecordFound', content: of, runId: 'r9', day, now: 'now' });
const explain: BreakCommand = { type: 'RecordExplained', runId: 'r2', day: '2026-03-02', now: '' };
const assign: BreakCommand = { type: 'AssignBreak', owner: 'jo', by: 'operator:fin', now: 'now' };
const comment: BreakCommand = { type: 'CommentBreak', text: 't', by: 'operator:fin', now: 'now' };
const resolve: BreakCommand = { type: 'ResolveBreak', note: 'n', by: 'operator:fin', now: '' };
const propose = (change: object = {}): BreakCommand => ({
  ...{ type: 'ProposeCorrection', proposalId: 'p1', currency: 'CNY', transfers: [loss], note: 'n', by: 'operator:fin', now: '' },
  ...change,
});
const reject: BreakCommand = { type: 'RejectCorrection', note: 'no', by: 'operator:boss', now: '' };
const approve = (by = 'operator:boss', proposalId = 'p1'): BreakCommand => ({ type: 'ApproveCorrection', proposalId, by, now: 'now' });

const again = { runId: 'r9', foundAt: 'now' };

describe('a break', () => {
  it.each<[string, BreakEvent[], BreakCommand, unknown]>([
    ['is found', [], find(), { events: [{ type: 'BreakFound', ...content, ...again }] }],
    ['that is found again is the same', [found], find(), { events: [] }],
    ['that is found otherwise has changed', [found], find(otherwise), { events: [{ type: 'BreakChanged', ...otherwise, ...again }] }],
    [
      'keeps its first day',
      [found],
      find({ ...otherwise, day: '2026-03-02' }),
      { events: [{ type: 'BreakChanged', ...otherwise, ...again }] },
    ],
    ['that a note has settled stays so', [found, resolved], find(), { events: [] }],
    [
      'that a note has settled is open when it is another one',
      [found, resolved],
      find(otherwise),
      { events: [{ type: 'BreakFound', ...otherwise, ...again }] },
    ],
    ['that was corrected stays so', [found, proposed, corrected], find(), { events: [] }],
    [
      'that was corrected is open when it is another one',
      [found, proposed, corrected],
      find(otherwise),
      { events: [{ type: 'BreakFound', ...otherwise, ...again }] },
    ],
    ['that another day explained is not found by its own', [found, explained], find(), { events: [] }],
    [
      'is open again when the day that explained it does so no more',
      [found, explained],
      find(content, '2026-03-02'),
      { events: [{ type: 'BreakFound', ...content, ...again }] },
    ],

    ['is explained', [found], explain, { events: [explained] }],
    ['is explained once', [found, explained], explain, { events: [] }],
    ['that is settled is not explained any more', [found, resolved], explain, { events: [] }],
    ['that there is not is not explained', [], explain, { refused: 'not_found' }],

    ['is assigned', [found], assign, { events: [assigned] }],
    ['is assigned once', [found, assigned], assign, { events: [] }],
    ['that there is not is not assigned', [], assign, { refused: 'not_found' }],
    ['is written about, also when it is settled', [found, resolved], comment, { events: [commented] }],
    ['that there is not is not written about', [], comment, { refused: 'not_found' }],

    ['is settled with a note', [found], resolve, { events: [resolved] }],
    ['is settled with a note though a correction waits', [found, proposed], resolve, { events: [resolved] }],
    ['is settled once', [found, resolved], resolve, { refused: 'state_conflict' }],
    ['that is explained needs no note', [found, explained], resolve, { refused: 'state_conflict' }],
    ['that is corrected needs no note', [found, corrected], resolve, { refused: 'state_conflict' }],
    ['that there is not is not settled', [], resolve, { refused: 'not_found' }],

    ['that there is not is not corrected', [], propose(), { refused: 'not_found' }],
    ['that is settled is not corrected', [found, resolved], propose({ transfers: [] }), { refused: 'state_conflict' }],
    ['that is corrected is not corrected again', [found, corrected], propose(), { refused: 'state_conflict' }],
    ['is not corrected by nothing', [found], propose({ transfers: [] }), { refused: 'invalid' }],
    [
      'is not corrected by eleven transfers',
      [found],
      propose({ transfers: Array.from({ length: 11 }, () => loss) }),
      { refused: 'invalid' },
    ],
    [
      'is not corrected by a transfer of nothing',
      [found],
      propose({ transfers: [{ ...loss, amountMinor: 0, to: loss.from }] }),
      { refused: 'amount_not_positive' },
    ],
    [
      'is not corrected by less than nothing',
      [found],
      propose({ transfers: [{ ...loss, amountMinor: -5 }] }),
      { refused: 'amount_not_positive' },
    ],
    [
      'is not corrected to the same account',
      [found],
      propose({ currency: 'USD', transfers: [{ ...loss, to: loss.from }] }),
      { refused: 'same_account' },
    ],
    [
      'is not corrected in another currency',
      [found],
      propose({ currency: 'USD', transfers: [{ ...loss, to: 'platform:A' }] }),
      { refused: 'currency_mismatch' },
    ],
    [
      "is not corrected to a party's account",
      [found],
      propose({ transfers: [{ ...loss, to: 'platform:A', amountMinor: 99 }] }),
      { refused: 'account_not_allowed' },
    ],
    [
      "is not corrected to another provider's account",
      [found],
      propose({ transfers: [{ ...loss, from: 'provider:stripe' }] }),
      { refused: 'account_not_allowed' },
    ],
    [
      'is not corrected by more than what differs',
      [found],
      propose({ transfers: [{ ...loss, amountMinor: 6 }] }),
      { refused: 'exceeds_difference' },
    ],
    [
      'is not corrected by more than what differs, in parts',
      [found],
      propose({ transfers: [loss, { ...loss, amountMinor: 1 }] }),
      { refused: 'exceeds_difference' },
    ],
    ['may be corrected', [found], propose(), { events: [proposed] }],
    ['is proposed to be corrected once by one command', [found, proposed], propose(), { events: [] }],
    [
      'is not corrected otherwise while that waits',
      [found, proposed],
      propose({ proposalId: 'p2', note: 'other' }),
      { refused: 'state_conflict' },
    ],
    ['is not corrected again while that waits', [found, proposed], propose({ proposalId: 'p2' }), { refused: 'state_conflict' }],
    [
      'may be corrected otherwise after a rejection',
      [found, proposed, rejected],
      propose({ proposalId: 'p2', note: 'other' }),
      { events: [{ ...proposed, proposalId: 'p2', note: 'other' }] },
    ],

    ['that nobody proposed to correct is not rejected', [found], reject, { refused: 'state_conflict' }],
    ['is not corrected when it is rejected', [found, proposed], reject, { events: [rejected] }],
    ['that nobody proposed to correct is not approved', [found], approve(), { refused: 'state_conflict' }],
    ['that was rejected is not approved', [found, proposed, rejected], approve(), { refused: 'state_conflict' }],
    [
      'that changed meanwhile is not approved',
      [found, proposed, { type: 'BreakChanged', ...otherwise, ...again }],
      approve(),
      { refused: 'state_conflict' },
    ],
    ['that was explained meanwhile is not approved', [found, proposed, explained], approve(), { refused: 'state_conflict' }],
    ['is not corrected as nobody has seen it', [found, proposed], approve('operator:boss', 'p0'), { refused: 'state_conflict' }],
    ['is not corrected by one pair of eyes', [found, proposed], approve('operator:fin'), { refused: 'four_eyes' }],
    ['is corrected', [found, proposed], approve(), { events: [corrected] }],
    ['is corrected by a proposal without a name', [found, unnamed], approve('operator:boss', 'unnamed'), { events: [corrected] }],
    ['is corrected once', [found, proposed, corrected], approve(), { refused: 'state_conflict' }],
  ])('%s', (_, events, command, expected) => expect(decideBreak(command, after(...events))).toEqual(expected));

  it('keeps its owner when it is open again', () => {
    expect(after(found, assigned, explained, found)).toMatchObject({ status: 'open', owner: 'jo' });
  });

  it('has the same name in every run, and another for each side that has it twice', () => {
    const of = (change: Partial<BreakContent>) => breakIdOf({ ...content, ...change });
    expect(of({ on: ['trade', 'fund'], says: [] })).toBe(breakIdOf(content));
    expect(of({ kind: 'duplicate', on: ['trade'] })).not.toBe(of({ kind: 'duplicate', on: ['fund'] }));
    expect(new Set([of({}), of({ kind: 'missing_here' }), of({ subject: 'x' }), of({ provider: 'stripe' })]).size).toBe(4);
  });

  it('says the same wherever its lines stand', () => {
    expect(saysTheSame(content, { ...content, says: content.says.toReversed().map((line) => ({ ...line, line: 7, file: 'f' })) })).toBe(
      true,
    );
    expect(saysTheSame(content, { ...content, on: ['fund'] })).toBe(false);
    expect(saysTheSame(content, { ...content, extra: { count: 1, lines: [] } })).toBe(false);
  });
});

describe('a correction', () => {
  const kinds = ['missing_at_provider', 'missing_here', 'amount_differs', 'status_differs', 'fee_differs', 'duplicate'] as const;

  it.each(kinds)('of %s moves money between the provider and the hub alone', (kind) => {
    for (const movement of ['payment', 'refund', 'fee', 'payout', 'dispute', 'adjustment'] as const) {
      const accounts = [...accountsFor({ kind, movement, provider: 'alipay' })];
      expect(accounts).toContain('provider:alipay');
      for (const account of accounts) expect(account).toMatch(/^(provider:alipay|hub:(suspense|losses|provider-fees))$/);
    }
  });

  it('of a fee is a cost, never a matter of suspense', () => {
    expect([...accountsFor({ kind: 'fee_differs', movement: 'payment', provider: 'alipay' })].sort()).toEqual([
      'hub:losses',
      'hub:provider-fees',
      'provider:alipay',
    ]);
  });

  it('never comes to more than what differs', () => {
    const amount = fc.integer({ min: -1_000_000, max: 1_000_000 });
    const difference = fc.record({
      side: fc.constantFrom('trade' as const, 'fund' as const),
      currency: fc.constantFrom('CNY', 'USD'),
      amountMinor: amount,
      feeMinor: amount,
    });
    const amounts = fc.array(fc.integer({ min: 1, max: 500_000 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(difference, { maxLength: 4 }), amounts, (differences, moved) => {
        const state = after({ ...found, differences });
        const transfers = moved.map((amountMinor) => ({ ...loss, amountMinor }));
        const decision = decideBreak(propose({ transfers }), state);
        const most = differenceOf({ ...content, differences }).get('CNY');
        const sum = moved.reduce((all, each) => all + each, 0);
        expect('events' in decision).toBe(most !== undefined && sum <= most);
      }),
    );
  });

  it('of a movement whose status differs may be the whole of it', () => {
    expect(differenceOf({ ...content, differences: [] })).toEqual(new Map([['CNY', 1_005]]));
  });
});
