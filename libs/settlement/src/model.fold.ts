import type { CalendarEvent, ModelEvent } from '@tongbao/contracts';
import type { SettlementRows } from './settlement.rows.js';
import { beginWindow } from './window.rows.js';

/** Models and their versions. A new model's first window begins with it, not with the log: there is nothing of it before. */
export async function foldModel(event: ModelEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { name, currency, version } = event;
  if (event.type === 'SettlementModelProposed') {
    const known = (await rows.get('models', name, currency)) ?? { name, currency, current: null };
    rows.put('models', { ...known, proposed: event });
    return;
  }
  rows.put('models', { name, currency, current: event, proposed: null });
  rows.put('modelVersions', { name, currency, version, terms: event, position });
  if (!(await rows.get('currentWindows', name, currency))) beginWindow(rows, name, currency, 1, position);
}

export function foldCalendar(event: CalendarEvent, rows: SettlementRows): void {
  rows.put('calendars', { name: event.name, current: event });
}
