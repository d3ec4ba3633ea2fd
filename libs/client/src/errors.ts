import type { ProblemCode } from '@tongbao/contracts';

/** The hub refused (RFC 9457). The same request under the same idempotency key is refused again. */
export class TongbaoRefusal extends Error {
  override readonly name = 'TongbaoRefusal';

  /**
   * @param code of the hub's closed set; one that this release does not know may come from a newer hub
   * @param detail what is wrong, for people
   * @param field where: `items[0].quantity`
   */
  constructor(
    readonly status: number,
    readonly code: ProblemCode | (string & {}),
    readonly detail: string,
    readonly field?: string,
  ) {
    super(field === undefined ? `${code}: ${detail}` : `${code} (${field}): ${detail}`);
  }
}

/**
 * The hub could not be reached, had no room or no answer, however often it was tried. Whether a command took effect is unknown: repeat it under
 * the same idempotency key, it takes effect once.
 */
export class TongbaoUnavailable extends Error {
  override readonly name = 'TongbaoUnavailable';

  constructor(
    message: string,
    /** Under which the command may be repeated. */
    readonly idempotencyKey: string | undefined,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}
