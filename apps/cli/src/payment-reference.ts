import { createHash } from 'node:crypto';
import { UsageError } from './exit-codes.js';

const base32Alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The id that the hub gives to an order's payment: `pay_` and base32 of the first 20 bytes of SHA-256 over the canonical JSON (RFC 8785) of
 * `{"orderId","platformId","v":1}`. Ids hold no character that JSON would escape, so the plain form is the canonical one.
 */
export function paymentIdOf(platformId: string, orderId: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify({ orderId, platformId, v: 1 }))
    .digest()
    .subarray(0, 20);
  let bits = BigInt(`0x${digest.toString('hex')}`);
  let text = '';
  for (let index = 0; index < 32; index += 1, bits >>= 5n) text = base32Alphabet.charAt(Number(bits & 31n)) + text;
  return `pay_${text}`;
}

/**
 * Reads what people name a payment by: its id, or `platform/order`.
 * @throws UsageError
 */
export function toPaymentId(reference: string): string {
  if (/^pay_[a-z2-7]{32}$/.test(reference)) return reference;
  const [, platformId, orderId] = /^([A-Za-z0-9][\w.-]*)\/([A-Za-z0-9][\w.-]*)$/.exec(reference) ?? [];
  if (platformId === undefined || orderId === undefined) throw new UsageError(`${reference} is neither a payment's id nor platform/order.`);
  return paymentIdOf(platformId, orderId);
}
