import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestSigner } from '@tongbao/client';
import { Pool, type Dispatcher } from 'undici';

/** The hub refused: its problem document (RFC 9457). */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly field?: string,
  ) {
    super(field === undefined ? `${code}: ${detail}` : `${code} (${field}): ${detail}`);
  }
}

/** Nobody answers at the hub's address. */
export class HubUnreachable extends Error {
  override readonly name = 'HubUnreachable';
}

export interface RequestOptions {
  /** An operator's. */
  token?: string;
  /** A platform's. */
  signer?: RequestSigner;
  body?: object;
  /** In place of a body: it is sent once, and not again. */
  file?: Readable;
  /** Idempotency key; a POST without one gets a random key. */
  key?: string;
  /** Seconds that the hub may wait for an outcome. */
  waitSeconds?: number;
}

export interface HubClientOptions {
  /** An operator's. */
  token?: string;
  /** A platform's. */
  signer?: RequestSigner;
  connections?: number;
  /** How often a request that the hub has no room for (429, 503) is made again. */
  repetitions?: number;
}

type Query = Record<string, string | number | boolean | undefined>;

interface Page<T> {
  items: T[];
  next?: string;
}

const pageSize = 500;

/** A hub's HTTP API, over connections that are kept open. */
export class HubClient {
  readonly #pool: Pool;

  constructor(
    readonly url: string,
    private readonly options: HubClientOptions = {},
  ) {
    this.#pool = new Pool(new URL(url).origin, { connections: options.connections ?? 8 });
  }

  /**
   * @returns the answer's body, which has the shape that the hub's OpenAPI document gives it
   * @throws Refused, HubUnreachable
   */
  async get<T>(path: string, query: Query = {}, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>('GET', withQuery(path, query), options);
  }

  /** A page for people. @throws Refused, HubUnreachable */
  async getText(path: string): Promise<string> {
    return (await this.#request('GET', path, {})).toString();
  }

  /** @throws Refused, HubUnreachable */
  async post<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>('POST', path, { key: randomUUID(), body: {}, ...options });
  }

  /** Sends a file as it is. @throws Refused, HubUnreachable */
  async send<T>(path: string, query: Query, file: Readable, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>('POST', withQuery(path, query), { key: randomUUID(), ...options, file });
  }

  /** A file as the hub makes it. @throws Refused, HubUnreachable */
  getFile(path: string, query: Query, options: RequestOptions = {}): Promise<Buffer> {
    return this.#request('GET', withQuery(path, query), options);
  }

  /** @throws Refused, HubUnreachable */
  async put<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>('PUT', path, { key: randomUUID(), body: {}, ...options });
  }

  /** @throws Refused, HubUnreachable */
  async delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json<T>('DELETE', path, { key: randomUUID(), ...options });
  }

  /** All items of a list, read page by page. */
  async list<T>(path: string, query: Query = {}, options: RequestOptions = {}): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.get<Page<T>>(path, { limit: pageSize, ...query, cursor }, options);
      for (const item of page.items) items.push(item);
      cursor = page.next;
    } while (cursor !== undefined);
    return items;
  }

  /** What is still under way fails. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #json<T>(method: Dispatcher.HttpMethod, path: string, options: RequestOptions): Promise<T> {
    // The shape of an answer is the hub's contract.
    const body = await this.#request(method, path, options);
    return (body.length === 0 ? undefined : JSON.parse(body.toString())) as T;
  }

  async #request(method: Dispatcher.HttpMethod, path: string, options: RequestOptions): Promise<Buffer> {
    for (let repetition = 0; ; repetition += 1) {
      const { status, answer, retryAfterMs } = await this.#exchange(method, path, options);
      if (status >= 200 && status < 300) return answer;
      if ((status !== 429 && status !== 503) || retryAfterMs === undefined || repetition >= (this.options.repetitions ?? 0))
        throw refusalOf(status, answer.toString());
      await delay(retryAfterMs);
    }
  }

  async #exchange(method: Dispatcher.HttpMethod, path: string, options: RequestOptions) {
    const { key, waitSeconds } = options;
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers = this.#proofOf(method, path, body, options);
    if (body !== undefined) headers['content-type'] = contentType;
    if (options.file !== undefined) headers['content-type'] = fileType;
    if (key !== undefined) headers['idempotency-key'] = key;
    if (waitSeconds !== undefined) headers['prefer'] = `wait=${waitSeconds}`;
    try {
      const sent = options.file ?? body;
      const response = await this.#pool.request({ method, path, headers, ...(sent !== undefined && { body: sent }) });
      const retryAfter = Number(response.headers['retry-after']);
      return {
        status: response.statusCode,
        answer: Buffer.from(await response.body.arrayBuffer()),
        retryAfterMs: retryAfter > 0 ? retryAfter * 1_000 : undefined,
      };
    } catch (error) {
      throw new HubUnreachable(`no hub answers at ${this.url}`, { cause: error });
    }
  }

  /** The headers that prove who asks. */
  #proofOf(method: string, path: string, body: string | undefined, { token, signer, key }: RequestOptions): Record<string, string> {
    const bearer = token ?? this.options.token;
    if (bearer !== undefined) return { authorization: `Bearer ${bearer}` };
    const platform = signer ?? this.options.signer;
    if (!platform) return {};
    const { host } = new URL(this.url);
    return platform.sign({
      method,
      authority: host,
      path,
      body,
      contentType: body === undefined ? undefined : contentType,
      idempotencyKey: key,
    });
  }
}

const contentType = 'application/json';
const fileType = 'application/octet-stream';

function withQuery(path: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given.toString()}`;
}

function refusalOf(status: number, text: string): Refused {
  const problem = problemIn(text);
  return new Refused(status, problem?.code ?? `http_${status}`, problem?.detail ?? text.slice(0, 500), problem?.field);
}

function problemIn(text: string): { code: string; detail: string; field?: string } | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null || !('code' in document) || !('detail' in document)) return undefined;
    const field = 'field' in document && typeof document.field === 'string' ? { field: document.field } : {};
    return { code: String(document.code), detail: String(document.detail), ...field };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
