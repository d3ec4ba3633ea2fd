import type { ProblemCode, WithdrawalEvent } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { isAboutLine, isKnownLine, isOverlooked, refusalOfLine, type LineCommand, type LineRefusal } from './bank-line.claim.js';
import type { OrderCommand } from './bank-order.js';
import { declaredFailed } from './payout.decide.js';
import { holdIdOf, payoutAccountOf, type PayoutAccount } from './payout.js';
import type { Withdrawal, WithdrawalState, WithdrawalStatus, WithdrawalTerms } from './withdrawal.js';

export type WithdrawalCommand =
  | OrderCommand
  /** @property approvedBy the settings that give leave at once: `automatic` */
  | { type: 'RequestWithdrawal'; terms: WithdrawalTerms; approvedBy?: 'automatic'; now: string }
  | { type: 'ApproveWithdrawal'; by: string }
  /** @property account see Means */
  | { type: 'InstructWithdrawal'; availableMinor: bigint; account?: PayoutAccount | null }
  | { type: 'CancelWithdrawal'; by: string; reason: string };

/** Why a command is refused. The order of `refusalOf` is the order of precedence: the first that applies answers. */
export type WithdrawalRefusal = Extract<ProblemCode, 'not_found' | 'idempotency_key_reused' | 'state_conflict' | 'four_eyes'> | LineRefusal;

/** Decides a command on a withdrawal. One that finds its work done changes nothing and is no error, so that every step can be run again. */
export function decideWithdrawal(command: WithdrawalCommand, state: WithdrawalState): Decision<WithdrawalEvent, WithdrawalRefusal> {
  if (command.type === 'RequestWithdrawal') return decideRequest(command, state);
  if (state.status === 'none') return { refused: isAboutLine(command) ? 'no_such_payout' : 'not_found' };
  if (isDone(command, state)) return { events: [] };
  const refused = refusalOf(command, state);
  return refused ? { refused } : { events: outcomeOf(command, state) };
}

type LaterCommand = Exclude<WithdrawalCommand, { type: 'RequestWithdrawal' }>;

function decideRequest(
  { terms, approvedBy, now }: Extract<WithdrawalCommand, { type: 'RequestWithdrawal' }>,
  state: WithdrawalState,
): Decision<WithdrawalEvent, WithdrawalRefusal> {
  if (state.status !== 'none') return isSameRequest(terms, state) ? { events: [] } : { refused: 'idempotency_key_reused' };
  const leave: WithdrawalEvent[] = approvedBy ? [{ type: 'WithdrawalApproved', ...referenceOf(terms), by: approvedBy }] : [];
  return { events: [requested(terms, 1, now), ...leave] };
}

function isSameRequest(one: WithdrawalTerms, other: WithdrawalTerms): boolean {
  return one.account === other.account && one.amountMinor === other.amountMinor && one.currency === other.currency;
}

function refusalOf(command: LaterCommand, state: Withdrawal): WithdrawalRefusal | undefined {
  if (isAboutLine(command)) return refusalOfLine(command, { ...state, direction: 'payout' });
  if (!isAllowed(command, state)) return 'state_conflict';
  if (command.type === 'ApproveWithdrawal' && command.by === state.requestedBy) return 'four_eyes';
  // Whoever says that the bank never will pay may not have it paid once more.
  return command.type === 'AskAgain' && command.by !== undefined && command.by === state.declaredBy ? 'four_eyes' : undefined;
}

/** The ledger holds its amount, and it is not instructed. */
const waiting: readonly WithdrawalStatus[] = ['held', 'awaiting_funds', 'awaiting_account'];

const is = (state: Withdrawal, statuses: readonly WithdrawalStatus[]): boolean => statuses.some((status) => status === state.status);

function isAllowed(command: Exclude<LaterCommand, LineCommand>, state: Withdrawal): boolean {
  switch (command.type) {
    case 'RecordHoldPlaced':
    case 'RecordHoldRefused':
      return state.status === 'requested';
    case 'ApproveWithdrawal':
      return is(state, ['requested', 'refused', ...waiting]) && state.approvedBy === undefined;
    case 'AskAgain':
      return is(state, ['refused', 'failed']) && !isOverlooked(state.refusedLines, command.despite);
    case 'InstructWithdrawal':
      return is(state, waiting) && !isOverlooked(state.refusedLines);
    case 'RecordFailure':
    case 'DeclareFailed':
      return state.status === 'instructed';
    case 'RecordRefusedLine':
      return true;
    case 'CancelWithdrawal':
      // While the ledger's answer is out, a hold could still be placed that nobody would void.
      return is(state, ['refused', ...waiting, 'failed']);
    default:
      return command satisfies never;
  }
}

function isDone(command: LaterCommand, state: Withdrawal): boolean {
  switch (command.type) {
    case 'RecordHoldPlaced':
    case 'RecordHoldRefused':
      // A repeated answer, or one to an ask that has been answered and is long past.
      return state.status !== 'requested' || command.holdId !== state.holdId;
    case 'ApproveWithdrawal':
      return state.approvedBy === command.by;
    case 'AskAgain':
    case 'DeclareFailed':
      return false;
    case 'InstructWithdrawal':
      return state.status === 'instructed' || (is(state, waiting) && state.approvedBy === undefined);
    case 'RecordConfirmation':
    case 'RecordReturn':
      return isKnownLine(command, { ...state, direction: 'payout' });
    case 'RecordFailure':
      return state.status === 'failed' && state.attempt === command.attempt;
    case 'RecordRefusedLine':
      return state.refusedLines?.includes(command.lineId) ?? false;
    case 'CancelWithdrawal':
      return state.status === 'cancelled';
    default:
      return command satisfies never;
  }
}

function requested(terms: WithdrawalTerms, ask: number, now: string): WithdrawalEvent {
  const holdId = holdIdOf(terms.withdrawalId, ask);
  return { type: 'WithdrawalRequested', ...referenceOf(terms), ...payoutAccountOf(terms), holdId, requestedAt: now };
}

function outcomeOf(command: LaterCommand, state: Withdrawal): WithdrawalEvent[] {
  const reference = referenceOf(state);
  const { holdId } = state;
  switch (command.type) {
    case 'RecordHoldPlaced':
      return [{ type: 'WithdrawalHeld', ...reference }];
    case 'RecordHoldRefused':
      return [{ type: 'WithdrawalRefused', ...reference, code: command.code }];
    case 'ApproveWithdrawal':
      return [{ type: 'WithdrawalApproved', ...reference, by: command.by }];
    case 'AskAgain':
      return [requested({ ...reference, ...payoutAccountOf(command.account) }, state.asks + 1, command.now)];
    case 'InstructWithdrawal':
      if (command.account === null) return state.status === 'awaiting_account' ? [] : [{ type: 'WithdrawalAwaitingAccount', ...reference }];
      if (command.availableMinor < BigInt(state.amountMinor))
        return state.status === 'awaiting_funds' ? [] : [{ type: 'WithdrawalAwaitingFunds', ...reference }];
      return [
        { type: 'WithdrawalInstructed', ...reference, attempt: state.attempt + 1, holdId, ...payoutAccountOf(command.account ?? state) },
      ];
    case 'RecordConfirmation':
      return [{ type: 'WithdrawalConfirmed', ...reference, lineId: command.line.lineId }];
    case 'RecordFailure':
      return [{ type: 'WithdrawalFailed', ...reference, code: command.code }];
    case 'RecordRefusedLine':
      return [{ type: 'WithdrawalLineRefused', ...reference, lineId: command.lineId, code: command.code }];
    case 'DeclareFailed':
      return [{ type: 'WithdrawalFailed', ...reference, code: declaredFailed, by: command.by, note: command.note }];
    case 'RecordReturn':
      return [{ type: 'WithdrawalReturned', ...reference, lineId: command.line.lineId }];
    case 'CancelWithdrawal': {
      const { by, reason } = command;
      return [{ type: 'WithdrawalCancelled', ...reference, by, reason, ...(is(state, waiting) && { holdId }) }];
    }
    default:
      return command satisfies never;
  }
}

const referenceOf = ({ withdrawalId, account, amountMinor, currency, bank, requestedBy }: WithdrawalTerms) => ({
  withdrawalId,
  account,
  amountMinor,
  currency,
  bank,
  requestedBy,
});
