import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

const base32Alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32 in lower case; 20 bytes make 32 characters and need no padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += base32Alphabet.charAt((buffer >>> (bits - 5)) & 31);
    buffer &= (1 << bits) - 1;
  }
  return text;
}

const idOver = (prefix: string, content: Record<string, unknown>): string =>
  prefix +
  base32(
    createHash('sha256')
      .update(canonicalize(content) ?? '')
      .digest()
      .subarray(0, 20),
  );

/** The same order of the same platform always has the same payment: `pay_` and base32 of SHA-256 over JCS `{"orderId","platformId","v":1}`. */
export const paymentIdOf = (platformId: string, orderId: string): string => idOver('pay_', { orderId, platformId, v: 1 });

/** A top-up is named by the command that asked for it. */
export const topUpIdOf = (commandId: string): string => idOver('top_', { commandId, v: 1 });

export { parseProviderKey, providerKeyOf, type ProviderCall } from '@tongbao/contracts';
