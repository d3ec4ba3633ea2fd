import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureTools } from '@tongbao/local-services';
import { commitmentKey } from '../src/commitment.js';
import { encodeBundle } from '../src/entry-bundle.js';
import { formatJournalReceipt } from '../src/journal-receipt.js';
import { leafOf, openings, type NumberedEntry } from '../src/journal-leaf.js';
import { leafHash } from '../src/merkle.js';
import { formatVerifierKey } from '../src/note.keys.js';
import { bundlePath, bundlesOfGrowth, tilePath, tilesOfGrowth } from '../src/tile.js';
import { ALog, aWitness, cosigned, flip, logKey } from './a-log.js';

/** Three levels of tiles, with a partial one at each. */
const size = 66_000;
const olderSize = 40_000;
const index = 51_234;
const key = commitmentKey(Buffer.alloc(32, 9));
const entryAt = (entry: number): NumberedEntry => ({
  entry,
  kind: 'PaymentCaptured',
  ref: `pay_${entry}`,
  postedAt: '2026-11-23T04:48:10.840Z',
  by: 'fact',
  transfers: [{ from: 'provider:alipay', to: `creator:${entry % 7}`, amountMinor: 1 + entry, currency: 'CNY', kind: 'purchase' }],
});

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'interop-'));
const good = join(folder, 'good');
const program = join(folder, 'interop');
const write = (name: string, data: string | Uint8Array): void => {
  mkdirSync(dirname(join(good, name)), { recursive: true });
  writeFileSync(join(good, name), data);
};

/** Writes what a log serves, and what a user of it has. */
async function writeLog(): Promise<void> {
  const leaves = Array.from({ length: size }, (_, entry) => leafOf(entryAt(entry), key));
  const log = ALog.of(leaves.slice(0, olderSize).map(leafHash));
  const older = log.signed();
  log.append(leaves.slice(olderSize).map(leafHash));
  const witness = aWitness();
  const checkpoint = cosigned(log.signed(), [witness]);
  const leaf = leaves[index] ?? new Uint8Array();
  const proof = await log.prover.inclusionProof(index, size);
  write('log.key', formatVerifierKey(logKey.verifier));
  write('witness.key', formatVerifierKey(witness.verifier));
  write('checkpoint', checkpoint);
  write('older', older);
  write('receipt', formatJournalReceipt({ leaf, openings: openings(entryAt(index), key), proof, checkpoint }));
  write('leaf', leaf);
  for (const id of tilesOfGrowth(0, size)) write(tilePath(id), await log.tiles.get(id));
  for (const id of bundlesOfGrowth(0, size)) write(bundlePath(id), encodeBundle(leaves.slice(id.index * 256, id.index * 256 + id.width)));
}

/** What the program of Go says of a folder, and how it ends. */
async function verdict(of: string): Promise<{ code: number; said: string }> {
  try {
    const { stdout } = await run(program, [of]);
    return { code: 0, said: stdout };
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error) || !('stdout' in error)) throw error;
    return { code: Number(error.code), said: String(error.stdout) };
  }
}

beforeAll(async () => {
  await ensureTools(['go']);
  // The program is for any Go from 1.18 on, and needs no other one to be fetched; what it imports comes through the Go module proxy.
  const env = { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false', GOTOOLCHAIN: 'local' };
  await run('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'interop'), env });
  await writeLog();
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

it("Go's own packages verify checkpoint, tiles, entries and receipt", async () => {
  expect(await verdict(good)).toEqual({ code: 0, said: 'verified\n' });
});

describe("Go's own packages find a flipped bit", () => {
  const bitOf = (name: string): number => {
    const data = readFileSync(join(good, name));
    // In the note of a checkpoint its root, in a receipt a hash of its proof, in all others somewhere in the middle.
    const at = name === 'receipt' ? data.indexOf('\n\n') - 9 : data.length / 2;
    return 8 * Math.floor(name === 'checkpoint' || name === 'older' ? 30 : at) + 1;
  };

  it.each([
    ['checkpoint', 'checkpoint: '],
    ['older', 'older: '],
    ['tile/0/000', 'tiles: tile/0/000 differs'],
    ['tile/0/257.p/208', 'tiles: tile/0/257.p/208 differs'],
    ['tile/1/000', 'tiles: tile/1/000 differs'],
    ['tile/1/001.p/1', 'tiles: tile/1/001.p/1 differs'],
    ['tile/2/000.p/1', 'tiles: tile/2/000.p/1 differs'],
    ['tile/entries/100', 'entries: '],
    ['receipt', 'receipt: '],
    ['leaf', 'receipt: '],
  ])('in %s', async (name, said) => {
    const damaged = join(folder, 'damaged');
    rmSync(damaged, { recursive: true, force: true });
    cpSync(good, damaged, { recursive: true });
    writeFileSync(join(damaged, name), flip(readFileSync(join(good, name)), bitOf(name)));
    expect(await verdict(damaged)).toEqual({ code: 1, said: expect.stringContaining(said) });
  });

  it('and a log that was forked', async () => {
    const forked = join(folder, 'forked');
    cpSync(good, forked, { recursive: true });
    writeFileSync(join(forked, 'older'), ALog.of([leafHash(Buffer.from('other'))]).signed());
    expect(await verdict(forked)).toEqual({ code: 1, said: expect.stringMatching(/^consistency: /) });
  });
});
