/** The lengths of time that a history may be cut into. */
export const bucketUnits = ['hour', 'day', 'month'] as const;
export type BucketUnit = (typeof bucketUnits)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How far a time zone is ahead of UTC, in milliseconds, at an instant. */
export type Offset = (instantMs: number) => number;

/** @throws RangeError for a time zone that nobody knows */
export function offsetIn(zone: string): Offset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  return (instantMs) => {
    const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return local - Math.floor(instantMs / 1_000) * 1_000;
  };
}

/**
 * Where the hours, days or months of a time zone begin, from the one that holds `fromMs` until the first that begins at or after `toMs`: one more than
 * there are buckets. A day on which clocks change is as long as it is.
 * @param most buckets; one more is given when there are more
 */
export function bucketBounds(unit: BucketUnit, offset: Offset, fromMs: number, toMs: number, most: number): number[] {
  const bounds = [startOf(unit, offset, fromMs)];
  for (let last = bounds[0] ?? fromMs; last < toMs && bounds.length <= most + 1;) {
    last = nextOf(unit, offset, last);
    bounds.push(last);
  }
  return bounds;
}

function startOf(unit: BucketUnit, offset: Offset, instantMs: number): number {
  const ahead = offset(instantMs);
  if (unit === 'hour') return Math.floor((instantMs + ahead) / hourMs) * hourMs - ahead;
  const local = new Date(instantMs + ahead);
  return instantOf(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), unit === 'day' ? local.getUTCDate() : 1), offset);
}

function nextOf(unit: BucketUnit, offset: Offset, startMs: number): number {
  if (unit === 'hour') {
    const next = startOf('hour', offset, startMs + hourMs);
    return next > startMs ? next : startMs + hourMs;
  }
  // Days may begin an hour late, where clocks are put forward at midnight; their date is that of any time in them.
  const local = new Date(startMs + offset(startMs));
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  return instantOf(unit === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1), offset);
}

/** The first instant at which clocks show a local midnight or, where they pass it over, the one at which they do. */
function instantOf(localMs: number, offset: Offset): number {
  const aheads = [offset(localMs - dayMs), offset(localMs + dayMs)];
  const shown = aheads.filter((ahead) => offset(localMs - ahead) === ahead);
  return shown.length > 0 ? localMs - Math.max(...shown) : localMs - Math.min(...aheads);
}
