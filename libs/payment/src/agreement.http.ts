import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { account, type AgreementEvent, type ProblemCode, type SplitRule } from '@tongbao/contracts';
import { EventStore, handle } from '@tongbao/event-store';
import {
  Allow,
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
import { agreementFold, decideRegisterAgreement, ruleProblem, type AgreementState } from './agreement.decide.js';
import { Directory } from './directory.js';
import { AgreementBody, PaymentBody, RuleBody } from './payment.dto.js';
import { problemOf, toCommand } from './payment.intake.js';
import { requireOwnPlatform } from './payment.http.js';
import { isWallet, requestRefusals } from './payment.decide.js';
import { splitOf } from './split.js';

/** Agreements: who gets what of a payment. Versioned, dated, never changed. */
@ApiTags('agreements')
@Controller('v1/agreements')
export class AgreementController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(HUB_CONFIG) private readonly config: HubConfig,
    private readonly directory: Directory,
  ) {}

  @Post()
  @Operators('ops', 'finance')
  @ApiOperation({ summary: "Register an agreement's next version" })
  @ApiBody({ type: AgreementBody })
  async register(@Body() body: unknown, @Caller() caller: Principal, @Headers('idempotency-key') key: string | undefined): Promise<object> {
    const { agreementId, name, validFrom, rules: given } = validated(AgreementBody, body);
    const now = this.clock.now().toISOString();
    const rules = given.map(toRule);
    const problem = ruleProblem(rules);
    if (problem) throw new Problem('invalid', problem.detail, problem.field);
    const command = { agreementId, name, validFrom: validFrom === undefined ? now : new Date(validFrom).toISOString(), rules, now };
    const context = { commandId: commandIdOf(caller, requiredKey(key)), correlationId: agreementId, actor: nameOf(caller) };
    const decide = (state: AgreementState) => decideRegisterAgreement(command, state);
    const handled = await handle<AgreementState, AgreementEvent, ProblemCode>(
      this.store,
      `agreement-${agreementId}`,
      agreementFold,
      decide,
      context,
    );
    if (handled.outcome === 'refused') throw problemOf(handled.refusal);
    return { agreementId, versions: handled.state };
  }

  @Get()
  @Operators('ops', 'finance', 'auditor')
  @ApiOperation({ summary: 'Ids of all agreements' })
  async list(): Promise<object> {
    await this.directory.refresh();
    return { items: this.directory.agreementIds() };
  }

  @Get(':agreementId')
  @Allow({ platforms: true, operators: ['ops', 'finance', 'auditor'] })
  @ApiOperation({ summary: 'All versions of an agreement' })
  async get(@Param('agreementId') agreementId: string): Promise<object> {
    await this.directory.refresh();
    const versions = this.directory.agreementVersions(agreementId);
    if (versions.length === 0) throw new Problem('not_found', `There is no agreement ${agreementId}.`);
    return { agreementId, versions };
  }

  @Post('preview')
  @HttpCode(200)
  @Allow({ platforms: true, operators: ['ops', 'finance'] })
  @ApiOperation({ summary: 'What an order would split into now. Stores nothing' })
  @ApiBody({ type: PaymentBody })
  async preview(@Body() body: unknown, @Caller() caller: Principal): Promise<object> {
    const order = validated(PaymentBody, body);
    requireOwnPlatform(caller, order.platformId);
    await this.directory.refresh();
    const now = this.clock.now();
    const command = toCommand(order, now, this.config.paymentExpiryMinutes);
    const context = this.directory.contextAt(now);
    const refusal = requestRefusals.find(([, applies]) => applies(command, context));
    if (refusal) throw problemOf(refusal[0]);
    const source = isWallet(command.method) ? account.wallet(command.payer.userId) : account.provider(command.method.provider);
    const split = splitOf(
      { ...command, source, external: command.collection === 'platform' },
      (agreementId) => context.agreement(agreementId)?.rules ?? [],
    );
    return { amountMinor: command.amountMinor, currency: command.currency, split };
  }
}

const toRule = ({ from, to, kind, basis, rateBasisPoints, fixedMinor, minimumMinor, maximumMinor, refundable }: RuleBody): SplitRule => ({
  from,
  to,
  kind,
  basis,
  rateBasisPoints,
  ...(fixedMinor !== undefined && { fixedMinor }),
  ...(minimumMinor !== undefined && { minimumMinor }),
  ...(maximumMinor !== undefined && { maximumMinor }),
  refundable,
});
