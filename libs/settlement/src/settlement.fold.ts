import type { LogEvent, SettlementEvent } from '@tongbao/contracts';
import { apply, foldCalculation, leavingOf, undosOf } from './calculation.fold.js';
import { carry } from './carry.fold.js';
import { foldRates } from './fx.fold.js';
import { movedBy } from './settlement.moves.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';
import type { PartyUndo } from './settlement.tables.js';

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
  const undo = event.type === 'SettlementCalculated' ? await undosOf(event, rows) : [];
  if (event.type === 'SettlementCalculated') await foldCalculation(event, undo, rows);
  if (event.type === 'SettlementAborted') for (const each of settlement.undo ?? []) await apply(settlement, each, -1n, rows);
  if (event.type === 'SettlementPaying') {
    for (const { party, model, amountMinor, debitMinor } of settlement.leaving ?? [])
      await carry({ model, currency: settlement.currency }, party, BigInt(amountMinor), rows, BigInt(debitMinor));
  }
  if (event.type === 'FxRatesLocked' || event.type === 'FxRatesAwaited') await foldRates(event, position, rows);
  const after = settlementAfter(settlement, event, undo);
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
  undo: PartyUndo[],
): RowOf<'settlements'> {
  switch (event.type) {
    case 'SettlementCalculated': {
      const { cutOff, facts, modelVersion = null, direct = null, parties } = event;
      const movedMinor = movedBy(event.settlementId, parties);
      const made = { cutOff: BigInt(cutOff), facts, modelVersion, direct, movedMinor, leaving: leavingOf(event), undo };
      return { ...settlement, status: 'calculated', ...made };
    }
    case 'SettlementComparisonAsked':
      return { ...settlement, status: 'calculated' };
    case 'SettlementMismatched':
      return { ...settlement, status: 'mismatched', differences: event.differences };
    // By party, in rows of their own.
    case 'FxRatesLocked':
    case 'FxRatesAwaited':
      return settlement;
    case 'SettlementVerified':
      return { ...settlement, status: 'verified', journalRevision: event.journalRevision, differences: null };
    case 'SettlementApproved':
      return { ...settlement, status: 'approved', approvedBy: event.by };
    case 'SettlementAborted':
      return { ...settlement, status: 'aborted', reason: event.reason, ...spent };
    case 'SettlementPaying':
      return { ...settlement, status: 'paying', ...spent };
    case 'SettlementSettled':
      return { ...settlement, status: 'settled', settledAt: event.settledAt };
    case 'PaymentSidesSettled':
      return {
        ...settlement,
        markedPayments: settlement.markedPayments + event.payments.length,
        markedThrough: BigInt(event.throughPosition),
      };
    case 'PaymentsMarked':
      return { ...settlement, status: 'marked' };
    default:
      return event satisfies never;
  }
}

/** Neither can it be aborted any more, nor is there anything left of it to go elsewhere. */
const spent = { undo: null, leaving: null };

const emptySettlement = {
  ...spent,
  modelVersion: null,
  approvedBy: null,
  movedMinor: 0n,
  direct: null,
  cutOff: null,
  facts: 0,
  journalRevision: null,
  entries: null,
  differences: null,
  reason: null,
  settledAt: null,
  markedPayments: 0,
  markedThrough: 0n,
};
