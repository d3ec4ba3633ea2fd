import { fromBase64, toBase64 } from './encoding.js';
import { LogRefused } from './log-refused.js';
import { hasControls, isKeyName, signText, verifyText, type SignatureMeaning, type SignerKey, type VerifierKey } from './note.keys.js';

/**
 * C2SP signed-note:
 *
 *     <text, ends with a newline>
 *     <empty line>
 *     — <key name> <base64 of key id (4 bytes) and signature>     one line for each signature
 *
 * The text may have empty lines; the last one of the note is the one before the signatures.
 */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** Of the key; four bytes, hexadecimal. */
  readonly id: string;
  readonly signature: Uint8Array;
}

/** A signature of a known key that is valid. */
export interface VerifiedSignature extends SignatureMeaning {
  readonly key: VerifierKey;
}

export interface CheckedNote extends Note {
  readonly verified: readonly VerifiedSignature[];
}

export const maxNoteLength = 1_000_000;
export const maxSignatures = 100;
const idLength = 4;

/** @throws LogRefused `note_…` for whatever breaks the format; nothing is verified yet */
export function parseNote(note: string | Uint8Array): Note {
  const whole = typeof note === 'string' ? checkedText(note) : decodedText(note);
  if (hasControls(whole)) throw new LogRefused('note_control_character', 'a note has no control characters but newlines');
  const end = whole.lastIndexOf('\n\n');
  const lines = whole.slice(end + 2);
  if (end < 0 || lines === '' || !lines.endsWith('\n')) {
    throw new LogRefused('note_unsigned', 'a note is a text, an empty line, and lines with signatures');
  }
  const signatures = parseSignatures(lines);
  return { text: whole.slice(0, end + 1), signatures };
}

/** Signature lines, each with its newline. @throws LogRefused `note_signature_malformed`, `note_too_many_signatures` */
export function parseSignatures(lines: string): NoteSignature[] {
  const each = lines.split('\n').slice(0, -1);
  if (!lines.endsWith('\n')) throw new LogRefused('note_signature_malformed', 'a line with a signature ends with a newline');
  if (each.length > maxSignatures) throw new LogRefused('note_too_many_signatures', `${each.length} are more than ${maxSignatures}`);
  return each.map(parseSignature);
}

export const formatNote = ({ text, signatures }: Note): string => `${text}\n${signatures.map(formatSignature).join('')}`;

/** The line of a signature, with its newline. */
export const formatSignature = ({ name, id, signature }: NoteSignature): string =>
  `— ${name} ${toBase64(Buffer.concat([Buffer.from(id, 'hex'), signature]))}\n`;

/**
 * A signature on a text.
 * @param text ends with a newline
 * @param timestampSeconds since 1970; what a `cosignature` key says with its signature
 * @throws LogRefused `note_control_character`, `note_not_utf8`, `note_unsigned` for a text that no note can have
 */
export function signNote(text: string, key: SignerKey, timestampSeconds = 0): NoteSignature {
  if (hasControls(text)) throw new LogRefused('note_control_character', 'a note has no control characters but newlines');
  if (!text.endsWith('\n')) throw new LogRefused('note_unsigned', "a note's text ends with a newline");
  const { name, id } = key.verifier;
  return { name, id, signature: signText(key, checkedText(text), timestampSeconds) };
}

export interface Signatures {
  readonly verified: readonly VerifiedSignature[];
  /** Keys whose name and id stand at a signature that is not theirs. */
  readonly failed: readonly VerifierKey[];
}

/** What the signatures of known keys are worth; those of unknown keys are passed over, and of two by one key the first counts. */
export function checkSignatures({ text, signatures }: Note, keys: readonly VerifierKey[]): Signatures {
  const verified = new Map<VerifierKey, VerifiedSignature>();
  const failed: VerifierKey[] = [];
  for (const { name, id, signature } of signatures) {
    const key = keys.find((each) => each.name === name && each.id === id);
    if (!key) continue;
    const meaning = verifyText(key, text, signature);
    if (!meaning) failed.push(key);
    else if (!verified.has(key)) verified.set(key, { key, ...meaning });
  }
  return { verified: [...verified.values()], failed };
}

/**
 * The note, if at least one known key has signed it, and none of them wrongly.
 * @throws LogRefused `note_…`, `signature_missing`, `signature_invalid`
 */
export function openNote(note: string | Uint8Array, keys: readonly VerifierKey[]): CheckedNote {
  const parsed = parseNote(note);
  const { verified, failed } = checkSignatures(parsed, keys);
  const [first] = failed;
  if (first) throw new LogRefused('signature_invalid', `the signature of ${first.name} is not valid`);
  if (verified.length === 0) throw new LogRefused('signature_missing', 'no known key has signed the note');
  return { ...parsed, verified };
}

function parseSignature(line: string): NoteSignature {
  const [, name = '', encoded = ''] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!isKeyName(name) || !bytes || bytes.length <= idLength) {
    throw new LogRefused('note_signature_malformed', `${JSON.stringify(line)} is not — <key name> <base64>`);
  }
  return { name, id: bytes.toString('hex', 0, idLength), signature: bytes.subarray(idLength) };
}

function checkedText(note: string): string {
  if (note.length > maxNoteLength) throw new LogRefused('note_too_long', `${note.length} characters are more than ${maxNoteLength}`);
  if (!note.isWellFormed()) throw new LogRefused('note_not_utf8', 'half a surrogate pair has no UTF-8');
  return note;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodedText(note: Uint8Array): string {
  if (note.length > maxNoteLength) throw new LogRefused('note_too_long', `${note.length} bytes are more than ${maxNoteLength}`);
  try {
    return utf8.decode(note);
  } catch (error) {
    throw new LogRefused('note_not_utf8', 'a note is UTF-8', { cause: error });
  }
}
