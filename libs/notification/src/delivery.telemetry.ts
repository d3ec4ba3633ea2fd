import { attribute, failed, metrics, SpanKind, tracing, type Span } from '@tongbao/telemetry';
import { isDelivered, type AttemptResult, type Verdict } from './delivery.decide.js';
import type { Endpoint } from './endpoint.js';
import type { Job } from './endpoint-lane.js';
import type { NewsItem } from './news.js';

const counted = (outcome: string) => metrics.counter('tongbao_webhook_deliveries_total', { outcome });
const attempts = { delivered: counted('delivered'), failed: counted('retry'), dead: counted('given_up') } satisfies Record<
  Verdict['outcome'],
  unknown
>;
const duration = metrics.histogram('tongbao_webhook_delivery_duration_seconds', {});

/** An attempt is over. */
export function measureAttempt({ durationMs }: AttemptResult, { outcome }: Verdict): void {
  attempts[outcome].inc();
  duration.observe(durationMs / 1_000);
}

/**
 * Sends as a step of the trace that the news came with, however much later.
 * @param send gets the headers that tell the receiver of it
 */
export function tracedAttempt(
  item: NewsItem,
  job: Job,
  endpoint: Endpoint,
  send: (headers: Record<string, string>) => Promise<AttemptResult>,
): Promise<AttemptResult> {
  if (!tracing.enabled || item.traceparent === undefined) return send({});
  const attributes = {
    [attribute.httpMethod]: 'POST',
    // Of the address no more than the host: what follows may hold a secret of the platform's.
    ...(URL.canParse(endpoint.url) && { [attribute.serverAddress]: new URL(endpoint.url).hostname }),
    [attribute.attempt]: job.attempts + 1,
  };
  return tracing.continued(item.traceparent, 'webhook POST', { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const { traceparent } = tracing;
    const result = await send(traceparent === undefined ? {} : { traceparent });
    if (span) describe(span, result);
    return result;
  });
}

function describe(span: Span, result: AttemptResult): void {
  if (result.status !== undefined) span.setAttribute(attribute.httpStatus, result.status);
  if (!isDelivered(result)) failed(span, result.status === undefined ? 'no answer' : String(result.status));
}
