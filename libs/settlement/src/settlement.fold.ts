import type { LogEvent, SettlementCalculated, SettlementEvent, SettlementPartiesCalculated } from '@tongbao/contracts';
import { foldAbort, foldCalculation, foldLeaving } from './calculation.fold.js';
import { foldRates } from './fx.fold.js';
import { movedBy } from './settlement.moves.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';
import { mainJournal } from './settlement.tables.js';

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
  if (event.type === 'SettlementPartiesCalculated' || event.type === 'SettlementCalculated')
    await foldCalculation(event, settlement.slices + 1, rows);
  if (event.type === 'SettlementAborted') await foldAbort(settlement, rows);
  if (event.type === 'SettlementPaying') await foldLeaving(settlement, rows);
  if (event.type === 'FxRatesLocked' || event.type === 'FxRatesAwaited') await foldRates(event, position, rows);
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
    case 'SettlementPartiesCalculated':
      return withRows(settlement, event);
    case 'SettlementCalculated': {
      const { cutOff, facts, modelVersion = null } = event;
      return { ...withRows(settlement, event), status: 'calculated', cutOff: BigInt(cutOff), facts, modelVersion };
    }
    case 'SettlementComparisonAsked':
      return { ...settlement, status: 'calculated' };
    case 'SettlementMismatched':
      return {
        ...settlement,
        status: 'mismatched',
        differences: event.differences,
        differing: event.differing ?? event.differences.length,
      };
    // By party, in rows of their own.
    case 'FxRatesLocked':
    case 'FxRatesAwaited':
    // Nothing but the ledger has nets by party that fall.
    case 'SettlementPartiesSettled':
      return settlement;
    case 'SettlementVerified':
      return { ...settlement, status: 'verified', journalRevision: event.journalRevision, differences: null, differing: null };
    case 'SettlementApproved':
      return { ...settlement, status: 'approved', approvedBy: event.by };
    case 'SettlementAborted':
      return { ...settlement, status: 'aborted', reason: event.reason };
    case 'SettlementPaying':
      return { ...settlement, status: 'paying' };
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

const withRows = (
  settlement: RowOf<'settlements'>,
  { settlementId, parties }: SettlementPartiesCalculated | SettlementCalculated,
): RowOf<'settlements'> => ({
  ...settlement,
  slices: settlement.slices + 1,
  movedMinor: settlement.movedMinor + movedBy(settlementId, parties),
});

const emptySettlement = {
  modelVersion: null,
  approvedBy: null,
  movedMinor: 0n,
  slices: 0,
  cutOff: null,
  facts: 0,
  journalRevision: null,
  entries: null,
  differences: null,
  differing: null,
  reason: null,
  settledAt: null,
  markedPayments: 0,
  markedThrough: 0n,
};
