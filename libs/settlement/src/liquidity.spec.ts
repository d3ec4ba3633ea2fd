import { describe, expect, it } from '@jest/globals';
import type { BankLineClaimed, BankLineExplanationEvent, DepositEvent, PositionEvent } from '@tongbao/contracts';
import {
  assignmentFold,
  decideAssignment,
  decideDeposit,
  depositorOf,
  depositsFold,
  type AssignmentCommand,
  type AssignmentRefusal,
} from './liquidity.js';
import { decideClaim, lineClaimFold } from './line-claim.js';

describe('the reference of a line', () => {
  it.each([
    ['LIQ platform:A', 'platform:A'],
    ['liq PLATFORM.A', 'platform:A'],
    ['LIQ creator K_1', 'creator:K_1'],
    ['invoice 7 LIQ platform:A.B-2 for March', 'platform:A.B-2'],
    ['', undefined],
    ['LIQUIDITY platform:A', undefined],
    ['XLIQ platform:A', undefined],
    ['LIQ hub:fees', undefined],
    ['LIQ platform:', undefined],
    ['LIQ platform:A/B', undefined],
    [`LIQ platform:${'A'.repeat(65)}`, undefined],
  ])('%j names %j', (reference, party) => expect(depositorOf(reference)).toBe(party));
});

describe('a deposit', () => {
  const line = { sequence: 7, lineId: 'l7', amountMinor: 900, currency: 'USD', accountNumber: 'acc', reference: '', bookedAt: '' };
  const received: PositionEvent = {
    type: 'LiquidityReceived',
    party: 'platform:A',
    amountMinor: 900,
    currency: 'USD',
    depositId: 'dep_l7',
    bank: 'main',
    lineId: 'l7',
  };
  const withheld: PositionEvent = {
    type: 'ReserveWithheld',
    party: 'platform:A',
    amountMinor: 1,
    currency: 'USD',
    settlementId: 's1',
    releaseAt: '',
  };
  const decided = (history: PositionEvent[]) =>
    decideDeposit('platform:A', 'main', line, history.reduce(depositsFold.evolve, depositsFold.initial));

  it('is received once for a line', () => {
    expect(decided([])).toEqual({ events: [received] });
    expect(decided([withheld])).toEqual({ events: [received] });
    expect(decided([received, withheld])).toEqual({ events: [] });
  });
});

describe('a line that waits in suspense', () => {
  const line = { bank: 'main', lineId: 'l7', amountMinor: 900, currency: 'USD' };
  const reference = { depositId: 'dep_l7', ...line, party: 'platform:A' };
  const said = { by: 'operator:jo', note: 'their mail' };
  const proposed: DepositEvent = { type: 'LiquidityAssignmentProposed', ...reference, proposalId: 'p1', ...said };
  /** Of before proposals had names. */
  const unnamed: DepositEvent = { type: 'LiquidityAssignmentProposed', ...reference, ...said };
  const rejected: DepositEvent = { type: 'LiquidityAssignmentRejected', ...reference, by: 'operator:kim', reason: 'no' };
  const assigned: DepositEvent = { type: 'LiquidityAssigned', ...reference, by: 'operator:kim' };
  const propose = (party: `platform:${string}` = 'platform:A', proposalId = 'p1'): AssignmentCommand => ({
    type: 'ProposeAssignment',
    proposalId,
    line,
    party,
    by: 'operator:jo',
    note: 'their mail',
  });
  const approve = (by = 'operator:kim', proposalId = 'p1'): AssignmentCommand => ({ type: 'ApproveAssignment', proposalId, by });
  const reject: AssignmentCommand = { type: 'RejectAssignment', by: 'operator:kim', reason: 'no' };
  const decided = (history: DepositEvent[], command: AssignmentCommand) =>
    decideAssignment(command, history.reduce(assignmentFold.evolve, assignmentFold.initial));

  it.each<[string, DepositEvent[], AssignmentCommand, DepositEvent[]]>([
    ['is said to be a party’s', [], propose(), [proposed]],
    ['is said so twice', [proposed], propose(), []],
    [
      'is said so again after a rejection',
      [proposed, rejected],
      propose('platform:B', 'p2'),
      [{ ...proposed, party: 'platform:B', proposalId: 'p2' }],
    ],
    ['is assigned by another person', [proposed], approve(), [assigned]],
    [
      'is assigned by another person, though the proposal is of before they had names',
      [unnamed],
      approve(undefined, 'unnamed'),
      [assigned],
    ],
    ['is assigned once', [proposed, assigned], approve(), []],
    ['is not assigned', [proposed], reject, [rejected]],
  ])('%s', (_, history, command, events) => expect(decided(history, command)).toEqual({ events }));

  it.each<[AssignmentRefusal, string, DepositEvent[], AssignmentCommand]>([
    ['state_conflict', 'another party while the first waits', [proposed], propose('platform:B', 'p2')],
    ['state_conflict', 'the same party by another command', [proposed], propose('platform:A', 'p2')],
    [
      'state_conflict',
      'an approval of what was rejected, once another waits',
      [proposed, rejected, proposed],
      approve('operator:kim', 'p0'),
    ],
    ['state_conflict', 'an approval that names another, by whoever said so', [proposed], approve('operator:jo', 'p0')],
    ['state_conflict', 'an approval of another once it is assigned', [proposed, assigned], approve('operator:kim', 'p0')],
    ['state_conflict', 'a party once it is assigned', [proposed, assigned], propose('platform:B')],
    ['not_found', 'an approval of nothing', [], approve()],
    ['not_found', 'an approval of what was rejected', [proposed, rejected], approve()],
    ['not_found', 'a rejection of nothing', [], reject],
    ['state_conflict', 'a rejection once it is assigned', [proposed, assigned], reject],
    ['state_conflict', 'a second person’s approval once it is assigned', [proposed, assigned], approve('operator:lee')],
    ['four_eyes', 'an approval by whoever said so', [proposed], approve('operator:jo')],
  ])('refuses with %s: %s', (refused, _, history, command) => expect(decided(history, command)).toEqual({ refused }));
});

describe('a claim of a line', () => {
  const claim = { bank: 'main', lineId: 'l7', depositId: 'dep_l7', proposalId: 'p1', by: 'operator:kim', claimedAt: '' };
  const claimed: BankLineClaimed = { type: 'BankLineClaimed', ...claim };
  const said = { bank: 'main', lineId: 'l7', amountMinor: 900, currency: 'USD', account: 'hub:fees', note: 'n' };
  const proposed: BankLineExplanationEvent = {
    type: 'BankLineExplanationProposed',
    ...said,
    proposalId: 'e1',
    by: 'operator:jo',
    proposedAt: '',
  };
  const explained: BankLineExplanationEvent = {
    ...{ type: 'BankLineExplained', ...said, transfers: [], proposedBy: 'operator:jo', by: 'operator:kim', explainedAt: '' },
  };

  it.each<[string, BankLineExplanationEvent[], unknown]>([
    ['is the first word', [], { events: [claimed] }],
    ['comes before an explanation that only waits', [proposed], { events: [claimed] }],
    ['is made once', [claimed], { events: [] }],
    ['is made after one whose proposal was rejected', [{ ...claimed, proposalId: 'p0' }], { events: [claimed] }],
    ['comes too late where it is explained', [proposed, explained], { refused: 'state_conflict' }],
  ])('%s', (_, history, expected) =>
    expect(decideClaim(claim, history.reduce(lineClaimFold.evolve, lineClaimFold.initial))).toEqual(expected),
  );
});
