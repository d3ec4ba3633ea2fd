import type { CurrencyExchanged, ExchangeRequested, LockedRate, ProblemCode } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import type { Exchange, ExchangeEvent, WantedExchange } from './exchange.js';
import { exchangeIdOf } from './exchange.js';
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
  /** Asks the ledger to hold what is bought. */
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
    case 'RequestExchange':
      return { events: state ? [] : [requested(command.about, command.rate)] };
    case 'AskExchangeAgain':
      return askAgain(state);
    case 'RecordExchange':
    case 'RecordExchangeRefusal':
      return answered(command, state);
    case 'CarryExchange': {
      if (state?.status === 'carried') return { events: [] };
      // While the ledger's answer is out, a hold could still be placed that nobody would void.
      if (state && state.status !== 'refused') return { refused: 'state_conflict' };
      const { about, wanted, model, by } = command;
      const exchangeId = exchangeIdOf(about.settlementId, about.party);
      return { events: [{ type: 'ExchangeCarried', ...about, amountMinor: wanted.soldMinor, exchangeId, model, by }] };
    }
    default:
      return command satisfies never;
  }
}

function requested({ settlementId, party, currency }: AboutExchange, rate: LockedRate): ExchangeRequested {
  const { exchangeId, quoteId, soldMinor, bought, rounding } = rate;
  return {
    type: 'ExchangeRequested',
    ...{ party, amountMinor: soldMinor, currency, exchangeId, settlementId },
    ...{ holdId: holdIdOf(exchangeId, 1), bought, rate: rateText(rate), quoteId, rounding },
  };
}

function askAgain(state: Exchange | undefined): Decision<ExchangeEvent, ExchangeRefusal> {
  if (!state?.request) return { refused: 'not_found' };
  if (state.status === 'requested' || state.status === 'exchanged') return { events: [] };
  if (state.status === 'carried') return { refused: 'state_conflict' };
  return { events: [{ ...state.request, holdId: holdIdOf(state.exchangeId, state.asks + 1) }] };
}

/** A repeated answer, or one to an ask that has been answered and is long past, says nothing new. */
function answered(
  command: Extract<ExchangeCommand, { holdId: string }>,
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
