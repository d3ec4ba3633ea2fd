import type { CurrencyExchanged, ExchangeFundsRequested, ExchangeRequested, LockedRate, ProblemCode } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import type { Exchange, ExchangeEvent, WantedExchange } from './exchange.js';
import { exchangeIdOf, fundsIdOf } from './exchange.js';
import { rateText } from './fx-rate.js';
import { holdIdOf } from './payout.js';

/** Whose exchange, of which settlement. */
export interface AboutExchange {
  settlementId: string;
  party: string;
  /** Of the settlement: what is sold. */
  currency: string;
}

export type ExchangeCommand =
  /** A rate is locked: asks the ledger to hold what is sold. */
  | { type: 'HoldFunds'; about: AboutExchange; soldMinor: number }
  /** @property isOver the settlement is aborted by now: the hold is released at once */
  | { type: 'RecordFunds'; holdId: string; isOver: boolean }
  | { type: 'RecordFundsRefusal'; holdId: string; code: string }
  /** The settlement is aborted. */
  | { type: 'ReleaseFunds' }
  /** What is sold is held: asks the ledger to hold what is bought. */
  | { type: 'RequestExchange'; about: AboutExchange; rate: LockedRate }
  /** Once more after a refusal. */
  | { type: 'AskExchangeAgain' }
  | { type: 'RecordExchange'; holdId: string }
  | { type: 'RecordExchangeRefusal'; holdId: string; code: string }
  /** Gives it up before anything is exchanged. */
  | { type: 'CarryExchange'; about: AboutExchange; wanted: WantedExchange; model: string; by: string };

/** Why a command is refused. */
export type ExchangeRefusal = Extract<ProblemCode, 'not_found' | 'state_conflict'>;

/** Decides a step of an exchange. One that finds its work done changes nothing and is no error, so that every step can be run again. */
export function decideExchange(command: ExchangeCommand, state: Exchange | undefined): Decision<ExchangeEvent, ExchangeRefusal> {
  switch (command.type) {
    case 'HoldFunds':
      return { events: state ? [] : [fundsRequested(command)] };
    case 'RecordFunds':
    case 'RecordFundsRefusal':
      return fundsAnswered(command, state);
    case 'ReleaseFunds':
      return { events: state?.funds && (state.status === 'holding' || state.status === 'held') ? [released(state.funds.request)] : [] };
    case 'RequestExchange':
      return { events: state?.status === 'held' ? [requested(command, state)] : [] };
    case 'AskExchangeAgain':
      return askAgain(state);
    case 'RecordExchange':
    case 'RecordExchangeRefusal':
      return answered(command, state);
    case 'CarryExchange':
      return carried(command, state);
    default:
      return command satisfies never;
  }
}

const fundsRequested = ({ about, soldMinor }: Extract<ExchangeCommand, { type: 'HoldFunds' }>): ExchangeFundsRequested => {
  const exchangeId = exchangeIdOf(about.settlementId, about.party);
  return { type: 'ExchangeFundsRequested', ...about, amountMinor: soldMinor, exchangeId, holdId: holdIdOf(fundsIdOf(exchangeId), 1) };
};

const released = (request: ExchangeFundsRequested): ExchangeEvent => ({ ...request, type: 'ExchangeFundsReleased' });

/** A repeated answer says nothing new; one that comes after the abort is of a hold that nobody needs. */
function fundsAnswered(
  command: Extract<ExchangeCommand, { type: 'RecordFunds' | 'RecordFundsRefusal' }>,
  state: Exchange | undefined,
): Decision<ExchangeEvent, ExchangeRefusal> {
  if (!state?.funds) return { refused: 'not_found' };
  const { request, isHeld } = state.funds;
  if (request.holdId !== command.holdId) return { events: [] };
  const isWaiting = state.status === 'holding';
  if (command.type === 'RecordFundsRefusal')
    return { events: isWaiting ? [{ ...request, type: 'ExchangeFundsRefused', code: command.code }] : [] };
  if (state.status === 'released') return { events: isHeld ? [] : [released(request)] };
  if (!isWaiting) return { events: [] };
  return { events: [{ ...request, type: 'ExchangeFundsHeld' }, ...(command.isOver ? [released(request)] : [])] };
}

function requested(
  { about: { settlementId, party, currency }, rate }: Extract<ExchangeCommand, { type: 'RequestExchange' }>,
  { asks, funds }: Exchange,
): ExchangeRequested {
  const { exchangeId, quoteId, soldMinor, bought, rounding } = rate;
  const fundsHold = funds && { fundsHoldId: funds.request.holdId };
  return {
    type: 'ExchangeRequested',
    ...{ party, amountMinor: soldMinor, currency, exchangeId, settlementId },
    ...{ holdId: holdIdOf(exchangeId, asks + 1), ...fundsHold, bought, rate: rateText(rate), quoteId, rounding },
  };
}

function carried(
  { about, wanted, model, by }: Extract<ExchangeCommand, { type: 'CarryExchange' }>,
  state: Exchange | undefined,
): Decision<ExchangeEvent, ExchangeRefusal> {
  if (state?.status === 'carried') return { events: [] };
  // While an answer of the ledger is out, a hold could still be placed that nobody would void.
  if (state && state.status !== 'refused' && state.status !== 'held') return { refused: 'state_conflict' };
  const exchangeId = exchangeIdOf(about.settlementId, about.party);
  const hold = state?.funds?.isHeld && { holdId: state.funds.request.holdId };
  return { events: [{ type: 'ExchangeCarried', ...about, amountMinor: wanted.soldMinor, exchangeId, model, by, ...hold }] };
}

/** For what was refused: what is bought only once what is sold is held. */
function askAgain(state: Exchange | undefined): Decision<ExchangeEvent, ExchangeRefusal> {
  const last = state?.funds?.request ?? state?.request;
  if (!state || !last) return { refused: 'not_found' };
  if (state.status === 'carried' || state.status === 'released') return { refused: 'state_conflict' };
  if (state.status !== 'refused') return { events: [] };
  const { exchangeId, funds, request } = state;
  if (request && funds?.isHeld) return { events: [{ ...request, holdId: holdIdOf(exchangeId, state.asks + 1) }] };
  const holdId = holdIdOf(fundsIdOf(exchangeId), (funds?.asks ?? 0) + 1);
  const { party, amountMinor, currency, settlementId } = last;
  return { events: [{ type: 'ExchangeFundsRequested', party, amountMinor, currency, exchangeId, settlementId, holdId }] };
}

/** A repeated answer, or one to an ask that has been answered and is long past, says nothing new. */
function answered(
  command: Extract<ExchangeCommand, { type: 'RecordExchange' | 'RecordExchangeRefusal' }>,
  state: Exchange | undefined,
): Decision<ExchangeEvent, ExchangeRefusal> {
  if (!state?.request) return { refused: 'not_found' };
  if (state.status !== 'requested' || state.holdId !== command.holdId) return { events: [] };
  const { request } = state;
  if (command.type === 'RecordExchange') return { events: [{ ...request, type: 'CurrencyExchanged' } satisfies CurrencyExchanged] };
  const { party, amountMinor, currency, exchangeId, settlementId } = request;
  return {
    events: [
      { type: 'ExchangeRefused', party, amountMinor, currency, exchangeId, settlementId, holdId: command.holdId, code: command.code },
    ],
  };
}
