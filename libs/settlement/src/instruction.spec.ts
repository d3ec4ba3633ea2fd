import { describe, expect, it } from '@jest/globals';
import type { InstructionEvent } from '@tongbao/contracts';
import {
  decideInstruction,
  instructionFold,
  statusOf,
  withdrawnCode,
  type InstructionCommand,
  type InstructionRefusal,
} from './instruction.js';

const what = { direction: 'payout' as const, amountMinor: 900, currency: 'EUR', accountNumber: 'a', holder: 'h', reference: 'r' };
const taken = (attempt = 1): InstructionEvent => ({
  type: 'InstructionTaken',
  ...{ key: 'p1', bank: 'main', attempt, ...what, endToEndId: 'p1', takenAt: 'now' },
});
const about = (attempt: number) => ({ key: 'p1', bank: 'main', attempt });
const rejected = (attempt = 1): InstructionEvent => ({ type: 'InstructionRejected', ...about(attempt), code: 'AC04', fileId: 'f' });
const withdrawn = (attempt = 1): InstructionEvent => ({ type: 'InstructionWithdrawn', ...about(attempt), by: 'operator:fin', reason: 'x' });
const take = (attempt = 1): InstructionCommand => ({
  type: 'TakeInstruction',
  ...{ bank: 'main', instruction: { key: 'p1', attempt, ...what }, endToEndId: 'p1', now: 'now' },
});
const reject = (attempt = 1): InstructionCommand => ({ type: 'RejectInstruction', key: 'p1', attempt, code: 'AC04', fileId: 'f' });
const withdraw = (attempt = 1): InstructionCommand => ({
  type: 'WithdrawInstruction',
  key: 'p1',
  attempt,
  by: 'operator:fin',
  reason: 'x',
});
const state = (history: InstructionEvent[]) => history.reduce(instructionFold.evolve, instructionFold.initial);

describe('an instruction', () => {
  it.each<[string, InstructionEvent[], InstructionCommand, InstructionEvent[]]>([
    ['is taken', [], take(), [taken()]],
    ['is taken once', [taken()], take(), []],
    ['is taken anew as the next attempt', [taken(), rejected()], take(2), [taken(2)]],
    ['is not taken anew as the attempt that failed', [taken(), rejected()], take(), []],
    ['is rejected', [taken()], reject(), [rejected()]],
    ['is rejected once', [taken(), rejected()], reject(), []],
    ['passes over what is said of an earlier attempt', [taken(), rejected(), taken(2)], reject(), []],
    ['that was withdrawn too late is rejected', [taken(), withdrawn()], reject(), [rejected()]],
    ['is withdrawn', [taken()], withdraw(), [withdrawn()]],
  ])('%s', (_, history, command, events) => expect(decideInstruction(command, state(history))).toEqual({ events }));

  it.each<[InstructionRefusal, string, InstructionEvent[], InstructionCommand]>([
    ['not_found', 'a rejection of nothing', [], reject()],
    ['not_found', 'a withdrawal of nothing', [], withdraw()],
    ['state_conflict', 'a withdrawal of what was rejected', [taken(), rejected()], withdraw()],
    ['state_conflict', 'a second withdrawal', [taken(), withdrawn()], withdraw()],
    ['state_conflict', 'a withdrawal of an earlier attempt', [taken(), rejected(), taken(2)], withdraw()],
  ])('refuses with %s: %s', (refused, _, history, command) => expect(decideInstruction(command, state(history))).toEqual({ refused }));

  it.each<[string, InstructionEvent[], number, boolean, ReturnType<typeof statusOf>]>([
    ['unknown, of nothing', [], 1, false, 'unknown'],
    ['accepted once it is taken', [taken()], 1, false, 'accepted'],
    ['unknown, of the next attempt', [taken(), rejected()], 2, false, 'unknown'],
    ['accepted, of an earlier one', [taken(), rejected(), taken(2)], 1, false, 'accepted'],
    ['rejected with the bank’s code', [taken(), rejected()], 1, false, { rejected: 'AC04' }],
    ['rejected as withdrawn', [taken(), withdrawn()], 1, false, { rejected: withdrawnCode }],
    ['accepted where it was withdrawn too late', [taken(), withdrawn()], 1, true, 'accepted'],
  ])('is %s', (_, history, attempt, isInRun, expected) => expect(statusOf(state(history), attempt, isInRun)).toEqual(expected));
});
