export { leafHash, nodeHash, emptyRoot, sameHash, hashLength, type Hash } from './merkle.js';
export { verifyConsistency, verifyInclusion, type Consistency, type Inclusion } from './merkle.verify.js';
export { MerkleTree } from './merkle.tree.js';
export { TreeProver, type ProverOptions } from './tree.prover.js';
export {
  bundlePath,
  bundlesOfGrowth,
  parsePath,
  tilePath,
  tilesOfGrowth,
  tileWidth,
  type BundleId,
  type ParsedPath,
  type Tile,
  type TileId,
  type TileSource,
} from './tile.js';
export { MemoryTiles, tilesAt } from './tile.sources.js';
export { encodeBundle, maxEntryLength, parseBundle } from './entry-bundle.js';
export { LogRefused, type LogRefusal } from './log-refused.js';
export {
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  parseSignerKey,
  parseVerifierKey,
  type KeyType,
  type SignerKey,
  type VerifierKey,
} from './note.keys.js';
export {
  checkSignatures,
  formatNote,
  formatSignature,
  openNote,
  parseNote,
  signNote,
  type CheckedNote,
  type Note,
  type NoteSignature,
  type Signatures,
  type VerifiedSignature,
} from './note.js';
export {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type Checkpoint,
  type LogIdentity,
  type OpenedCheckpoint,
} from './checkpoint.js';
export { checkPolicy, cosignersOf, unwitnessed, witnessPolicy, type WitnessPolicy } from './witness.policy.js';
export { formatReceipt, parseReceipt, verifyReceipt, type Receipt, type ReceiptResult, type Trust } from './receipt.js';
export { auditLog, historyOf, type LogFinding, type LogHistory } from './log.audit.js';
export { commitmentKey, type Commitment, type Opening } from './commitment.js';
export { leafOf, numberedEntries, openings, type Hidden, type JournalLeaf, type LeafTransfer, type NumberedEntry } from './journal-leaf.js';
export { checkOpening, parseLeaf } from './journal-leaf.parse.js';
export { formatJournalReceipt, verifyJournalReceipt, type JournalReceipt, type JournalReceiptResult } from './journal-receipt.js';
export { startWitness, type RunningWitness, type WitnessOptions } from './witness.js';
export {
  addCheckpoint,
  cosign,
  Witnesses,
  type AddCheckpointAnswer,
  type CallOptions,
  type KnownWitness,
  type Prove,
  type WitnessedCheckpoint,
  type WitnessFailure,
} from './witness.client.js';
export { originHash } from './witness.state.js';
