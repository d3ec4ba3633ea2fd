import { randomUUID } from 'node:crypto';
import type { RequestSigner, RequestToSign } from '@tongbao/client';

export interface HubAnswer {
  status: number;
  headers: Headers;
  // The tests look into answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface CallOptions {
  key?: string | null;
  waitSeconds?: number;
  headers?: Record<string, string>;
}

/** A caller of the HTTP API: a platform that signs, or an operator with a token. */
export class HubClient {
  constructor(
    private readonly url: () => string,
    private readonly who: RequestSigner | string | undefined,
  ) {}

  get(path: string): Promise<HubAnswer> {
    return this.send('GET', path, undefined, { key: null });
  }

  post(path: string, body: unknown = {}, options: CallOptions = {}): Promise<HubAnswer> {
    return this.send('POST', path, JSON.stringify(body), options);
  }

  put(path: string, body: unknown, options: CallOptions = {}): Promise<HubAnswer> {
    return this.send('PUT', path, JSON.stringify(body), options);
  }

  /** @param body as it goes over the wire */
  async send(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    { key = randomUUID(), waitSeconds, headers }: CallOptions = {},
  ): Promise<HubAnswer> {
    const url = new URL(path, this.url());
    const contentType = body === undefined ? undefined : (headers?.['content-type'] ?? 'application/json');
    const response = await fetch(url, {
      method,
      headers: {
        ...this.#proof({
          method,
          authority: url.host,
          path: `${url.pathname}${url.search}`,
          body,
          contentType,
          idempotencyKey: key ?? undefined,
        }),
        ...(contentType !== undefined && { 'content-type': contentType }),
        ...(key !== null && { 'idempotency-key': key }),
        ...(waitSeconds && { prefer: `wait=${waitSeconds}` }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: response.headers.get('content-type')?.includes('json') ? (JSON.parse(text) as unknown) : text,
    };
  }

  #proof(request: RequestToSign): Record<string, string> {
    if (typeof this.who === 'string') return { authorization: `Bearer ${this.who}` };
    return this.who?.sign(request) ?? {};
  }
}
