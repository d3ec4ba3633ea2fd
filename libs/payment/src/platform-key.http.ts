import { Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { account, keyIdOf, type ParticipantEvent, type PlatformKeyRegistered, type ProblemCode } from '@tongbao/contracts';
import { EventStore, handle, load } from '@tongbao/event-store';
import {
  Allow,
  Caller,
  CLOCK,
  CommandRefusals,
  EVENT_STORE,
  IdempotencyKey,
  nameOf,
  PLATFORM_KEYS,
  PlatformKeys,
  Problem,
  validated,
  type Clock,
  type Principal,
} from '@tongbao/service';
import { calculateJwkThumbprint } from 'jose';
import {
  decideRegisterKey,
  decideRevokeKey,
  maxKeys,
  participantFold,
  participantStream,
  type ParticipantDecision,
  type ParticipantKey,
  type ParticipantState,
} from './participant.decide.js';
import { PlatformKeyBody, type PublicJwkBody } from './platform-key.dto.js';

/**
 * The keys that a platform's signatures are verified by. An operator registers the first one; with it the platform registers the next ones itself, and
 * revokes what it uses no more. Several count at once, so that a rotation needs no agreed moment.
 */
@ApiTags('participants')
@Controller('v1/platforms/:id/keys')
@Allow({ platforms: true, operators: ['ops'] })
export class PlatformKeyController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PLATFORM_KEYS) private readonly platformKeys: PlatformKeys,
    private readonly refusals: CommandRefusals,
  ) {}

  @Get()
  @Allow({ platforms: true, operators: ['ops', 'auditor'] })
  @ApiOperation({ summary: 'All keys that were ever registered' })
  async list(@Param('id') id: string, @Caller() caller: Principal): Promise<object> {
    requireOwnKeys(caller, id);
    const { state } = await load(this.store, participantStream(account.platform(id)), participantFold);
    if (!state) throw new Problem('not_found', `There is no platform ${id}.`);
    return { items: state.keys.map((key) => this.#toResponse(id, key)) };
  }

  @Post()
  @ApiOperation({ summary: 'Register a public Ed25519 key: from now on its signatures count' })
  @ApiBody({ type: PlatformKeyBody })
  @ApiHeader({ name: 'Idempotency-Key', required: true })
  register(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#handle('RegisterPlatformKey', id, caller, key, body, async () => {
      const event = await this.#toEvent(id, validated(PlatformKeyBody, body));
      return { kid: event.kid, decide: (state) => decideRegisterKey(event, state) };
    });
  }

  @Delete(':kid')
  @ApiOperation({ summary: 'Revoke a key: at once, and for good' })
  revoke(
    @Param('id') id: string,
    @Param('kid') kid: string,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#handle('RevokePlatformKey', id, caller, key ?? `revoke-${kid}`, { kid }, () =>
      Promise.resolve({ kid, decide: (state) => decideRevokeKey({ type: 'PlatformKeyRevoked', party: account.platform(id), kid }, state) }),
    );
  }

  #handle(
    operation: string,
    id: string,
    caller: Principal,
    key: string | undefined,
    body: unknown,
    read: () => Promise<{ kid: string; decide: (state: ParticipantState) => ParticipantDecision }>,
  ): Promise<object> {
    const before = () => requireOwnKeys(caller, id);
    return this.refusals.answer({ principal: caller, key, operation, body: { id, body }, before }, async (commandId) => {
      const { kid, decide } = await read();
      const party = account.platform(id);
      const handled = await handle<ParticipantState, ParticipantEvent, ProblemCode>(
        this.store,
        participantStream(party),
        participantFold,
        decide,
        { commandId, correlationId: party, actor: nameOf(caller) },
      );
      if (handled.outcome === 'refused') throw new Problem(handled.refusal, details[handled.refusal] ?? 'The request was refused.');
      await this.platformKeys.reread(id);
      const registered = handled.state?.keys.find((each) => each.kid === kid);
      if (!registered) throw new Error(`${party} has no key ${kid} after it was handled`);
      return this.#toResponse(id, registered);
    });
  }

  async #toEvent(id: string, { jwk: { kty, crv, x, kid }, ...times }: PlatformKeyBody): Promise<PlatformKeyRegistered> {
    requirePrimeOrder(x);
    const validFrom = times.validFrom === undefined ? undefined : new Date(times.validFrom).toISOString();
    const expiresAt = times.expiresAt === undefined ? undefined : new Date(times.expiresAt).toISOString();
    const now = this.clock.now().toISOString();
    if (expiresAt !== undefined && expiresAt <= (validFrom ?? now))
      throw new Problem('invalid', 'expiresAt must come after validFrom, or after now.', 'expiresAt');
    return {
      type: 'PlatformKeyRegistered',
      party: account.platform(id),
      kid: kid ?? (await calculateJwkThumbprint({ kty, crv, x })),
      jwk: { kty, crv, x },
      ...(validFrom !== undefined && { validFrom }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
  }

  #toResponse(platformId: string, { kid, jwk, validFrom, expiresAt, isRevoked }: ParticipantKey): object {
    return {
      platformId,
      kid,
      keyId: keyIdOf(platformId, kid),
      jwk,
      state: this.#stateOf({ validFrom, expiresAt, isRevoked }),
      validFrom,
      expiresAt,
    };
  }

  #stateOf({ validFrom, expiresAt, isRevoked }: Pick<ParticipantKey, 'validFrom' | 'expiresAt' | 'isRevoked'>): string {
    const now = this.clock.now().toISOString();
    if (isRevoked) return 'revoked';
    if (expiresAt !== undefined && expiresAt <= now) return 'expired';
    return validFrom !== undefined && now < validFrom ? 'pending' : 'valid';
  }
}

const details: Partial<Record<ProblemCode, string>> = {
  not_found: 'There is no such platform, or it has no such key.',
  already_exists: 'The platform has, or had, this key or another one of this kid. A revoked key never comes back.',
  state_conflict: `A platform has at most ${maxKeys} keys that are not revoked.`,
};

function requireOwnKeys(caller: Principal, platformId: string): void {
  if (caller.kind === 'platform' && caller.platformId !== platformId)
    throw new Problem('forbidden', `The keys are ${platformId}'s, and ${caller.platformId} is asking.`, 'id');
}

/**
 * The public keys of small order on Curve25519 in its Edwards form, in every encoding, without the bit of the sign: under one of these a signature can be
 * made that fits by anybody, so that its owner could deny everything.
 */
const smallOrder: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

function requirePrimeOrder(x: PublicJwkBody['x']): void {
  const point = Buffer.from(x, 'base64url');
  point.writeUInt8(point.readUInt8(31) & 0x7f, 31);
  if (smallOrder.has(point.toString('hex'))) throw new Problem('invalid', 'jwk.x is a weak key: anybody could sign for it.', 'jwk.x');
}
