import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface ReceivedWebhook {
  id: string;
  type: string;
  body: string;
  data: Record<string, unknown>;
  headers: Record<string, string>;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A platform's side: takes webhooks on 127.0.0.1, and answers as it is told. */
export class Receiver {
  readonly received: ReceivedWebhook[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  private constructor(
    private readonly server: Server,
    private answer: (webhook: ReceivedWebhook) => Answer | Promise<Answer>,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response));
  }

  static async open(answer: (webhook: ReceivedWebhook) => Answer | Promise<Answer> = () => ({ status: 204 })): Promise<Receiver> {
    const receiver = new Receiver(createServer(), answer);
    await new Promise<void>((listening) => receiver.server.listen(0, '127.0.0.1', listening));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  get ids(): string[] {
    return this.received.map(({ id }) => id);
  }

  answerWith(answer: (webhook: ReceivedWebhook) => Answer | Promise<Answer>): void {
    this.answer = answer;
  }

  /** Resolves when so many have come in all. */
  async until(count: number): Promise<ReceivedWebhook[]> {
    if (this.received.length < count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    return this.received;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
    const webhook = { id: headers['webhook-id'] ?? '', type, body, data, headers };
    this.received.push(webhook);
    for (const { count, resolve } of this.#waiting) if (this.received.length >= count) resolve();
    const { status, headers: more, body: text } = await this.answer(webhook);
    response.writeHead(status, more).end(text);
  }
}

/** @throws WebhookVerificationError */
export const verified = (secret: string, { body, headers }: ReceivedWebhook): unknown => new Webhook(secret).verify(body, headers);
