import { existsSync, readFileSync, unlinkSync } from 'node:fs';

/**
 * For tests of crashes: where TONGBAO_FAULT_FILE names a file of one line `<point> <count>`, the process is killed (SIGKILL) when it comes to the point
 * for the count-th time, and the file is removed first, so that the next process lives. A point is
 * - `before <category>` or `after <category>`: an append to a stream of the category is about to be sent, or has been acknowledged and nobody has been told;
 * - `before rows`, `amid rows` or `after rows`: a projection has folded and written nothing, has written rows and not committed them, or has committed them;
 * - `before fold` or `after fold`: a process that leads has not yet folded the books, or has and has written nothing.
 */
const faultFile = process.env['TONGBAO_FAULT_FILE'];
let passed = 0;
let armed = '';

type When = 'before' | 'amid' | 'after';

/** @param what a stream, or something else that is named like one: `rows-payment` */
export const faultPoint: (when: When, what: string) => void = faultFile
  ? (when, what) => {
      comeTo(pointOf(when, what), faultFile);
    }
  : () => undefined;

/** Whether the process is to be killed at this point, now or at a later time: for a point that there is only if it is asked for. */
export const isFaultAwaited: (when: When, what: string) => boolean = faultFile
  ? (when, what) => existsSync(faultFile) && pointIn(readFileSync(faultFile, 'utf8').trim()) === pointOf(when, what)
  : () => false;

const pointOf = (when: When, what: string): string => `${when} ${what.slice(0, what.indexOf('-'))}`;

const pointIn = (order: string): string => order.slice(0, order.lastIndexOf(' '));

function comeTo(point: string, file: string): void {
  if (!existsSync(file)) return;
  const order = readFileSync(file, 'utf8').trim();
  if (order !== armed) {
    armed = order;
    passed = 0;
  }
  const found = pointIn(order);
  if (found !== point) return;
  passed += 1;
  if (passed < Number(order.slice(found.length + 1))) return;
  unlinkSync(file);
  process.kill(process.pid, 'SIGKILL');
}
