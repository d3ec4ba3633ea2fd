import type { SqlClient } from '@tongbao/read-model';
import { decodeSeconds } from './log-clock.fold.js';

/**
 * The last log position before a time, by the clock of the log. To the second: what the time has beyond it is cut off.
 * @param time milliseconds since 1970
 * @returns undefined where nothing has been folded at or after that time: it lies where the log has not come to
 */
export async function positionBefore(tx: SqlClient, time: number): Promise<bigint | undefined> {
  const second = Math.floor(time / 1_000);
  const minute = Math.floor(second / 60);
  const rows = await tx.query<{ minute: number; firstPosition: string; seconds: string }>(
    `SELECT minute, first_position AS "firstPosition", seconds FROM finance.minutes WHERE minute >= $1 ORDER BY minute LIMIT 2`,
    [minute],
  );
  for (const row of rows) {
    if (row.minute > minute) return BigInt(row.firstPosition) - 1n;
    const mark = decodeSeconds(row.seconds).find((each) => each.second >= second - minute * 60);
    if (mark) return mark.firstPosition - 1n;
  }
  return undefined;
}

/** Where in the log something is cut off: a position, or the time that it is asked by. */
export type Moment = { position: bigint } | { time: number };

/** @returns at most `present`, which is what a snapshot reflects */
export async function positionAt(tx: SqlClient, moment: Moment, present: bigint): Promise<bigint> {
  const position = 'position' in moment ? moment.position : await positionBefore(tx, moment.time);
  return position === undefined || position > present ? present : position;
}
