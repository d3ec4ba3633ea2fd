import { Controller, Get, HttpCode, Module, Post, Req } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { Bus, busCategories, Consume, EmbeddedTransport, type Publisher } from '@tongbao/bus';
import { topics } from '@tongbao/contracts';
import { EventStore, LogFeed, Outage } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { openPglite, type SqlClient } from '@tongbao/read-model';
import { createLogger, LoopWatch, metricNames, parseTraceparent, startTelemetry, tracing, type Telemetry } from '@tongbao/telemetry';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { systemClock } from './clock.js';
import { CommandRefusals } from './command-refusals.js';
import { loadConfig } from './config.js';
import type { HealthCheck } from './health.http.js';
import { createHttpApplication } from './http-application.js';
import { HubModule } from './hub.module.js';
import { soleLeader } from './leadership.js';
import { OperatorDirectory } from './operators.js';
import { PlatformKeys } from './platform-keys.js';
import type { ProjectionFigures } from './projections.http.js';

const callersTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceOf = (traceparent: string | null | undefined) => parseTraceparent(traceparent ?? undefined)?.traceId;

@Controller('v1/things')
class ThingController {
  /** Tells which trace the handler is in, once the body has been read. */
  @Post(':id')
  @HttpCode(200)
  traced(@Req() request: FastifyRequest): object {
    return { traceparent: tracing.traceparent ?? null, body: request.body };
  }

  @Get('down')
  down(): never {
    throw new Outage('the store is down');
  }

  @Consume({ group: 'spec', topic: topics.paymentEvents, type: 'Happened' })
  handle(): Promise<void> {
    return Promise.reject(new Error('a bug'));
  }
}

@Module({ controllers: [ThingController] })
class ThingModule {}

@Module({})
class RootModule {}

const publisher: Publisher = {
  service: 'payment',
  categories: ['payment'],
  publish: ({ event }) => [{ topic: topics.paymentEvents, key: 'k', type: event.type, data: {} }],
};

describe('a process that is observed', () => {
  let server: EventStoreServer;
  let store: EventStore;
  let feed: LogFeed;
  let sql: SqlClient;
  let bus: Bus;
  let app: NestFastifyApplication;
  let url: string;
  let telemetry: Telemetry;
  let exporter: InMemorySpanExporter;
  const lines: string[] = [];
  let elapsedMs = 0;
  const loops = new LoopWatch(() => performance.now() + elapsedMs);
  const projection: { figures: ProjectionFigures } = { figures: { position: 7n, lagMs: 1_500, state: 'running' } };
  const healthChecks: HealthCheck[] = [];

  beforeAll(async () => {
    exporter = new InMemorySpanExporter();
    const logger = createLogger({ service: 'spec', level: 'error', to: { write: (line) => lines.push(line) } });
    telemetry = await startTelemetry({ service: 'spec', version: '1.2.3', tracesUrl: '', ratio: 0, logger, exporter });
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    feed = new LogFeed(store, { categories: [...busCategories([publisher], [topics.paymentEvents]), 'participant', 'command'], loops });
    await feed.start();
    sql = await openPglite('memory');
    bus = new Bus({ transport: new EmbeddedTransport({ store, feed, publishers: [publisher] }), store, loops });
    const never = () => Promise.reject(new Error('not in this spec'));
    const hub = HubModule.register({
      ...{ config: loadConfig({}), store, feed, sql, bus, logger, loops, healthChecks, clock: systemClock },
      operators: new OperatorDirectory([]),
      platformKeys: new PlatformKeys(store),
      refusals: new CommandRefusals(store),
      projections: new Map([
        [
          'payment',
          { status: () => projection.figures, rebuild: never, compare: never, stopBuild: never, resumeBuild: never, dropBuild: never },
        ],
      ]),
      leaderships: new Map([['payment', { ...soleLeader, epoch: 4 }]]),
    });
    app = await createHttpApplication({ module: RootModule, imports: [hub, ThingModule] }, { logger, bodyLimitBytes: 10_000 });
    app.connectMicroservice({ strategy: bus.server('spec') });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  }, 180_000);
  afterAll(async () => {
    await app.close();
    await bus.stop();
    await feed.stop();
    await sql.close();
    await store.close();
    await server.close();
    await telemetry.stop();
  });
  beforeEach(() => exporter.reset());

  const post = (path: string, headers: Record<string, string>) =>
    fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{"n":1}' });
  const scrape = async () => (await fetch(`${url}/metrics`)).text();
  const figure = async (line: string) =>
    Number(
      (await scrape())
        .split('\n')
        .find((each) => each.startsWith(`${line} `))
        ?.slice(line.length + 1) ?? Number.NaN,
    );
  async function spans() {
    await telemetry.flush();
    return exporter.getFinishedSpans();
  }
  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
  }

  it('tells of dead letters and parked keys', async () => {
    await store.append('payment-1', 'any', [{ type: 'Happened' }], { commandId: 'c1' });
    const parked = () => bus.status()[0]?.topics[0]?.parkedKeys;
    await until(() => Promise.resolve(parked() === 1));
    // Dead letters are counted twice a minute: this is the first scrape.
    const text = await scrape();
    const label = `{group="spec",topic="${topics.paymentEvents}"}`;
    expect(text).toContain(`tongbao_bus_parked_keys${label} 1\n`);
    expect(text).toContain(`tongbao_bus_dead_letters${label} 1\n`);
    expect(text).toContain(`tongbao_bus_dead_letter_oldest_seconds${label} `);
  });

  it("goes on with the caller's trace, in the handler too, and answers where in it the request was", async () => {
    const response = await post('/v1/things/of-jo', { traceparent: callersTrace });
    const body = (await response.json()) as { traceparent: string };
    const [span] = await spans();
    expect(traceOf(body.traceparent)).toBe(traceOf(callersTrace));
    expect(response.headers.get('traceresponse')).toBe(body.traceparent);
    expect(span).toMatchObject({
      name: 'POST /v1/things/:id',
      kind: 1, // server
      attributes: { 'http.request.method': 'POST', 'http.route': '/v1/things/:id', 'http.response.status_code': 200 },
    });
    expect(JSON.stringify(span?.attributes)).not.toContain('of-jo');
  });

  it('traces nothing that its caller does not, while the ratio is 0', async () => {
    const told: Record<string, string>[] = [{}, { traceparent: callersTrace.replace(/01$/, '00') }, { traceparent: 'nonsense' }];
    for (const headers of told) {
      const response = await post('/v1/things/1', headers);
      expect(((await response.json()) as { traceparent: string | null }).traceparent).toBeNull();
      expect(response.headers.get('traceresponse')).toBeNull();
    }
    expect(await spans()).toHaveLength(0);
  });

  it('marks what it could not do as failed, and what the caller got wrong not', async () => {
    await fetch(`${url}/v1/things/down`, { headers: { traceparent: callersTrace } });
    await fetch(`${url}/v1/no-such-thing`, { headers: { traceparent: callersTrace } });
    const byName = new Map((await spans()).map((span) => [span.name, span]));
    expect(byName.get('GET /v1/things/down')).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': '503' } });
    expect(byName.get('GET (none)')).toMatchObject({ status: { code: 0 }, attributes: { 'http.response.status_code': 404 } });
  });

  it('does not trace the questions of machines', async () => {
    await fetch(`${url}/health/live`, { headers: { traceparent: callersTrace } });
    await fetch(`${url}/metrics`, { headers: { traceparent: callersTrace } });
    expect(await spans()).toHaveLength(0);
  });

  it('counts and times requests by their route', async () => {
    const count = 'tongbao_http_requests_total{method="POST",route="/v1/things/:id",status="200"}';
    const before = await figure(count);
    await post('/v1/things/2', {});
    await until(async () => (await figure(count)) === before + 1);
    expect(await figure('tongbao_http_request_duration_seconds_count{method="POST",route="/v1/things/:id"}')).toBe(before + 1);
    await fetch(`${url}/v1/nothing/${'x'.repeat(50)}`);
    await until(async () => (await figure('tongbao_http_requests_total{method="GET",route="(none)",status="404"}')) > 0);
    expect(await scrape()).not.toContain('xxxxx');
  });

  it('tells all metrics at /metrics, in the format of Prometheus, and not in the description of the API', async () => {
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    for (const name of metricNames) expect(text).toContain(`# TYPE ${name} `);
    expect(text).toContain('tongbao_build_info{service="spec",version="1.2.3"} 1');
    expect(text).toContain('tongbao_projection_lag_seconds{projection="payment"} 1.5');
    expect(text).toContain('tongbao_projection_state{projection="payment",state="running"} 1');
    expect(text).toContain('tongbao_projection_state{projection="payment",state="failed"} 0');
    expect(text).toContain('tongbao_leader{service="payment"} 1');
    expect(text).toContain('tongbao_lease_epoch{service="payment"} 4');
    expect(text).toContain('tongbao_relay_lag_seconds{service="payment"} 0');
    expect(text).toContain(`tongbao_bus_consumer_lag_seconds{group="spec",topic="${topics.paymentEvents}"} 0`);
    expect(text).toContain('tongbao_loop_age_seconds{loop="bus spec"} 0');
  });

  it('is ready while what it needs answers and its queries neither stand still nor are far behind', async () => {
    const ready = async () => {
      const response = await fetch(`${url}/health/ready`);
      return { status: response.status, ...((await response.json()) as object) };
    };
    expect(await ready()).toEqual({ status: 'ok', problems: [] });
    projection.figures = { ...projection.figures, lagMs: 61_000 };
    expect(await ready()).toMatchObject({ status: 'not ready', problems: [{ name: 'projection payment', problem: '61 s behind' }] });
    projection.figures = { ...projection.figures, lagMs: 0, state: 'failed', error: 'no such column' };
    expect(await ready()).toMatchObject({ status: 'not ready', problems: [{ name: 'payment', problem: 'no such column' }] });
    projection.figures = { position: 7n, lagMs: 0, state: 'running' };
    healthChecks.push({ name: 'store', problem: () => Promise.resolve('down') });
    expect(await ready()).toMatchObject({ status: 'not ready', problems: [{ name: 'store', problem: 'down' }] });
    healthChecks.pop();
    expect(await ready()).toMatchObject({ status: 'ok' });
  });

  it('is alive while its loops move, whatever it depends on, and no longer when one hangs', async () => {
    const live = async () => {
      const response = await fetch(`${url}/health/live`);
      return { code: response.status, ...((await response.json()) as object) };
    };
    const loop = loops.register('statement', 10_000);
    healthChecks.push({ name: 'store', problem: () => Promise.resolve('down') });
    expect(await live()).toEqual({ code: 200, status: 'ok', problems: [] });
    healthChecks.pop();
    projection.figures = { ...projection.figures, state: 'failed', error: 'no such column' };
    expect(await live()).toMatchObject({ code: 503, problems: [{ name: 'payment', problem: 'no such column' }] });
    projection.figures = { position: 7n, lagMs: 0, state: 'running' };
    elapsedMs += 10_500;
    expect(await live()).toMatchObject({
      code: 503,
      problems: [{ name: 'statement', problem: expect.stringMatching(/^no progress for 1\d s$/) }],
    });
    loop.beat();
    expect(await live()).toMatchObject({ code: 200 });
    loop.end();
  });
});
