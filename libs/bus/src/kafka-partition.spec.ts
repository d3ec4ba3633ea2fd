import { beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaPartition } from './kafka-partition.js';

describe('a partition of Kafka, as a member goes through it', () => {
  let partition: KafkaPartition;
  beforeEach(() => {
    partition = new KafkaPartition('t', 3);
    partition.stand({ saved: 10, low: 4, high: 15 });
  });

  it('begins where the group stands', () => {
    expect(partition).toMatchObject({ saved: 10, reached: 10, lag: 5, open: 0, oldest: undefined, isDirty: false });
  });

  it('begins with the first message that is there when nothing is saved, or when that is gone', () => {
    const fresh = new KafkaPartition('t', 3);
    fresh.stand({ saved: undefined, low: 4, high: 15 });
    expect(fresh).toMatchObject({ reached: 4, lag: 11 });
    fresh.stand({ saved: 2, low: 7, high: 15 });
    expect(fresh.reached).toBe(7);
  });

  it('has reached the oldest that is open, whatever lies behind it', () => {
    partition.begin(10, '1000');
    // 11 is passed over.
    partition.begin(12, '3000');
    partition.readTo(13);
    expect(partition).toMatchObject({ reached: 10, open: 2, oldest: 1_000, lag: 5, isDirty: false });
    partition.settle();
    expect(partition).toMatchObject({ reached: 12, open: 1, oldest: 3_000, lag: 3, isDirty: true });
    partition.settle();
    expect(partition).toMatchObject({ reached: 13, open: 0, oldest: undefined, lag: 2, isDirty: true });
    partition.saved = 13;
    expect(partition.isDirty).toBe(false);
  });

  it('passes over what it need not deal with', () => {
    partition.readTo(15);
    expect(partition).toMatchObject({ reached: 15, lag: 0, isDirty: true });
  });

  it('believes what it was given rather than what was asked for earlier', () => {
    partition.begin(10, '1000');
    partition.readTo(20);
    partition.high = 20;
    partition.stand({ saved: 3, low: 0, high: 18 });
    expect(partition).toMatchObject({ saved: 10, reached: 10, lag: 10 });
  });

  it('stays small however much goes through it', () => {
    for (let offset = 10; offset < 5_010; offset += 1) {
      partition.begin(offset, '1000');
      partition.readTo(offset + 1);
      if (offset % 2 === 1) partition.settle();
    }
    expect(partition).toMatchObject({ open: 2_500, reached: 2_510 });
    for (let n = 0; n < 2_500; n += 1) partition.settle();
    expect(partition).toMatchObject({ open: 0, reached: 5_010 });
    expect(() => partition.settle()).toThrow(/nothing is open/);
  });
});
