import { decideOutcome, type AttemptResult, type Verdict } from './delivery.decide.js';
import type { AttemptRecord } from './delivery.js';
import { measureAttempt, tracedAttempt } from './delivery.telemetry.js';
import type { Endpoint } from './endpoint.js';
import type { Job } from './endpoint-lane.js';
import { newsBody, type NewsItem } from './news.js';
import type { Signer } from './signature.js';
import type { WebhookClient } from './webhook.client.js';

export interface AttemptParts {
  client: WebhookClient;
  signer: Signer;
  now: () => Date;
  random: () => number;
  schedule: readonly number[];
  /** Ends the request; its outcome is then nobody's. */
  stopping: AbortSignal;
}

export interface Attempted {
  result: AttemptResult;
  record: AttemptRecord;
}

/** Signs and sends one webhook, and says what follows. A webhook that cannot be signed has failed like one that got no answer. */
export async function attempt(parts: AttemptParts, endpoint: Endpoint, job: Job, item: NewsItem): Promise<Attempted> {
  const at = parts.now();
  const result = await send(parts, endpoint, job, item, at);
  const verdict = decideOutcome(result, job.tries + 1, parts.schedule, parts.random());
  measureAttempt(result, verdict);
  return { result, record: recordOf(job, result, verdict) };
}

async function send(parts: AttemptParts, endpoint: Endpoint, job: Job, item: NewsItem, at: Date): Promise<AttemptResult> {
  const body = newsBody(item);
  try {
    const headers = parts.signer.sign(endpoint, job.deliveryId, at, body);
    return await tracedAttempt(item, job, endpoint, (tracing) =>
      parts.client.post(endpoint.url, { ...headers, ...tracing }, body, at, parts.stopping),
    );
  } catch (error) {
    return { at, durationMs: 0, error: `not sent: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function recordOf({ messageId, type, subject, news, attempts }: Job, result: AttemptResult, verdict: Verdict): AttemptRecord {
  const { at, durationMs, status, error, responseBody } = result;
  return {
    ...{ messageId, type, subject, news, attempt: attempts + 1, outcome: verdict.outcome, at: at.toISOString(), durationMs },
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error }),
    ...(responseBody !== undefined && { responseBody }),
    ...(verdict.nextAttemptAt !== undefined && { nextAttemptAt: verdict.nextAttemptAt }),
  };
}
