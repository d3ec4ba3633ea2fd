import { Controller, Inject } from '@nestjs/common';
import { Consume, type Message } from '@tongbao/bus';
import { topics, type HoldPlaced, type HoldRefused, type PayoutEvent } from '@tongbao/contracts';
import { EventStore, handle } from '@tongbao/event-store';
import { EVENT_STORE } from '@tongbao/service';
import { decidePayout, type PayoutCommand, type PayoutRefusal } from './payout.decide.js';
import { payoutFold, payoutStream, type PayoutState } from './payout.js';

const group = 'settlement';

/** The ledger's answers to the holds that payouts were asked for under. */
@Controller()
export class HoldAnswersConsumer {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  @Consume({ group, topic: topics.ledgerEvents, type: 'HoldPlaced' })
  async placed({ id, data }: Message<HoldPlaced>): Promise<void> {
    if (data.purpose === 'payout') await this.#record(data.ref, id, { type: 'RecordHoldPlaced', holdId: data.holdId });
  }

  @Consume({ group, topic: topics.ledgerEvents, type: 'HoldRefused' })
  async refused({ id, data }: Message<HoldRefused>): Promise<void> {
    if (data.purpose === 'payout') await this.#record(data.ref, id, { type: 'RecordHoldRefused', holdId: data.holdId, code: data.code });
  }

  async #record(payoutId: string, messageId: string, command: PayoutCommand): Promise<void> {
    const handled = await handle<PayoutState, PayoutEvent, PayoutRefusal>(
      this.store,
      payoutStream(payoutId),
      payoutFold,
      (state) => decidePayout(command, state),
      { commandId: `message ${messageId}`, correlationId: payoutId },
    );
    if (handled.outcome === 'refused') throw new Error(`the ledger answered about ${payoutId}, which cannot take it: ${handled.refusal}`);
  }
}
