import { fromBase64, fromDecimal, toBase64 } from './encoding.js';
import { LogRefused } from './log-refused.js';
import { checkSize, hashLength, type Hash } from './merkle.js';
import type { SignerKey, VerifierKey } from './note.keys.js';
import { checkSignatures, formatNote, parseNote, signNote, type Note, type VerifiedSignature } from './note.js';

/** What a log was at one size. The text of the signed note, as in C2SP tlog-checkpoint: origin, size, base64 of the root, extensions; a line each. */
export interface Checkpoint {
  /** The log's name; the same as that of its key. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** Lines of which nobody but the log knows the meaning. Not recommended. */
  readonly extensions?: readonly string[];
}

/** Who is believed to be a log. */
export interface LogIdentity {
  readonly origin: string;
  readonly key: VerifierKey;
}

export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: Note;
  /** Of the known witnesses. */
  readonly cosignatures: readonly VerifiedSignature[];
}

/** @throws LogRefused `checkpoint_…` for what cannot be a checkpoint */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  checkSize(size);
  const text = [origin, String(size), toBase64(root), ...extensions].map((line) => `${line}\n`).join('');
  parseCheckpoint(text);
  return text;
}

/** Of a note's text. @throws LogRefused `checkpoint_…` */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...more] = text.split('\n');
  if (more.pop() !== '') throw new LogRefused('checkpoint_malformed', 'a checkpoint has three lines or more, each with a newline');
  if (origin === '') throw new LogRefused('checkpoint_origin', 'the first line is the origin of the log');
  const sizeNumber = fromDecimal(size);
  if (sizeNumber === undefined) throw new LogRefused('checkpoint_size', `${JSON.stringify(size)} is not the size of a tree`);
  const hash = fromBase64(root);
  if (hash?.length !== hashLength) throw new LogRefused('checkpoint_root', `${JSON.stringify(root)} is not the base64 of a SHA-256 hash`);
  if (more.includes('')) throw new LogRefused('checkpoint_extension', 'a line after the third is not empty');
  return { origin, size: sizeNumber, root: hash, ...(more.length > 0 && { extensions: more }) };
}

/**
 * The signed note that a log publishes. Whoever calls this sees to it that the checkpoint continues the one that was signed before.
 * @throws LogRefused `checkpoint_…`; `origin_differs` unless the key has the log's name; `key_type` for a key of a witness
 */
export function signCheckpoint(checkpoint: Checkpoint, key: SignerKey): string {
  const { name, type } = key.verifier;
  if (name !== checkpoint.origin) throw new LogRefused('origin_differs', `${name} signs no checkpoint of ${checkpoint.origin}`);
  if (type !== 'ed25519') throw new LogRefused('key_type', `the key of ${name} is one for cosignatures`);
  const text = formatCheckpoint(checkpoint);
  return formatNote({ text, signatures: [signNote(text, key)] });
}

/**
 * The checkpoint of a note that the log has signed, with what known witnesses have put on it.
 * @throws LogRefused `note_…`, `checkpoint_…`, `log_signature_missing`, `log_signature_invalid`, `cosignature_invalid`, `origin_differs`
 */
export function openCheckpoint(signed: string | Uint8Array, log: LogIdentity, witnesses: readonly VerifierKey[] = []): OpenedCheckpoint {
  const note = parseNote(signed);
  const { verified, failed } = checkSignatures(note, [log.key, ...witnesses]);
  if (failed.includes(log.key)) throw new LogRefused('log_signature_invalid', `the signature of ${log.key.name} is not valid`);
  const [first] = failed;
  if (first) throw new LogRefused('cosignature_invalid', `the cosignature of ${first.name} is not valid`);
  const cosignatures = verified.filter(({ key }) => key !== log.key);
  if (cosignatures.length === verified.length) throw new LogRefused('log_signature_missing', `${log.key.name} has not signed this`);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== log.origin) {
    throw new LogRefused('origin_differs', `this is a checkpoint of ${checkpoint.origin}, not of ${log.origin}`);
  }
  return { checkpoint, note, cosignatures };
}
