import type { DirectObligation, PartySettlement, SettlementCalculated, SettlementEvent } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import type { SettlementRates } from './exchange.js';
import type { WrittenSlices } from './settlement.slices.js';

/** A settlement as its own stream tells it. */
export type SettlementState = { status: 'none' } | Settlement;

/** `settled`: the money is through; `marked`: its payments have been told, too. */
export type SettlementStatus =
  'requested' | 'calculated' | 'mismatched' | 'verified' | 'approved' | 'paying' | 'settled' | 'marked' | 'aborted';

export interface Settlement {
  status: SettlementStatus;
  settlementId: string;
  model: string;
  currency: string;
  /** In their order. */
  windowIds: readonly string[];
  requestedBy: string;
  approvedBy?: string;
  cutOff?: bigint;
  /** As far as its calculation is written. */
  parties: readonly PartySettlement[];
  /** What platforms are to pay each other directly. */
  direct: readonly DirectObligation[];
  /** Of a calculation that is too large for one event. */
  slices: WrittenSlices;
  /** How many of its parties have been told to be settled, in slices. */
  settledParties: number;
  /** At which parties are paid in other currencies. */
  rates: SettlementRates;
  /** How often it has been compared with the ledger, and found to differ. */
  mismatches: number;
  /** How far the payments of its windows have been told. */
  marked: { through: bigint; payments: number };
}

export const settlementStream = (settlementId: string): string => `settlement-${settlementId}`;

export const settlementFold: Fold<SettlementState, SettlementEvent> = { initial: { status: 'none' }, evolve };

function evolve(state: SettlementState, event: SettlementEvent): SettlementState {
  if (event.type === 'SettlementRequested') {
    const { settlementId, model, currency, windowIds, requestedBy } = event;
    return {
      status: 'requested',
      settlementId,
      model,
      currency,
      windowIds,
      requestedBy,
      parties: [],
      direct: [],
      slices: { count: 0, obligations: 0 },
      settledParties: 0,
      rates: { locked: new Map(), awaited: new Map() },
      mismatches: 0,
      marked: { through: 0n, payments: 0 },
    };
  }
  if (state.status === 'none') throw new Error(`${event.type} of ${event.settlementId} without a SettlementRequested before it`);
  switch (event.type) {
    case 'SettlementPartiesCalculated':
      return {
        ...withRows(state, event),
        slices: { count: event.slice, obligations: state.slices.obligations + event.obligations.length },
      };
    case 'SettlementCalculated':
      return { ...withRows(state, event), status: 'calculated', cutOff: BigInt(event.cutOff) };
    case 'SettlementMismatched':
      return { ...state, status: 'mismatched', mismatches: state.mismatches + 1 };
    case 'SettlementComparisonAsked':
      return { ...state, status: 'calculated' };
    case 'SettlementVerified':
      return { ...state, status: 'verified' };
    case 'FxRatesLocked': {
      const locked = new Map([...state.rates.locked, ...event.rates.map((rate) => [rate.party, rate] as const)]);
      return { ...state, rates: { ...state.rates, locked } };
    }
    case 'FxRatesAwaited': {
      const awaited = new Map([...state.rates.awaited, ...event.waiting.map((each) => [each.party, each] as const)]);
      return { ...state, rates: { ...state.rates, awaited } };
    }
    case 'SettlementApproved':
      return { ...state, status: 'approved', approvedBy: event.by };
    case 'SettlementAborted':
      return { ...state, status: 'aborted' };
    case 'SettlementPaying':
      return { ...state, status: 'paying' };
    case 'SettlementPartiesSettled':
      return { ...state, settledParties: state.settledParties + event.parties.length };
    case 'SettlementSettled':
      return { ...state, status: 'settled' };
    case 'PaymentSidesSettled':
      return { ...state, marked: { through: BigInt(event.throughPosition), payments: state.marked.payments + event.payments.length } };
    case 'PaymentsMarked':
      return { ...state, status: 'marked' };
    default:
      return event satisfies never;
  }
}

const withRows = (state: Settlement, { parties, direct = [] }: Pick<SettlementCalculated, 'parties' | 'direct'>): Settlement => ({
  ...state,
  parties: [...state.parties, ...parties],
  direct: [...state.direct, ...direct],
});
