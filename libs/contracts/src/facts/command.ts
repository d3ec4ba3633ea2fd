/** Fact of a `command-<commandId>` stream: an authenticated request was refused. Stored before it is answered, so that a repetition gets the same answer. */
export interface CommandRefused {
  type: 'CommandRefused';
  commandId: string;
  platformId: string;
  /** `RequestPayment`, `RefundPayment`, … */
  operation: string;
  /** SHA-256 of the request's canonical body. */
  contentHash: string;
  code: string;
  status: number;
  detail: string;
  field?: string;
  /** What the request names, where it could be read. */
  subject?: string;
}
