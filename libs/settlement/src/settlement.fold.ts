import type { PayoutEvent, SettlementCalculated, SettlementEvent } from '@tongbao/contracts';
import type { RowOf, SettlementRows } from './settlement.rows.js';

/** Settlements, and the money that they carry on to the next one. */
export async function foldSettlement(event: SettlementEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { settlementId } = event;
  if (event.type === 'SettlementRequested') {
    const { model, currency, windowIds, requestedBy, requestedAt } = event;
    const request = { settlementId, model, currency, windowIds, requestedBy, requestedAt };
    return rows.put('settlements', { ...emptySettlement, ...request, status: 'requested', position });
  }
  const settlement = { ...(await rows.require('settlements', settlementId)), position };
  switch (event.type) {
    case 'SettlementCalculated':
      return foldCalculation(event, settlement, rows);
    case 'SettlementMismatched':
      return rows.put('settlements', { ...settlement, status: 'mismatched', differences: event.differences });
    case 'SettlementVerified':
      return rows.put('settlements', { ...settlement, status: 'verified', journalRevision: event.journalRevision });
    case 'SettlementApproved':
      return rows.put('settlements', { ...settlement, status: 'approved', approvedBy: event.by });
    case 'SettlementAborted':
      for (const { party, amountMinor } of settlement.carried ?? []) await carry(settlement, party, BigInt(-amountMinor), rows);
      return rows.put('settlements', { ...settlement, status: 'aborted', reason: event.reason, carried: null });
    case 'SettlementPaying':
      return rows.put('settlements', { ...settlement, status: 'paying', carried: null });
    case 'SettlementSettled':
      return rows.put('settlements', { ...settlement, status: 'settled', settledAt: event.settledAt });
    case 'PaymentSidesSettled':
      return rows.put('settlements', { ...settlement, markedPayments: settlement.markedPayments + event.payments.length });
    case 'PaymentsMarked':
      return rows.put('settlements', { ...settlement, status: 'marked' });
    default:
      return event satisfies never;
  }
}

const emptySettlement = {
  approvedBy: null,
  cutOff: null,
  facts: 0,
  journalRevision: null,
  differences: null,
  carried: null,
  reason: null,
  settledAt: null,
  markedPayments: 0,
};

/** Carried in is consumed and carried out is left for the next one: the carried amount of a party is the running sum of both. */
async function foldCalculation(event: SettlementCalculated, settlement: RowOf<'settlements'>, rows: SettlementRows): Promise<void> {
  const { settlementId } = event;
  const carried = event.parties
    .map(({ party, carriedInMinor, carriedOutMinor }) => ({ party, amountMinor: carriedOutMinor - carriedInMinor }))
    .filter(({ amountMinor }) => amountMinor !== 0);
  for (const { party, amountMinor } of carried) await carry(settlement, party, BigInt(amountMinor), rows);
  for (const party of event.parties) {
    const { carriedInMinor, netMinor, payableMinor, carriedOutMinor } = party;
    rows.put('settlementParties', {
      ...party,
      settlementId,
      carriedInMinor: BigInt(carriedInMinor),
      netMinor: BigInt(netMinor),
      payableMinor: BigInt(payableMinor),
      carriedOutMinor: BigInt(carriedOutMinor),
    });
  }
  for (const obligation of event.obligations) {
    rows.put('settlementObligations', { ...obligation, settlementId, amountMinor: BigInt(obligation.amountMinor) });
  }
  rows.put('settlements', { ...settlement, status: 'calculated', cutOff: BigInt(event.cutOff), facts: event.facts, carried });
}

async function carry(
  { model, currency }: { model: string; currency: string },
  party: string,
  amount: bigint,
  rows: SettlementRows,
): Promise<void> {
  const known = await rows.get('carries', model, currency, party);
  rows.put('carries', { model, currency, party, amountMinor: (known?.amountMinor ?? 0n) + amount });
}

/** Payouts and collections, and the part of the cash at the bank that is on its way out with them. */
export async function foldPayout(event: PayoutEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { payoutId } = event;
  const amountMinor = BigInt(event.amountMinor);
  if (event.type === 'PayoutRequested') {
    const { settlementId, party, direction, currency, bank, accountNumber, holder, requestedAt } = event;
    const terms = { payoutId, settlementId, party, direction, amountMinor, currency, bank, accountNumber, holder, requestedAt };
    const { attempt = 0, lineId = null, inTransit = false } = (await rows.get('payouts', payoutId)) ?? {};
    return rows.put('payouts', { ...terms, status: 'requested', attempt, code: null, lineId, inTransit, requestedPosition: position });
  }
  const payout = await rows.require('payouts', payoutId);
  switch (event.type) {
    case 'PayoutHeld':
      return rows.put('payouts', { ...payout, status: 'held', code: null });
    case 'PayoutRefused':
      return rows.put('payouts', { ...payout, status: 'refused', code: event.code });
    case 'PayoutAwaitingFunds':
      return rows.put('payouts', { ...payout, status: 'awaiting_funds' });
    case 'PayoutInstructed':
      return setTransit({ ...payout, status: 'instructed', attempt: event.attempt, code: null }, payout.direction === 'payout', rows);
    case 'PayoutConfirmed':
      return rows.put('payouts', { ...payout, status: 'confirmed', lineId: event.lineId });
    case 'PayoutFailed':
      return setTransit({ ...payout, status: 'failed', code: event.code }, false, rows);
    case 'PayoutReturned':
      return rows.put('payouts', { ...payout, status: 'returned' });
    case 'PayoutCarried':
      await carry(
        { model: event.model, currency: event.currency },
        event.party,
        event.direction === 'payout' ? amountMinor : -amountMinor,
        rows,
      );
      return rows.put('payouts', { ...payout, status: 'carried' });
    default:
      return event satisfies never;
  }
}

/** Puts the payout, and keeps the bank's amount in transit to it. */
export async function setTransit(payout: RowOf<'payouts'>, inTransit: boolean, rows: SettlementRows): Promise<void> {
  if (payout.inTransit !== inTransit) {
    const cash = await cashOf(rows, payout.bank, payout.currency);
    rows.put('bankCash', { ...cash, transitMinor: cash.transitMinor + (inTransit ? payout.amountMinor : -payout.amountMinor) });
  }
  rows.put('payouts', { ...payout, inTransit });
}

export async function cashOf(rows: SettlementRows, bank: string, currency: string): Promise<RowOf<'bankCash'>> {
  return (await rows.get('bankCash', bank, currency)) ?? { bank, currency, cashMinor: 0n, transitMinor: 0n, lastIncoming: 0n };
}
