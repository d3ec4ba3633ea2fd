import { attribute, failed, metrics, SpanKind, traceparentOf, tracing, type Count, type Span, type Timing } from '@tongbao/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

interface RouteMeter {
  duration: Timing;
  byStatus: Map<number, Count>;
}

/** As web servers log it: the caller went away before there was an answer. */
const callerGone = 499;

/** Asked every few seconds by machines, or open for hours. */
const untraced: ReadonlySet<string | undefined> = new Set(['/health/live', '/health/ready', '/metrics', '/openapi.json', '/v1/events']);

/** Counts and times every request, and traces those that are sampled. To be called before any route is declared. */
export function observeRequests(fastify: FastifyInstance): void {
  measureRequests(fastify);
  // What is off when the process starts stays off: then there is no hook to pass.
  if (tracing.enabled) traceRequests(fastify);
}

function measureRequests(fastify: FastifyInstance): void {
  const meters = new Map<string, RouteMeter>();
  const gone = new WeakSet<FastifyRequest>();
  const counted = (request: FastifyRequest, status: number): RouteMeter => {
    const meter = meterIn(meters, request.method, routeOf(request));
    const count = meter.byStatus.get(status) ?? countOf(request.method, routeOf(request), status);
    meter.byStatus.set(status, count);
    count.inc();
    return meter;
  };
  fastify.addHook('onRequestAbort', (request, done) => {
    gone.add(request);
    counted(request, callerGone);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    if (!gone.has(request)) counted(request, reply.statusCode).duration.observe(reply.elapsedTime / 1_000);
    done();
  });
}

function traceRequests(fastify: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, Span>();
  fastify.addHook('onRequest', (request, reply, done) => {
    const span = untraced.has(request.routeOptions.url) ? undefined : startedSpan(request);
    if (span) {
      spans.set(request, span);
      void reply.header('traceresponse', traceparentOf(span));
      tracing.inside(span, done);
    } else done();
  });
  // The body has been read in between, by events of the connection: they know nothing of the request's context.
  fastify.addHook('preValidation', (request, _, done) => {
    const span = spans.get(request);
    if (span) tracing.inside(span, done);
    else done();
  });
  const end = (request: FastifyRequest, status: number) => {
    const span = spans.get(request);
    spans.delete(request);
    if (span) endSpan(span, status);
  };
  fastify.addHook('onRequestAbort', (request, done) => {
    end(request, callerGone);
    done();
  });
  fastify.addHook('onResponse', (request, reply: FastifyReply, done) => {
    end(request, reply.statusCode);
    done();
  });
}

/** Of a route's template, never of the address that was asked for: that holds ids. */
function startedSpan(request: FastifyRequest): Span | undefined {
  const route = routeOf(request);
  const { method, headers } = request;
  const attributes = { [attribute.httpMethod]: method, [attribute.httpRoute]: route };
  const { traceparent } = headers;
  return tracing.start(
    `${method} ${route}`,
    { kind: SpanKind.SERVER, attributes },
    typeof traceparent === 'string' ? traceparent : undefined,
  );
}

function endSpan(span: Span, status: number): void {
  span.setAttribute(attribute.httpStatus, status);
  if (status >= 500) failed(span, String(status));
  span.end();
}

/** `(none)`: there is no such route. */
const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? '(none)';

function meterIn(meters: Map<string, RouteMeter>, method: string, route: string): RouteMeter {
  const key = `${method} ${route}`;
  const known = meters.get(key);
  if (known) return known;
  const meter = {
    duration: metrics.histogram('tongbao_http_request_duration_seconds', { method, route }),
    byStatus: new Map<number, Count>(),
  };
  meters.set(key, meter);
  return meter;
}

const countOf = (method: string, route: string, status: number): Count =>
  metrics.counter('tongbao_http_requests_total', { method, route, status: String(status) });
