import type { PositionEvent } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { carry, carryBack } from './carry.fold.js';
import { foldExchange } from './fx.fold.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';

/** Reserves, what platforms pay each other directly, and what is collected from prefunded money. */
export async function foldPosition(stored: StoredEvent<PositionEvent>, rows: SettlementRows): Promise<void> {
  const { event } = stored;
  const { party, currency } = event;
  const amountMinor = BigInt(event.amountMinor);
  switch (event.type) {
    case 'ReserveWithheld': {
      const { settlementId, releaseAt } = event;
      rows.put('reserves', { settlementId, party, currency, amountMinor, releaseAt, releasedBy: null });
      return;
    }
    case 'LiquidityDrawRequested': {
      const { drawId, settlementId } = event;
      rows.put('liquidityDraws', { drawId, settlementId, party, amountMinor, currency, status: 'requested', code: null });
      return;
    }
    case 'LiquidityDrawn':
      rows.put('liquidityDraws', { ...(await rows.require('liquidityDraws', event.drawId)), status: 'drawn' });
      return;
    case 'LiquidityDrawRefused':
      rows.put('liquidityDraws', { ...(await rows.require('liquidityDraws', event.drawId)), status: 'refused', code: event.code });
      return carryBack({ model: event.model, currency }, event, -amountMinor, rows);
    case 'ObligationDue': {
      const { obligationId, settlementId, creditor } = event;
      const terms = { obligationId, settlementId, debtor: party, creditor, amountMinor, currency };
      const nothing = { outcome: null, reportedBy: null, confirmedBy: null, note: null };
      rows.put('directObligations', {
        ...terms,
        ...nothing,
        status: 'due',
        duePosition: stored.position,
        dueAt: stored.createdAt.toISOString(),
      });
      return;
    }
    case 'ObligationCarried':
      await carry({ model: event.debtorModel, currency }, party, -amountMinor, rows, amountMinor);
      await carry({ model: event.creditorModel, currency }, event.creditor, amountMinor, rows);
      return foldObligation(event, rows);
    case 'ObligationReported':
    case 'ObligationReportRejected':
    case 'ObligationPaid':
      return foldObligation(event, rows);
    case 'ExchangeFundsRequested':
    case 'ExchangeFundsHeld':
    case 'ExchangeFundsRefused':
    case 'ExchangeFundsReleased':
    case 'ExchangeRequested':
    case 'ExchangeRefused':
    case 'CurrencyExchanged':
    case 'ExchangeCarried':
      return foldExchange(event, stored.position, rows);
    // A reserve is released for its rows from the calculation on. The others are the statement's affair, and the ledger's.
    case 'ReserveReleased':
    case 'LiquidityReceived':
    case 'DebtWrittenOff':
      return;
    default:
      return event satisfies never;
  }
}

type ObligationEvent = Extract<
  PositionEvent,
  { type: 'ObligationReported' | 'ObligationReportRejected' | 'ObligationPaid' | 'ObligationCarried' }
>;

async function foldObligation(event: ObligationEvent, rows: SettlementRows): Promise<void> {
  // Those of the first release were of no settlement's own.
  if (event.obligationId === undefined) return;
  rows.put('directObligations', obligationAfter(await rows.require('directObligations', event.obligationId), event));
}

function obligationAfter(row: RowOf<'directObligations'>, event: ObligationEvent): RowOf<'directObligations'> {
  switch (event.type) {
    case 'ObligationReported':
      return { ...row, status: 'reported', outcome: event.outcome, reportedBy: event.by, confirmedBy: null, note: event.note };
    case 'ObligationReportRejected':
      return { ...row, status: 'due', outcome: null, reportedBy: null, confirmedBy: null, note: event.note };
    case 'ObligationPaid':
      return { ...row, status: 'paid', confirmedBy: event.confirmedBy ?? null };
    case 'ObligationCarried':
      return { ...row, status: 'carried', confirmedBy: event.confirmedBy };
    default:
      return event satisfies never;
  }
}
