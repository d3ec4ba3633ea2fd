import { applyDecorators, Inject, Injectable, SetMetadata, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { tracing } from '@tongbao/telemetry';
import type { FastifyRequest } from 'fastify';
import { request as ask } from 'undici';
import type { Leadership } from './leadership.js';
import { PassedOn } from './passed-on.js';
import { Problem } from './problem.js';
import { serviceOf } from './service-paths.js';
import { LEADERSHIP } from './tokens.js';

const ledService = Symbol('ledService');

/**
 * Routes that only the leading process of a service can serve: a standby passes the request on to it and answers what it answers; while nobody
 * leads, with `unavailable`.
 * @param service its name; `:name` takes it from the route's parameter of that name, `*` means the one that the process hosts
 */
export const ByLeader = (service: string): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(ledService, service), UseGuards(LeaderGuard));

/** Marks a request that has been passed on: it is not passed on again, so that two processes that take each other for the leader cannot play ball. */
const passedOnHeader = 'tongbao-passed-on';
const answerWithinMs = 40_000;

@Injectable()
export class LeaderGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(LEADERSHIP) private readonly all: ReadonlyMap<string, Leadership>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: Record<string, string> }>>();
    const named = this.reflector.getAllAndOverride<string>(ledService, [context.getHandler(), context.getClass()]);
    const service = named.startsWith(':') ? request.params[named.slice(1)] : named === '*' ? this.#onlyOne() : named;
    // A projection may have another name than the service that keeps it.
    const known = service === undefined ? undefined : (serviceOf(service) ?? service);
    const leadership = known === undefined ? undefined : this.all.get(known);
    // A service that is not hosted here is the handler's to refuse.
    if (!leadership || leadership.leads) return true;
    const { leaderUrl } = leadership;
    if (leaderUrl === undefined || request.headers[passedOnHeader] !== undefined)
      throw new Problem(
        'unavailable',
        `No process of ${service ?? ''} leads at the moment. Repeat the request with the same idempotency key.`,
      );
    throw await passOn(request, leaderUrl);
  }

  #onlyOne(): string | undefined {
    const [name, ...others] = this.all.keys();
    return others.length === 0 ? name : undefined;
  }
}

async function passOn(request: FastifyRequest, leaderUrl: string): Promise<PassedOn | Problem> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string' && !hopByHop.has(name)) headers[name] = value;
  headers[passedOnHeader] = '1';
  const { traceparent } = tracing;
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
  try {
    const response = await ask(`${leaderUrl}${request.url}`, {
      method: request.method,
      headers,
      body: request.rawBody ?? null,
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const answered: Record<string, string> = {};
    for (const name of passedBack) {
      const value = response.headers[name];
      if (typeof value === 'string') answered[name] = value;
    }
    return new PassedOn(response.statusCode, answered, Buffer.from(await response.body.arrayBuffer()));
  } catch (error) {
    const problem = new Problem('unavailable', 'The leading process did not answer. Repeat the request with the same idempotency key.');
    problem.cause = error;
    return problem;
  }
}

/**
 * RFC 9110, section 7.6.1; and what follows from the body. The host stays that of the sender, whose signature is over it: therefore no `fetch`, which
 * puts its own in the place.
 */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'content-length', 'expect']);
const passedBack = ['content-type', 'etag', 'location', 'link', 'retry-after', 'cache-control'];
