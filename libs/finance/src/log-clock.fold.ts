import type { StoredEvent } from '@tongbao/event-store';
import type { FinanceRows } from './finance.rows.js';

const main = 'main';
const secondsInMinute = 60;
const secondsInHour = 3_600;

/**
 * The clock of the log. A time of the world becomes a place in the log by it, so that everything that finance tells of a period is cut at the same place,
 * whatever a clock of some process did: an event that says an earlier time than one before it counts at the time of that one.
 * @returns the hour (since 1970) that the event counts in
 */
export async function tick({ createdAt, position }: StoredEvent, rows: FinanceRows): Promise<number> {
  const second = Math.floor(createdAt.getTime() / 1_000);
  const known = await rows.get('clock', main);
  const hour = Math.floor(second / secondsInHour);
  if (!known) rows.put('hours', { hour, firstPosition: position, previousHour: null });
  else {
    const knownHour = Math.floor(known.second / secondsInHour);
    if (second <= known.second) return knownHour;
    if (hour > knownHour) rows.put('hours', { hour, firstPosition: position, previousHour: knownHour });
  }
  rows.put('clock', { name: main, second });
  await markSecond(second, position, rows);
  return hour;
}

async function markSecond(second: number, position: bigint, rows: FinanceRows): Promise<void> {
  const minute = Math.floor(second / secondsInMinute);
  const known = await rows.get('minutes', minute);
  const line = encodeSecond({ second: second % secondsInMinute, firstPosition: position });
  rows.put('minutes', { minute, firstPosition: known?.firstPosition ?? position, seconds: (known?.seconds ?? '') + line });
}

/** The hour that holds a position at or before the present one; the ledger is never far behind, so this is a step or none. */
export async function hourHolding(position: bigint, presentHour: number, rows: FinanceRows): Promise<number> {
  let row = await rows.require('hours', presentHour);
  while (position < row.firstPosition && row.previousHour !== null) row = await rows.require('hours', row.previousHour);
  return row.hour;
}

/** A second of a minute, and where it begins in the log. */
export interface SecondMark {
  second: number;
  firstPosition: bigint;
}

const encodeSecond = ({ second, firstPosition }: SecondMark): string => `${second} ${firstPosition}\n`;

/** The column `seconds`, in order. */
export function decodeSeconds(text: string): SecondMark[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [second = '', firstPosition = ''] = line.split(' ');
      return { second: Number(second), firstPosition: BigInt(firstPosition) };
    });
}
