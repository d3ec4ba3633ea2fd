import { expect, it } from '@jest/globals';
import type {
  AssignmentEvent,
  CalendarEvent,
  FxQuoteEvent,
  LogEvent,
  ModelEvent,
  PayoutEvent,
  SettlementEvent,
  WindowEvent,
  WithdrawalEvent,
} from '@tongbao/contracts';
import { goldenEvents } from '@tongbao/testing';
import { MemoryRows } from '../test/memory-rows.js';
import { foldBankFact } from './bank.fold.js';
import { foldAssignment } from './assignment.fold.js';
import { foldFxQuote } from './fx.fold.js';
import { fxQuotesFold } from './fx-quote.js';
import { foldCalendar, foldModel } from './model.fold.js';
import { payoutFold } from './payout.js';
import { foldCheckpoint } from './settlement.fold.js';
import { SettlementRows } from './settlement.rows.js';
import { settlementFold } from './settlement.js';
import { windowFold } from './window.js';
import { withdrawalFold } from './withdrawal.js';

const eventsOf = <E extends { type: string }>(category: string, first: string): { begin: E; all: E[] } => {
  const all = goldenEvents<E>(category).map(({ event }) => event);
  return { begin: all.find(({ type }) => type === first)!, all };
};

const settlement = eventsOf<SettlementEvent>('settlement', 'SettlementRequested');
it.each(settlement.all.map((event) => [event.type, event] as const))('every %s that was ever written is still understood', (_, event) => {
  const begun = settlementFold.evolve(settlementFold.initial, settlement.begin);
  expect(settlementFold.evolve(begun, event).status).not.toBe('none');
});

const window = eventsOf<WindowEvent>('window', 'WindowOpened');
it.each(window.all.map((event) => [event.type, event] as const))('every %s that was ever written is still understood', (_, event) => {
  const begun = windowFold.evolve(windowFold.initial, window.begin);
  expect(windowFold.evolve(begun, event).status).not.toBe('none');
});

const payout = eventsOf<PayoutEvent>('payout', 'PayoutRequested');
it.each(payout.all.map((event) => [event.type, event] as const))('every %s that was ever written is still understood', (_, event) => {
  const begun = payoutFold.evolve(payoutFold.initial, payout.begin);
  expect(payoutFold.evolve(begun, event).status).not.toBe('none');
});

it('every quote of a currency that was ever written is still understood', async () => {
  const rows = new MemoryRows();
  const events = goldenEvents<FxQuoteEvent>('fxquote').sort((one, other) => one.revision - other.revision);
  for (const { event } of events) await foldFxQuote(event, 10n, new SettlementRows(rows));
  expect(rows.all('fxQuotes')).toMatchObject([
    { from: 'CNY', to: 'USD', rateUnits: 138_889n, rateScale: 6, withdrawnBy: 'operator:finance' },
  ]);
  const state = events.reduce((before, { event }) => fxQuotesFold.evolve(before, event), fxQuotesFold.initial);
  expect(state.newest).toBeUndefined();
});

it('every checkpoint that was ever signed or witnessed is still understood', async () => {
  const rows = new MemoryRows();
  for (const { event } of goldenEvents<LogEvent>('log')) await foldCheckpoint(event, new SettlementRows(rows));
  expect(await rows.get('logProgress', ['main'])).toEqual({ log: 'main', signed: 3, proven: 3 });
});

it('every model, assignment and calendar that was ever written is still understood', async () => {
  const rows = new MemoryRows();
  const typed = new SettlementRows(rows);
  const inOrder = <E extends { type: string }>(category: string) =>
    goldenEvents<E>(category).sort((one, other) => one.revision - other.revision);
  for (const { event } of inOrder<ModelEvent>('model')) await foldModel(event, 10n, typed);
  for (const { event } of inOrder<AssignmentEvent>('assignment')) await foldAssignment(event, typed);
  for (const { event } of inOrder<CalendarEvent>('calendar')) foldCalendar(event, typed);
  expect(rows.all('models')).toMatchObject([
    { name: 'daily', currency: 'CNY', current: { version: 1, settleAfterDays: 1 }, proposed: null },
  ]);
  expect(rows.all('partyModels')).toMatchObject([
    {
      party: 'platform:A',
      steps: [
        { model: 'dnm', lastWindowId: 'dnm_CNY_000001' },
        { model: 'daily', lastWindowId: null },
      ],
      proposed: null,
    },
  ]);
  expect(rows.all('calendars')).toMatchObject([{ name: 'cn', current: { weekend: [6, 7], workdays: ['2026-09-20', '2026-10-10'] } }]);
});

const withdrawal = eventsOf<WithdrawalEvent>('withdrawal', 'WithdrawalRequested');
it.each(withdrawal.all.map((event) => [event.type, event] as const))('every %s that was ever written is still understood', (_, event) => {
  const begun = withdrawalFold.evolve(withdrawalFold.initial, withdrawal.begin);
  expect(withdrawalFold.evolve(begun, event).status).not.toBe('none');
});

it('every event about the bank that was ever written is still understood', async () => {
  const rows = new MemoryRows();
  // In the order of their lives: what begins a stream comes first.
  const begins = ['InstructionTaken', 'RunClosed', 'RunReleased', 'BankFileRejected', 'LiquidityAssignmentProposed'];
  const categories = ['instruction', 'payoutrun', 'bankfile', 'bank', 'deposit'];
  const events = categories.flatMap((category) => goldenEvents(category)).sort((one, other) => rankOf(one, begins) - rankOf(other, begins));
  for (const [index, { event, stream, revision }] of events.entries()) {
    const stored = { event, stream, revision, position: BigInt(index + 1), id: '', metadata: {}, createdAt: new Date(0) };
    await foldBankFact(stored, new SettlementRows(rows));
  }
  for (const table of ['instructions', 'payoutRuns', 'bankFiles', 'bankStatements', 'banks', 'deposits'] as const)
    expect([table, rows.all(table).length]).toEqual([table, 1]);
});

const rankOf = ({ event }: { event: { type: string } }, begins: readonly string[]): number => {
  const rank = begins.indexOf(event.type);
  return rank < 0 ? begins.length : rank;
};
