import { Controller, Inject } from '@nestjs/common';
import { Consume, type Message } from '@tongbao/bus';
import { topics, type HoldPlaced, type HoldRefused, type PaymentEvent, type ProblemCode, type SettlementMessage } from '@tongbao/contracts';
import { EventStore, handle } from '@tongbao/event-store';
import { CLOCK, EVENT_STORE, type Clock } from '@tongbao/service';
import { decideHoldPlaced, decideHoldRefused, decideSettled, type PaymentDecision } from './payment.decide.js';
import { paymentFold, type PaymentState } from './payment.js';
import { PaymentReactor, paymentStream } from './payment.reactor.js';
import { PaymentWaiters } from './payment.waiters.js';

const group = 'payment';

type SideSettled = Extract<SettlementMessage, { type: 'PaymentSideSettled' }>;

/** What the ledger and settlement tell the payment service. */
@Controller()
export class PaymentConsumer {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly reactor: PaymentReactor,
    private readonly waiters: PaymentWaiters,
  ) {}

  @Consume({ group, topic: topics.ledgerEvents, type: 'HoldPlaced' })
  async holdPlaced({ id, data }: Message<HoldPlaced>): Promise<void> {
    if (data.purpose === 'payment') await this.#handle(data.ref, id, (state) => decideHoldPlaced(this.clock.now().toISOString(), state));
  }

  @Consume({ group, topic: topics.ledgerEvents, type: 'HoldRefused' })
  async holdRefused({ id, data }: Message<HoldRefused>): Promise<void> {
    if (data.purpose === 'payment') await this.#handle(data.ref, id, (state) => decideHoldRefused(data.code, state));
  }

  @Consume({ group, topic: topics.settlementEvents, type: 'PaymentSideSettled' })
  async sideSettled({ id, data }: Message<SideSettled>): Promise<void> {
    const { paymentId, settlementId, windowId, sides } = data;
    await this.#handle(paymentId, id, (state) => decideSettled({ settlementId, windowId, sides }, state));
  }

  async #handle(paymentId: string, messageId: string, decide: (state: PaymentState) => PaymentDecision): Promise<void> {
    const context = { commandId: `message ${messageId}`, correlationId: paymentId, actor: 'hub' };
    const handled = await handle<PaymentState, PaymentEvent, ProblemCode>(
      this.store,
      paymentStream(paymentId),
      paymentFold,
      decide,
      context,
    );
    if (handled.outcome === 'refused') throw new Error(`a message about ${paymentId}, which has no stream`);
    if (handled.state?.status === 'pending' && handled.events.length > 0) {
      this.waiters.started(paymentId, this.reactor.run(paymentId, handled));
    } else this.waiters.changed(paymentId, handled.state);
  }
}
