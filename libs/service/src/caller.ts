import { createHash } from 'node:crypto';
import { createParamDecorator, Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Clock } from './clock.js';
import { OperatorDirectory, type OperatorRole } from './operators.js';
import { PlatformKeys } from './platform-keys.js';
import { Problem } from './problem.js';
import { signerOf } from './request-signature.js';
import { CLOCK, OPERATORS, PLATFORM_KEYS } from './tokens.js';

/** Who asks. */
export type Principal = { kind: 'platform'; platformId: string } | { kind: 'operator'; name: string; roles: readonly OperatorRole[] };

interface Access {
  platforms: boolean;
  operators: readonly OperatorRole[];
}

const access = Symbol('access');
const callers = new WeakMap<object, Principal>();

/** Who may call a route (or all routes of a controller): platforms, operators with one of these roles (`admin` always may), or both. */
export const Allow = (who: { platforms?: boolean; operators?: readonly OperatorRole[] }): MethodDecorator & ClassDecorator =>
  SetMetadata(access, { platforms: who.platforms ?? false, operators: who.operators ?? [] } satisfies Access);

/** Platforms only. */
export const Platforms = (): MethodDecorator & ClassDecorator => Allow({ platforms: true });

/** Operators with one of these roles. */
export const Operators = (...roles: OperatorRole[]): MethodDecorator & ClassDecorator => Allow({ operators: roles });

/** The one who asks, as a handler's parameter. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = callers.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (!principal) throw new Error('a route that asks for its caller must say who may call');
  return principal;
});

/**
 * The Idempotency-Key of a request, as a handler's parameter: required wherever it is asked for. Up to 255 printable ASCII characters.
 * The refusal is thrown when the handler uses it, so that what comes before it in the order of refusals comes first.
 */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  return typeof header === 'string' ? header : undefined;
});

/** What a platform may call a command, over HTTP and over Kafka: up to 255 printable ASCII characters. */
export const isCommandKey = (key: unknown): key is string => typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key);

/** @throws Problem invalid when the header is missing or no printable ASCII */
export function requiredKey(key: string | undefined): string {
  if (isCommandKey(key)) return key;
  throw new Problem('invalid', 'The header Idempotency-Key is required: up to 255 printable ASCII characters.', 'Idempotency-Key');
}

/** A command's id: a hash of the caller and its idempotency key, so that the keys of two platforms never meet. */
export function commandIdOf(principal: Principal, key: string): string {
  const caller = nameOf(principal);
  return `cmd_${createHash('sha256').update(`${caller}\n${key}`).digest('hex').slice(0, 40)}`;
}

/** `platform:A` or `operator:jo`: how events name who acted. */
export const nameOf = (principal: Principal): string =>
  principal.kind === 'platform' ? `platform:${principal.platformId}` : `operator:${principal.name}`;

/** Finds out who asks and whether they may. Routes without `Allow` are open: health, providers' notifications (which prove themselves). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(PLATFORM_KEYS) private readonly platformKeys: PlatformKeys,
    @Inject(OPERATORS) private readonly operators: OperatorDirectory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const required = this.reflector.getAllAndOverride<Access | undefined>(access, [context.getHandler(), context.getClass()]);
    if (!required || context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = await this.#identify(request);
    if (!mayCall(principal, required)) throw new Problem('forbidden', `This is not for ${principal.kind}s like this one.`);
    callers.set(request, principal);
    return true;
  }

  async #identify(request: FastifyRequest): Promise<Principal> {
    const { authorization, 'signature-input': signatureInput } = request.headers;
    if (authorization !== undefined) return this.#operator(authorization);
    if (signatureInput === undefined)
      throw new Problem(
        'unauthenticated',
        'Nobody is asking: a platform signs its requests (Signature-Input and Signature, RFC 9421), an operator sends Authorization: Bearer <token>.',
      );
    const { platformId } = await signerOf(request, this.platformKeys, this.clock.now());
    return { kind: 'platform', platformId };
  }

  #operator(authorization: string): Principal {
    const token = /^Bearer (\S+)$/.exec(authorization)?.[1];
    const operator = token === undefined ? undefined : this.operators.byToken(token);
    if (!operator) throw new Problem('unauthenticated', "The header Authorization carries no operator's token.");
    return { kind: 'operator', name: operator.name, roles: operator.roles };
  }
}

function mayCall(principal: Principal, required: Access): boolean {
  if (principal.kind === 'platform') return required.platforms;
  return principal.roles.includes('admin') || required.operators.some((role) => principal.roles.includes(role));
}
