import { describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { temporaryFolder } from '../test/harness.js';
import { benchEventStore } from './index.js';

describe('the benchmark', () => {
  it('measures every figure it names, and leaves nothing behind', async () => {
    const folder = await temporaryFolder();
    const { groups, reads, grpcAppends, grpcReads } = await benchEventStore({ parentDir: folder.path, events: 256 });
    expect(groups.map(({ size }) => size)).toEqual([32, 128]);
    const figures = [...groups.flatMap(({ storeAppends, bareInserts }) => [storeAppends, bareInserts]), reads, grpcAppends, grpcReads];
    expect(figures.filter((figure) => !(figure > 0))).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
    await folder.remove();
  });
});
