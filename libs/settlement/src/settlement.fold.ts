import type { LogEvent, PayoutEvent, SettlementCalculated, SettlementEvent } from '@tongbao/contracts';
import type { RowOf, SettlementRows } from './settlement.rows.js';

const mainJournal = 'main';
const mainLog = 'main';

/** Settlements, and the money that they carry on to the next one. */
export async function foldSettlement(event: SettlementEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { settlementId } = event;
  if (event.type === 'SettlementRequested') {
    const { model, currency, windowIds, requestedBy, requestedAt } = event;
    const request = { settlementId, model, currency, windowIds, requestedBy, requestedAt };
    rows.put('settlements', { ...emptySettlement, ...request, status: 'requested', requestedPosition: position });
    return;
  }
  const settlement = await rows.require('settlements', settlementId);
  if (event.type === 'SettlementCalculated') await foldCalculation(event, rows);
  if (event.type === 'SettlementAborted') {
    for (const { party, amountMinor } of settlement.carried ?? []) await carry(settlement, party, BigInt(-amountMinor), rows);
  }
  const after = settlementAfter(settlement, event);
  rows.put('settlements', event.type === 'SettlementVerified' ? { ...after, entries: await postedEntries(rows) } : after);
}

/** The books that a settlement was checked against may have been a little shorter: a checkpoint that covers all that is posted by now covers those. */
const postedEntries = async (rows: SettlementRows): Promise<number> => (await rows.get('ledgerProgress', mainJournal))?.entries ?? 0;

/** What of the books is signed, and what is proven: witnessed, or signed where no witness is needed. */
export async function foldCheckpoint(event: LogEvent, rows: SettlementRows): Promise<void> {
  const { signed = 0, proven = 0 } = (await rows.get('logProgress', mainLog)) ?? {};
  const { size } = event;
  const isProof = event.type === 'CheckpointWitnessed' || event.witnessesNeeded === 0;
  rows.put('logProgress', { log: mainLog, signed: Math.max(signed, size), proven: isProof ? Math.max(proven, size) : proven });
}

function settlementAfter(
  settlement: RowOf<'settlements'>,
  event: Exclude<SettlementEvent, { type: 'SettlementRequested' }>,
): RowOf<'settlements'> {
  switch (event.type) {
    case 'SettlementCalculated':
      return { ...settlement, status: 'calculated', cutOff: BigInt(event.cutOff), facts: event.facts, carried: carriedBy(event) };
    case 'SettlementMismatched':
      return { ...settlement, status: 'mismatched', differences: event.differences };
    case 'SettlementVerified':
      return { ...settlement, status: 'verified', journalRevision: event.journalRevision };
    case 'SettlementApproved':
      return { ...settlement, status: 'approved', approvedBy: event.by };
    case 'SettlementAborted':
      return { ...settlement, status: 'aborted', reason: event.reason, carried: null };
    case 'SettlementPaying':
      return { ...settlement, status: 'paying', carried: null };
    case 'SettlementSettled':
      return { ...settlement, status: 'settled', settledAt: event.settledAt };
    case 'PaymentSidesSettled':
      return { ...settlement, markedPayments: settlement.markedPayments + event.payments.length };
    case 'PaymentsMarked':
      return { ...settlement, status: 'marked' };
    default:
      return event satisfies never;
  }
}

const emptySettlement = {
  approvedBy: null,
  cutOff: null,
  facts: 0,
  journalRevision: null,
  entries: null,
  differences: null,
  carried: null,
  reason: null,
  settledAt: null,
  markedPayments: 0,
};

/** Carried in is consumed and carried out is left for the next one: the carried amount of a party is the running sum of both. */
const carriedBy = ({ parties }: SettlementCalculated): { party: string; amountMinor: number }[] =>
  parties
    .map(({ party, carriedInMinor, carriedOutMinor }) => ({ party, amountMinor: carriedOutMinor - carriedInMinor }))
    .filter(({ amountMinor }) => amountMinor !== 0);

async function foldCalculation(event: SettlementCalculated, rows: SettlementRows): Promise<void> {
  const { settlementId } = event;
  for (const { party, amountMinor } of carriedBy(event)) await carry(event, party, BigInt(amountMinor), rows);
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
  for (const { debtor, creditor, amountMinor } of event.obligations) {
    rows.put('settlementObligations', { settlementId, debtor, creditor, amountMinor: BigInt(amountMinor) });
  }
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
  const { payoutId, party, currency, direction } = event;
  const amountMinor = BigInt(event.amountMinor);
  if (event.type === 'PayoutRequested') {
    const { settlementId, bank, accountNumber, holder, requestedAt } = event;
    const terms = { payoutId, settlementId, party, direction, amountMinor, currency, bank, accountNumber, holder, requestedAt };
    const { attempt = 0, lineId = null, inTransit = false } = (await rows.get('payouts', payoutId)) ?? {};
    rows.put('payouts', { ...terms, status: 'requested', attempt, code: null, lineId, inTransit, requestedPosition: position });
    return;
  }
  const payout = await rows.require('payouts', payoutId);
  if (event.type === 'PayoutCarried')
    await carry({ model: event.model, currency }, party, direction === 'payout' ? amountMinor : -amountMinor, rows);
  await putPayout(payout, payoutAfter(payout, event), rows);
}

function payoutAfter(payout: RowOf<'payouts'>, event: Exclude<PayoutEvent, { type: 'PayoutRequested' }>): RowOf<'payouts'> {
  switch (event.type) {
    case 'PayoutHeld':
      return { ...payout, status: 'held', code: null };
    case 'PayoutRefused':
      return { ...payout, status: 'refused', code: event.code };
    case 'PayoutAwaitingProof':
      return { ...payout, status: 'awaiting_proof' };
    case 'PayoutAwaitingFunds':
      return { ...payout, status: 'awaiting_funds' };
    case 'PayoutInstructed':
      return { ...payout, status: 'instructed', attempt: event.attempt, code: null, inTransit: payout.direction === 'payout' };
    case 'PayoutConfirmed':
      return { ...payout, status: 'confirmed', lineId: event.lineId };
    case 'PayoutFailed':
      return { ...payout, status: 'failed', code: event.code, inTransit: false };
    case 'PayoutReturned':
      return { ...payout, status: 'returned' };
    case 'PayoutCarried':
      return { ...payout, status: 'carried' };
    default:
      return event satisfies never;
  }
}

/** Puts the payout, and keeps the bank's amount in transit to it. */
export async function putPayout(before: RowOf<'payouts'>, after: RowOf<'payouts'>, rows: SettlementRows): Promise<void> {
  rows.put('payouts', after);
  if (before.inTransit === after.inTransit) return;
  const cash = await cashOf(rows, after.bank, after.currency);
  rows.put('bankCash', { ...cash, transitMinor: cash.transitMinor + (after.inTransit ? after.amountMinor : -after.amountMinor) });
}

export async function cashOf(rows: SettlementRows, bank: string, currency: string): Promise<RowOf<'bankCash'>> {
  return (await rows.get('bankCash', bank, currency)) ?? { bank, currency, cashMinor: 0n, transitMinor: 0n, lastIncoming: 0n };
}
