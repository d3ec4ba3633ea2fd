import { randomBytes, type KeyObject } from 'node:crypto';
import {
  commitmentKey,
  formatJournalReceipt,
  generateSignerKey,
  leafHash,
  leafOf,
  MemoryTiles,
  MerkleTree,
  openings,
  signCheckpoint,
  TreeProver,
  verifyJournalReceipt,
  type NumberedEntry,
  type SignerKey,
} from '@tongbao/transparency-log';
import { LatencyRecorder, type Latency } from './latency-recorder.js';
import { purchase } from './ledger-purchases.js';
import type { PartReport } from './report.js';

export interface LogBenchSizes {
  /** Leaves of the tree. */
  leaves: number;
  /** Entries, spread over the tree, for which a receipt is made and checked. */
  receipts: number;
}

const usualSizes: LogBenchSizes = { leaves: 1_000_000, receipts: 2_000 };
const origin = 'tongbao.example/bench';

interface Grown {
  tree: MerkleTree;
  tiles: MemoryTiles;
  perSecond: number;
}

/** The transparency log without its tables and the network: what an entry costs, and what its proof does. */
export async function benchLog({
  progress,
  sizes = usualSizes,
}: {
  progress: (line: string) => void;
  sizes?: LogBenchSizes;
}): Promise<PartReport> {
  progress(`log: a tree of ${sizes.leaves} entries`);
  const [key, signer] = [commitmentKey(randomBytes(32)), generateSignerKey(origin, 'ed25519')];
  const grown = grow(sizes.leaves, key);
  const times = await measureReceipts(grown, sizes, key, signer);
  const ms = (name: string, { p50, p99 }: Latency, meaning: string) => ({
    ...{ name, value: p50, unit: 'ms', meaning: `${meaning}; p99 ${p99.toPrecision(3)} ms` },
  });
  return {
    part: 'log',
    figures: [
      {
        name: 'entries into the log',
        value: grown.perSecond,
        unit: 'entries/s',
        meaning: 'leaf with commitments, its hash, tree and tiles; one core',
      },
      ms('checkpoint', times.sign, 'root of the tree, signed (Ed25519)'),
      ms('inclusion proof', times.proof, `of an entry anywhere among ${sizes.leaves}, from the tiles; 512 tiles stay in memory`),
      ms('receipt', times.receipt, 'leaf, openings, proof and checkpoint as text'),
      ms('receipt checked', times.check, 'offline: signature, proof, leaf and openings'),
    ],
    tables: [],
    detail: { sizes, perSecond: grown.perSecond, ...times },
  };
}

const entryAt = (entry: number): NumberedEntry => ({
  ...{ entry, kind: 'PaymentCaptured', ref: `pay_${entry}`, position: String(3 * entry + 1), by: 'fact' },
  ...{ postedAt: '2026-01-01T00:00:00.000Z', transfers: purchase(entry, 10_000, 'hot') },
});

function grow(leaves: number, key: KeyObject): Grown {
  const [tree, tiles] = [new MerkleTree(), new MemoryTiles()];
  const startedMs = performance.now();
  for (let entry = 0; entry < leaves; entry += 1) {
    tree.append(leafHash(leafOf(entryAt(entry), key)));
    for (const tile of tree.takeFullTiles()) tiles.put(tile);
  }
  for (const tile of tree.takeTiles()) tiles.put(tile);
  return { tree, tiles, perSecond: (leaves * 1_000) / (performance.now() - startedMs) };
}

async function measureReceipts({ tree, tiles }: Grown, { leaves, receipts }: LogBenchSizes, key: KeyObject, signer: SignerKey) {
  const [sign, proof, receipt, check] = [new LatencyRecorder(), new LatencyRecorder(), new LatencyRecorder(), new LatencyRecorder()];
  const prover = new TreeProver(tiles.get);
  const trust = { log: { origin, key: signer.verifier } };
  for (let nth = 0; nth < receipts; nth += 1) {
    // Far from the one before it, so that its tiles are often not in memory.
    const entry = entryAt((nth * 7_919 * 256) % leaves);
    const checkpoint = timed(sign, () => signCheckpoint({ origin, size: leaves, root: tree.root() }, signer));
    const startedMs = performance.now();
    const path = await prover.inclusionProof(entry.entry, leaves);
    proof.record(performance.now() - startedMs);
    const text = timed(receipt, () =>
      formatJournalReceipt({ leaf: leafOf(entry, key), openings: openings(entry, key), proof: path, checkpoint }),
    );
    const checked = timed(check, () => verifyJournalReceipt(text, trust));
    if (!checked.valid) throw new Error(`the receipt of entry ${entry.entry} is not valid: ${checked.detail}`);
  }
  return { sign: sign.latency(), proof: proof.latency(), receipt: receipt.latency(), check: check.latency() };
}

function timed<T>(recorder: LatencyRecorder, work: () => T): T {
  const startedMs = performance.now();
  const made = work();
  recorder.record(performance.now() - startedMs);
  return made;
}
