import { describe, expect, it } from '@jest/globals';
import type { BankLineExplanationEvent, DepositEvent } from '@tongbao/contracts';
import { lineDepositFold, type LineDeposit } from './line-deposit.js';
import { bankLineFold, decideBankLine, mayExplain, type BankLineCommand, type LineState } from './bank-line.js';

const line = { bank: 'icbc', lineId: 'l1', amountMinor: 700, currency: 'CNY' };
const explanation = { ...line, account: 'platform:A', note: 'its own reference' };
const saidBy = { by: 'operator:fin', proposedAt: '' };
const proposed: BankLineExplanationEvent = { type: 'BankLineExplanationProposed', proposalId: 'p1', ...explanation, ...saidBy };
/** Of before proposals had names. */
const unnamed: BankLineExplanationEvent = { type: 'BankLineExplanationProposed', ...explanation, ...saidBy };
const claimed: BankLineExplanationEvent = {
  ...{ type: 'BankLineClaimed', bank: 'icbc', lineId: 'l1', depositId: 'dep_l1', proposalId: 'd1', by: 'operator:boss', claimedAt: '' },
};
const free: LineDeposit = { isAssigned: false, proposed: undefined, rejected: new Set() };
const rejected: BankLineExplanationEvent = {
  type: 'BankLineExplanationRejected',
  bank: 'icbc',
  lineId: 'l1',
  note: 'no',
  by: 'operator:boss',
  rejectedAt: '',
};
const explained: BankLineExplanationEvent = {
  ...{ type: 'BankLineExplained', ...explanation, proposedBy: 'operator:fin', by: 'operator:boss', explainedAt: '' },
  transfers: [{ from: 'hub:suspense', to: 'platform:A', amountMinor: 700, kind: 'bank-line-explained' }],
};
const propose = (account = 'platform:A', change: object = {}): BankLineCommand => ({
  ...{ type: 'ProposeExplanation', proposalId: 'p1', line, account, note: 'its own reference', by: 'operator:fin', now: '' },
  ...{ accountExists: true, deposit: free },
  ...change,
});
const reject: BankLineCommand = { type: 'RejectExplanation', note: 'no', by: 'operator:boss', now: '' };
const approve = (by = 'operator:boss', change: object = {}): BankLineCommand => ({
  ...{ type: 'ApproveExplanation', proposalId: 'p1', by, now: '', accountExists: true, deposit: free },
  ...change,
});
const unknown = { accountExists: false };
const assigned = { deposit: { ...free, isAssigned: true } };
const released = { deposit: { ...free, rejected: new Set(['d1']) } };

const after = (...events: BankLineExplanationEvent[]): LineState => events.reduce(bankLineFold.evolve, bankLineFold.initial);

describe('a line of our bank that nobody could explain', () => {
  it.each<[string, BankLineExplanationEvent[], BankLineCommand, unknown]>([
    ['may be explained', [], propose(), { events: [proposed] }],
    [
      'is not explained otherwise while that waits',
      [proposed],
      propose('user:m:wallet', { proposalId: 'p2' }),
      { refused: 'state_conflict' },
    ],
    ['is not explained again while that waits', [proposed], propose('platform:A', { proposalId: 'p2' }), { refused: 'state_conflict' }],
    ['is explained once by one command', [proposed], propose(), { events: [] }],
    [
      'may be explained otherwise after a rejection',
      [proposed, rejected],
      propose('hub:fees'),
      { events: [{ ...proposed, account: 'hub:fees' }] },
    ],
    ['does not belong to a party that nobody registered', [], propose('platform:AA', unknown), { refused: 'account_not_found' }],
    ['does not belong to what is no account', [], propose('platform:A ', unknown), { refused: 'account_not_allowed' }],
    ["is not explained where it is a party's prefunded money", [], propose('platform:A', assigned), { refused: 'state_conflict' }],
    ['is not explained where it is claimed', [claimed], propose(), { refused: 'state_conflict' }],
    ['is explained where it was claimed in vain', [claimed], propose('platform:A', released), { events: [proposed] }],
    ['does not belong to any account', [], propose('transit:po_1'), { refused: 'account_not_allowed' }],
    ['is explained once', [proposed, explained], propose('transit:po_1'), { refused: 'state_conflict' }],
    ['is not rejected before somebody explained it', [], reject, { refused: 'state_conflict' }],
    ['may be rejected', [proposed], reject, { events: [rejected] }],
    ['is not approved before somebody explained it', [], approve(), { refused: 'state_conflict' }],
    ['is not approved after it was rejected', [proposed, rejected], approve(), { refused: 'state_conflict' }],
    ['is not approved by who explained it', [proposed], approve('operator:fin'), { refused: 'four_eyes' }],
    ['is not approved as something else', [proposed], approve('operator:boss', { proposalId: 'p0' }), { refused: 'state_conflict' }],
    ['is not approved where it is claimed meanwhile', [proposed, claimed], approve(), { refused: 'state_conflict' }],
    [
      'is not approved where one of two claims holds',
      [proposed, claimed, { ...claimed, proposalId: 'd2' }],
      approve('operator:boss', released),
      { refused: 'state_conflict' },
    ],
    [
      "is not approved where it is a party's prefunded money",
      [proposed],
      approve('operator:boss', assigned),
      { refused: 'state_conflict' },
    ],
    ['is not approved for a party that nobody registered', [proposed], approve('operator:fin', unknown), { refused: 'account_not_found' }],
    ['is not approved for what is no account', [{ ...proposed, account: 'platform:' }], approve(), { refused: 'account_not_allowed' }],
    ['leaves suspense', [proposed], approve(), { events: [explained] }],
    [
      'leaves suspense by a proposal without a name',
      [unnamed],
      approve('operator:boss', { proposalId: 'unnamed' }),
      { events: [explained] },
    ],
    ['leaves suspense where it was claimed in vain', [proposed, claimed], approve('operator:boss', released), { events: [explained] }],
    ['leaves suspense once', [proposed, explained], approve(), { refused: 'state_conflict' }],
  ])('%s', (_, events, command, expected) => expect(decideBankLine(command, after(...events))).toEqual(expected));

  it('that took money out comes out of the account', () => {
    const out = { ...proposed, amountMinor: -700, account: 'hub:bank-fees' } as BankLineExplanationEvent;
    expect(decideBankLine(approve(), after(out))).toMatchObject({
      events: [{ transfers: [{ from: 'hub:bank-fees', to: 'hub:suspense', amountMinor: 700 }] }],
    });
  });

  it.each([
    ['platform:A', true],
    ['platform:', false],
    ['platform:A ', false],
    ['platform:A:B', false],
    ['creator:K', true],
    ['creator:K/x', false],
    ['user:u1:wallet', true],
    ['provider:alipay', true],
    ['hub:bank-fees', true],
    ['hub:losses', true],
    ['hub:fx', true],
    ['liquidity:platform:A', false],
    ['hub:suspense', false],
    ['bank:icbc', false],
    ['dispute:d1', false],
    ['user:u1', false],
    ['anything', false],
  ])('may be of %s: %s', (account, may) => expect(mayExplain(account)).toBe(may));
});

describe("what a deposit's stream says of a line", () => {
  const deposit = { depositId: 'dep_l1', bank: 'icbc', lineId: 'l1', party: 'platform:A', amountMinor: 700, currency: 'CNY' };
  const said = (proposalId?: string): DepositEvent => ({
    ...{ type: 'LiquidityAssignmentProposed', ...deposit, by: 'operator:fin', note: 'n', ...(proposalId !== undefined && { proposalId }) },
  });
  const dropped: DepositEvent = { type: 'LiquidityAssignmentRejected', ...deposit, by: 'operator:boss', reason: 'no' };
  const done: DepositEvent = { type: 'LiquidityAssigned', ...deposit, by: 'operator:boss' };

  it.each<[string, DepositEvent[], boolean, string[]]>([
    ['nothing', [], false, []],
    ['proposed', [said('d1')], false, []],
    ['rejected', [said('d1'), dropped], false, ['d1']],
    ['rejected, and another one proposed', [said('d1'), dropped, said('d2')], false, ['d1']],
    ['rejected, and proposed again, when proposals had no names', [said(), dropped, said()], false, []],
    ['assigned', [said('d1'), dropped, said('d2'), done], true, ['d1']],
  ])('%s', (_, events, isAssigned, rejectedIds) => {
    const state = events.reduce(lineDepositFold.evolve, lineDepositFold.initial);
    expect([state.isAssigned, [...state.rejected]]).toEqual([isAssigned, rejectedIds]);
  });
});
