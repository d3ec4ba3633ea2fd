import type { PayoutEvent, ProblemCode } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { holdIdOf, type Payout, type PayoutState, type PayoutStatus, type PayoutTerms } from './payout.js';

export type PayoutCommand =
  | { type: 'RequestPayout'; terms: PayoutTerms; now: string }
  | { type: 'RecordHoldPlaced'; holdId: string }
  | { type: 'RecordHoldRefused'; holdId: string; code: string }
  /** Again, to the account that the party has named by now. */
  | { type: 'AskAgain'; account: Pick<PayoutTerms, 'accountNumber' | 'holder'>; now: string }
  /**
   * @property isProven a checkpoint of the transparency log covers what its settlement was checked against, or nobody asks for that
   * @property availableMinor cash at the bank, less what is on its way
   */
  | { type: 'InstructPayout'; isProven: boolean; availableMinor: bigint }
  | { type: 'RecordConfirmation'; line: PayoutLine }
  | { type: 'RecordFailure'; attempt: number; code: string }
  | { type: 'RecordReturn'; line: PayoutLine }
  | { type: 'CarryPayout'; model: string; by: string };

/** What a statement line says about the payout that it names. */
export interface PayoutLine {
  lineId: string;
  /** Positive: came in; negative: went out. */
  amountMinor: number;
  currency: string;
  accountNumber: string;
}

/** Why a line does not confirm, or take back, the payout that it names. */
export type LineRefusal =
  'no_such_payout' | 'line_repeats' | 'not_instructed' | 'not_confirmed' | 'amount_differs' | 'currency_differs' | 'account_differs';

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type PayoutRefusal = Extract<ProblemCode, 'not_found' | 'state_conflict'> | LineRefusal;

/** Decides a command on a payout. One that finds its work done changes nothing and is no error, so that every step can be run again. */
export function decidePayout(command: PayoutCommand, state: PayoutState): Decision<PayoutEvent, PayoutRefusal> {
  if (command.type === 'RequestPayout') return { events: state.status === 'none' ? [requested(command.terms, 1, command.now)] : [] };
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  if (state.status === 'none') return { refused: 'not_found' };
  return { events: outcomeOf(command, state) };
}

type LaterCommand = Exclude<PayoutCommand, { type: 'RequestPayout' }>;
type LineCommand = Extract<PayoutCommand, { line: PayoutLine }>;

const refusals: [PayoutRefusal, (command: LaterCommand, state: PayoutState) => boolean][] = [
  ['no_such_payout', (command, state) => isAboutLine(command) && state.status === 'none'],
  ['not_found', (_, state) => state.status === 'none'],
  ['line_repeats', (command, state) => command.type === 'RecordConfirmation' && is(state, ['confirmed', 'returned'])],
  ['not_instructed', (command, state) => command.type === 'RecordConfirmation' && state.status !== 'instructed'],
  ['line_repeats', (command, state) => command.type === 'RecordReturn' && state.status === 'returned'],
  ['not_confirmed', (command, state) => command.type === 'RecordReturn' && state.status !== 'confirmed'],
  [
    'amount_differs',
    (command, state) =>
      isAboutLine(command) &&
      differs(state, ({ amountMinor, direction }) => command.line.amountMinor === amountMinor * signOf(command.type, direction)),
  ],
  ['currency_differs', (command, state) => isAboutLine(command) && differs(state, ({ currency }) => command.line.currency === currency)],
  [
    'account_differs',
    (command, state) => isAboutLine(command) && differs(state, ({ accountNumber }) => command.line.accountNumber === accountNumber),
  ],
  ['state_conflict', (command, state) => !isAboutLine(command) && !isAllowed(command, state)],
];

/** The ledger holds its amount, and it is not instructed. */
const waiting: readonly PayoutStatus[] = ['held', 'awaiting_proof', 'awaiting_funds'];

const isAboutLine = (command: LaterCommand): command is LineCommand => 'line' in command;

const is = (state: PayoutState, statuses: readonly PayoutStatus[]): boolean => statuses.some((status) => status === state.status);

const differs = (state: PayoutState, equals: (payout: Payout) => boolean): boolean => state.status !== 'none' && !equals(state);

/** A payout goes out and its return comes in; a collection the other way round. */
const signOf = (command: LineCommand['type'], direction: Payout['direction']): 1 | -1 =>
  (command === 'RecordConfirmation') === (direction === 'payout') ? -1 : 1;

function isAllowed(command: Exclude<LaterCommand, LineCommand>, state: PayoutState): boolean {
  if (state.status === 'none') return false;
  const isCollection = state.direction === 'collection';
  switch (command.type) {
    case 'RecordHoldPlaced':
    case 'RecordHoldRefused':
      return !isCollection && state.status === 'requested';
    case 'AskAgain':
      // One that came back was taken under its key once and for all: it is carried, and the next settlement pays under another key.
      return is(state, ['refused', 'failed']);
    case 'InstructPayout':
      return isCollection ? state.status === 'requested' : is(state, waiting);
    case 'RecordFailure':
      return state.status === 'instructed';
    case 'CarryPayout':
      // While the ledger's answer is out, a hold could still be placed that nobody would void.
      return is(state, ['refused', ...waiting, 'failed', 'returned']) || (isCollection && state.status === 'requested');
    default:
      return command satisfies never;
  }
}

function isDone(command: LaterCommand, state: PayoutState): boolean {
  if (state.status === 'none') return false;
  switch (command.type) {
    case 'RecordHoldPlaced':
    case 'RecordHoldRefused':
      // A repeated answer, or one to an ask that has been answered and is long past.
      return state.direction === 'payout' && (state.status !== 'requested' || command.holdId !== state.holdId);
    case 'AskAgain':
      return false;
    case 'InstructPayout':
      return state.status === 'instructed';
    case 'RecordConfirmation':
      return state.lineId === command.line.lineId;
    case 'RecordFailure':
      return state.status === 'failed' && state.attempt === command.attempt;
    case 'RecordReturn':
      return state.returnLineId === command.line.lineId;
    case 'CarryPayout':
      return state.status === 'carried';
    default:
      return command satisfies never;
  }
}

function requested(terms: PayoutTerms, ask: number, now: string): PayoutEvent {
  const { accountNumber, holder } = terms;
  const hold = terms.direction === 'payout' && { holdId: holdIdOf(terms.payoutId, ask) };
  return { type: 'PayoutRequested', ...referenceOf(terms), accountNumber, holder, ...hold, requestedAt: now };
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
      return [requested({ ...state, ...command.account }, state.asks + 1, command.now)];
    case 'InstructPayout':
      if (state.direction === 'payout' && !command.isProven) {
        return state.status === 'awaiting_proof' ? [] : [{ type: 'PayoutAwaitingProof', ...reference }];
      }
      if (state.direction === 'payout' && command.availableMinor < BigInt(state.amountMinor)) {
        return state.status === 'awaiting_funds' ? [] : [{ type: 'PayoutAwaitingFunds', ...reference }];
      }
      return [
        {
          type: 'PayoutInstructed',
          ...reference,
          attempt: state.attempt + 1,
          accountNumber: state.accountNumber,
          holder: state.holder,
          ...hold,
        },
      ];
    case 'RecordConfirmation':
      return [{ type: 'PayoutConfirmed', ...reference, lineId: command.line.lineId }];
    case 'RecordFailure':
      return [{ type: 'PayoutFailed', ...reference, code: command.code }];
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
