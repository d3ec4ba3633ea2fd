import type { CommandKey } from '../platform-commands.js';
import type { Code, Count, Id, PaymentId } from '../values.js';

/**
 * Facts of a `command-<commandId>` stream. The command's id is a hash of the platform and of what the platform calls it, so that two platforms
 * never meet; over HTTP and over Kafka it is the same.
 */
export type CommandEvent = CommandRefused | CommandAccepted;

/** An authenticated command was refused. Stored before it is answered, so that a repetition gets the same answer. */
export interface CommandRefused {
  type: 'CommandRefused';
  commandId: string;
  platformId: Id;
  /** What the platform calls the command: its Idempotency-Key over HTTP, its commandId over Kafka; absent where it could not be read. */
  commandKey?: CommandKey;
  /** `RequestPayment`, `RefundPayment`, … */
  operation: string;
  /** SHA-256 of the request's canonical body. */
  contentHash: string;
  code: Code;
  status: Count;
  detail: string;
  field?: string;
  /** The payment that the command is about, where it could be read. */
  subject?: string;
}

/**
 * A command that came over Kafka took effect, now or before. Stored after its effect: where it is missing, the command is handled again and
 * comes to the same.
 */
export interface CommandAccepted {
  type: 'CommandAccepted';
  commandId: string;
  platformId: Id;
  commandKey: CommandKey;
  /** `RequestPayment`, `RefundPayment`, … */
  operation: string;
  /** SHA-256 of the command's canonical content. */
  contentHash: string;
  paymentId: PaymentId;
  /** Of the payment, when the command was accepted; what becomes of it follows in messages of its own. */
  status: string;
}
