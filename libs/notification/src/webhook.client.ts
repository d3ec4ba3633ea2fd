import { Agent, request, type Dispatcher } from 'undici';
import { retryAfterMs, type AttemptResult } from './delivery.decide.js';
import { checkTarget, guardedLookup, type TargetPolicy } from './target-guard.js';

export interface WebhookClientOptions extends TargetPolicy {
  /** For the whole exchange. */
  timeoutMs?: number;
  /** Connections kept open to one origin. */
  connections?: number;
}

const keptBytes = 4_096;

/** Sends webhooks. Every origin has its own connections, so that none waits for another; redirects are answers, not instructions. */
export class WebhookClient {
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  constructor(private readonly options: WebhookClientOptions) {
    this.#timeoutMs = options.timeoutMs ?? 15_000;
    this.#agent = new Agent({
      connections: options.connections ?? 16,
      connect: { lookup: guardedLookup(options), timeout: this.#timeoutMs },
    });
  }

  /** One attempt. Whatever the receiver does becomes a result, never an exception. */
  async post(url: string, headers: Record<string, string>, body: string, at: Date, stopping?: AbortSignal): Promise<AttemptResult> {
    const start = performance.now();
    const elapsedMs = () => Math.round(performance.now() - start);
    const late = AbortSignal.timeout(this.#timeoutMs);
    try {
      const answer = await this.#exchange(url, headers, body, stopping ? AbortSignal.any([late, stopping]) : late);
      const delivered = answer.status >= 200 && answer.status < 300;
      const after = retryAfterMs(answer.status, answer.retryAfter, at);
      return {
        at,
        durationMs: elapsedMs(),
        status: answer.status,
        ...(!delivered && answer.text && { responseBody: answer.text }),
        ...(after !== undefined && { retryAfterMs: after }),
      };
    } catch (error) {
      return { at, durationMs: elapsedMs(), error: late.aborted ? 'no answer in time' : reasonOf(error) };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #exchange(url: string, headers: Record<string, string>, body: string, signal: AbortSignal) {
    const answer = await request(checkTarget(url, this.options), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'tongbao-webhooks/1' },
      body,
      dispatcher: this.#agent,
      signal,
    });
    const retryAfter = answer.headers['retry-after'];
    return {
      status: answer.statusCode,
      text: await beginningOf(answer.body),
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    };
  }
}

/** Reads a small body to its end, so that the connection can be used again, and leaves a large one where it is. */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > keptBytes) break; // leaving the loop destroys the body, and with it the connection
  }
  // NUL is no text for PostgreSQL.
  return Buffer.concat(chunks).subarray(0, keptBytes).toString('utf8').replaceAll('\0', '\uFFFD');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? `${error.code}: ${error.message}` : error.message;
}
