import { Problem } from '@tongbao/service';

/** A number that a cursor carries: whoever sends it may have made it up. */
export function positionIn(part: string | undefined): bigint {
  if (part !== undefined && /^\d{1,18}$/.test(part)) return BigInt(part);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}
