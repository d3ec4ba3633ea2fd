import { windowIdOf } from './models.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';

/** The window of a model and currency that takes in what comes now. The first one takes facts in even before its WindowOpened. */
export async function currentWindow(rows: SettlementRows, model: string, currency: string): Promise<RowOf<'windows'>> {
  const current = await rows.get('currentWindows', model, currency);
  return current ? rows.require('windows', current.windowId) : beginWindow(rows, model, currency, 1, 0n);
}

/** From here on facts of the model and currency are this window's. */
export function beginWindow(
  rows: SettlementRows,
  model: string,
  currency: string,
  sequence: number,
  afterPosition: bigint,
): RowOf<'windows'> {
  const windowId = windowIdOf(model, currency, sequence);
  const window: RowOf<'windows'> = {
    ...{ windowId, model, currency, sequence, afterPosition },
    ...{ state: 'open', openedAt: null, closedAt: null, closedBy: null, cutOff: null },
    ...{ facts: 0, lastFact: 0n, settlementId: null },
  };
  rows.put('windows', window);
  rows.put('currentWindows', { model, currency, windowId, sequence });
  return window;
}
