import { expect, it } from '@jest/globals';
import type { LogEvent, PayoutEvent, SettlementEvent, WindowEvent } from '@tongbao/contracts';
import { goldenEvents } from '@tongbao/testing';
import { MemoryRows } from '../test/memory-rows.js';
import { payoutFold } from './payout.js';
import { foldCheckpoint } from './settlement.fold.js';
import { SettlementRows } from './settlement.rows.js';
import { settlementFold } from './settlement.js';
import { windowFold } from './window.js';

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

it('every checkpoint that was ever signed or witnessed is still understood', async () => {
  const rows = new MemoryRows();
  for (const { event } of goldenEvents<LogEvent>('log')) await foldCheckpoint(event, new SettlementRows(rows));
  expect(await rows.get('logProgress', ['main'])).toEqual({ log: 'main', signed: 3, proven: 3 });
});
