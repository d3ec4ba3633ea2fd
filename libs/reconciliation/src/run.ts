import type { BillKind, ReconciliationCompleted, ReconciliationFailed, ReconciliationStarted } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import type { RunEvent } from './facts.js';

export const runStream = (provider: string, day: string): string => `reconciliation-run_${provider}_${day}`;

export const runIdOf = (provider: string, day: string, number: number): string => `${provider}_${day}_${number}`;

export type RunBills = ReconciliationStarted['bills'];

/** The runs of one day of a provider, of which at most the last is under way. */
export interface DayState {
  runs: number;
  /** The last one. */
  last: { started: ReconciliationStarted; end?: ReconciliationCompleted | ReconciliationFailed } | undefined;
}

export const dayFold: Fold<DayState, RunEvent> = {
  initial: { runs: 0, last: undefined },
  evolve: (state, event) => {
    if (event.type === 'ReconciliationStarted') return { runs: event.number, last: { started: event } };
    if (!state.last) throw new Error(`a day begins with ReconciliationStarted, not with ${event.type}`);
    if (event.type === 'LinesCarried') return state;
    return { ...state, last: { ...state.last, end: event } };
  },
};

/** A run that was started and has not ended. */
export const openRun = ({ last }: DayState): ReconciliationStarted | undefined => (last && !last.end ? last.started : undefined);

/** By kind, so that the same bills are written the same. */
export const inOrder = (bills: RunBills): RunBills => [...bills].sort((one, other) => orderOf(one.bill) - orderOf(other.bill));

const orderOf = (bill: BillKind): number => (bill === 'trade' ? 0 : 1);

export const areSameBills = (one: RunBills, other: RunBills): boolean =>
  JSON.stringify(inOrder(one).map(({ billId }) => billId)) === JSON.stringify(inOrder(other).map(({ billId }) => billId));
