import type { PayoutEvent, ProblemCode } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { isAboutLine, isKnownLine, isOverlooked, refusalOfLine, type LineCommand, type LineRefusal } from './bank-line.claim.js';
import type { OrderCommand } from './bank-order.js';
import {
  holdIdOf,
  payoutAccountOf,
  type Payout,
  type PayoutAccount,
  type PayoutState,
  type PayoutStatus,
  type PayoutTerms,
} from './payout.js';

export type PayoutCommand =
  | OrderCommand
  | { type: 'RequestPayout'; terms: PayoutTerms; now: string }
  /**
   * @property isProven a checkpoint of the transparency log covers what its settlement was checked against, or nobody asks for that
   * @property availableMinor cash at the bank, less what is on its way
   * @property account see Means
   */
  | { type: 'InstructPayout'; isProven: boolean; availableMinor: bigint; account?: PayoutAccount | null }
  /** @property despite lines that named it and were refused: whoever gives it up has seen them */
  | { type: 'CarryPayout'; model: string; by: string; despite?: readonly string[] };

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type PayoutRefusal = Extract<ProblemCode, 'not_found' | 'state_conflict' | 'four_eyes'> | LineRefusal;

/** What a payout fails with that nobody but an operator gives up. */
export const declaredFailed = 'declared_failed';

/** Decides a command on a payout. One that finds its work done changes nothing and is no error, so that every step can be run again. */
export function decidePayout(command: PayoutCommand, state: PayoutState): Decision<PayoutEvent, PayoutRefusal> {
  if (command.type === 'RequestPayout') return request(command, state);
  if (state.status === 'none') return { refused: isAboutLine(command) ? 'no_such_payout' : 'not_found' };
  if (isDone(command, state)) return { events: [] };
  const refused = refusalOf(command, state);
  return refused ? { refused } : { events: outcomeOf(command, state) };
}

/** @throws Error when the name is that of another payout, which must never pass for one that was asked for */
function request(
  { terms, now }: Extract<PayoutCommand, { type: 'RequestPayout' }>,
  state: PayoutState,
): Decision<PayoutEvent, PayoutRefusal> {
  if (state.status === 'none') return { events: [requested(terms, 1, now)] };
  const isSame = (['settlementId', 'party', 'direction', 'amountMinor', 'currency'] as const).every((term) => state[term] === terms[term]);
  if (!isSame) throw new Error(`${terms.payoutId} is another payout: ${JSON.stringify([referenceOf(state), referenceOf(terms)])}`);
  return { events: [] };
}

type LaterCommand = Exclude<PayoutCommand, { type: 'RequestPayout' }>;

function refusalOf(command: LaterCommand, state: Payout): PayoutRefusal | undefined {
  if (isAboutLine(command)) return refusalOfLine(command, state);
  if (!isAllowed(command, state)) return 'state_conflict';
  // Whoever says that the bank never will pay may not have it paid once more.
  const isOwnWord = (command.type === 'AskAgain' || command.type === 'CarryPayout') && command.by === state.declaredBy;
  return isOwnWord && state.declaredBy !== undefined ? 'four_eyes' : undefined;
}

/** The ledger holds its amount, and it is not instructed. */
const waiting: readonly PayoutStatus[] = ['held', 'awaiting_proof', 'awaiting_funds', 'awaiting_account'];

const is = (state: Payout, statuses: readonly PayoutStatus[]): boolean => statuses.some((status) => status === state.status);

function isAllowed(command: Exclude<LaterCommand, LineCommand>, state: Payout): boolean {
  const isCollection = state.direction === 'collection';
  switch (command.type) {
    case 'RecordHoldPlaced':
    case 'RecordHoldRefused':
      return !isCollection && state.status === 'requested';
    case 'AskAgain':
      // One that came back was taken under its key once and for all: it is carried, and the next settlement pays under another key.
      return is(state, ['refused', 'failed']) && !isOverlooked(state.refusedLines, command.despite);
    case 'InstructPayout':
      return (isCollection ? is(state, ['requested', 'awaiting_account']) : is(state, waiting)) && !isOverlooked(state.refusedLines);
    case 'RecordFailure':
    case 'DeclareFailed':
      return state.status === 'instructed';
    case 'RecordRefusedLine':
      return true;
    case 'CarryPayout':
      // While the ledger's answer is out, a hold could still be placed that nobody would void.
      if (isOverlooked(state.refusedLines, command.despite)) return false;
      return is(state, ['refused', ...waiting, 'failed', 'returned']) || (isCollection && state.status === 'requested');
    default:
      return command satisfies never;
  }
}

function isDone(command: LaterCommand, state: Payout): boolean {
  switch (command.type) {
    case 'RecordHoldPlaced':
    case 'RecordHoldRefused':
      // A repeated answer, or one to an ask that has been answered and is long past.
      return state.direction === 'payout' && (state.status !== 'requested' || command.holdId !== state.holdId);
    case 'AskAgain':
    case 'DeclareFailed':
      return false;
    case 'InstructPayout':
      return state.status === 'instructed';
    case 'RecordConfirmation':
    case 'RecordReturn':
      return isKnownLine(command, state);
    case 'RecordFailure':
      return state.status === 'failed' && state.attempt === command.attempt;
    case 'RecordRefusedLine':
      return state.refusedLines?.includes(command.lineId) ?? false;
    case 'CarryPayout':
      return state.status === 'carried';
    default:
      return command satisfies never;
  }
}

function requested(terms: PayoutTerms, ask: number, now: string): PayoutEvent {
  const hold = terms.direction === 'payout' && { holdId: holdIdOf(terms.payoutId, ask) };
  return { type: 'PayoutRequested', ...referenceOf(terms), ...payoutAccountOf(terms), ...hold, requestedAt: now };
}

function outcomeOf(command: LaterCommand, state: Payout): PayoutEvent[] {
  const reference = referenceOf(state);
  const hold = state.holdId !== undefined && { holdId: state.holdId };
  switch (command.type) {
    case 'RecordHoldPlaced':
      return [{ type: 'PayoutHeld', ...reference }];
    case 'RecordHoldRefused':
      return [{ type: 'PayoutRefused', ...reference, code: command.code }];
    case 'AskAgain':
      return [requested({ ...reference, ...payoutAccountOf(command.account) }, state.asks + 1, command.now)];
    case 'InstructPayout':
      if (command.account === null) return state.status === 'awaiting_account' ? [] : [{ type: 'PayoutAwaitingAccount', ...reference }];
      if (state.direction === 'payout' && !command.isProven) {
        return state.status === 'awaiting_proof' ? [] : [{ type: 'PayoutAwaitingProof', ...reference }];
      }
      if (state.direction === 'payout' && command.availableMinor < BigInt(state.amountMinor)) {
        return state.status === 'awaiting_funds' ? [] : [{ type: 'PayoutAwaitingFunds', ...reference }];
      }
      return [
        { type: 'PayoutInstructed', ...reference, attempt: state.attempt + 1, ...payoutAccountOf(command.account ?? state), ...hold },
      ];
    case 'RecordConfirmation':
      return [{ type: 'PayoutConfirmed', ...reference, lineId: command.line.lineId }];
    case 'RecordFailure':
      return [{ type: 'PayoutFailed', ...reference, code: command.code }];
    case 'RecordRefusedLine':
      return [{ type: 'PayoutLineRefused', ...reference, lineId: command.lineId, code: command.code }];
    case 'DeclareFailed':
      return [{ type: 'PayoutFailed', ...reference, code: declaredFailed, by: command.by, note: command.note }];
    case 'RecordReturn':
      return [{ type: 'PayoutReturned', ...reference, lineId: command.line.lineId }];
    case 'CarryPayout':
      return [{ type: 'PayoutCarried', ...reference, model: command.model, by: command.by, ...(is(state, waiting) && hold) }];
    default:
      return command satisfies never;
  }
}

const referenceOf = ({ payoutId, settlementId, party, direction, amountMinor, currency, bank }: PayoutTerms) => ({
  payoutId,
  settlementId,
  party,
  direction,
  amountMinor,
  currency,
  bank,
});
