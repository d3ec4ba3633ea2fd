import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { PaymentEvent, ProblemCode } from '@tongbao/contracts';
import { EventStore, handle } from '@tongbao/event-store';
import type { ProjectionRunner } from '@tongbao/read-model';
import {
  Allow,
  Caller,
  CLOCK,
  CommandRefusals,
  EVENT_STORE,
  nameOf,
  Operators,
  pageOf,
  Platforms,
  PreferredWait,
  Problem,
  PROJECTIONS,
  reachedAtLeast,
  validated,
  type Clock,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import type { FastifyReply } from 'fastify';
import { Admission } from './admission.js';
import { Directory } from './directory.js';
import { decideConflict } from './payment-outcome.decide.js';
import { decideCancel, decideCapture, decideNewAttempt, decideRefund, decideSupersede, type PaymentDecision } from './payment.decide.js';
import { CancelBody, ConflictBody, NewAttemptBody, PaymentBody, RefundBody } from './payment.dto.js';
import { PaymentActions, refundIdOf } from './payment.actions.js';
import { PaymentIntake } from './payment.intake.js';
import { openAttempt, paymentFold, type Payment, type PaymentState } from './payment.js';
import { PaymentReactor, paymentStream } from './payment.reactor.js';
import { toResponse, type PaymentResponse } from './payment.response.js';
import { isAtRest, PaymentWaiters } from './payment.waiters.js';
import { PaymentQueries, type PaymentFilter } from './payments.view.js';

@ApiTags('payments')
@Controller('v1/payments')
export class PaymentController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, ProjectionRunner>,
    private readonly refusals: CommandRefusals,
    private readonly intake: PaymentIntake,
    private readonly actions: PaymentActions,
    private readonly reactor: PaymentReactor,
    private readonly waiters: PaymentWaiters,
    private readonly directory: Directory,
    private readonly queries: PaymentQueries,
    private readonly admission: Admission,
  ) {}

  @Post()
  @Platforms()
  @ApiOperation({ summary: 'Request a payment for an order. The same order is one payment, however often it is requested' })
  @ApiBody({ type: PaymentBody })
  @ApiHeader({ name: 'Idempotency-Key', required: true })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=<seconds>: answer when the outcome is known' })
  async request(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @PreferredWait() waitSeconds: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.admission.admit(caller, reply.elapsedTime);
    const before = () => requireOwnPlatform(caller, platformIn(body));
    const command = { principal: caller, key, operation: 'RequestPayment', body, before };
    const { payment, isReplay } = await this.refusals.answer(command, (commandId) =>
      this.intake.request(validated(PaymentBody, body), commandId, waitSeconds * 1_000),
    );
    send(reply, isReplay ? 200 : isAtRest(payment) ? 201 : 202, payment);
  }

  @Get()
  @Allow({ platforms: true, operators: ['ops', 'finance', 'auditor'] })
  @ApiOperation({ summary: 'Payments, newest first; a platform sees its own' })
  @ApiQuery({ name: 'platform', required: false })
  @ApiQuery({ name: 'status', required: false })
  @ApiQuery({ name: 'from', required: false, description: 'requested at or after, ISO 8601' })
  @ApiQuery({ name: 'to', required: false, description: 'requested before, ISO 8601' })
  @ApiQuery({ name: 'disputed', required: false, description: 'true: only those with an open dispute' })
  @ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' })
  async list(@Query() query: PageQuery & PaymentFilter & { atLeast?: string }, @Caller() caller: Principal): Promise<object> {
    const runner = this.projections.get('payment');
    if (!runner) throw new Problem('unavailable', 'The projection of payments does not run in this process.');
    await reachedAtLeast(runner, query.atLeast);
    const platform = caller.kind === 'platform' ? caller.platformId : query.platform;
    if (query.platform !== undefined && query.platform !== platform)
      throw new Problem('forbidden', "Another platform's payments.", 'platform');
    const { limit, after } = pageOf(query);
    const { status, from, to, disputed } = query;
    if (disputed !== undefined && disputed !== 'true') throw new Problem('invalid', 'disputed must be true, or left out.', 'disputed');
    const page = await this.queries.list({ platform, status, from: utc(from, 'from'), to: utc(to, 'to'), disputed }, limit, after);
    return { ...page, position: String(runner.status().position) };
  }

  @Get(':paymentId')
  @Allow({ platforms: true, operators: ['ops', 'finance', 'auditor'] })
  @ApiOperation({ summary: 'One payment, as its stream says at this moment. ETag = revision of the stream' })
  async get(@Param('paymentId') paymentId: string, @Caller() caller: Principal, @Res() reply: FastifyReply): Promise<void> {
    const state = await this.actions.load(paymentId, caller);
    send(reply, 200, state);
  }

  @Post(':paymentId/attempts')
  @Platforms()
  @ApiOperation({ summary: 'Try another method. An earlier attempt that may still take money is closed first' })
  @ApiBody({ type: NewAttemptBody })
  async attempt(
    @Param('paymentId') paymentId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @PreferredWait() waitSeconds: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const state = await this.refusals.answer(
      { principal: caller, key, operation: 'StartAttempt', body: { paymentId, body } },
      async (commandId) => {
        const loaded = await this.actions.load(paymentId, caller);
        const { method } = validated(NewAttemptBody, body);
        const chosen = { provider: method.provider, ...(method.token && { token: method.token }) };
        if (await this.#isRepeated(paymentId, commandId)) return loaded;
        if (openAttempt(loaded)) await this.#closeOpenAttempt(loaded, commandId, caller);
        const { order } = loaded;
        const decide = (current: PaymentState) =>
          decideNewAttempt(chosen, this.directory.offers(order.platformId, chosen, order.captureMode), this.#now(), current);
        return this.actions.act(paymentId, decide, commandId, caller, waitSeconds * 1_000);
      },
    );
    send(reply, isAtRest(state) ? 201 : 202, state);
  }

  @Post(':paymentId/cancel')
  @HttpCode(200)
  @Platforms()
  @ApiOperation({
    summary: 'Cancel before capture. Where somebody may still pay, the attempt is closed first: what was paid meanwhile wins',
  })
  @ApiBody({ type: CancelBody })
  cancel(
    @Param('paymentId') paymentId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @PreferredWait() waitSeconds: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('CancelPayment', paymentId, body, caller, key, waitSeconds, reply, () => {
      const { reason } = validated(CancelBody, body ?? {});
      return (state) => decideCancel(nameOf(caller), reason ?? 'requested', state);
    });
  }

  @Post(':paymentId/capture')
  @HttpCode(200)
  @Platforms()
  @ApiOperation({ summary: 'Capture what was authorized' })
  capture(
    @Param('paymentId') paymentId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @PreferredWait() waitSeconds: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('CapturePayment', paymentId, body, caller, key, waitSeconds, reply, () => decideCapture);
  }

  @Post(':paymentId/refunds')
  @HttpCode(200)
  @Platforms()
  @ApiOperation({ summary: 'Refund a part or the whole; several refunds never pass what was captured' })
  @ApiBody({ type: RefundBody })
  refund(
    @Param('paymentId') paymentId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @PreferredWait() waitSeconds: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('RefundPayment', paymentId, body, caller, key, waitSeconds, reply, (commandId) => {
      const { amountMinor, currency, reason, refundId } = validated(RefundBody, body);
      const command = { refundId: refundId ?? refundIdOf(commandId), amountMinor, currency, reason: reason ?? '', now: this.#now() };
      return (state) => decideRefund(command, state);
    });
  }

  @Post(':paymentId/conflict')
  @HttpCode(200)
  @Operators('finance')
  @ApiOperation({ summary: 'Resolve a capture whose amount differs: accept it with the difference, or send the money back' })
  @ApiBody({ type: ConflictBody })
  resolve(
    @Param('paymentId') paymentId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @PreferredWait() waitSeconds: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('ResolveConflict', paymentId, body, caller, key, waitSeconds, reply, () => {
      const { resolution, note } = validated(ConflictBody, body);
      return (state) => decideConflict({ resolution, note, by: nameOf(caller) }, state);
    });
  }

  async #command(
    operation: string,
    paymentId: string,
    body: unknown,
    caller: Principal,
    key: string | undefined,
    waitSeconds: number,
    reply: FastifyReply,
    read: (commandId: string) => (state: PaymentState) => PaymentDecision,
  ): Promise<void> {
    const state = await this.refusals.answer({ principal: caller, key, operation, body: { paymentId, body } }, async (commandId) => {
      await this.actions.load(paymentId, caller);
      const decide = read(commandId);
      return this.actions.act(paymentId, decide, commandId, caller, waitSeconds * 1_000);
    });
    send(reply, 200, state);
  }

  /** Asks for the open attempt to be closed, and waits for the answer: another may begin only when nobody can pay this one any more. */
  async #closeOpenAttempt(payment: Payment, commandId: string, caller: Principal): Promise<void> {
    const { paymentId } = payment.order;
    const context = { commandId: `${commandId} supersede`, correlationId: paymentId, actor: nameOf(caller) };
    const decide = (state: PaymentState) => decideSupersede(nameOf(caller), state);
    const handled = await handle<PaymentState, PaymentEvent, ProblemCode>(
      this.store,
      paymentStream(paymentId),
      paymentFold,
      decide,
      context,
    );
    const run = this.reactor.run(paymentId, handled);
    this.waiters.started(paymentId, run);
    await run;
  }

  /** Whether this very command has started an attempt already: its repetition must not start another. */
  async #isRepeated(paymentId: string, commandId: string): Promise<boolean> {
    const events = await this.store.read(paymentStream(paymentId));
    return events.some(({ event, metadata }) => event.type === 'AttemptStarted' && metadata.$causationId === commandId);
  }

  #now(): string {
    return this.clock.now().toISOString();
  }
}

/** The platform that a body names, before its fields are checked: forbidden comes before invalid. */
function platformIn(body: unknown): string | undefined {
  const platformId = typeof body === 'object' && body !== null && 'platformId' in body ? body.platformId : undefined;
  return typeof platformId === 'string' ? platformId : undefined;
}

export function requireOwnPlatform(caller: Principal, platformId: string | undefined): void {
  if (caller.kind === 'platform' && platformId !== undefined && platformId !== caller.platformId) {
    throw new Problem('forbidden', `${caller.platformId} is asking, not ${platformId}.`, 'platformId');
  }
}

export function send(reply: FastifyReply, status: number, payment: Payment): void {
  const body: PaymentResponse = toResponse(payment);
  void reply.status(status).header('etag', `"${payment.revision}"`).header('location', `/v1/payments/${body.paymentId}`).send(body);
}

/** A time as the projection keeps it, so that text compares as time. */
function utc(time: string | undefined, field: string): string | undefined {
  if (time === undefined) return undefined;
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) throw new Problem('invalid', `${field} must be an ISO 8601 time.`, field);
  return date.toISOString();
}
