import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { account } from '@tongbao/contracts';
import type { FastifyRequest } from 'fastify';

export type Kind = 'platforms' | 'creators';

/** `platforms` or `creators`, as the path says: what can be done to both has one handler. */
export const KindInPath = createParamDecorator((_: unknown, context: ExecutionContext): Kind =>
  context.switchToHttp().getRequest<FastifyRequest>().url.startsWith('/v1/creators') ? 'creators' : 'platforms',
);

export const partyOf = (kind: Kind, id: string): string => (kind === 'platforms' ? account.platform(id) : account.creator(id));
