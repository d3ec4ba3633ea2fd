import { ALog, flip, hex } from '../test/a-log.js';
import { emptyRoot, leafHash, nodeHash, type Hash } from './merkle.js';
import { MerkleTree } from './merkle.tree.js';
import { verifyConsistency, verifyInclusion } from './merkle.verify.js';

/**
 * The vectors of certificate-transparency (cpp/merkletree/merkle_tree_test.cc), as transparency-dev/merkle has them too (testonly/constants.go,
 * testonly/reference_test.go, proof/verify_test.go).
 */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((each) =>
  leafHash(Buffer.from(each, 'hex')),
);
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const inclusionProofs: readonly [index: number, size: number, proof: readonly string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const consistencyProofs: readonly [oldSize: number, size: number, proof: readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const hash = (text: string | undefined): Hash => Buffer.from(text ?? '', 'hex');
const root = (size: number): Hash => hash(roots[size]);
const leaf = (index: number): Hash => leaves[index] ?? emptyRoot;
const some = hash('abacaba000000000000000000000000000000000000000000060061e00123456');

describe('the published trees', () => {
  it.each(roots.map((expected, size) => [size, expected] as const))('of %d leaves have their root', async (size, expected) => {
    const log = ALog.of(leaves.slice(0, size));
    expect(hex(log.tree.root())).toBe(expected);
    expect(hex(await log.prover.root(size))).toBe(expected);
    expect(hex(await ALog.of(leaves).prover.root(size))).toBe(expected);
  });

  it.each(inclusionProofs)('leaf %d is proven to be in the tree of %d', async (index, size, proof) => {
    expect((await ALog.of(leaves).prover.inclusionProof(index, size)).map(hex)).toEqual(proof);
    expect(verifyInclusion({ index, size, leaf: leaf(index), root: root(size), proof: proof.map(hash) })).toBe(true);
  });

  it.each(consistencyProofs)('the tree of %d is proven to begin the tree of %d', async (oldSize, size, proof) => {
    expect((await ALog.of(leaves).prover.consistencyProof(oldSize, size)).map(hex)).toEqual(proof);
    expect(verifyConsistency({ oldSize, oldRoot: root(oldSize), size, root: root(size), proof: proof.map(hash) })).toBe(true);
  });
});

describe('an inclusion proof', () => {
  const cases = inclusionProofs.flatMap(([index, size, proof]) => {
    const good = { index, size, leaf: leaf(index), root: root(size), proof: proof.map(hash) };
    const name = `of ${index} in ${size}`;
    return [
      [`${name}, at the index before`, { ...good, index: index - 1 }],
      [`${name}, at the index after`, { ...good, index: index + 1 }],
      [`${name}, at another index`, { ...good, index: index ^ 2 }],
      [`${name}, in a tree twice as large`, { ...good, size: size * 2 }],
      [`${name}, in half the tree`, { ...good, size: size / 2 }],
      [`${name}, of another leaf`, { ...good, leaf: some }],
      [`${name}, of something that is no hash`, { ...good, leaf: Buffer.from('wrong leaf') }],
      [`${name}, with the root of the empty tree`, { ...good, root: emptyRoot }],
      [`${name}, with another root`, { ...good, root: some }],
      [`${name}, with nothing for a root`, { ...good, root: Buffer.alloc(0) }],
      [`${name}, with an empty hash behind it`, { ...good, proof: [...good.proof, Buffer.alloc(0)] }],
      [`${name}, with the root behind it`, { ...good, proof: [...good.proof, good.root] }],
      [`${name}, with the root before it`, { ...good, proof: [good.root, ...good.proof] }],
      ...good.proof.map((_, at) => [`${name}, without hash ${at}`, { ...good, proof: good.proof.toSpliced(at, 1) }] as const),
      ...good.proof.map((each, at) => [`${name}, hash ${at} damaged`, { ...good, proof: good.proof.with(at, flip(each, 3)) }] as const),
    ] as const;
  });

  it.each(cases)('%s is wrong', (_, inclusion) => {
    expect(verifyInclusion(inclusion)).toBe(false);
  });

  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [-1, 1],
    [0.5, 1],
  ])('of leaf %d in a tree of %d proves nothing', (index, size) => {
    expect(verifyInclusion({ index, size, leaf: emptyRoot, root: emptyRoot, proof: [] })).toBe(false);
  });
});

describe('a consistency proof', () => {
  const cases = consistencyProofs.flatMap(([oldSize, size, proof]) => {
    const good = { oldSize, oldRoot: root(oldSize), size, root: root(size), proof: proof.map(hash) };
    const name = `from ${oldSize} to ${size}`;
    const always = [
      [`${name}, from another old root`, { ...good, oldRoot: some }],
      [`${name}, to another root`, { ...good, root: some }],
      [`${name}, with an empty hash behind it`, { ...good, proof: [...good.proof, Buffer.alloc(0)] }],
      [`${name}, with a root behind it`, { ...good, proof: [...good.proof, good.root] }],
      [`${name}, with a root before it`, { ...good, proof: [good.oldRoot, ...good.proof] }],
      [`${name}, back in time`, { ...good, oldSize: size + 1 }],
    ] as const;
    if (proof.length === 0) return [...always];
    return [
      ...always,
      [`${name}, from the size before`, { ...good, oldSize: oldSize - 1 }],
      [`${name}, from the size after`, { ...good, oldSize: oldSize + 1 }],
      [`${name}, to a tree twice as large`, { ...good, size: size * 2 }],
      [`${name}, to half the tree`, { ...good, size: size / 2 }],
      [`${name}, with the roots the other way round`, { ...good, oldRoot: good.root, root: good.oldRoot }],
      [`${name}, empty`, { ...good, proof: [] }],
      ...good.proof.map((_, at) => [`${name}, without hash ${at}`, { ...good, proof: good.proof.toSpliced(at, 1) }] as const),
      ...good.proof.map((each, at) => [`${name}, hash ${at} damaged`, { ...good, proof: good.proof.with(at, flip(each, 4)) }] as const),
    ] as const;
  });

  it.each(cases)('%s is wrong', (_, consistency) => {
    expect(verifyConsistency(consistency)).toBe(false);
  });

  it.each([
    ['from nothing to something, empty, is right', 0, emptyRoot, 5, root(5), [], true],
    ['from nothing to nothing is right', 0, emptyRoot, 0, emptyRoot, [], true],
    ['from nothing that has a root is wrong', 0, some, 5, root(5), [], false],
    ['from nothing with a hash is wrong', 0, emptyRoot, 5, root(5), [some], false],
    ['to nothing that has a root is wrong', 0, emptyRoot, 0, some, [], false],
    ['between equal sizes with other roots is wrong', 5, root(5), 5, some, [], false],
    ['between equal sizes with a hash is wrong', 5, root(5), 5, root(5), [root(5)], false],
  ] as const)('%s', (_, oldSize, oldRoot, size, newRoot, proof, right) => {
    expect(verifyConsistency({ oldSize, oldRoot, size, root: newRoot, proof })).toBe(right);
  });
});

it('a node over what is no hash is refused', () => {
  expect(() => nodeHash(some, Buffer.alloc(31))).toThrow('hash_length');
});

describe('a tree that goes on from its tiles', () => {
  it.each([0, 1, 7, 255, 256, 257, 65_535, 65_536, 65_537])('of %d leaves makes the same as one that never stopped', async (size) => {
    const log = ALog.of(Array.from({ length: size }, (_, index) => leafHash(Buffer.from(String(index)))));
    const resumed = await MerkleTree.resume(size, log.tiles.get, log.tree.root());
    expect(resumed.takeTiles()).toEqual([]);
    for (const each of leaves) {
      log.tree.append(each);
      resumed.append(each);
    }
    expect(hex(resumed.root())).toBe(hex(log.tree.root()));
    expect(resumed.takeTiles()).toEqual(log.tree.takeTiles());
  });

  it('is refused when the tiles are not those of the checkpoint', async () => {
    const log = ALog.of(leaves);
    await expect(MerkleTree.resume(8, log.tiles.get, some)).rejects.toThrow('root_differs');
    await expect(MerkleTree.resume(9, log.tiles.get)).rejects.toThrow('tile_missing');
    await expect(MerkleTree.resume(8, () => Promise.resolve(Buffer.alloc(7 * 32)))).rejects.toThrow('tile_length');
    await expect(MerkleTree.resume(-1, log.tiles.get)).rejects.toThrow('out_of_range');
  });
});

describe('a proof that cannot be', () => {
  const { prover } = ALog.of(leaves);

  it.each([
    ['of a leaf behind the tree', () => prover.inclusionProof(8, 8)],
    ['of a leaf before the tree', () => prover.inclusionProof(-1, 8)],
    ['from more leaves to fewer', () => prover.consistencyProof(5, 4)],
  ])('%s is out of range', async (_, prove) => {
    await expect(prove()).rejects.toThrow('out_of_range');
  });

  it('of a tree that the tiles do not reach lacks a tile', async () => {
    await expect(prover.inclusionProof(3, 9)).rejects.toThrow('tile_missing');
  });
});
