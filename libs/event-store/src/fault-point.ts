import { existsSync, readFileSync, unlinkSync } from 'node:fs';

/**
 * For tests of crashes: where TONGBAO_FAULT_FILE names a file of one line `<point> <count>`, the process is killed (SIGKILL) when it comes to the point
 * for the count-th time, and the file is removed first, so that the next process lives. A point is `before <category>` or `after <category>`: an append to
 * a stream of the category is about to be sent, or has been acknowledged and nobody has been told.
 */
const faultFile = process.env['TONGBAO_FAULT_FILE'];
let passed = 0;
let armed = '';

export const faultPoint: (when: 'before' | 'after', stream: string) => void = faultFile
  ? (when, stream) => {
      comeTo(`${when} ${stream.slice(0, stream.indexOf('-'))}`, faultFile);
    }
  : () => undefined;

function comeTo(point: string, file: string): void {
  if (!existsSync(file)) return;
  const order = readFileSync(file, 'utf8').trim();
  if (order !== armed) {
    armed = order;
    passed = 0;
  }
  const space = order.lastIndexOf(' ');
  if (order.slice(0, space) !== point) return;
  passed += 1;
  if (passed < Number(order.slice(space + 1))) return;
  unlinkSync(file);
  process.kill(process.pid, 'SIGKILL');
}
