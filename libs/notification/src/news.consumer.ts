import { Controller } from '@nestjs/common';
import { Consume, type Message } from '@tongbao/bus';
import { topics, type CapUseChangedMessage, type PaymentMessage, type SettlementMessage } from '@tongbao/contracts';
import { newsOfCap, newsOfPayment, newsOfSettlement } from './news.js';
import { NewsWriter } from './news.writer.js';

const group = 'notification';

/**
 * Takes over what platforms are told. A handler returns when the news are in notification's own log, not when they are delivered: a slow
 * receiver must not hold up a partition.
 */
@Controller()
export class NewsConsumer {
  constructor(private readonly news: NewsWriter) {}

  @Consume({
    group,
    topic: topics.paymentEvents,
    type: [
      'PayerActionRequired',
      'PaymentCaptured',
      'PaymentDeclined',
      'PaymentExpired',
      'PaymentCancelled',
      'CaptureConflicted',
      'PaymentRefunded',
      'RefundDeclined',
      'DisputeOpened',
      'DisputeClosed',
      'PaymentSettled',
    ] satisfies PaymentMessage['type'][],
  })
  async onPayment(message: Message<PaymentMessage>): Promise<void> {
    await this.news.accept(newsOfPayment(message, message.data));
  }

  @Consume({
    group,
    topic: topics.settlementEvents,
    type: [
      'SettlementStatusChanged',
      'PayoutStatusChanged',
      'WithdrawalStatusChanged',
      'ObligationStatusChanged',
    ] satisfies SettlementMessage['type'][],
  })
  async onSettlement(message: Message<SettlementMessage>): Promise<void> {
    await this.news.accept(newsOfSettlement(message, message.data));
  }

  @Consume({ group, topic: topics.ledgerEvents, type: 'CapUseChanged' })
  async onCap(message: Message<CapUseChangedMessage>): Promise<void> {
    await this.news.accept(newsOfCap(message, message.data));
  }
}
