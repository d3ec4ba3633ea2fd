import { existsSync, readFileSync, unlinkSync } from 'node:fs';

/**
 * For tests of crashes: where TONGBAO_FAULT_FILE names a file of one line `<when> <what> <count>`, the process is killed (SIGKILL) when it comes to that point
 * for the count-th time, and the file is removed first, so that the next process lives. `<what>` is
 * - a category or a type of event: an append to a stream of the category, or with an event of the type, is about to be sent (`before`), or has been acknowledged
 *   and nobody has been told (`after`);
 * - `rows`: a projection has folded and written nothing (`before`), has written rows and not committed them (`amid`), or has committed them (`after`);
 * - `fold`: a process that leads has not yet folded the books, or has and has written nothing;
 * - `bankcall`: the bank is about to be told, or has answered and nobody knows; `statement`: lines of the bank have been read and nothing of them is written;
 * - `filewrite`, `filerename`: a file for a bank, or from it: before, amid (half of its bytes are there) or after.
 *
 * `<what>:<text>` is only where an event has that text among its values, such as `before EntriesPosted:PayoutInstructed`, or where the text is the rest of the
 * name, such as `amid rows:settlement`.
 */
const faultFile = process.env['TONGBAO_FAULT_FILE'];
let passed = 0;
let armed = '';

type When = 'before' | 'amid' | 'after';

/** Where the process is. `what`: a stream, or something else that is named like one: `rows-payment`. */
export interface Place {
  when: When;
  what: string;
  events: readonly { type: string }[];
}

/**
 * @param what a stream, or something else that is named like one: `rows-payment`
 * @param events what is appended there
 */
export const faultPoint: (when: When, what: string, events?: readonly { type: string }[]) => void = faultFile
  ? (when, what, events = []) => {
      comeTo({ when, what, events }, faultFile);
    }
  : () => undefined;

/** Whether the process is to be killed at this point, now or at a later time: for a point that there is only if it is asked for. */
export const isFaultAwaited: (when: When, what: string) => boolean = faultFile
  ? (when, what) => existsSync(faultFile) && isAt({ when, what, events: [] }, pointIn(readFileSync(faultFile, 'utf8').trim()))
  : () => false;

const pointIn = (order: string): string => order.slice(0, order.lastIndexOf(' '));

/** @param point `<when> <name>` or `<when> <name>:<text>` */
export function isAt({ when, what, events }: Place, point: string): boolean {
  const [, wanted, name, text] = /^(\S+) ([^:]+)(?::(.+))?$/.exec(point) ?? [];
  if (wanted !== when || name === undefined) return false;
  const [category = '', ...rest] = what.split('-');
  const named = category === name ? events : events.filter(({ type }) => type === name);
  if (category !== name && named.length === 0) return false;
  return text === undefined || rest.join('-') === text || named.some((event) => JSON.stringify(event).includes(`"${text}"`));
}

function comeTo(place: Place, file: string): void {
  if (!existsSync(file)) return;
  const order = readFileSync(file, 'utf8').trim();
  if (order !== armed) {
    armed = order;
    passed = 0;
  }
  const point = pointIn(order);
  if (!isAt(place, point)) return;
  passed += 1;
  if (passed < Number(order.slice(point.length + 1))) return;
  unlinkSync(file);
  process.kill(process.pid, 'SIGKILL');
}
