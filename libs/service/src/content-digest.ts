import { createHash } from 'node:crypto';
import { parseDictionary } from 'structured-headers';

/** The header Content-Digest of a body (RFC 9530): a dictionary with the SHA-256 as a byte sequence. */
export const contentDigestOf = (body: Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

/** Whether a Content-Digest header tells the SHA-256 of these bytes; digests by other algorithms beside it are passed over. */
export function isContentDigestOf(header: string, body: Uint8Array): boolean {
  if (header === contentDigestOf(body)) return true;
  try {
    const told: unknown = parseDictionary(header).get('sha-256')?.[0];
    return told instanceof ArrayBuffer && createHash('sha256').update(body).digest().equals(Buffer.from(told));
  } catch {
    // The parser knows one reason to throw: it is no dictionary.
    return false;
  }
}
