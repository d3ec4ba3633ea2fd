import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PartitionProgress } from './partition-progress.js';

describe('the progress of a partition', () => {
  it('is what the reader has read while nothing is open', () => expect(new PartitionProgress().low(9n)).toBe(9n));

  it('stays before the oldest open delivery', () => {
    const progress = new PartitionProgress();
    progress.begin(5n, 4n);
    progress.begin(8n, 7n);
    expect(progress.low(10n)).toBe(4n);
    progress.settle();
    expect(progress.low(10n)).toBe(5n);
    progress.settle();
    expect(progress.low(10n)).toBe(10n);
  });

  it('passes an event only with its last message', () => {
    const progress = new PartitionProgress();
    for (let index = 0; index < 3; index += 1) progress.begin(5n, 4n);
    progress.settle();
    progress.settle();
    expect(progress.low(5n)).toBe(4n);
    progress.settle();
    expect(progress.low(5n)).toBe(5n);
  });

  it('ends where a partition was left out', () => {
    const progress = new PartitionProgress();
    progress.begin(5n, 4n);
    progress.leftOutAfter = 6n;
    expect(progress.low(20n)).toBe(4n);
    progress.settle();
    expect(progress.low(20n)).toBe(6n);
  });

  it('never passes what is open, and is as far as it can be', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 3_000 }), (begins) => {
        const progress = new PartitionProgress();
        const open: bigint[] = [];
        let read = 0n;
        for (const begin of begins) {
          if (begin) {
            progress.begin(read + 1n, read);
            open.push(read + 1n);
            read += 1n;
          } else if (open.length > 0) {
            progress.settle();
            open.shift();
          }
          expect(progress.low(read)).toBe(open[0] === undefined ? read : open[0] - 1n);
        }
      }),
    );
  });
});
