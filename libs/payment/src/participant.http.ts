import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { account, type ParticipantEvent, type ProblemCode, type VelocityLimit } from '@tongbao/contracts';
import { EventStore, handle } from '@tongbao/event-store';
import {
  Caller,
  CLOCK,
  commandIdOf,
  EVENT_STORE,
  HUB_CONFIG,
  nameOf,
  Operators,
  Problem,
  requiredKey,
  validated,
  type Clock,
  type HubConfig,
  type Principal,
} from '@tongbao/service';
import { shownBankAccounts } from './bank-account.http.js';
import { Directory } from './directory.js';
import {
  decideChange,
  decideRegister,
  participantFold,
  participantStream,
  type Participant,
  type ParticipantChange,
  type ParticipantDecision,
  type ParticipantState,
} from './participant.decide.js';
import { CreatorRegistrationBody, LimitsBody, PlatformBody, ReasonBody, VelocityLimitBody, VelocityLimitsBody } from './payment.dto.js';
import { problemOf } from './payment.intake.js';
import { KindInPath, partyOf, type Kind } from './participant.kind.js';

/** Platforms and creators, and what the hub has agreed on with each. For operators. */
@ApiTags('participants')
@Controller('v1')
@Operators('ops')
export class ParticipantController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(HUB_CONFIG) private readonly config: HubConfig,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly directory: Directory,
  ) {}

  @Post('platforms')
  @ApiOperation({ summary: 'Register a platform' })
  @ApiBody({ type: PlatformBody })
  registerPlatform(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<object> {
    requiredKey(key);
    const { platformId, name, currencies, methods } = validated(PlatformBody, body);
    const unsupported = currencies.find((currency) => !this.config.currencies.includes(currency));
    if (unsupported) throw problemOf('currency_unsupported', 'currencies');
    const party = account.platform(platformId);
    return this.#handle(party, caller, key, (state) =>
      decideRegister({ type: 'ParticipantRegistered', party, kind: 'platform', id: platformId, name, currencies, methods }, state),
    );
  }

  @Post('creators')
  @ApiOperation({ summary: 'Register a creator' })
  @ApiBody({ type: CreatorRegistrationBody })
  registerCreator(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<object> {
    requiredKey(key);
    const { creatorId, name } = validated(CreatorRegistrationBody, body);
    const party = account.creator(creatorId);
    return this.#handle(party, caller, key, (state) =>
      decideRegister({ type: 'ParticipantRegistered', party, kind: 'creator', id: creatorId, name, currencies: [], methods: [] }, state),
    );
  }

  @Get(['platforms', 'creators'])
  @ApiOperation({ summary: 'All platforms, or all creators' })
  async list(@KindInPath() kind: Kind): Promise<object> {
    await this.directory.refresh();
    return {
      items: this.directory.participants(kind === 'platforms' ? 'platform' : 'creator').map((participant) => this.#shown(participant)),
    };
  }

  @Get(['platforms/:id', 'creators/:id'])
  @ApiOperation({ summary: 'One platform or creator' })
  async get(@KindInPath() kind: Kind, @Param('id') id: string): Promise<object> {
    await this.directory.refresh();
    const participant = this.directory.participant(partyOf(kind, id));
    if (!participant) throw new Problem('not_found', `There is no ${partyOf(kind, id)}.`);
    return this.#shown(participant);
  }

  @Post('platforms/:id/suspend')
  @HttpCode(200)
  @ApiOperation({ summary: 'Suspend: no new payments; what has happened is still refunded and settled' })
  @ApiBody({ type: ReasonBody })
  suspend(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<object> {
    const { reason } = validated(ReasonBody, body);
    return this.#change('platforms', id, caller, key, (party) => ({ type: 'ParticipantSuspended', party, reason }));
  }

  @Post('platforms/:id/reinstate')
  @HttpCode(200)
  @ApiOperation({ summary: 'End a suspension' })
  reinstate(@Param('id') id: string, @Caller() caller: Principal, @Headers('idempotency-key') key: string | undefined): Promise<object> {
    return this.#change('platforms', id, caller, key, (party) => ({ type: 'ParticipantReinstated', party }));
  }

  @Put(['platforms/:id/limits', 'creators/:id/limits'])
  @Operators('finance')
  @ApiOperation({ summary: 'Set the minimum balance and the net debit cap of a currency' })
  @ApiBody({ type: LimitsBody })
  setLimits(
    @KindInPath() kind: Kind,
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<object> {
    const { currency, minimumBalanceMinor, netDebitCapMinor } = validated(LimitsBody, body);
    return this.#change(kind, id, caller, key, (party) => ({
      type: 'LimitsSet',
      party,
      currency,
      ...(minimumBalanceMinor !== undefined && { minimumBalanceMinor }),
      ...(netDebitCapMinor !== undefined && { netDebitCapMinor }),
    }));
  }

  @Put('platforms/:id/velocity-limits')
  @Operators('ops', 'finance')
  @ApiOperation({ summary: 'Set how much may happen in a time' })
  @ApiBody({ type: VelocityLimitsBody })
  setVelocityLimits(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<object> {
    const { limits } = validated(VelocityLimitsBody, body);
    return this.#change('platforms', id, caller, key, (party) => ({
      type: 'VelocityLimitsSet',
      party,
      limits: limits.map(toVelocityLimit),
    }));
  }

  #change(
    kind: Kind,
    id: string,
    caller: Principal,
    key: string | undefined,
    change: (party: string) => ParticipantChange,
  ): Promise<object> {
    const party = partyOf(kind, id);
    return this.#handle(party, caller, key, (state) => decideChange(change(party), state));
  }

  async #handle(
    party: string,
    caller: Principal,
    key: string | undefined,
    decide: (state: ParticipantState) => ParticipantDecision,
  ): Promise<object> {
    const context = { commandId: commandIdOf(caller, requiredKey(key)), correlationId: party, actor: nameOf(caller) };
    const handled = await handle<ParticipantState, ParticipantEvent, ProblemCode>(
      this.store,
      participantStream(party),
      participantFold,
      decide,
      context,
    );
    if (handled.outcome === 'refused')
      throw new Problem(
        handled.refusal,
        handled.refusal === 'not_found' ? `There is no ${party}.` : `${party} exists with different content.`,
      );
    if (!handled.state) throw new Error(`${party} was changed and has no state`);
    return this.#shown(handled.state);
  }

  #shown(participant: Participant): object {
    return { ...toParticipantResponse(participant), ...shownBankAccounts(participant.bankAccounts, this.clock.now()) };
  }
}

const toVelocityLimit = ({ scope, windowSeconds, currency, maxCount, maxAmountMinor }: VelocityLimitBody): VelocityLimit => ({
  scope,
  windowSeconds,
  ...(currency !== undefined && { currency }),
  ...(maxCount !== undefined && { maxCount }),
  ...(maxAmountMinor !== undefined && { maxAmountMinor }),
});

function toParticipantResponse({ registered, suspended, limits, velocityLimits, keys }: Participant): object {
  const { party, kind, id, name, currencies, methods } = registered;
  return {
    party,
    kind,
    id,
    name,
    currencies,
    methods,
    suspended,
    limits: [...limits.values()].map(({ currency, minimumBalanceMinor, netDebitCapMinor }) => ({
      currency,
      minimumBalanceMinor,
      netDebitCapMinor,
    })),
    velocityLimits,
    keyIds: keys.filter(({ isRevoked }) => !isRevoked).map(({ kid }) => kid),
  };
}
