import { describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { BatchWriter } from './batch-writer.js';

function writerInto(batches: string[][], write?: (batch: readonly string[]) => Promise<void>): BatchWriter<string> {
  return new BatchWriter<string>({
    maxItems: 3,
    lingerMs: 0,
    sizeOf: (item) => item.length,
    write: async (batch) => {
      await (write?.(batch) ?? Promise.resolve());
      batches.push([...batch]);
      return BigInt(batches.length);
    },
  });
}

describe('a batch', () => {
  it('takes what comes while the one before is written, up to a number of items', async () => {
    const batches: string[][] = [];
    const writer = writerInto(batches);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((item) => writer.add(item)));
    expect(batches.flat()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(Math.max(...batches.map(({ length }) => length))).toBe(3);
  });

  it('stays small enough for an event, and holds one item however large', async () => {
    const batches: string[][] = [];
    const writer = writerInto(batches);
    const [half, whole] = ['x'.repeat(150_000), 'x'.repeat(300_000)];
    await Promise.all(['a', half, half, whole].map((item) => writer.add(item)));
    expect(batches.flat()).toEqual(['a', half, half, whole]);
    expect(batches.filter((batch) => batch.length > 1 && batch.join('').length > 262_144)).toEqual([]);
  });

  it('is written again while the store is out, and nothing of it is lost', async () => {
    const batches: string[][] = [];
    let outages = 2;
    const writer = writerInto(batches, () => ((outages -= 1) >= 0 ? Promise.reject(new Outage('down')) : Promise.resolve()));
    await Promise.all(['a', 'b'].map((item) => writer.add(item)));
    expect(batches.flat()).toEqual(['a', 'b']);
  });

  it('that cannot be written fails its items alone', async () => {
    const batches: string[][] = [];
    const writer = writerInto(batches, (batch) => (batch.includes('bad') ? Promise.reject(new Error('bug')) : Promise.resolve()));
    await expect(writer.add('bad')).rejects.toThrow('bug');
    await expect(writer.add('good')).resolves.toBe(1n);
  });

  it('takes nothing after a stop', async () => {
    const writer = writerInto([]);
    await writer.stop();
    await expect(writer.add('late')).rejects.toThrow(Outage);
  });

  it('is begun for every item that is added the moment another is durable', async () => {
    const batches: string[][] = [];
    const writer = writerInto(batches);
    for (let index = 0; index < 200; index += 1) await writer.add(String(index));
    expect(batches).toHaveLength(200);
  });
});
