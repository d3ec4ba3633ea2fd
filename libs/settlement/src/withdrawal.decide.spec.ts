import { describe, expect, it } from '@jest/globals';
import type { WithdrawalEvent } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { decideWithdrawal, type WithdrawalCommand, type WithdrawalRefusal } from './withdrawal.decide.js';
import { withdrawalFold, type WithdrawalStatus } from './withdrawal.js';

const now = '2026-02-01T00:00:00Z';
const reference = {
  withdrawalId: 'wdr_1',
  account: 'user:u1:wallet',
  amountMinor: 500,
  currency: 'CNY',
  bank: 'sandbox',
  requestedBy: 'platform:A',
};
const destination = { accountNumber: '6222', holder: 'U One', route: { bic: 'ICBKCNBJ' } };
const terms = { ...reference, ...destination };
const holdId = 'hold_wdr_1';
const requested = (hold = holdId): WithdrawalEvent => ({
  type: 'WithdrawalRequested',
  ...reference,
  ...destination,
  holdId: hold,
  requestedAt: now,
});
const held: WithdrawalEvent = { type: 'WithdrawalHeld', ...reference };
const refused: WithdrawalEvent = { type: 'WithdrawalRefused', ...reference, code: 'insufficient_funds' };
const approved = (by = 'operator:boss'): WithdrawalEvent => ({ type: 'WithdrawalApproved', ...reference, by });
const awaiting: WithdrawalEvent = { type: 'WithdrawalAwaitingFunds', ...reference };
const nowhere: WithdrawalEvent = { type: 'WithdrawalAwaitingAccount', ...reference };
const instructed = (attempt = 1, hold = holdId): WithdrawalEvent => ({
  type: 'WithdrawalInstructed',
  ...reference,
  ...destination,
  attempt,
  holdId: hold,
});
const confirmed: WithdrawalEvent = { type: 'WithdrawalConfirmed', ...reference, lineId: 'l1' };
const failed: WithdrawalEvent = { type: 'WithdrawalFailed', ...reference, code: 'account_closed' };
const gaveUp: WithdrawalEvent = { ...failed, code: 'declared_failed', by: 'operator:boss', note: 'lost' };
const returned: WithdrawalEvent = { type: 'WithdrawalReturned', ...reference, lineId: 'l2' };
const cancelled = (hold = {}): WithdrawalEvent => ({
  type: 'WithdrawalCancelled',
  ...reference,
  by: 'operator:fin',
  reason: 'asked twice',
  ...hold,
});

const histories: Record<'none' | WithdrawalStatus, WithdrawalEvent[]> = {
  none: [],
  requested: [requested()],
  held: [requested(), held],
  refused: [requested(), refused],
  awaiting_funds: [requested(), held, approved(), awaiting],
  awaiting_account: [requested(), held, approved(), nowhere],
  instructed: [requested(), held, approved(), instructed()],
  confirmed: [requested(), held, approved(), instructed(), confirmed],
  failed: [requested(), held, approved(), instructed(), failed],
  returned: [requested(), held, approved(), instructed(), confirmed, returned],
  cancelled: [requested(), held, cancelled({ holdId })],
};

const other = { accountNumber: '6333', holder: 'B Ltd' };
const elsewhere: WithdrawalEvent = { type: 'WithdrawalInstructed', ...reference, ...other, attempt: 1, holdId };
const line = { lineId: 'l1', amountMinor: -500, currency: 'CNY', accountNumber: '6222' };
const commands = {
  request: { type: 'RequestWithdrawal', terms, now },
  placed: { type: 'RecordHoldPlaced', holdId },
  holdRefused: { type: 'RecordHoldRefused', holdId, code: 'insufficient_funds' },
  approve: { type: 'ApproveWithdrawal', by: 'operator:boss' },
  again: { type: 'AskAgain', account: destination, by: 'operator:fin', now },
  instruct: { type: 'InstructWithdrawal', availableMinor: 500n },
  confirm: { type: 'RecordConfirmation', line },
  fail: { type: 'RecordFailure', attempt: 1, code: 'account_closed' },
  declare: { type: 'DeclareFailed', by: 'operator:boss', note: 'lost' },
  takeBack: { type: 'RecordReturn', line: { ...line, lineId: 'l2', amountMinor: 500 } },
  cancel: { type: 'CancelWithdrawal', by: 'operator:fin', reason: 'asked twice' },
} satisfies Record<string, WithdrawalCommand>;
type CommandName = keyof typeof commands;

const given = (history: WithdrawalEvent[]) => ({
  when: (command: WithdrawalCommand) => ({
    then: (expected: Decision<WithdrawalEvent, WithdrawalRefusal>) =>
      expect(decideWithdrawal(command, history.reduce(withdrawalFold.evolve, withdrawalFold.initial))).toEqual(expected),
  }),
});

/** What each command does in each state: nothing, as its work is done; one event; or a refusal. */
const table: Record<'none' | WithdrawalStatus, Record<CommandName, WithdrawalEvent[] | WithdrawalRefusal>> = {
  none: {
    request: [requested()],
    placed: 'not_found',
    holdRefused: 'not_found',
    approve: 'not_found',
    again: 'not_found',
    instruct: 'not_found',
    confirm: 'no_such_payout',
    fail: 'not_found',
    declare: 'not_found',
    takeBack: 'no_such_payout',
    cancel: 'not_found',
  },
  requested: {
    request: [],
    placed: [held],
    holdRefused: [refused],
    approve: [approved()],
    again: 'state_conflict',
    instruct: 'state_conflict',
    confirm: 'not_instructed',
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: 'not_confirmed',
    // A hold could still be placed that nobody would void.
    cancel: 'state_conflict',
  },
  held: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [approved()],
    again: 'state_conflict',
    // It waits for somebody's leave.
    instruct: [],
    confirm: 'not_instructed',
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: 'not_confirmed',
    cancel: [cancelled({ holdId })],
  },
  refused: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [approved()],
    again: [requested('hold2_wdr_1')],
    instruct: 'state_conflict',
    confirm: 'not_instructed',
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: 'not_confirmed',
    cancel: [cancelled()],
  },
  awaiting_funds: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [],
    again: 'state_conflict',
    instruct: [instructed()],
    confirm: 'not_instructed',
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: 'not_confirmed',
    cancel: [cancelled({ holdId })],
  },
  awaiting_account: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [],
    again: 'state_conflict',
    instruct: [instructed()],
    confirm: 'not_instructed',
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: 'not_confirmed',
    cancel: [cancelled({ holdId })],
  },
  instructed: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [],
    again: 'state_conflict',
    instruct: [],
    confirm: [confirmed],
    fail: [failed],
    declare: [gaveUp],
    takeBack: 'not_confirmed',
    cancel: 'state_conflict',
  },
  confirmed: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [],
    again: 'state_conflict',
    instruct: 'state_conflict',
    confirm: [],
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: [returned],
    cancel: 'state_conflict',
  },
  failed: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [],
    again: [requested('hold2_wdr_1')],
    instruct: 'state_conflict',
    confirm: 'not_instructed',
    fail: [],
    declare: 'state_conflict',
    takeBack: 'not_confirmed',
    cancel: [cancelled()],
  },
  returned: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: [],
    again: 'state_conflict',
    instruct: 'state_conflict',
    // The line that confirmed it, read twice.
    confirm: [],
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: [],
    cancel: 'state_conflict',
  },
  cancelled: {
    request: [],
    placed: [],
    holdRefused: [],
    approve: 'state_conflict',
    again: 'state_conflict',
    instruct: 'state_conflict',
    confirm: 'not_instructed',
    fail: 'state_conflict',
    declare: 'state_conflict',
    takeBack: 'not_confirmed',
    cancel: [],
  },
};

const cases = Object.entries(table).flatMap(([status, row]) =>
  Object.entries(row).map(([name, outcome]) => [status, name, outcome] as [keyof typeof table, CommandName, typeof outcome]),
);

describe('a withdrawal', () => {
  it.each(cases)('that is %s: %s', (status, name, outcome) =>
    given(histories[status])
      .when(commands[name])
      .then(typeof outcome === 'string' ? { refused: outcome } : { events: outcome }),
  );

  it.each<[string, WithdrawalEvent[], WithdrawalCommand, WithdrawalEvent[]]>([
    ['small enough needs nobody’s leave', [], { ...commands.request, approvedBy: 'automatic' }, [requested(), approved('automatic')]],
    ['is instructed with leave and cash', [requested(), held, approved()], commands.instruct, [instructed()]],
    ['with leave that came first, too', [requested(), approved(), held], commands.instruct, [instructed()]],
    [
      'waits where cash is short of a minor unit',
      [requested(), held, approved()],
      { ...commands.instruct, availableMinor: 499n },
      [awaiting],
    ],
    ['that waits goes on waiting', histories.awaiting_funds, { ...commands.instruct, availableMinor: 499n }, []],
    [
      'of liquidity whose account has been ended goes to the one that serves instead',
      [requested(), held, approved()],
      { ...commands.instruct, account: other },
      [elsewhere],
    ],
    [
      'whose account has been ended waits where there is no other one',
      [requested(), held, approved()],
      { ...commands.instruct, account: null },
      [nowhere],
    ],
    ['that waits for an account goes on waiting', histories.awaiting_account, { ...commands.instruct, account: null }, []],
    [
      'that was instructed elsewhere is confirmed by the line of there',
      [requested(), held, approved(), elsewhere],
      { ...commands.confirm, line: { ...line, accountNumber: '6333' } },
      [confirmed],
    ],
    [
      'keeps its leave when it is asked for again',
      [...histories.failed, requested('hold2_wdr_1'), held],
      commands.instruct,
      [instructed(2, 'hold2_wdr_1')],
    ],
    ['passes over a late answer to the first ask', [...histories.refused, requested('hold2_wdr_1')], commands.holdRefused, []],
  ])('%s', (_, history, command, events) => given(history).when(command).then({ events }));

  it.each<[WithdrawalRefusal, string, WithdrawalEvent[], WithdrawalCommand]>([
    ['four_eyes', 'leave of whoever asks', [requested()], { ...commands.approve, by: 'platform:A' }],
    [
      'state_conflict',
      'leave of a second person, once there is one',
      histories.awaiting_funds,
      { ...commands.approve, by: 'operator:kim' },
    ],
    [
      'four_eyes',
      'another try by whoever says that the bank never will pay',
      [...histories.instructed, gaveUp],
      { ...commands.again, by: 'operator:boss' },
    ],
    [
      'idempotency_key_reused',
      'another amount under the same id',
      histories.held,
      { ...commands.request, terms: { ...terms, amountMinor: 1 } },
    ],
    [
      'idempotency_key_reused',
      'another account under the same id',
      histories.held,
      { ...commands.request, terms: { ...terms, account: 'hub:fees' } },
    ],
    ['amount_differs', 'a line of another amount', histories.instructed, { ...commands.confirm, line: { ...line, amountMinor: -499 } }],
    ['currency_differs', 'a line in another currency', histories.instructed, { ...commands.confirm, line: { ...line, currency: 'USD' } }],
    [
      'account_differs',
      'a line to another account',
      histories.instructed,
      { ...commands.confirm, line: { ...line, accountNumber: '6333' } },
    ],
    ['line_repeats', 'a second line', histories.confirmed, { ...commands.confirm, line: { ...line, lineId: 'l9' } }],
  ])('refuses with %s: %s', (refusal, _, history, command) => given(history).when(command).then({ refused: refusal }));
});

describe('a withdrawal that a refused line has named', () => {
  const lateLine: WithdrawalEvent = { type: 'WithdrawalLineRefused', ...reference, lineId: 'l7', code: 'not_instructed' };
  const again: WithdrawalCommand = { type: 'AskAgain', account: destination, now };
  const state_conflict = { refused: 'state_conflict' } as const;
  const decide = (command: WithdrawalCommand, history: WithdrawalEvent[]) =>
    decideWithdrawal(command, history.reduce(withdrawalFold.evolve, withdrawalFold.initial));

  it.each<[string, WithdrawalEvent[], WithdrawalCommand, ReturnType<typeof decideWithdrawal>]>([
    ['remembers it', histories.failed, { type: 'RecordRefusedLine', lineId: 'l7', code: 'not_instructed' }, { events: [lateLine] }],
    ['may have been paid: it is not asked for again', [...histories.failed, lateLine], again, state_conflict],
    [
      'is asked for again by who names the line',
      [...histories.failed, lateLine],
      { ...again, despite: ['l7'] },
      { events: [requested('hold2_wdr_1')] },
    ],
    [
      'is not instructed when the line comes after it was asked for again',
      [...histories.failed, requested('hold2_wdr_1'), held, lateLine],
      { type: 'InstructWithdrawal', availableMinor: 1_000_000n },
      state_conflict,
    ],
  ])('%s', (_, history, command, decision) => expect(decide(command, history)).toEqual(decision));
});
