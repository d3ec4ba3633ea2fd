import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

const maxWaitSeconds = 30;

/** Seconds that the caller would wait for an outcome (`Prefer: wait=5`, RFC 7240), at most 30; 0 when it did not ask. */
export const PreferredWait = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['prefer'];
  const seconds = /(?:^|,)\s*wait=(\d{1,4})\b/.exec(String(header ?? ''))?.[1];
  return Math.min(Number(seconds ?? 0), maxWaitSeconds);
});

interface Follower {
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
}

/**
 * Waits until a projection has passed what the caller has seen (`?atLeast=<position>`).
 * @throws Problem invalid for a position that is no number, unavailable when the projection does not get there in five seconds
 */
export async function reachedAtLeast(projection: Follower, atLeast: string | undefined): Promise<void> {
  if (atLeast === undefined) return;
  if (!/^\d{1,20}$/.test(atLeast)) throw new Problem('invalid', 'atLeast must be a log position, as an answer gave it.', 'atLeast');
  if (!(await projection.reached(BigInt(atLeast), 5_000)))
    throw new Problem('unavailable', 'The projection has not reached that position yet.');
}
