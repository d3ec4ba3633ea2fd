import { Webhook, WebhookVerificationError } from 'standardwebhooks';

/** What the body of a webhook says. */
export interface WebhookEvent<T = Record<string, unknown>> {
  /** Such as `payment.captured`. */
  type: string;
  /** When it happened; ISO 8601. */
  timestamp: string;
  data: T;
}

/** The webhook is not the hub's, or is older than five minutes: answer 400, and do nothing else with it. */
export class WebhookNotTrusted extends Error {
  override readonly name = 'WebhookNotTrusted';
}

/**
 * Checks a webhook by Standard Webhooks and reads it. The same webhook may come more than once: its header `webhook-id` is the same each time.
 * @param body as it came, before anything parses it
 * @param secrets the endpoint's; while one is rotated the old and the new
 * @throws WebhookNotTrusted
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: Headers | Readonly<Record<string, string | string[] | undefined>>,
  ...secrets: string[]
): WebhookEvent {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const signed = Object.fromEntries(
    names.map((name) => [name, String((headers instanceof Headers ? headers.get(name) : headers[name]) ?? '')]),
  );
  let cause: unknown;
  for (const secret of secrets) {
    try {
      return new Webhook(secret).verify(text, signed) as WebhookEvent; // the hub signed it: its shape is the contract
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      cause = error;
    }
  }
  throw new WebhookNotTrusted('the webhook is not signed with a secret of this endpoint', { cause });
}
