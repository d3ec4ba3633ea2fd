import { createServer, type Server } from 'node:http';
import fc from 'fast-check';
import { ALog, hex, leavesTo, refusalOf } from '../test/a-log.js';
import { encodeBundle, maxEntryLength, parseBundle } from './entry-bundle.js';
import { MerkleTree } from './merkle.tree.js';
import { bundlePath, bundlesOfGrowth, parsePath, tilePath, tilesOfGrowth } from './tile.js';
import { tilesAt } from './tile.sources.js';

describe('the path of a tile', () => {
  it.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 273, width: 112 }, 'tile/0/273.p/112'],
    [{ level: 1, index: 1_000, width: 256 }, 'tile/1/x001/000'],
    [{ level: 3, index: 1_234_067, width: 1 }, 'tile/3/x001/x234/067.p/1'],
    [{ level: 63, index: 999, width: 255 }, 'tile/63/999.p/255'],
    [{ level: 0, index: Number.MAX_SAFE_INTEGER, width: 256 }, 'tile/0/x009/x007/x199/x254/x740/991'],
  ])('%j is %s', (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(parsePath(path)).toEqual({ kind: 'tile', ...tile });
  });

  it.each([
    [{ index: 0, width: 256 }, 'tile/entries/000'],
    [{ index: 1_234_067, width: 9 }, 'tile/entries/x001/x234/067.p/9'],
  ])('%j of entries is %s', (bundle, path) => {
    expect(bundlePath(bundle)).toBe(path);
    expect(parsePath(path)).toEqual({ kind: 'entries', ...bundle });
  });

  it.each([
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/001',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/data/000',
    'tile/entries/',
    'checkpoint',
    'tile/0/000\n',
    'tile/0/../../etc/passwd',
  ])('is not %j', async (path) => {
    expect(await refusalOf(() => parsePath(path))).toBe('tile_path');
  });

  it('is read back as what it was made of', () => {
    const tile = fc.record({
      level: fc.nat(63),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(fc.property(tile, (each) => expect(parsePath(tilePath(each))).toEqual({ kind: 'tile', ...each })));
  });
});

describe('the tiles of a growth', () => {
  it('are those of the example in C2SP tlog-tiles', () => {
    const tiles = tilesOfGrowth(0, 70_000).map(tilePath);
    expect(tiles).toHaveLength(273 + 1 + 1 + 1 + 1);
    expect(tiles.slice(-4)).toEqual(['tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1']);
    expect(tilesOfGrowth(0, 256).map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
  });

  it.each([
    [0, 0, []],
    [5, 5, []],
    [255, 256, ['tile/0/000', 'tile/1/000.p/1']],
    [256, 257, ['tile/0/001.p/1']],
    [510, 520, ['tile/0/001', 'tile/0/002.p/8', 'tile/1/000.p/2']],
  ])('from %d to %d are %j', (from, to, paths) => {
    expect(tilesOfGrowth(from, to).map(tilePath)).toEqual(paths);
  });

  it('have their entries beside them', () => {
    expect(bundlesOfGrowth(510, 520).map(bundlePath)).toEqual(['tile/entries/001', 'tile/entries/002.p/8']);
  });

  it.each([
    [-1, 3],
    [0, 1.5],
    [0, 2 ** 53],
  ])('from %d to %d are no sizes', async (from, to) => {
    expect(await refusalOf(() => tilesOfGrowth(from, to))).toBe('out_of_range');
  });
});

describe('a bundle of entries', () => {
  const entries = ['', 'a', 'bc', 'd'.repeat(maxEntryLength)].map((each) => Buffer.from(each));

  it('has each entry behind its length', () => {
    expect(hex(encodeBundle(entries.slice(0, 3)))).toBe('0000' + '000161' + '00026263');
    expect(parseBundle({ index: 0, width: 4 }, encodeBundle(entries)).map(hex)).toEqual(entries.map(hex));
  });

  it('that has grown gives the entries that are asked for', () => {
    expect(parseBundle({ index: 0, width: 2 }, encodeBundle(entries)).map(hex)).toEqual(entries.slice(0, 2).map(hex));
  });

  it.each([
    ['an entry is too long', () => encodeBundle([Buffer.alloc(maxEntryLength + 1)]), 'entry_too_long'],
    ['it has too many', () => encodeBundle(Array.from({ length: 257 }, () => Buffer.alloc(0))), 'bundle_length'],
    ['it has too few', () => parseBundle({ index: 0, width: 3 }, Buffer.from('00000000', 'hex')), 'bundle_length'],
    ['it has more than a full one', () => parseBundle({ index: 0, width: 256 }, Buffer.alloc(2 * 257)), 'bundle_length'],
    ['it ends inside a length', () => parseBundle({ index: 0, width: 1 }, Buffer.from('000000', 'hex')), 'bundle_length'],
    ['it ends inside an entry', () => parseBundle({ index: 0, width: 1 }, Buffer.from('000261', 'hex')), 'bundle_length'],
  ])('is refused when %s', async (_, work, code) => {
    expect(await refusalOf(work)).toBe(code);
  });
});

describe('tiles over HTTP', () => {
  const log = ALog.of(leavesTo(600));
  const served = new Map<string, Uint8Array>();
  let server: Server;
  let prefix = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      const body = served.get(request.url ?? '');
      response.writeHead(body ? 200 : request.url?.startsWith('/broken/') ? 500 : 404).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    prefix = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const serve = async (size: number): Promise<void> => {
    served.clear();
    for (const id of tilesOfGrowth(0, size)) {
      const bytes = await log.tiles.get(id);
      served.set(`/log/${tilePath(id)}`, bytes.subarray(0, id.width * 32));
    }
  };

  it('make the tree that the log has', async () => {
    await serve(600);
    const tree = await MerkleTree.resume(600, tilesAt(`${prefix}/log`), log.tree.root());
    expect(tree.size).toBe(600);
  });

  it('are full ones where a partial one is gone', async () => {
    await serve(300);
    served.delete('/log/tile/0/001.p/44');
    served.set('/log/tile/0/001', await log.tiles.get({ level: 0, index: 1, width: 256 }));
    const tree = await MerkleTree.resume(300, tilesAt(`${prefix}/log`));
    expect(hex(tree.root())).toBe(hex(await log.prover.root(300)));
  });

  it('are missed, too short, or out of reach', async () => {
    await serve(600);
    expect(await refusalOf(() => MerkleTree.resume(700, tilesAt(`${prefix}/log`)))).toBe('tile_missing');
    served.set('/log/tile/0/000', Buffer.alloc(100));
    expect(await refusalOf(() => tilesAt(`${prefix}/log`)({ level: 0, index: 0, width: 256 }))).toBe('tile_length');
    await expect(tilesAt(`${prefix}/broken`)({ level: 0, index: 0, width: 256 })).rejects.toThrow('answers 500');
  });
});
