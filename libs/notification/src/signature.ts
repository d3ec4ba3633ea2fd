import { Webhook } from 'standardwebhooks';
import { secretsAt, type Endpoint } from './endpoint.js';
import type { SecretBox } from './secret-box.js';

export interface SignedHeaders extends Record<string, string> {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * The headers of Standard Webhooks. While a secret is being rotated there is a signature by each valid one, with a space between.
 * @param sentAt when this attempt is made: receivers refuse what is too old
 */
export function signedHeaders(secrets: readonly Webhook[], webhookId: string, sentAt: Date, body: string): SignedHeaders {
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => secret.sign(webhookId, sentAt, body)).join(' '),
  };
}

/** Signs for endpoints; keeps opened secrets at hand, as opening one costs more than signing with it. */
export class Signer {
  readonly #opened = new Map<string, Webhook>();

  constructor(private readonly box: SecretBox) {}

  sign(endpoint: Endpoint, webhookId: string, sentAt: Date, body: string): SignedHeaders {
    const secrets = secretsAt(endpoint, sentAt).map((sealed) => {
      const opened = this.#opened.get(sealed.sealed) ?? new Webhook(this.box.open(endpoint.endpointId, sealed));
      this.#opened.set(sealed.sealed, opened);
      return opened;
    });
    return signedHeaders(secrets, webhookId, sentAt, body);
  }
}
