import fc from 'fast-check';
import { ALog, flip, hex, leavesTo } from '../test/a-log.js';
import { emptyRoot, leafHash, nodeHash, splitOf, type Hash } from './merkle.js';
import { MerkleTree } from './merkle.tree.js';
import { verifyConsistency, verifyInclusion } from './merkle.verify.js';
import { tilesOfGrowth, type Tile } from './tile.js';
import { TreeProver } from './tree.prover.js';

const largest = 3_000;
const leaves = leavesTo(largest);
const log = ALog.of(leaves);
const leafAt = (index: number): Hash => leaves[index] ?? emptyRoot;

/** RFC 6962, section 2.1, to the letter; shares nothing with the tree but the hashes. */
function mth(from: number, to: number): Hash {
  if (to - from === 0) return emptyRoot;
  if (to - from === 1) return leafAt(from);
  const k = splitOf(to - from);
  return nodeHash(mth(from, from + k), mth(from + k, to));
}

/** Section 2.1.1. */
function path(m: number, from: number, to: number): Hash[] {
  if (to - from === 1) return [];
  const k = splitOf(to - from);
  return m < k ? [...path(m, from, from + k), mth(from + k, to)] : [...path(m - k, from + k, to), mth(from, from + k)];
}

/** Section 2.1.2. */
function subproof(m: number, from: number, to: number, known: boolean): Hash[] {
  if (m === to - from) return known ? [] : [mth(from, to)];
  const k = splitOf(to - from);
  return m <= k
    ? [...subproof(m, from, from + k, known), mth(from + k, to)]
    : [...subproof(m - k, from + k, to, false), mth(from, from + k)];
}

const size = fc.integer({ min: 1, max: largest });
const twoSizes = fc.tuple(size, size).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const leafInTree = size.chain((n) => fc.tuple(fc.nat(n - 1), fc.constant(n)));

it('a root and every proof are those of the RFC', async () => {
  await fc.assert(
    fc.asyncProperty(leafInTree, twoSizes, async ([index, n], [oldSize, newSize]) => {
      expect(hex(await log.prover.root(n))).toBe(hex(mth(0, n)));
      expect((await log.prover.inclusionProof(index, n)).map(hex)).toEqual(path(index, 0, n).map(hex));
      expect((await log.prover.consistencyProof(oldSize, newSize)).map(hex)).toEqual(subproof(oldSize, 0, newSize, true).map(hex));
    }),
    { numRuns: 60 },
  );
});

it('an inclusion proof of any leaf at any size verifies, and with any bit flipped it does not', async () => {
  await fc.assert(
    fc.asyncProperty(leafInTree, fc.nat(1 << 20), async ([index, n], bit) => {
      const good = {
        index,
        size: n,
        leaf: leafAt(index),
        root: await log.prover.root(n),
        proof: await log.prover.inclusionProof(index, n),
      };
      expect(verifyInclusion(good)).toBe(true);
      expect(verifyInclusion({ ...good, leaf: flip(good.leaf, bit) })).toBe(false);
      expect(verifyInclusion({ ...good, root: flip(good.root, bit) })).toBe(false);
      const at = bit % Math.max(good.proof.length, 1);
      const hash = good.proof[at];
      if (hash) expect(verifyInclusion({ ...good, proof: good.proof.with(at, flip(hash, bit)) })).toBe(false);
    }),
  );
});

it('a consistency proof between any sizes verifies, and with any bit flipped it does not', async () => {
  await fc.assert(
    fc.asyncProperty(twoSizes, fc.nat(1 << 20), async ([oldSize, n], bit) => {
      const [oldRoot, root] = [await log.prover.root(oldSize), await log.prover.root(n)];
      const good = { oldSize, oldRoot, size: n, root, proof: await log.prover.consistencyProof(oldSize, n) };
      expect(verifyConsistency(good)).toBe(true);
      expect(verifyConsistency({ ...good, oldRoot: flip(oldRoot, bit) })).toBe(false);
      expect(verifyConsistency({ ...good, root: flip(root, bit) })).toBe(false);
      const at = bit % Math.max(good.proof.length, 1);
      const hash = good.proof[at];
      if (hash) expect(verifyConsistency({ ...good, proof: good.proof.with(at, flip(hash, bit)) })).toBe(false);
    }),
  );
});

it('however the growth is cut, its tiles are those that the sizes say, and make the same tree', async () => {
  const names = (tiles: readonly Omit<Tile, 'hashes'>[]): string[] =>
    tiles.map(({ level, index, width }) => `${level}/${index}/${width}`).sort();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(700), { maxLength: 6 }), async (steps) => {
      const tree = new MerkleTree();
      const tiles = new ALog().tiles;
      for (const step of steps) {
        const before = tree.size;
        for (const leaf of leaves.slice(before, before + step)) tree.append(leaf);
        const taken = tree.takeTiles();
        expect(names(taken)).toEqual(names(tilesOfGrowth(before, tree.size)));
        for (const tile of taken) tiles.put(tile);
      }
      expect(hex(tree.root())).toBe(hex(mth(0, tree.size)));
      expect(hex(await new TreeProver(tiles.get).root(tree.size))).toBe(hex(tree.root()));
      const resumed = await MerkleTree.resume(tree.size, tiles.get, tree.root());
      resumed.append(leafHash(Buffer.from('next')));
      tree.append(leafHash(Buffer.from('next')));
      expect(hex(resumed.root())).toBe(hex(tree.root()));
    }),
    { numRuns: 40 },
  );
});

it('proofs are the same when few tiles are kept in memory', async () => {
  const forgetful = new TreeProver(log.tiles.get, { tilesInMemory: 1 });
  for (const index of [0, 700, 2_999, 3, 1_024]) {
    expect((await forgetful.inclusionProof(index, largest)).map(hex)).toEqual(path(index, 0, largest).map(hex));
  }
});
