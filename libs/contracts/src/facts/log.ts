import type { Count, KeyName, LogPosition, Sha256, SignedNote, Timestamp } from '../values.js';

/**
 * Facts of the stream `log-main`: what the hub has said of its books to the outside, in the order in which it was said. Written by the ledger's
 * publisher by expected revision, so that there is one history; folded by settlement.
 */
export type LogEvent = CheckpointSigned | CheckpointWitnessed;

/**
 * The tree over the journal's first entries, signed. It continues every checkpoint before it. The same size again, with the same root, only where the
 * log's key has changed.
 */
export interface CheckpointSigned {
  type: 'CheckpointSigned';
  /** Entries of the journal that it covers: those with a lower number. */
  size: Count;
  rootHash: Sha256;
  /** Of the newest journal event whose entries it covers. */
  journalRevision: Count;
  /** `sourcePosition` of that event: every fact up to here is covered. */
  sourcePosition: LogPosition;
  /** The signed note, as it is published. */
  checkpoint: SignedNote;
  /** How many witnesses must have cosigned before it counts as witnessed: the policy when it was signed. With 0, to be signed is enough. */
  witnessesNeeded: Count;
  signedAt: Timestamp;
}

/** As many witnesses as are needed have cosigned a checkpoint: they have seen that it continues what they saw before. */
export interface CheckpointWitnessed {
  type: 'CheckpointWitnessed';
  size: Count;
  /** The note with their cosignatures. */
  checkpoint: SignedNote;
  cosigners: KeyName[];
  witnessedAt: Timestamp;
}
