import { Body, Controller, Get, Headers, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ProblemCode, TopUpEvent, TopUpRequested } from '@tongbao/contracts';
import { EventStore, handle, load, type Loaded } from '@tongbao/event-store';
import { Caller, CLOCK, CommandRefusals, EVENT_STORE, Platforms, Problem, validated, type Clock, type Principal } from '@tongbao/service';
import type { FastifyReply } from 'fastify';
import { Directory } from './directory.js';
import { TopUpBody } from './payment.dto.js';
import { providerKeyOf, topUpIdOf } from './payment-id.js';
import { problemOf } from './payment.intake.js';
import { decideTopUp, topUpFold, type TopUp, type TopUpState } from './top-up.js';
import { TopUpReactor, topUpStream } from './top-up.reactor.js';

@ApiTags('wallets')
@Controller('v1/wallets')
@Platforms()
export class TopUpController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly refusals: CommandRefusals,
    private readonly directory: Directory,
    private readonly reactor: TopUpReactor,
  ) {}

  @Post(':userId/top-ups')
  @ApiOperation({ summary: "Put money into a user's wallet through a provider" })
  @ApiBody({ type: TopUpBody })
  async topUp(
    @Param('userId') userId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const state = await this.refusals.answer(
      { principal: caller, key, operation: 'TopUpWallet', body: { userId, body } },
      async (commandId) => {
        const request = this.#request(userId, validated(TopUpBody, body), caller, commandId);
        const known: Loaded<TopUpState> = { state: undefined, revision: undefined };
        const context = { commandId, correlationId: request.topUpId, actor: `platform:${request.platformId}` };
        const decide = (current: TopUpState) => decideTopUp(request, current);
        const handled = await handle<TopUpState, TopUpEvent, ProblemCode>(
          this.store,
          topUpStream(request.topUpId),
          topUpFold,
          decide,
          context,
          known,
        );
        if (handled.outcome === 'refused') throw problemOf(handled.refusal);
        return handled.events.length > 0 ? this.reactor.run(request.topUpId, handled) : handled.state;
      },
    );
    if (!state) throw new Error('a top-up was accepted and has no state');
    void reply.status(201).send(toTopUpResponse(state));
  }

  @Get(':userId/top-ups/:topUpId')
  @ApiOperation({ summary: 'One top-up' })
  async get(@Param('userId') userId: string, @Param('topUpId') topUpId: string, @Caller() caller: Principal): Promise<object> {
    const { state } = await load(this.store, topUpStream(topUpId), topUpFold);
    const isOwn = caller.kind === 'platform' && state?.request.platformId === caller.platformId && state.request.userId === userId;
    if (!state || !isOwn) throw new Problem('not_found', `There is no top-up ${topUpId}.`);
    return toTopUpResponse(state);
  }

  #request(userId: string, body: TopUpBody, caller: Principal, commandId: string): TopUpRequested {
    if (caller.kind !== 'platform') throw new Problem('forbidden', 'Only platforms top up wallets.');
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(userId))
      throw new Problem('invalid', 'The user id may hold letters, digits, _ . and -.', 'userId');
    const context = this.directory.contextAt(this.clock.now());
    if (context.isSuspended(`platform:${caller.platformId}`)) throw problemOf('platform_suspended');
    if (!context.currencies.includes(body.currency) || !context.sellsIn(caller.platformId, body.currency))
      throw problemOf('currency_unsupported', 'currency');
    const isOffered = body.method.provider !== 'wallet' && context.offers(caller.platformId, body.method, 'automatic');
    if (!isOffered) throw problemOf('method_unavailable', 'method.provider');
    const topUpId = topUpIdOf(commandId);
    return {
      type: 'TopUpRequested',
      topUpId,
      platformId: caller.platformId,
      userId,
      amountMinor: body.amountMinor,
      currency: body.currency,
      method: { provider: body.method.provider, ...(body.method.token && { token: body.method.token }) },
      providerKey: providerKeyOf(topUpId, 'top-up', 1),
      requestedAt: this.clock.now().toISOString(),
    };
  }
}

function toTopUpResponse({ request, status, code }: TopUp): object {
  const { topUpId, userId, amountMinor, currency } = request;
  return { topUpId, userId, status, amountMinor, currency, ...(code && { code }) };
}
