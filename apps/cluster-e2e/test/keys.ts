import { createHash } from 'node:crypto';
import kafkajs from 'kafkajs';

const partitions = Array.from({ length: 12 }, (_, partitionId) => ({
  partitionId,
  leader: 0,
  partitionErrorCode: 0,
  replicas: [0],
  isr: [0],
}));
const partitioner = kafkajs.Partitioners.DefaultPartitioner();

/** The partition of a key in the hub's topics: murmur2, as Kafka's own clients for Java have it. */
export const partitionOf = (key: string): number =>
  partitioner({ topic: 'any', partitionMetadata: partitions, message: { key, value: null } });

/** A key that comes to a partition: the prefix and a number. */
export function keyIn(partition: number, prefix: string): string {
  for (let number = 0; ; number += 1) {
    const key = `${prefix}-${number}`;
    if (partitionOf(key) === partition) return key;
  }
}

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The id that an order's payment will have: 20 bytes of SHA-256 in base32 over the order and its platform (RFC 8785). */
export function paymentIdOf(platformId: string, orderId: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify({ orderId, platformId, v: 1 }))
    .digest('hex')
    .slice(0, 40);
  const bits = BigInt(`0x${digest}`);
  return `pay_${Array.from({ length: 32 }, (_, index) => base32[Number((bits >> BigInt(155 - 5 * index)) & 31n)]).join('')}`;
}
