import type { FxQuoteEvent, FxRatesAwaited, FxRatesLocked } from '@tongbao/contracts';
import type { ExchangeEvent } from './exchange.js';
import { rateText } from './fx-rate.js';
import { carry } from './carry.fold.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';

export async function foldFxQuote(event: FxQuoteEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { quoteId } = event;
  if (event.type === 'FxQuoteWithdrawn') {
    rows.put('fxQuotes', { ...(await rows.require('fxQuotes', quoteId)), withdrawnBy: event.by, reason: event.reason });
    return;
  }
  const { from, to, rateUnits, rateScale, source, by, quotedAt, expiresAt } = event;
  const rate = { rateUnits: BigInt(rateUnits), rateScale };
  rows.put('fxQuotes', { quoteId, from, to, ...rate, source, by, quotedAt, expiresAt, withdrawnBy: null, reason: null, position });
}

/** Which rates a settlement has locked, and who waits for one. */
export async function foldRates(event: FxRatesLocked | FxRatesAwaited, position: bigint, rows: SettlementRows): Promise<void> {
  const { settlementId, currency } = event;
  if (event.type === 'FxRatesAwaited') {
    for (const { party, payIn, soldMinor, code } of event.waiting) {
      const known = (await rows.get('exchanges', settlementId, party)) ?? { ...nothingYet, position };
      const amounts = { soldMinor: BigInt(soldMinor), currency, payIn };
      rows.put('exchanges', { ...known, settlementId, party, ...amounts, status: 'awaiting_rate', code });
    }
    return;
  }
  for (const { party, quoteId, soldMinor, bought, rounding, ...rate } of event.rates) {
    const known = (await rows.get('exchanges', settlementId, party)) ?? { ...nothingYet, position };
    rows.put('exchanges', {
      ...known,
      ...{ settlementId, party, status: 'locked', code: null },
      ...{ soldMinor: BigInt(soldMinor), currency, payIn: bought.currency },
      ...{ quoteId, rate: rateText(rate), boughtMinor: BigInt(bought.amountMinor) },
      ...{ roundingNumerator: BigInt(rounding.numerator), roundingDenominator: BigInt(rounding.denominator) },
    });
  }
}

const nothingYet = {
  quoteId: null,
  rate: null,
  boughtMinor: null,
  roundingNumerator: null,
  roundingDenominator: null,
  isHeld: false,
  movedPosition: 0n,
};

/** What becomes of an exchange once its rate is locked. */
export async function foldExchange(event: ExchangeEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { settlementId, party } = event;
  const known = await rows.get('exchanges', settlementId, party);
  // Those of the first release were of no settlement's own.
  if (!known) return;
  if (event.type === 'ExchangeCarried')
    await carry({ model: event.model, currency: event.currency }, party, BigInt(event.amountMinor), rows);
  rows.put('exchanges', { ...known, ...changeBy(event, position) });
}

function changeBy(event: ExchangeEvent, position: bigint): Partial<RowOf<'exchanges'>> {
  switch (event.type) {
    case 'ExchangeFundsRequested':
      return { status: 'holding', code: null, movedPosition: position };
    case 'ExchangeFundsHeld':
      return { status: 'held', code: null, isHeld: true };
    case 'ExchangeFundsRefused':
      return { status: 'refused', code: event.code };
    case 'ExchangeFundsReleased':
      return { status: 'released', code: null, isHeld: false, movedPosition: position };
    case 'ExchangeRequested':
      return { status: 'requested', code: null, movedPosition: position };
    case 'ExchangeRefused':
      return { status: 'refused', code: event.code };
    case 'CurrencyExchanged':
      return { status: 'exchanged', code: null, isHeld: false, movedPosition: position };
    case 'ExchangeCarried':
      return { status: 'carried', code: null, isHeld: false };
    default:
      return event satisfies never;
  }
}
