import { toSafeInteger } from '@tongbao/money';

/** A sum as the database gives it, as the integer that JSON carries. @throws RangeError beyond 2^53 - 1 */
export const inNumber = (text: string): number => toSafeInteger(BigInt(text));
