import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A receiver of webhooks that takes whatever comes: what a platform's own work costs, verifying above all, is not measured. */
export class WebhookSink {
  private constructor(private readonly server: Server) {}

  /** @param onBody told of every webhook, once its body has been read */
  static async start(onBody: (body: string) => void): Promise<WebhookSink> {
    const take = async (request: IncomingMessage) => onBody(await text(request));
    const server = createServer((request, response) => {
      take(request).then(
        () => response.writeHead(204).end(),
        // A delivery that broke off is made again.
        (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebhookSink(server);
  }

  get url(): string {
    // A server that listens on a port has an address of this form.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
