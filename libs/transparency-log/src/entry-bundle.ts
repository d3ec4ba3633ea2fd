import { LogRefused } from './log-refused.js';
import { bundlePath, tileWidth, type BundleId } from './tile.js';

/** Longest entry that its length prefix can tell. */
export const maxEntryLength = 65_535;

/**
 * Entries as they are served beside the tiles (C2SP tlog-tiles, "Log entries"): for each its length, u16 big-endian, and its bytes.
 * @throws LogRefused `entry_too_long`, `bundle_length` for more than 256 of them
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > tileWidth) throw new LogRefused('bundle_length', `a bundle has ${tileWidth} entries, not ${entries.length}`);
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > maxEntryLength) throw new LogRefused('entry_too_long', `${entry.length} bytes are more than ${maxEntryLength}`);
    at = bytes.writeUInt16BE(entry.length, at);
    bytes.set(entry, at);
    at += entry.length;
  }
  return bytes;
}

/**
 * The first entries of a bundle, as many as its width says; the bundle may have grown since.
 * @throws LogRefused `bundle_length` when the bytes end too early, inside an entry, or hold more than 256 entries
 */
export function parseBundle(id: BundleId, bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const begin = at + 2;
    const end = begin + (begin <= bytes.length ? view.getUint16(at) : 0);
    if (end > bytes.length) throw new LogRefused('bundle_length', `${bundlePath(id)} ends inside an entry`);
    entries.push(bytes.subarray(begin, end));
    at = end;
  }
  if (entries.length < id.width || entries.length > tileWidth) {
    throw new LogRefused('bundle_length', `${bundlePath(id)} has ${id.width} entries, not ${entries.length}`);
  }
  return entries.slice(0, id.width);
}
