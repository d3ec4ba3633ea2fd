import { isCurrency } from '@tongbao/money';
import { Problem, type PageQuery } from '@tongbao/service';
import type { Order } from './account-events.js';
import type { AsOf } from './as-of.js';
import type { HistoryQuestion } from './balance-history.view.js';
import type { EntryFilter } from './entries.queries.js';
import { bucketUnits, type BucketUnit } from './time-buckets.js';

/** What queries may be asked with, as it comes. */
export interface AtLeast {
  atLeast?: string;
  atLeastRevision?: string;
}

export interface EntriesQuery extends PageQuery, AtLeast {
  kind?: string;
  currency?: string;
  counterparty?: string;
  from?: string;
  to?: string;
  order?: string;
}

export interface HistoryQuery extends AtLeast {
  currency?: string;
  unit?: string;
  zone?: string;
  from?: string;
  to?: string;
}

/** @throws Problem invalid */
export function entryNumber(text: string): number {
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number))
    throw new Problem('invalid', 'The number of an entry is an integer from 0 on.', 'number');
  return number;
}

/** @throws Problem invalid */
export function requiredCurrency(currency: string | undefined): string {
  if (currency === undefined || !isCurrency(currency))
    throw new Problem('invalid', 'currency must be an ISO 4217 currency code such as USD.', 'currency');
  return currency;
}

/** @throws Problem invalid */
export function asOfIn(text: string | undefined): AsOf | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return { revision: Number(text) };
  const time = instant(text);
  if (time === undefined) throw new Problem('invalid', 'asOf must be a journal revision or a time such as 2026-01-31T08:00:00Z.', 'asOf');
  return { time: new Date(time).toISOString() };
}

/** @throws Problem invalid */
export function filterIn({ kind, currency, counterparty, from, to }: EntriesQuery): EntryFilter {
  return {
    kind,
    counterparty,
    currency: currency === undefined ? undefined : requiredCurrency(currency),
    from: from === undefined ? undefined : new Date(timeIn(from, 'from')).toISOString(),
    to: to === undefined ? undefined : new Date(timeIn(to, 'to')).toISOString(),
  };
}

/** @throws Problem invalid */
export function orderIn(order: string | undefined, otherwise: Order): Order {
  return oneOf(['newest', 'oldest'] as const, order ?? otherwise, 'order');
}

/** @throws Problem invalid */
export function holdStatusIn(status: string | undefined): 'placed' | 'ended' | undefined {
  return status === undefined ? undefined : oneOf(['placed', 'ended'] as const, status, 'status');
}

/** How much of a history is shown when nobody says from when, in milliseconds. */
const usualLengthMs: Record<BucketUnit, number> = { hour: 48 * 3_600_000, day: 30 * 86_400_000, month: 365 * 86_400_000 };

/** The books of no hub are older, and time zones were odder. */
const earliestMs = Date.UTC(2000, 0, 1);

/** Up to now, when nobody says until when; never beyond. @throws Problem invalid */
export function historyIn(account: string, query: HistoryQuery, nowMs: number): HistoryQuestion {
  const unit = oneOf(bucketUnits, query.unit ?? 'day', 'unit');
  const currency = requiredCurrency(query.currency);
  // The present itself belongs to what is shown.
  const toMs = Math.min(query.to === undefined ? nowMs + 1 : timeIn(query.to, 'to'), nowMs + 1);
  const fromMs = query.from === undefined ? toMs - usualLengthMs[unit] : timeIn(query.from, 'from');
  if (fromMs < earliestMs) throw new Problem('invalid', 'from must not be before the year 2000.', 'from');
  if (fromMs >= toMs) throw new Problem('invalid', 'from must be before to, and before now.', 'from');
  return { account, currency, unit, zone: query.zone ?? 'UTC', fromMs, toMs };
}

function timeIn(text: string, field: string): number {
  const time = instant(text);
  if (time === undefined) throw new Problem('invalid', `${field} must be a time such as 2026-01-31T08:00:00Z.`, field);
  return time;
}

/** Milliseconds since 1970; a time without its zone is none. */
function instant(text: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function oneOf<const T extends string>(known: readonly T[], asked: string, field: string): T {
  const found = known.find((each) => each === asked);
  if (found === undefined) throw new Problem('invalid', `${field} must be one of ${known.join(', ')}.`, field);
  return found;
}
