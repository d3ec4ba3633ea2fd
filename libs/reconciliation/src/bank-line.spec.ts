import { describe, expect, it } from '@jest/globals';
import type { BankLineExplanationEvent } from '@tongbao/contracts';
import { bankLineFold, decideBankLine, mayExplain, type BankLineCommand, type LineState } from './bank-line.js';

const line = { bank: 'icbc', lineId: 'l1', amountMinor: 700, currency: 'CNY' };
const explanation = { ...line, account: 'platform:A', note: 'its own reference' };
const proposed: BankLineExplanationEvent = { type: 'BankLineExplanationProposed', ...explanation, by: 'operator:fin', proposedAt: '' };
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
const propose = (account = 'platform:A'): BankLineCommand => ({
  ...{ type: 'ProposeExplanation', line, account, note: 'its own reference', by: 'operator:fin', now: '' },
});
const reject: BankLineCommand = { type: 'RejectExplanation', note: 'no', by: 'operator:boss', now: '' };
const approve = (by = 'operator:boss'): BankLineCommand => ({ type: 'ApproveExplanation', by, now: '' });

const after = (...events: BankLineExplanationEvent[]): LineState => events.reduce(bankLineFold.evolve, bankLineFold.initial);

describe('a line of our bank that nobody could explain', () => {
  it.each<[string, BankLineExplanationEvent[], BankLineCommand, unknown]>([
    ['may be explained', [], propose(), { events: [proposed] }],
    ['may be explained otherwise', [proposed], propose('hub:bank-fees'), { events: [{ ...proposed, account: 'hub:bank-fees' }] }],
    ['does not belong to any account', [], propose('transit:po_1'), { refused: 'account_not_allowed' }],
    ['is explained once', [proposed, explained], propose('transit:po_1'), { refused: 'state_conflict' }],
    ['is not rejected before somebody explained it', [], reject, { refused: 'state_conflict' }],
    ['may be rejected', [proposed], reject, { events: [rejected] }],
    ['is not approved before somebody explained it', [], approve(), { refused: 'state_conflict' }],
    ['is not approved after it was rejected', [proposed, rejected], approve(), { refused: 'state_conflict' }],
    ['is not approved by who explained it', [proposed], approve('operator:fin'), { refused: 'four_eyes' }],
    ['leaves suspense', [proposed], approve(), { events: [explained] }],
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
    ['creator:K', true],
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
