import { joseContentType, topics } from '@tongbao/contracts';
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { CommandSigner, type CommandContent, type HubKeyJwk, type SignedCommand } from './command-signer.js';
import { TongbaoUnavailable } from './errors.js';
import { connectKafka, type KafkaConnection } from './kafka-connection.js';
import type { PaymentOrder, RefundRequest } from './payments.js';
import { readPlatformEvents, type EventsOptions, type EventSubscription, type PlatformEventHandler } from './platform-events.js';
import type { PlatformKeyInput } from './platform-key.js';

export interface TongbaoKafkaOptions extends KafkaConnection {
  platformId: string;
  /** The platform's private key: a JWK, or a PEM. */
  key: PlatformKeyInput;
  /** How the hub knows the key; the JWK's own, or the key's thumbprint, when not given. */
  kid?: string;
  /** The hub's public key, from its `/.well-known/jwks.json`: commands are then encrypted to the hub, and nobody else can read them. */
  hubKey?: HubKeyJwk;
}

export interface CommandOptions {
  /** What the platform calls the command: sent again under the same id it takes effect once. A random one when not given. */
  commandId?: string;
}

/** What was sent: its answer is the CommandAccepted or CommandRefused whose causationId is the command's id. */
export interface SentCommand {
  commandId: string;
}

/**
 * The hub over Kafka for one platform: commands go to `tongbao.payment.commands`, signed; their answers and all news come on the platform's own
 * topic. Every method that sends returns when the brokers have the command, and throws TongbaoUnavailable when they cannot be reached.
 */
export class TongbaoKafka {
  readonly #kafka: Kafka;
  readonly #signer: CommandSigner;
  readonly #platformId: string;
  readonly #subscriptions: EventSubscription[] = [];
  #producer: Promise<Producer> | undefined;

  constructor({ platformId, key, kid, hubKey, ...connection }: TongbaoKafkaOptions) {
    this.#platformId = platformId;
    this.#signer = new CommandSigner(platformId, key, { kid, hubKey });
    this.#kafka = connectKafka(connection, `tongbao-platform-${platformId}`);
  }

  /** Requests a payment for an order. The same order is one payment, however often it is requested. */
  requestPayment(order: PaymentOrder, options?: CommandOptions): Promise<SentCommand> {
    return this.#send({ type: 'RequestPayment', data: { ...order, platformId: this.#platformId } }, options);
  }

  /** Captures what was authorized. */
  capturePayment(paymentId: string, options?: CommandOptions): Promise<SentCommand> {
    return this.#send({ type: 'CapturePayment', data: { paymentId } }, options);
  }

  /** Cancels before capture; what was paid meanwhile wins. */
  cancelPayment(paymentId: string, reason?: string, options?: CommandOptions): Promise<SentCommand> {
    return this.#send({ type: 'CancelPayment', data: { paymentId, ...(reason !== undefined && { reason }) } }, options);
  }

  /** Refunds a part or the whole. */
  refundPayment(paymentId: string, refund: RefundRequest, options?: CommandOptions): Promise<SentCommand> {
    return this.#send({ type: 'RefundPayment', data: { paymentId, ...refund } }, options);
  }

  /** Gives every message of the platform's own topic to the handler, in order for each payment, at least once: `id` is the same each time. */
  async events(handler: PlatformEventHandler, options: EventsOptions = {}): Promise<EventSubscription> {
    const subscription = await readPlatformEvents(this.#kafka, this.#platformId, handler, options);
    this.#subscriptions.push(subscription);
    return subscription;
  }

  /** Stops all readers and leaves the brokers. */
  async close(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    await (await this.#producer)?.disconnect();
  }

  async #send(content: CommandContent, { commandId }: CommandOptions = {}): Promise<SentCommand> {
    const signed = await this.#signer.sign(content, commandId);
    try {
      const producer = await this.#connected();
      await producer.send({ topic: topics.paymentCommands, acks: -1, messages: [recordOf(signed, this.#platformId)] });
    } catch (error) {
      throw new TongbaoUnavailable(`the command ${signed.commandId} could not be sent`, signed.commandId, { cause: error });
    }
    return { commandId: signed.commandId };
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect().catch((error: unknown) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  }
}

/** CloudEvents 1.0 in binary mode (Kafka protocol binding, section 3.2). The headers route; what counts is what is signed. */
export function recordOf(
  { commandId, type, key, jose, issuedAt }: SignedCommand,
  platformId: string,
): { key: string; value: string; headers: Record<string, string> } {
  return {
    key,
    value: jose,
    headers: {
      'content-type': joseContentType,
      ce_specversion: '1.0',
      ce_id: commandId,
      ce_type: type,
      ce_source: `platform:${platformId}`,
      ce_time: issuedAt,
    },
  };
}
