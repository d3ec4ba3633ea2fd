import { account, type PositionEvent } from '@tongbao/contracts';
import type { FactTransfer } from './sides.js';

/** What a fact of a position moves, by currency; as the ledger posts it. */
export function positionTransfers(event: PositionEvent): { currency: string; ref: string; transfers: FactTransfer[] }[] {
  const { party, currency, amountMinor } = event;
  const one = (ref: string, from: string, to: string, kind: string) => [{ currency, ref, transfers: [{ from, to, amountMinor, kind }] }];
  switch (event.type) {
    case 'ReserveWithheld':
      return one(event.settlementId, party, account.reserve(party), 'reserve');
    case 'ReserveReleased':
      return one(event.settlementId, account.reserve(party), party, 'reserve-released');
    case 'LiquidityDrawn':
      return one(event.settlementId, account.liquidity(party), party, 'liquidity-drawn');
    case 'ObligationPaid':
      return one(event.settlementId, event.creditor, party, 'obligation-paid');
    case 'CurrencyExchanged': {
      const { exchangeId, bought } = event;
      const transfers = [{ from: account.fx, to: party, amountMinor: bought.amountMinor, kind: 'exchange-bought' }];
      return [...one(exchangeId, party, account.fx, 'exchange-sold'), { currency: bought.currency, ref: exchangeId, transfers }];
    }
    case 'DebtWrittenOff':
      return one(event.writeOffId, account.losses, party, 'write-off');
    // These move nothing, or nothing of a party's position.
    case 'LiquidityReceived':
    case 'LiquidityDrawRequested':
    case 'LiquidityDrawRefused':
    case 'ObligationDue':
    case 'ObligationReported':
    case 'ObligationReportRejected':
    case 'ObligationCarried':
    case 'ExchangeFundsRequested':
    case 'ExchangeFundsHeld':
    case 'ExchangeFundsRefused':
    case 'ExchangeFundsReleased':
    case 'ExchangeRequested':
    case 'ExchangeRefused':
    case 'ExchangeCarried':
      return [];
    default:
      return event satisfies never;
  }
}
