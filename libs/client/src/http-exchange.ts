import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { TongbaoRefusal, TongbaoUnavailable } from './errors.js';
import type { RequestSigner } from './request-signer.js';

export interface CallOptions {
  /** Under which a repetition takes effect once; a random one when not given. */
  idempotencyKey?: string;
  /** How long the hub may wait for the outcome before it answers, at most 30. */
  waitSeconds?: number;
  signal?: AbortSignal;
}

export interface ExchangeOptions {
  /** How often a request is repeated that the hub had no room or no answer for. */
  retries: number;
  /** For one try. */
  timeoutMs: number;
}

interface Prepared {
  method: string;
  path: string;
  body: string | undefined;
  idempotencyKey: string | undefined;
  waitSeconds: number | undefined;
  signal: AbortSignal | undefined;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** Signed requests to one hub, repeated where that is safe: every command goes under one idempotency key, however often it is sent. */
export class HttpExchange {
  readonly #origin: URL;

  constructor(
    url: string,
    private readonly signer: RequestSigner,
    private readonly options: ExchangeOptions,
  ) {
    this.#origin = new URL(url);
  }

  /**
   * @returns the answer's body, of the shape that the hub's OpenAPI document gives it; undefined when it has none
   * @throws TongbaoRefusal, TongbaoUnavailable
   */
  async call<T>(method: string, path: string, body?: object, options: CallOptions = {}): Promise<T> {
    const { idempotencyKey = randomUUID(), waitSeconds, signal } = options;
    const request: Prepared = {
      ...{ method, path, waitSeconds, signal },
      body: body && JSON.stringify(body),
      idempotencyKey: method === 'GET' ? undefined : idempotencyKey,
    };
    for (let pauseMs = firstPauseMs, tries = 0; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs), tries += 1) {
      const { answer, failure, retryAfterMs } = await this.#try(request);
      if (answer !== undefined) return (answer === '' ? undefined : JSON.parse(answer)) as T; // the shape is the hub's contract
      if (tries >= this.options.retries) {
        const text = `${method} ${path} came to nothing in ${tries + 1} tries: ${String(failure)}`;
        throw new TongbaoUnavailable(text, request.idempotencyKey, { cause: failure });
      }
      // Apart from each other, so that those whom one failure stopped do not all come back at once.
      await delay(retryAfterMs ?? pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }

  async #try(request: Prepared): Promise<{ answer?: string; failure?: unknown; retryAfterMs?: number }> {
    try {
      const response = await this.#send(request);
      const text = await response.text();
      if (response.ok) return { answer: text };
      const refusal = refusalOf(response.status, text);
      if (!isMomentary(refusal)) throw refusal;
      const retryAfter = Number(response.headers.get('retry-after'));
      return { failure: refusal, ...(retryAfter > 0 && { retryAfterMs: retryAfter * 1_000 }) };
    } catch (failure) {
      if (failure instanceof TongbaoRefusal || request.signal?.aborted) throw failure;
      return { failure };
    }
  }

  #send({ method, path, body, idempotencyKey, waitSeconds, signal }: Prepared): Promise<Response> {
    const contentType = body === undefined ? undefined : 'application/json';
    const url = new URL(path, this.#origin);
    const target = `${url.pathname}${url.search}`;
    const headers = {
      ...this.signer.sign({ method, authority: url.host, path: target, body, contentType, idempotencyKey }),
      accept: 'application/json',
      ...(contentType && { 'content-type': contentType }),
      ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      ...(waitSeconds && { prefer: `wait=${waitSeconds}` }),
    };
    const timeout = AbortSignal.timeout(this.options.timeoutMs);
    return fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  }
}

/** No room, or something is down: the hub has not refused. Another 429 is a limit that was passed, and that is an answer. */
const isMomentary = ({ status, code }: TongbaoRefusal): boolean => status >= 500 || code === 'overloaded' || code === 'http_429';

function refusalOf(status: number, text: string): TongbaoRefusal {
  const problem = problemIn(text);
  return new TongbaoRefusal(status, problem?.code ?? `http_${status}`, problem?.detail ?? text.slice(0, 500), problem?.field);
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
