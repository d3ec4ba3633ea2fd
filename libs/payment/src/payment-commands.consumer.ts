import { Controller, Inject } from '@nestjs/common';
import { Consume, MalformedMessage, type JoseData, type Message } from '@tongbao/bus';
import { clockSkewSeconds, commandMaxAgeSeconds, topics } from '@tongbao/contracts';
import { CLOCK, CommandRefusals, nameOf, Problem, validated, type Clock, type Principal, type QueuedCommand } from '@tongbao/service';
import { Admission } from './admission.js';
import { CommandEnvelopes, commandTypes, UnreadableCommand, type SignedCommand } from './command-envelope.js';
import { Directory } from './directory.js';
import { PaymentActions, refundIdOf } from './payment.actions.js';
import { decideCancel, decideCapture, decideRefund } from './payment.decide.js';
import { CancelBody, PaymentBody, RefundBody } from './payment.dto.js';
import { paymentIdOf } from './payment-id.js';
import { PaymentIntake } from './payment.intake.js';
import { requireOwnPlatform } from './payment.http.js';
import type { Payment } from './payment.js';

type PlatformPrincipal = Extract<Principal, { kind: 'platform' }>;

/**
 * Commands that platforms put on Kafka. Anybody who may write there may write anything, so nothing counts before the signature does, and of an
 * envelope nothing but the signed part: what is not proved to come from a platform goes to the dead letters and changes nothing.
 */
@Controller()
export class PaymentCommandsConsumer {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly envelopes: CommandEnvelopes,
    private readonly refusals: CommandRefusals,
    private readonly directory: Directory,
    private readonly admission: Admission,
    private readonly intake: PaymentIntake,
    private readonly actions: PaymentActions,
  ) {}

  @Consume({ group: 'payment', topic: topics.paymentCommands, type: commandTypes })
  async command(message: Message<Partial<JoseData>>): Promise<void> {
    const { jose } = message.data;
    if (jose === undefined) throw new MalformedMessage('a command is compact JOSE, and its content type says so');
    this.directory.requireStarted();
    const command = await this.#open(jose);
    requireEnvelopeOf(command, message);
    const principal: PlatformPrincipal = { kind: 'platform', platformId: command.platformId };
    await this.refusals.settle(toQueued(command), async (commandId) => {
      requireOwnPlatform(principal, command.claimedPlatformId);
      requireFresh(command.issuedAt, this.clock.now());
      const { order, status } = await this.#handle(command, principal, commandId);
      return { paymentId: order.paymentId, status };
    });
  }

  /** What a platform signed and nobody can read is a dead letter of which the platform is told. */
  async #open(jose: string): Promise<SignedCommand> {
    try {
      return await this.envelopes.open(jose);
    } catch (error) {
      if (!(error instanceof UnreadableCommand)) throw error;
      const { platformId, digest, commandId, message } = error;
      await this.refusals.settle(
        {
          platformId,
          // Not under the id that it names: another command may have that id by rights.
          key: `unreadable ${digest}`,
          ...(commandId !== undefined && { namedKey: commandId }),
          operation: 'unreadable',
          content: digest,
          paymentId: undefined,
        },
        () => Promise.reject(new Problem('malformed', message)),
      );
      throw error;
    }
  }

  async #handle(command: SignedCommand, caller: PlatformPrincipal, commandId: string): Promise<Payment> {
    const { commandId: commandKey, type } = command;
    const { paymentId, ...body } = command.data;
    if (type === 'RequestPayment') {
      requireOwnPlatform(caller, typeof body['platformId'] === 'string' ? body['platformId'] : undefined);
      const order = validated(PaymentBody, command.data);
      await this.admission.admit(caller);
      return (await this.intake.request(order, commandId, 0, commandKey)).payment;
    }
    if (typeof paymentId !== 'string') throw new Problem('invalid', 'paymentId names the payment.', 'paymentId');
    await this.actions.load(paymentId, caller);
    const act = (decide: Parameters<PaymentActions['act']>[1]) => this.actions.act(paymentId, decide, commandId, caller, 0);
    switch (type) {
      case 'CapturePayment':
        requireNothing(body);
        return act((state) => decideCapture(state, commandKey));
      case 'CancelPayment': {
        const { reason = 'requested' } = validated(CancelBody, body);
        return act((state) => decideCancel(nameOf(caller), reason, state, commandKey));
      }
      case 'RefundPayment': {
        const { refundId = refundIdOf(commandId), amountMinor, currency, reason = '' } = validated(RefundBody, body);
        const refund = { refundId, amountMinor, currency, reason, commandKey, now: this.clock.now().toISOString() };
        return act((state) => decideRefund(refund, state));
      }
      default:
        return type satisfies never;
    }
  }
}

function requireNothing(body: object): void {
  const [unknown] = Object.keys(body);
  if (unknown !== undefined) throw new Problem('invalid', `${unknown} is not a known field`, unknown);
}

/** The same content as over HTTP has the same hash: a command that is sent both ways under one id is one command. */
function toQueued({ platformId, commandId, type, data }: SignedCommand): QueuedCommand {
  const { paymentId, ...body } = data;
  const { orderId } = data;
  const isRequest = type === 'RequestPayment';
  const requested = isRequest && typeof orderId === 'string' ? paymentIdOf(platformId, orderId) : undefined;
  return {
    platformId,
    key: commandId,
    namedKey: commandId,
    operation: type,
    content: isRequest ? data : { paymentId, body },
    paymentId: typeof paymentId === 'string' && !isRequest ? paymentId : requested,
  };
}

/**
 * The envelope says what the signed part says. Whoever writes other headers around another's command gets a dead letter; the command itself, which
 * its platform sent in its own envelope, is not touched by it.
 */
function requireEnvelopeOf({ commandId, type, data }: SignedCommand, message: Message): void {
  const key = type === 'RequestPayment' ? data['orderId'] : data['paymentId'];
  if (message.id !== commandId) throw new MalformedMessage(`the header ce_id is the command's id`);
  if (message.type !== type) throw new MalformedMessage(`the header ce_type is the command's type`);
  if (message.key !== key)
    throw new MalformedMessage(`the record's key is the orderId of a RequestPayment, and the paymentId of everything else`);
}

/**
 * Only the time that the platform signed and the hub's own clock can be trusted: a record's timestamp is whatever its producer says. A command that
 * was decided on is not judged by its age again.
 */
function requireFresh(issuedAt: Date, now: Date): void {
  const ageSeconds = (now.getTime() - issuedAt.getTime()) / 1_000;
  if (ageSeconds > commandMaxAgeSeconds)
    throw new Problem('invalid', `The command was issued more than ${commandMaxAgeSeconds / 3_600} hours ago. Issue it anew.`, 'issuedAt');
  if (ageSeconds < -clockSkewSeconds) throw new Problem('invalid', "issuedAt is in the future, by the hub's clock.", 'issuedAt');
}
