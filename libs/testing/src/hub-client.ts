import { randomUUID } from 'node:crypto';

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

/** A caller of the HTTP API: a platform with its key, or an operator with a token. */
export class HubClient {
  constructor(
    private readonly url: () => string,
    private readonly token: string | undefined,
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
    const response = await fetch(`${this.url()}${path}`, {
      method,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
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
}
