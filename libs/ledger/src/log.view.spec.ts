import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { leafOf, MemoryTiles, MerkleTree, leafHash, numberedEntries, tilePath, tilesOfGrowth } from '@tongbao/transparency-log';
import { batchOf, Databases, LogProcess, rootOf, settingsOf, Store } from '../test/log-hub.js';

const { commitments } = settingsOf();
const leavesOf = (sizes: readonly number[]): Uint8Array[] => {
  let first = 0;
  return sizes.flatMap((size) => numberedEntries(batchOf((first += size) - size, size)).map((entry) => leafOf(entry, commitments)));
};

const databases = new Databases();
afterAll(() => databases.close());

const failureOf = async ({ runner }: LogProcess): Promise<string> =>
  String(
    (
      await eventually(
        () => Promise.resolve(runner.status()),
        ({ state }) => state === 'failed',
      )
    ).error,
  );

let store: Store;
beforeEach(async () => {
  store = await Store.start();
});
afterEach(async () => {
  databases.release();
  await store.stop();
});

describe('the projection of the log', () => {
  it('has the tree, the tiles and the leaves of the journal, however it was cut into events', async () => {
    const sizes = [1, 1, 254, 1, 300, 2, 97, 3];
    const process = await LogProcess.start(store, await databases.empty());
    let position = 0n;
    for (const size of sizes) position = await store.post(size);
    await process.runner.reached(position, 20_000);
    const leaves = leavesOf(sizes);
    expect(await process.queries.tree()).toMatchObject({
      size: leaves.length,
      rootHash: rootOf(leaves),
      journalRevision: sizes.length - 1,
    });
    const [tree, tiles] = [new MerkleTree(), new MemoryTiles()];
    for (const leaf of leaves) tree.append(leafHash(leaf));
    for (const tile of tree.takeTiles()) tiles.put(tile);
    for (const id of tilesOfGrowth(0, leaves.length))
      expect([tilePath(id), Buffer.from(await process.queries.tiles(id))]).toEqual([tilePath(id), Buffer.from(await tiles.get(id))]);
    for (const [index, width] of [
      [0, 256],
      [1, 256],
      [2, leaves.length - 512],
      [2, 3],
    ] as const)
      expect((await process.queries.bundle({ index, width }))?.map(String)).toEqual(
        leaves.slice(index * 256, index * 256 + width).map((leaf) => String(Buffer.from(leaf))),
      );
    expect(await process.queries.bundle({ index: 2, width: 200 })).toBeUndefined();
    expect(String(await process.queries.leaf(255))).toBe(String(Buffer.from(leaves[255]!)));
    expect(await process.runner.rebuild()).toMatchObject({ equal: true, differences: [] });
    await process.stop();
  });

  it('goes on after a restart, from the tiles', async () => {
    const sql = await databases.empty();
    const first = await LogProcess.start(store, sql);
    await first.runner.reached(await store.post(700), 20_000);
    await first.stop();
    const second = await LogProcess.start(store, sql);
    await second.runner.reached(await store.post(5), 20_000);
    expect((await second.queries.tree())?.rootHash).toBe(rootOf(leavesOf([700, 5])));
    await second.stop();
  });

  it('stands still where the commitment key is another one, or the journal has a gap', async () => {
    const sql = await databases.empty();
    const first = await LogProcess.start(store, sql);
    await first.runner.reached(await store.post(3), 20_000);
    await first.stop();
    const failures: string[] = [];
    const other = await LogProcess.start(store, sql, { commitmentKey: 'cd'.repeat(32) });
    const position = await store.post(1);
    failures.push(await failureOf(other));
    await other.stop();
    const right = await LogProcess.start(store, sql);
    expect(await right.runner.reached(position, 20_000)).toBe(true);
    store.entries += 1;
    await store.post(1);
    failures.push(await failureOf(right));
    expect(failures).toEqual([
      expect.stringContaining('LOG_COMMITMENT_KEY is not the one'),
      expect.stringContaining('begins with entry 5; the tree has 4 leaves'),
    ]);
    await right.stop();
  });
});

it('hides what could lead to a person, and shows the money', () => {
  const [leaf] = leavesOf([1]);
  const text = Buffer.from(leaf!).toString();
  expect(text).not.toMatch(/pay_0|creator:K/);
  expect(text).toContain('"amountMinor":70');
});
