import type { PaymentSidesSettled, ProblemCode, SettlementCalculated, SettlementEvent, SettlementMismatched } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { toSafeInteger } from '@tongbao/money';
import { exchangesOf } from './exchange.js';
import { lockRates, type LockRates } from './rates.decide.js';
import { movedBy } from './settlement.moves.js';
import { firstEvents, firstRows, settledAtOnceCharacters } from './settlement.slices.js';
import type { CalculatedAmounts } from './settlement.calculate.js';
import type { Settlement, SettlementState, SettlementStatus } from './settlement.js';

export interface RequestSettlement {
  type: 'RequestSettlement';
  settlementId: string;
  model: string;
  currency: string;
  /** In their order. */
  windowIds: readonly string[];
  requestedBy: string;
  now: string;
}

export type SettlementCommand =
  | RequestSettlement
  /** @property slice its number, from 1 on */
  | { type: 'RecordCalculationSlice'; slice: number; rows: CalculatedAmounts }
  /** @property slices how many of it are written, before what it ends with */
  | { type: 'RecordCalculation'; slices: number; calculation: Calculation; now: string }
  | { type: 'RecordComparison'; differences: SettlementMismatched['differences']; journalRevision: number }
  | LockRates
  /** The ledger has been corrected. */
  | { type: 'CompareAgain'; by: string }
  /** @property movedMinor what whoever approves has seen that it pays out and collects in all; not checked where it is left out */
  | { type: 'ApproveSettlement'; by: string; movedMinor?: number }
  | { type: 'ApproveAutomatically'; upToMinor: number }
  | { type: 'AbortSettlement'; by: string; reason: string }
  | { type: 'StartPaying' }
  /**
   * One of very many parties is finished slice by slice, each by the same command.
   * @property unfinished payouts, collections, draws and direct debts that have not come to their end
   */
  | { type: 'FinishSettlement'; unfinished: number; now: string }
  | { type: 'RecordMarkedSlice'; windowId: string; throughPosition: bigint; payments: PaymentSidesSettled['payments'] }
  | { type: 'FinishMarking' };

export type Calculation = Pick<SettlementCalculated, 'modelVersion' | 'cutOff' | 'parties' | 'obligations' | 'direct' | 'facts'>;

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type SettlementRefusal = Extract<
  ProblemCode,
  'not_found' | 'invalid' | 'idempotency_key_reused' | 'settlement_past_abort' | 'state_conflict' | 'amount_differs' | 'four_eyes'
>;

/** Decides a command on a settlement. One that finds its work done changes nothing and is no error, so that every step can be run again. */
export function decideSettlement(command: SettlementCommand, state: SettlementState): Decision<SettlementEvent, SettlementRefusal> {
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  if (command.type === 'RequestSettlement') return { events: [requested(command)] };
  if (state.status === 'none') return { refused: 'not_found' };
  return { events: outcomeOf(command, state) };
}

type LaterCommand = Exclude<SettlementCommand, RequestSettlement>;

const refusals: [SettlementRefusal, (command: SettlementCommand, state: SettlementState) => boolean][] = [
  ['invalid', (command) => command.type === 'RequestSettlement' && command.windowIds.length === 0],
  ['idempotency_key_reused', (command, state) => command.type === 'RequestSettlement' && state.status !== 'none'],
  ['not_found', (command, state) => command.type !== 'RequestSettlement' && state.status === 'none'],
  ['settlement_past_abort', (command, state) => command.type === 'AbortSettlement' && isOneOf(state, pastAbort)],
  ['state_conflict', (command, state) => command.type !== 'RequestSettlement' && !isOneOf(state, allowedFrom[command.type])],
  ['state_conflict', (command) => command.type === 'FinishSettlement' && command.unfinished > 0],
  ['state_conflict', (command, state) => state.status !== 'none' && isOfOtherSlices(command, state)],
  [
    'amount_differs',
    (command, state) =>
      command.type === 'ApproveSettlement' &&
      command.movedMinor !== undefined &&
      state.status !== 'none' &&
      BigInt(command.movedMinor) !== movedBy(state.settlementId, state.parties),
  ],
  // Whoever approves must see at which rates it pays, or who waits for one.
  ['state_conflict', (command, state) => command.type === 'ApproveSettlement' && state.status !== 'none' && areRatesOpen(state)],
  ['four_eyes', (command, state) => command.type === 'ApproveSettlement' && state.status !== 'none' && state.requestedBy === command.by],
  ['four_eyes', (command, state) => command.type === 'ApproveSettlement' && state.status !== 'none' && hasQuoted(command.by, state)],
];

/** Somebody else has gone on with the calculation: what is still to be written is found out again. */
const isOfOtherSlices = (command: SettlementCommand, { slices }: Settlement): boolean =>
  (command.type === 'RecordCalculationSlice' && command.slice !== slices.count + 1) ||
  (command.type === 'RecordCalculation' && command.slices !== slices.count);

const areRatesOpen = (state: Settlement): boolean =>
  exchangesOf(state).some(({ party }) => !state.rates.locked.has(party) && !state.rates.awaited.has(party));

const hasQuoted = (by: string, { rates }: Settlement): boolean => [...rates.locked.values()].some(({ quotedBy }) => quotedBy === by);

/** Past these, money is on its way: nothing can be taken back. */
export const pastAbort: readonly SettlementStatus[] = ['paying', 'settled', 'marked'];

const allowedFrom: Record<LaterCommand['type'], readonly SettlementStatus[]> = {
  RecordCalculationSlice: ['requested'],
  RecordCalculation: ['requested'],
  RecordComparison: ['calculated'],
  // Whoever waits for a rate holds up nobody else: it may come while the settlement pays.
  LockRates: ['verified', 'paying'],
  CompareAgain: ['mismatched'],
  ApproveSettlement: ['verified'],
  ApproveAutomatically: ['verified'],
  AbortSettlement: ['requested', 'calculated', 'mismatched', 'verified', 'approved'],
  StartPaying: ['approved'],
  FinishSettlement: ['paying'],
  RecordMarkedSlice: ['settled'],
  FinishMarking: ['settled'],
};

function isDone(command: SettlementCommand, state: SettlementState): boolean {
  switch (command.type) {
    case 'RequestSettlement':
      return state.status !== 'none' && state.requestedBy === command.requestedBy && sameList(state.windowIds, command.windowIds);
    case 'ApproveSettlement':
      return state.status === 'approved' && state.approvedBy === command.by;
    case 'RecordCalculationSlice':
      return state.status !== 'none' && state.status !== 'aborted' && command.slice <= state.slices.count;
    case 'RecordCalculation':
      return isOneOf(state, ['calculated', 'mismatched', 'verified', 'approved', ...pastAbort]);
    case 'LockRates':
    case 'CompareAgain':
      return false;
    case 'RecordComparison':
      return isOneOf(state, ['mismatched', 'verified', 'approved', ...pastAbort]);
    case 'ApproveAutomatically':
      return isOneOf(state, ['approved', ...pastAbort]);
    case 'AbortSettlement':
      return state.status === 'aborted';
    case 'StartPaying':
      return isOneOf(state, pastAbort);
    case 'FinishSettlement':
      return isOneOf(state, ['settled', 'marked']);
    case 'RecordMarkedSlice':
      return state.status === 'marked' || (state.status === 'settled' && command.throughPosition <= state.marked.through);
    case 'FinishMarking':
      return state.status === 'marked';
    default:
      return command satisfies never;
  }
}

const isOneOf = (state: SettlementState, statuses: readonly SettlementStatus[]): boolean =>
  statuses.some((status) => status === state.status);

const sameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((id, index) => id === other[index]);

function requested({ settlementId, model, currency, windowIds, requestedBy, now }: RequestSettlement): SettlementEvent {
  return { type: 'SettlementRequested', settlementId, model, currency, windowIds: [...windowIds], requestedBy, requestedAt: now };
}

function outcomeOf(command: LaterCommand, state: Settlement): SettlementEvent[] {
  const { settlementId, model, currency } = state;
  const windowIds = [...state.windowIds];
  switch (command.type) {
    case 'RecordCalculationSlice':
      return [{ type: 'SettlementPartiesCalculated', settlementId, model, currency, slice: command.slice, ...command.rows }];
    case 'RecordCalculation':
      return [
        { type: 'SettlementCalculated', settlementId, model, currency, windowIds, ...command.calculation, calculatedAt: command.now },
      ];
    case 'RecordComparison':
      if (command.differences.length > 0) return [mismatched(state, command.differences)];
      return [{ type: 'SettlementVerified', settlementId, currency, journalRevision: command.journalRevision }];
    case 'LockRates':
      // What is left is locked by the next look at it.
      return firstEvents(lockRates(command, state));
    case 'CompareAgain':
      return [{ type: 'SettlementComparisonAsked', settlementId, currency, by: command.by }];
    case 'ApproveSettlement':
      return [approved(state, command.by)];
    case 'ApproveAutomatically':
      return command.upToMinor > 0 && movedBy(settlementId, state.parties) <= BigInt(command.upToMinor)
        ? [approved(state, 'automatic')]
        : [];
    case 'AbortSettlement':
      return [{ type: 'SettlementAborted', settlementId, model, currency, by: command.by, reason: command.reason }];
    case 'StartPaying':
      return [{ type: 'SettlementPaying', settlementId, currency }];
    case 'FinishSettlement': {
      const left = state.parties.slice(state.settledParties).map(({ party, netMinor }) => ({ party, netMinor }));
      const parties = firstRows(left, settledAtOnceCharacters);
      if (parties.length < left.length) return [{ type: 'SettlementPartiesSettled', settlementId, currency, parties }];
      return [{ type: 'SettlementSettled', settlementId, model, currency, windowIds, parties, settledAt: command.now }];
    }
    case 'RecordMarkedSlice': {
      const { windowId, throughPosition, payments } = command;
      return [{ type: 'PaymentSidesSettled', settlementId, windowId, throughPosition: String(throughPosition), payments }];
    }
    case 'FinishMarking':
      return [{ type: 'PaymentsMarked', settlementId, payments: state.marked.payments }];
    default:
      return command satisfies never;
  }
}

/** So many are named; the list of differences, fact by fact, has all of them. */
const mostDifferences = 1_000;

const mismatched = ({ settlementId, currency }: Settlement, all: SettlementMismatched['differences']): SettlementEvent => ({
  type: 'SettlementMismatched',
  settlementId,
  currency,
  differences: all.slice(0, mostDifferences),
  ...(all.length > mostDifferences && { differing: all.length }),
});

const approved = ({ settlementId, currency, parties }: Settlement, by: string): SettlementEvent => ({
  type: 'SettlementApproved',
  settlementId,
  currency,
  by,
  movedMinor: toSafeInteger(movedBy(settlementId, parties)),
});
