import { createHash } from 'node:crypto';
import { referenceTrouble, type CharacterSet } from './text-rule.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * The end-to-end id of a payout: the payout's own id where a bank takes it (at most 35 characters of the set), else `E2E` and the base32 of the first 20 bytes
 * of its SHA-256. The same payout always has the same one, so that a bank sees a second instruction for what it is; whoever reads it back keeps which is which.
 */
export function endToEndIdOf(payoutId: string, charset: CharacterSet): string {
  if (referenceTrouble(payoutId, 35, charset) === undefined) return payoutId;
  let bits = BigInt(`0x${createHash('sha256').update(payoutId).digest('hex').slice(0, 40)}`);
  let text = '';
  for (let count = 0; count < 32; count++) {
    text = (alphabet[Number(bits % 32n)] ?? '') + text;
    bits /= 32n;
  }
  return `E2E${text}`;
}
