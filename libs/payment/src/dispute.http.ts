import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, CLOCK, CommandRefusals, IdempotencyKey, Operators, validated, type Clock, type Principal } from '@tongbao/service';
import type { FastifyReply } from 'fastify';
import { decideCloseDispute, decideOpenDispute } from './dispute.decide.js';
import { CloseDisputeBody, OpenDisputeBody } from './payment.dto.js';
import { disputeIdOf, PaymentActions } from './payment.actions.js';
import type { PaymentDecision } from './payment.decide.js';
import { send } from './payment.http.js';
import type { PaymentState } from './payment.js';

/** Disputes as operators record them: what a provider, a payer or an arbiter says. */
@ApiTags('payments')
@Controller('v1/payments/:paymentId/disputes')
@Operators('finance')
export class DisputeController {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly refusals: CommandRefusals,
    private readonly actions: PaymentActions,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Record a dispute: its amount is withheld from all whom the split gave a part, until the dispute ends' })
  @ApiBody({ type: OpenDisputeBody })
  open(
    @Param('paymentId') paymentId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('OpenDispute', paymentId, { body }, caller, key, reply, 201, (commandId) => {
      const { disputeId = disputeIdOf(commandId), amountMinor, currency, reason } = validated(OpenDisputeBody, body);
      const command = { disputeId, amountMinor, currency, reason, now: this.#now() };
      return (state) => decideOpenDispute(command, state);
    });
  }

  @Post(':disputeId/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'End a dispute: won, what was withheld comes back; lost, it goes to the payer; in part, both in proportion' })
  @ApiBody({ type: CloseDisputeBody })
  close(
    @Param('paymentId') paymentId: string,
    @Param('disputeId') disputeId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#command('CloseDispute', paymentId, { disputeId, body }, caller, key, reply, 200, () => {
      const { outcome, lostMinor, feeMinor = 0 } = validated(CloseDisputeBody, body);
      const command = { disputeId, outcome, ...(lostMinor !== undefined && { lostMinor }), feeMinor, now: this.#now() };
      return (state) => decideCloseDispute(command, state);
    });
  }

  async #command(
    operation: string,
    paymentId: string,
    content: object,
    caller: Principal,
    key: string | undefined,
    reply: FastifyReply,
    status: number,
    read: (commandId: string) => (state: PaymentState) => PaymentDecision,
  ): Promise<void> {
    const state = await this.refusals.answer({ principal: caller, key, operation, body: { paymentId, ...content } }, async (commandId) => {
      await this.actions.load(paymentId, caller);
      return this.actions.act(paymentId, read(commandId), commandId, caller, 0);
    });
    send(reply, status, state);
  }

  #now(): string {
    return this.clock.now().toISOString();
  }
}
