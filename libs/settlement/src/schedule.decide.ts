import type { CalendarSet, SettlementModelSet } from '@tongbao/contracts';
import { BusinessCalendar } from './calendar.js';
import { nextClosing, settlementDue } from './schedule.js';

/** The window before another one of its model and currency. */
export interface WindowBefore {
  closedAt: string;
  /** It is settled, or its settlement can no longer be aborted. */
  isThrough: boolean;
}

/** A window that takes in what comes now. */
export interface OpenWindow {
  windowId: string;
  model: string;
  currency: string;
  /** Null while its WindowOpened is still to come. */
  openedAt: string | null;
  facts: number;
  /** Undefined for the first one. */
  before: WindowBefore | undefined;
}

/** A window that no settlement has. */
export interface ClosedWindow {
  windowId: string;
  model: string;
  currency: string;
  closedAt: string;
  /** The version of its model that settles it. */
  terms: SettlementModelSet;
  before: WindowBefore | undefined;
}

/** Everything of one model and currency. */
export interface Scheduled {
  model: SettlementModelSet;
  open: OpenWindow | undefined;
  /** In the order of their sequence. */
  closed: readonly ClosedWindow[];
  calendars: ReadonlyMap<string, CalendarSet>;
}

export type DueAction =
  | { type: 'close'; windowId: string; by: 'schedule' | 'immediate' }
  | { type: 'settle'; windowIds: readonly string[]; by: 'schedule' | 'immediate' };

/** So many windows are settled together at most: as many as may be asked for by hand. */
const maxWindows = 100;

/**
 * What is due of a model by now. However long nobody looked, a window is closed once: what comes next is reckoned from that closing.
 * @param since when the closings begin that are still to come: see `beginOf`
 */
export function whatIsDue(scheduled: Scheduled, now: Date, since: Date): DueAction[] {
  const { model, open } = scheduled;
  const actions = settlementsDue(scheduled, now);
  if (!open) return actions;
  if (model.delay === 'immediate') {
    const mayClose = open.facts > 0 && (open.before?.isThrough ?? true);
    return mayClose ? [...actions, { type: 'close', windowId: open.windowId, by: 'immediate' }] : actions;
  }
  const next = model.schedule && nextClosing(model.schedule, calendarOf(model, scheduled), since);
  return next && next <= now ? [...actions, { type: 'close', windowId: open.windowId, by: 'schedule' }] : actions;
}

/** From here on the closings of an open window count: the last closing, or a later change of the schedule or its calendar, which has no past. */
export function beginOf({ model, open, calendars }: Scheduled): Date {
  const calendar = calendars.get(model.schedule?.calendar ?? '');
  const times = [open?.before?.closedAt ?? open?.openedAt, model.setAt, calendar?.setAt];
  return new Date(Math.max(...times.flatMap((time) => (time ? [Date.parse(time)] : []))));
}

/**
 * All windows up to the last one that is due, together. Those before it are of an earlier time, whatever a clock that has jumped says, and come
 * first in any case. Nothing while the window before them holds them up.
 */
function settlementsDue(scheduled: Scheduled, now: Date): DueAction[] {
  const { closed } = scheduled;
  const [first] = closed;
  if (!first || !(first.before?.isThrough ?? true)) return [];
  const last = closed.slice(0, maxWindows).findLastIndex((window) => isDue(window, scheduled, now));
  const dueLast = closed[last];
  if (!dueLast) return [];
  const by = dueLast.terms.delay === 'immediate' ? 'immediate' : 'schedule';
  return [{ type: 'settle', windowIds: closed.slice(0, last + 1).map(({ windowId }) => windowId), by }];
}

function isDue({ terms, closedAt }: ClosedWindow, scheduled: Scheduled, now: Date): boolean {
  if (terms.delay === 'immediate') return true;
  if (terms.settleAfterDays === undefined) return false;
  const timeZone = terms.schedule?.timeZone ?? 'UTC';
  return settlementDue(new Date(closedAt), terms.settleAfterDays, timeZone, calendarOf(terms, scheduled)) <= now;
}

function calendarOf({ schedule }: SettlementModelSet, { calendars }: Scheduled): BusinessCalendar | undefined {
  if (schedule?.calendar === undefined) return undefined;
  const found = calendars.get(schedule.calendar);
  if (!found) throw new Error(`there is no calendar ${schedule.calendar}`);
  return new BusinessCalendar(found);
}
