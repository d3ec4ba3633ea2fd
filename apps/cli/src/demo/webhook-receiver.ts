import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

interface News {
  type: string;
  data: { paymentId?: string };
}

/** What platforms run at their end: takes webhooks, verifies every signature, and tells repetitions by their webhook-id. */
export class WebhookReceiver {
  readonly #trusted = new Map<string, Webhook>();
  readonly #seen = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #captured = new Set<string>();
  #repeated = 0;
  #rejected = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      this.#take(request, response).catch((error: unknown) => {
        // A delivery that broke off is made again.
        response.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebhookReceiver(server);
  }

  urlFor(platformId: string): string {
    // A server that listens on a port has an address of this form.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks/${platformId}`;
  }

  /** @param secret what the hub told when the endpoint was registered */
  trust(platformId: string, secret: string): void {
    this.#trusted.set(`/hooks/${platformId}`, new Webhook(secret));
  }

  /** Webhooks by type, each counted once. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Payments of which `payment.captured` has come. */
  get captured(): ReadonlySet<string> {
    return this.#captured;
  }

  /** Deliveries of a webhook that had come before: allowed, at least once is the promise. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Deliveries whose signature could not be verified. */
  get rejected(): number {
    return this.#rejected;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const news = this.#verified(request, body);
    if (news) this.#count(String(request.headers['webhook-id']), news);
    else this.#rejected += 1;
    response.writeHead(news ? 204 : 401).end();
  }

  #verified({ url = '', headers }: IncomingMessage, body: string): News | undefined {
    const webhook = this.#trusted.get(url);
    try {
      const signed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      // What carries the hub's signature has the hub's shape.
      return webhook?.verify(body, signed) as News | undefined;
    } catch (error) {
      if (error instanceof WebhookVerificationError) return undefined;
      throw error;
    }
  }

  #count(id: string, { type, data }: News): void {
    if (this.#seen.has(id)) {
      this.#repeated += 1;
      return;
    }
    this.#seen.add(id);
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    if (type === 'payment.captured' && data.paymentId !== undefined) this.#captured.add(data.paymentId);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
