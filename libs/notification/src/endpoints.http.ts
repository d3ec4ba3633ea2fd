import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { EventStore, handle } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  Allow,
  Caller,
  CLOCK,
  CommandRefusals,
  EVENT_STORE,
  IdempotencyKey,
  nameOf,
  pageOf,
  Platforms,
  Problem,
  PROJECTIONS,
  SQL,
  validated,
  type Clock,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import type { FastifyReply } from 'fastify';
import type { Follower } from './delivery.dispatcher.js';
import { decide, type EndpointCommand, type EndpointRefusal } from './endpoint.decide.js';
import { endpointFold, endpointStream, type Endpoint, type EndpointEvent, type EventTypes } from './endpoint.js';
import { RecoverBody, RegisterEndpointBody, RotateSecretBody } from './endpoints.dto.js';
import { findEndpoint, listEndpoints } from './endpoints.view.js';
import { hashId } from './news.js';
import { askedPlatform, endpointProblem, loadEndpoint, positionOf } from './notification.parts.js';
import { recover, revisionAt } from './redelivery.js';
import { SecretBox } from './secret-box.js';
import { TARGET_POLICY } from './notification.tokens.js';
import { checkTarget, ForbiddenTarget, resolveTarget, type TargetPolicy } from './target-guard.js';

const readers = { platforms: true, operators: ['ops', 'finance', 'auditor'] } as const;
const actors = { platforms: true, operators: ['ops'] } as const;
const hourMs = 60 * 60 * 1_000;

@ApiTags('endpoints')
@Controller('v1/endpoints')
export class EndpointsController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SQL) private readonly sql: SqlClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, Follower>,
    @Inject(TARGET_POLICY) private readonly policy: TargetPolicy,
    private readonly refusals: CommandRefusals,
    private readonly box: SecretBox,
  ) {}

  @Post()
  @Platforms()
  @ApiOperation({ summary: 'Register a URL for webhooks. The answer tells the signing secret: it is told nowhere else' })
  @ApiBody({ type: RegisterEndpointBody })
  @ApiHeader({ name: 'Idempotency-Key', required: true })
  async register(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const answer = await this.refusals.answer({ principal: caller, key, operation: 'RegisterEndpoint', body }, async (commandId) => {
      if (caller.kind !== 'platform') throw new Problem('forbidden', 'Endpoints are registered by their platform.');
      const { url, eventTypes = ['*'], description = '' } = validated(RegisterEndpointBody, body);
      await this.#checkUrl(url);
      const endpointId = hashId('ep_', commandId);
      const { sealed } = this.box.generate(endpointId, secretIdOf(commandId));
      const content = {
        endpointId,
        platformId: caller.platformId,
        url,
        eventTypes: subscriptionOf(eventTypes),
        description,
        secret: sealed,
      };
      return this.#act(endpointId, { type: 'RegisterEndpoint', ...content, now: this.#now().toISOString() }, commandId, caller);
    });
    send(reply, 201, answer);
  }

  @Get()
  @Allow(readers)
  @ApiOperation({ summary: 'Endpoints with their health; a platform sees its own' })
  @ApiQuery({ name: 'platform', required: false })
  @ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' })
  async list(@Query() query: PageQuery & { platform?: string; atLeast?: string }, @Caller() caller: Principal): Promise<object> {
    const platform = askedPlatform(caller, query.platform);
    const { limit, after } = pageOf(query);
    const position = await positionOf(this.projections, query.atLeast);
    return { ...(await listEndpoints(this.sql, platform, limit, after)), position };
  }

  @Get(':endpointId')
  @Allow(readers)
  @ApiOperation({ summary: 'One endpoint, as its stream says at this moment, and its health' })
  async get(@Param('endpointId') endpointId: string, @Caller() caller: Principal, @Res() reply: FastifyReply): Promise<void> {
    const { endpoint, revision } = await loadEndpoint(this.store, endpointId, caller);
    const health = await findEndpoint(this.sql, endpointId);
    send(reply, 200, { ...health, ...shown(endpoint), revision });
  }

  @Post(':endpointId/rotate-secret')
  @HttpCode(200)
  @Platforms()
  @ApiOperation({ summary: 'A new signing secret, told in the answer. The old one signs as well until the overlap is over' })
  @ApiBody({ type: RotateSecretBody })
  rotate(
    @Param('endpointId') endpointId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('RotateSecret', endpointId, body, caller, key, reply, (commandId, platformId) => {
      const { overlapHours = 24 } = validated(RotateSecretBody, body ?? {});
      const now = this.#now();
      const overlapUntil = new Date(now.getTime() + overlapHours * hourMs).toISOString();
      const { sealed } = this.box.generate(endpointId, secretIdOf(commandId));
      return { type: 'RotateSecret', platformId, secret: sealed, overlapUntil, now: now.toISOString() };
    });
  }

  @Post(':endpointId/disable')
  @HttpCode(200)
  @Allow(actors)
  @ApiOperation({ summary: 'Send nothing to it until it is enabled. News that come meanwhile are not queued' })
  disable(
    @Param('endpointId') endpointId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('DisableEndpoint', endpointId, body, caller, key, reply, (_, platformId) => ({
      ...{ type: 'DisableEndpoint', platformId, reason: 'asked', by: nameOf(caller), now: this.#now().toISOString() },
    }));
  }

  @Post(':endpointId/enable')
  @HttpCode(200)
  @Allow(actors)
  @ApiOperation({ summary: 'Send to it again. What still waited goes out now; ask for redelivery of what it missed' })
  enable(
    @Param('endpointId') endpointId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('EnableEndpoint', endpointId, body, caller, key, reply, (_, platformId) => ({
      ...{ type: 'EnableEndpoint', platformId, by: nameOf(caller), now: this.#now().toISOString() },
    }));
  }

  @Delete(':endpointId')
  @HttpCode(204)
  @Allow(actors)
  @ApiOperation({ summary: 'Remove it. A repetition answers the same' })
  async remove(@Param('endpointId') endpointId: string, @Caller() caller: Principal): Promise<void> {
    const { endpoint, revision } = await loadEndpoint(this.store, endpointId, caller);
    const command: EndpointCommand = {
      type: 'RemoveEndpoint',
      platformId: endpoint.platformId,
      by: nameOf(caller),
      now: this.#now().toISOString(),
    };
    await this.#act(endpointId, command, `remove ${endpointId} after ${revision ?? 0} by ${nameOf(caller)}`, caller);
  }

  @Post(':endpointId/redeliver')
  @HttpCode(202)
  @Allow(actors)
  @ApiOperation({
    summary: 'Queue what it has missed since a time: the dead, and what came while it was disabled. Repeat with next while there is one',
  })
  @ApiBody({ type: RecoverBody })
  redeliver(
    @Param('endpointId') endpointId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.refusals.answer(
      { principal: caller, key, operation: 'RedeliverEndpoint', body: { endpointId, body } },
      async (commandId) => {
        const { from, next } = validated(RecoverBody, body);
        const { endpoint } = await loadEndpoint(this.store, endpointId, caller);
        if (endpoint.status !== 'enabled') throw new Problem('state_conflict', 'Enable the endpoint first.');
        if ((from === undefined) === (next === undefined)) throw new Problem('invalid', 'Either from or next is required.', 'from');
        const revision = next ?? (await revisionAt(this.store, new Date(from ?? '')));
        const recovery = await recover(this.store, this.sql, endpoint, revision, { commandId, by: nameOf(caller), now: this.#now() });
        return {
          queued: recovery.queued,
          next: recovery.next,
          position: recovery.position === undefined ? undefined : String(recovery.position),
        };
      },
    );
  }

  async #command(
    operation: EndpointCommand['type'],
    endpointId: string,
    body: unknown,
    caller: Principal,
    key: string | undefined,
    reply: FastifyReply,
    read: (commandId: string, platformId: string) => EndpointCommand,
  ): Promise<void> {
    const answer = await this.refusals.answer({ principal: caller, key, operation, body: { endpointId, body } }, async (commandId) => {
      const { endpoint } = await loadEndpoint(this.store, endpointId, caller);
      return this.#act(endpointId, read(commandId, endpoint.platformId), commandId, caller);
    });
    send(reply, 200, answer);
  }

  /** The answer carries a secret when this command made one, also when it is repeated while that secret is still valid. */
  async #act(endpointId: string, command: EndpointCommand, commandId: string, caller: Principal): Promise<Answer> {
    const context = { commandId, actor: nameOf(caller) };
    const decideNow = (endpoint: Endpoint | undefined) => decide(command, endpoint);
    const handled = await handle<Endpoint | undefined, EndpointEvent, EndpointRefusal>(
      this.store,
      endpointStream(endpointId),
      endpointFold,
      decideNow,
      context,
    );
    if (handled.outcome === 'refused') throw endpointProblem(handled.refusal);
    const { state, revision, position } = handled;
    if (!state) throw new Error(`${endpointId} was acted on and has no state`);
    const made = state.secrets.find(({ secretId }) => secretId === secretIdOf(commandId));
    const secret = made && this.box.open(endpointId, made);
    return { ...shown(state), revision, ...(secret && { secret }), ...(position !== undefined && { position: String(position) }) };
  }

  async #checkUrl(url: string): Promise<void> {
    try {
      await resolveTarget(checkTarget(url, this.policy), this.policy);
    } catch (error) {
      if (error instanceof ForbiddenTarget) throw new Problem('invalid', `url: ${error.message}.`, 'url');
      throw error;
    }
  }

  #now(): Date {
    return this.clock.now();
  }
}

type Shown = ReturnType<typeof shown>;
type Answer = Shown & { revision: number | undefined; secret?: string; position?: string };

const secretIdOf = (commandId: string): string => hashId('sec_', commandId);

/** `*` beside names is all. */
const subscriptionOf = (eventTypes: string[]): EventTypes => (eventTypes.includes('*') ? ['*'] : ([...new Set(eventTypes)] as EventTypes)); // checked by the body's class

/** An endpoint without its secrets. */
function shown({ endpointId, platformId, url, eventTypes, description, status, secrets }: Endpoint) {
  const validUntil = secrets.slice(1).flatMap((secret) => secret.validUntil ?? []);
  return { endpointId, platformId, url, eventTypes, description, status, oldSecretsValidUntil: validUntil };
}

function send(reply: FastifyReply, status: number, { revision, ...body }: Answer): void {
  void reply
    .status(status)
    .header('etag', `"${revision ?? 0}"`)
    .header('location', `/v1/endpoints/${body.endpointId}`)
    .send(body);
}
