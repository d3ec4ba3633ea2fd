import { TongbaoRefusal, type Payment, type TongbaoKafka } from '@tongbao/client';
import { eventually } from '@tongbao/testing';
import { DeadLetters } from './dead-letters.js';
import { Kcat, type ForeignRecord, type Place, type ReadRecord } from './kcat.js';
import { paymentIdOf } from './keys.js';
import { Market, orderOf } from './market.js';
import { News, type Told } from './news.js';

type Order = ReturnType<typeof orderOf>;

const walletMinor = 1_000_000;

/** Platform A at work on a cluster, and the means to see what comes of it, and to disturb it. */
export class Shop {
  readonly kcat: Kcat;
  readonly letters: DeadLetters;
  readonly news: News;
  readonly kafka: TongbaoKafka;
  /** What others than the hub have put on its event topics. */
  readonly foreignEvents: Place[] = [];
  /** Copies of the hub's own events among them. */
  replayed = 0;
  #orders = 0;

  private constructor(readonly market: Market) {
    this.kcat = new Kcat(market.cluster.addresses.kafkaBrokers);
    this.letters = new DeadLetters(market);
    this.news = new News(market);
    this.kafka = market.platformOverKafka();
  }

  static async open(): Promise<Shop> {
    const market = await Market.open();
    try {
      const method = { provider: 'alipay' };
      await market.platform().topUpWallet('u1', { amountMinor: walletMinor, currency: 'CNY', method });
      return new Shop(market);
    } catch (error) {
      await market.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.news.close();
    await this.kafka.close();
    await this.market.close();
  }

  /** An order that nobody has asked for yet, with the id that its payment will have. */
  order(provider = 'alipay'): { order: Order; paymentId: string } {
    const order = { ...orderOf(`shop-${(this.#orders += 1)}`, 1_000), method: { provider } };
    return { order, paymentId: paymentIdOf('A', order.orderId) };
  }

  /** @returns the payment's id, when it is captured */
  async pay({ order, paymentId } = this.order()): Promise<string> {
    await this.market.platform().createPayment(order);
    await this.becomes(paymentId, ({ status }) => status === 'captured');
    return paymentId;
  }

  async refund(paymentId: string, amountMinor: number): Promise<void> {
    const { refundedMinor } = await this.market.platform().getPayment(paymentId);
    await this.market.platform().refundPayment(paymentId, { amountMinor, currency: 'CNY' });
    await this.becomes(paymentId, (payment) => payment.refundedMinor === refundedMinor + amountMinor);
  }

  /** Waits for a payment. */
  async becomes(paymentId: string, holds: (payment: Payment) => boolean): Promise<void> {
    const payment = () =>
      this.market
        .platform()
        .getPayment(paymentId)
        .catch((error: unknown) => {
          if (error instanceof TongbaoRefusal && error.status === 404) return undefined;
          throw error;
        });
    await eventually(payment, (found) => found !== undefined && holds(found), 30_000);
  }

  /** Waits until the platform is told something about a payment, a settlement or a payout. */
  async told(subject: string, what: (told: Told) => boolean): Promise<void> {
    await eventually(
      () => Promise.resolve(this.news.about(subject)),
      (news) => news.some(what),
      30_000,
    );
  }

  /** Asks for the settlement of what was paid. @returns its id, when it waits for approval */
  async settle(): Promise<string> {
    const settlementId = await this.market.settle();
    await this.#settlementBecomes(settlementId, 'verified');
    return settlementId;
  }

  /** And waits until all is paid out. */
  async approve(settlementId: string): Promise<void> {
    await this.market.done(this.market.post('approver', `/v1/settlement/settlements/${settlementId}/approve`), 200);
    await this.#settlementBecomes(settlementId, 'settled');
  }

  /** Puts on a topic what does not come from the hub. */
  async disturb(record: ForeignRecord): Promise<Place> {
    const place = await this.kcat.put(record);
    if (record.topic.endsWith('.events')) this.foreignEvents.push(place);
    return place;
  }

  /** Puts on its topic once more, byte for byte, what the hub has put there. */
  async replay({ topic, key, value, headers }: ReadRecord): Promise<void> {
    await this.kcat.put({ topic, value, headers, ...(key !== null && { key }) });
    if (topic.endsWith('.events')) this.replayed += 1;
  }

  async #settlementBecomes(settlementId: string, status: string): Promise<void> {
    const settlement = async () => (await this.market.get('finance', `/v1/settlement/settlements/${settlementId}`)).body;
    await eventually(settlement, (found) => found.status === status, 30_000);
  }
}
