import type { BillItem, BillLine } from './bill-line.js';

/** The lines of a bill, for `reconcile`; the other items go to `onOther`, which may throw where a bill is not to be used. */
export async function* billLines(
  items: AsyncIterable<BillItem>,
  onOther: (item: Exclude<BillItem, { type: 'line' }>) => void,
): AsyncGenerator<BillLine> {
  for await (const item of items) {
    if (item.type === 'line') yield item.line;
    else onOther(item);
  }
}
