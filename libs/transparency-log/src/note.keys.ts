import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify, type KeyObject } from 'node:crypto';
import { fromBase64, toBase64 } from './encoding.js';
import { LogRefused } from './log-refused.js';

/** What a key signs: a note's text as it is (`ed25519`, type 0x01), or a checkpoint with a time before it (`cosignature`, type 0x04). */
export type KeyType = 'ed25519' | 'cosignature';

const typeBytes: Readonly<Record<KeyType, number>> = { ed25519: 0x01, cosignature: 0x04 };

/** A key that others check signatures with. */
export interface VerifierKey {
  readonly name: string;
  readonly type: KeyType;
  /** Four bytes, hexadecimal. */
  readonly id: string;
  readonly publicKey: KeyObject;
}

/** A key that signs. */
export interface SignerKey {
  readonly verifier: VerifierKey;
  readonly privateKey: KeyObject;
}

const keyLength = 32;
/** What DER has before the 32 bytes of an Ed25519 key: RFC 8410. */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Not empty, no white space, no `+`: C2SP signed-note. */
export const isKeyName = (name: string): boolean =>
  name !== '' && name.isWellFormed() && !/[\p{White_Space}+]/u.test(name) && !hasControls(name);

/** Of ASCII, but newlines. */
export const hasControls = (text: string): boolean => /[\0-\x09\x0b-\x1f]/.test(text);

/** The 32 bytes of a public key. */
export const publicBytes = ({ publicKey }: VerifierKey): Buffer =>
  publicKey.export({ type: 'spki', format: 'der' }).subarray(publicPrefix.length);

/** `<name>+<id>+<base64 of type and public key>`, as keys are passed around. */
export const formatVerifierKey = (key: VerifierKey): string =>
  `${key.name}+${key.id}+${toBase64(Buffer.concat([Buffer.of(typeBytes[key.type]), publicBytes(key)]))}`;

/** `PRIVATE+KEY+<name>+<id>+<base64 of type and seed>`: secret. */
export function formatSignerKey({ verifier, privateKey }: SignerKey): string {
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(privatePrefix.length);
  return `PRIVATE+KEY+${verifier.name}+${verifier.id}+${toBase64(Buffer.concat([Buffer.of(typeBytes[verifier.type]), seed]))}`;
}

/** @throws LogRefused `key_malformed`, `key_name`, `key_type`, or `key_id` when the id is not that of the key */
export function parseVerifierKey(text: string): VerifierKey {
  const { name, id, type, bytes } = parseKey(text);
  return checkId(id, verifierKey(name, type, createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' })));
}

/** @throws LogRefused as `parseVerifierKey` does; no message has a part of the key */
export function parseSignerKey(text: string): SignerKey {
  const [, rest] = /^PRIVATE\+KEY\+(.*)$/s.exec(text) ?? [];
  if (rest === undefined) throw new LogRefused('key_malformed', 'a signer key begins with PRIVATE+KEY+');
  const { name, id, type, bytes } = parseKey(rest);
  const privateKey = createPrivateKey({ key: Buffer.concat([privatePrefix, bytes]), format: 'der', type: 'pkcs8' });
  return { verifier: checkId(id, verifierKey(name, type, createPublicKey(privateKey))), privateKey };
}

/** A fresh key. @throws LogRefused `key_name` */
export function generateSignerKey(name: string, type: KeyType): SignerKey {
  if (!isKeyName(name)) throw new LogRefused('key_name', `${JSON.stringify(name)} is no name of a key`);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { verifier: verifierKey(name, type, publicKey), privateKey };
}

function verifierKey(name: string, type: KeyType, publicKey: KeyObject): VerifierKey {
  const key = { name, type, id: '', publicKey };
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(typeBytes[type]), publicBytes(key)]);
  return { ...key, id: hash('sha256', bytes, 'hex').slice(0, 8) };
}

function checkId(id: string, key: VerifierKey): VerifierKey {
  if (id !== key.id) throw new LogRefused('key_id', `the key of ${key.name} has the id ${key.id}, not ${id}`);
  return key;
}

/** `<name>+<id>+<base64>`; base64 may have a `+` of its own. */
function parseKey(text: string): { name: string; id: string; type: KeyType; bytes: Buffer } {
  const [, name = '', id = '', encoded = ''] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(text) ?? [];
  if (id === '') throw new LogRefused('key_malformed', 'a key is <name>+<8 hexadecimal digits>+<base64>');
  if (!isKeyName(name)) throw new LogRefused('key_name', `${JSON.stringify(name)} is no name of a key`);
  const bytes = fromBase64(encoded);
  if (!bytes || bytes.length === 0) throw new LogRefused('key_malformed', `the key of ${name} is not base64`);
  const type = (['ed25519', 'cosignature'] as const).find((each) => typeBytes[each] === bytes[0]);
  if (!type) throw new LogRefused('key_type', `the key of ${name} has type ${bytes[0] ?? 0}; known are 1 and 4`);
  if (bytes.length !== 1 + keyLength) throw new LogRefused('key_malformed', `the key of ${name} has ${bytes.length - 1} bytes, not 32`);
  return { name, id, type, bytes: bytes.subarray(1) };
}

/** A signature: what stands in a note after the key's id. */
export function signText({ verifier, privateKey }: SignerKey, text: string, timestampSeconds: number): Uint8Array {
  if (verifier.type === 'ed25519') return sign(null, Buffer.from(text), privateKey);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timestampSeconds));
  return Buffer.concat([time, sign(null, cosignedMessage(text, BigInt(timestampSeconds)), privateKey)]);
}

/** What a valid signature says; undefined for one that is not valid. */
export interface SignatureMeaning {
  /** When a cosignature was made, in seconds since 1970. */
  readonly timestampSeconds?: number;
}

export function verifyText({ type, publicKey }: VerifierKey, text: string, signature: Uint8Array): SignatureMeaning | undefined {
  if (type === 'ed25519') return verify(null, Buffer.from(text), publicKey, signature) ? {} : undefined;
  if (signature.length !== 8 + 64) return undefined;
  const time = Buffer.from(signature.buffer, signature.byteOffset, 8).readBigUInt64BE();
  // The format ends at 2^63 - 1; later than what a double tells exactly is no time that a clock shows.
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const valid = verify(null, cosignedMessage(text, time), publicKey, signature.subarray(8));
  return valid ? { timestampSeconds: Number(time) } : undefined;
}

/** C2SP tlog-cosignature, "Ed25519 signed message". */
const cosignedMessage = (text: string, time: bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
