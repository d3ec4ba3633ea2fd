import { describe, expect, it } from '@jest/globals';
import type { BankLineExplanationEvent, BreakEvent, ReconciliationTermsEvent } from '@tongbao/contracts';
import { goldenEvents } from '@tongbao/testing';
import { bankLineFold, type LineState } from './bank-line.js';
import { billFold } from './bill.js';
import { breakFold } from './break.js';
import {
  isBillFact,
  isBreakFact,
  isExplanationFact,
  isFeeFact,
  isPayoutMatchFact,
  isRunFact,
  isTermsFact,
  type BillEvent,
  type RunEvent,
} from './facts.js';
import { dayFold } from './run.js';
import { termsFold } from './terms.js';

const golden = goldenEvents<{ type: string }>('reconciliation').map(({ event }) => event);
const asStored = (event: { type: string }) => ({
  event,
  stream: '',
  revision: 0,
  position: 0n,
  id: '',
  metadata: {},
  createdAt: new Date(),
});

/** The events of one fold, and the one that it begins with. */
const of = <E extends { type: string }>(
  isOne: (stored: ReturnType<typeof asStored>) => boolean,
  first: E['type'],
): { all: E[]; begin: E } => {
  // The guard has told that they are.
  const all = golden.filter((event) => isOne(asStored(event))) as E[];
  return { all, begin: all.find(({ type }) => type === first)! };
};

const saidIn = ({ proposal, explained, claims }: LineState): number => [proposal, explained, ...claims].filter(Boolean).length;

describe('everything that was ever written', () => {
  it('is known to one of the folds', () => {
    const guards = [isBillFact, isBreakFact, isExplanationFact, isFeeFact, isPayoutMatchFact, isRunFact, isTermsFact];
    const unknown = golden.filter((event) => !guards.some((isOne) => isOne(asStored(event)))).map(({ type }) => type);
    expect(unknown).toEqual(['BankLineRecorded']);
  });

  it('of a bill is still understood', () => {
    const { all, begin } = of<BillEvent>(isBillFact, 'BillReceived');
    for (const event of all) expect(billFold.evolve(billFold.evolve(billFold.initial, begin), event).status).not.toBe('none');
  });

  it('of a run is still understood', () => {
    const { all, begin } = of<RunEvent>(isRunFact, 'ReconciliationStarted');
    for (const event of all) expect(dayFold.evolve(dayFold.evolve(dayFold.initial, begin), event).runs).toBeGreaterThan(0);
  });

  it('of a break is still understood', () => {
    const { all, begin } = of<BreakEvent>(isBreakFact, 'BreakFound');
    for (const event of all) expect(breakFold.evolve(breakFold.evolve(breakFold.initial, begin), event).status).not.toBe('none');
  });

  it('of a line of our bank, and of terms, is still understood', () => {
    const lines = of<BankLineExplanationEvent>(isExplanationFact, 'BankLineExplanationProposed');
    expect(lines.all.map((event) => saidIn(bankLineFold.evolve(bankLineFold.initial, event))).sort()).toEqual([0, 1, 1, 1, 1]);
    const terms = of<ReconciliationTermsEvent>(isTermsFact, 'ReconciliationTermsSet');
    expect(termsFold.evolve(termsFold.initial, terms.begin)).toMatchObject({ version: 1, terms: { format: 'alipay' } });
    const waiting = terms.all.map((event) => termsFold.evolve(termsFold.initial, event).proposal?.proposalId);
    expect(waiting.filter((each) => each !== undefined)).toHaveLength(1);
  });
});
