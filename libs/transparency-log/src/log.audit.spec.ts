import fc from 'fast-check';
import { ALog, flip, leavesTo } from '../test/a-log.js';
import { auditLog, historyOf, type LogFinding } from './log.audit.js';
import { leafHash, type Hash } from './merkle.js';
import { parsePath, tilePath, tilesOfGrowth, type TileSource } from './tile.js';
import { LogRefused } from './log-refused.js';

const size = 66_000;
const leaves = leavesTo(size);
const theLog = ALog.of(leaves);

async function findings(of: readonly Hash[], tiles: TileSource, checkpoint = theLog.checkpoint): Promise<LogFinding[]> {
  const found: LogFinding[] = [];
  for await (const each of auditLog(of, tiles, checkpoint)) found.push(each);
  return found;
}

/** The tiles, but one of them as it is made. */
const but =
  (path: string, made: (bytes: Uint8Array) => Uint8Array): TileSource =>
  async (id) =>
    tilePath(id) === path ? made(await theLog.tiles.get(id)) : theLog.tiles.get(id);

describe('an audit', () => {
  it('finds nothing in a log that is whole, at any size', async () => {
    expect(await findings(leaves, theLog.tiles.get)).toEqual([]);
    expect(await findings([], theLog.tiles.get, { ...theLog.checkpoint, size: 0, root: await theLog.prover.root(0) })).toEqual([]);
    const root = await theLog.prover.root(777);
    expect(await findings(leaves, theLog.tiles.get, { ...theLog.checkpoint, size: 777, root })).toEqual([]);
  });

  it('names the tile, and the place in it, where a bit was flipped', async () => {
    const tiles = tilesOfGrowth(0, size);
    const wide = tiles.filter(({ level }) => level > 0);
    for (const tile of [...wide, tiles[0]!, tiles[100]!, tiles[257]!]) {
      const place = tile.width - 1;
      const damaged = but(tilePath(tile), (bytes) => flip(bytes, place * 256 + 77));
      expect(await findings(leaves, damaged)).toEqual([
        { finding: 'tile_differs', tile: tilePath(tile), differing: [tile.index * 256 + place] },
      ]);
    }
  });

  it('names tiles that are missing or cut off', async () => {
    const missing = but('tile/1/000', () => {
      throw new LogRefused('tile_missing', 'gone');
    });
    expect(await findings(leaves, missing)).toEqual([{ finding: 'tile_missing', tile: 'tile/1/000' }]);
    expect(
      await findings(
        leaves,
        but('tile/0/003', (bytes) => bytes.subarray(1)),
      ),
    ).toEqual([{ finding: 'tile_length', tile: 'tile/0/003' }]);
  });

  it('does not take an outage for damage', async () => {
    const outage = but('tile/0/003', () => {
      throw new Error('the disk is gone');
    });
    await expect(findings(leaves, outage)).rejects.toThrow('the disk is gone');
  });

  it('names the leaf that is not the one that was logged', async () => {
    const forged = leaves.with(5_000, leafHash(Buffer.from('forged')));
    expect(await findings(forged, theLog.tiles.get)).toEqual([
      { finding: 'tile_differs', tile: 'tile/0/019', differing: [5_000] },
      { finding: 'tile_differs', tile: 'tile/1/000', differing: [19] },
      { finding: 'tile_differs', tile: 'tile/2/000.p/1', differing: [0] },
      { finding: 'root_differs', size },
    ]);
  });

  it('says that leaves are missing', async () => {
    expect(await findings(leaves.slice(0, 100), theLog.tiles.get)).toEqual([{ finding: 'leaves_missing', leaves: 100, size }]);
  });

  it('finds every flipped bit', async () => {
    const small = ALog.of(leaves.slice(0, 700));
    const ids = tilesOfGrowth(0, 700);
    await fc.assert(
      fc.asyncProperty(fc.nat(ids.length - 1), fc.nat(1 << 16), async (at, bit) => {
        const id = ids[at]!;
        const damaged: TileSource = async (asked) => {
          const bytes = await small.tiles.get(asked);
          return tilePath(asked) === tilePath(id) ? flip(bytes, bit) : bytes;
        };
        const [found, ...more] = await findings(leaves, damaged, small.checkpoint);
        expect(found).toMatchObject({ finding: 'tile_differs', tile: tilePath(id) });
        expect(more).toEqual([]);
        expect(parsePath(tilePath(id))).toMatchObject(id);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the history between two checkpoints', () => {
  const older = ALog.of(leaves.slice(0, 300)).checkpoint;
  const newer = ALog.of(leaves.slice(0, 900));

  it('goes on when the newer one has all that the older had', async () => {
    expect(await historyOf(older, newer.checkpoint, newer.tiles.get)).toBe('continued');
    expect(await historyOf(older, older, newer.tiles.get)).toBe('continued');
    expect(await historyOf(ALog.of([]).checkpoint, newer.checkpoint, newer.tiles.get)).toBe('continued');
  });

  it('is rolled back when there are fewer leaves', async () => {
    expect(await historyOf(newer.checkpoint, older, newer.tiles.get)).toBe('rolled_back');
  });

  it('is forked when a leaf that was there is another, now or at the same size', async () => {
    const fork = ALog.of(leaves.slice(0, 900).with(299, leafHash(Buffer.from('other'))));
    expect(await historyOf(older, fork.checkpoint, fork.tiles.get)).toBe('forked');
    expect(await historyOf(newer.checkpoint, fork.checkpoint, fork.tiles.get)).toBe('forked');
  });

  it('cannot be told from tiles that do not make the newer root', async () => {
    const damaged: TileSource = async (id) => flip(await newer.tiles.get(id), 3);
    expect(await historyOf(older, newer.checkpoint, damaged)).toBe('tiles_damaged');
  });

  it('is one of one log', async () => {
    await expect(historyOf(older, { ...newer.checkpoint, origin: 'other' }, newer.tiles.get)).rejects.toThrow('origin_differs');
  });
});
