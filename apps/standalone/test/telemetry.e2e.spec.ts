import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { metricNames } from '@tongbao/telemetry';
import { eventually, isCluster } from '@tongbao/testing';
import { TraceCollector, type CollectedSpan } from './trace-collector.js';
import { expectStatus, orderOf, World } from './world.js';

interface Webhook {
  type: string;
  data: { paymentId?: string };
  traceparent: string | undefined;
}

/** A platform's end of webhooks, and what headers they came with. */
async function startReceiver(): Promise<{ server: Server; url: string; received: Webhook[] }> {
  const received: Webhook[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { type, data } = JSON.parse(Buffer.concat(chunks).toString()) as Webhook;
      const { traceparent } = request.headers;
      received.push({ type, data, traceparent: typeof traceparent === 'string' ? traceparent : undefined });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`, received };
}

/** What callers record. */
const recorded = new Set<string>();
function newTrace() {
  const trace = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };
  recorded.add(trace.traceId);
  return trace;
}
const headerOf = ({ traceId, spanId }: ReturnType<typeof newTrace>) => ({ traceparent: `00-${traceId}-${spanId}-01` });
/** Somebody whose name must not turn up anywhere. */
const userId = 'user-of-the-telemetry-spec';

describe('what can be seen of the hub from outside', () => {
  let collector: TraceCollector;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let world: World;
  let webhookSecret: string;

  beforeAll(async () => {
    collector = await TraceCollector.start();
    receiver = await startReceiver();
    // Of itself it begins no trace: each in here is one that a caller records.
    world = await World.begin({ TRACES_URL: collector.url, TRACES_RATIO: '0', LOG_LEVEL: 'debug' });
    const registered = await world.platform('A').post('/v1/endpoints', { url: receiver.url, eventTypes: ['*'] });
    webhookSecret = String(expectStatus(registered, 201).body.secret);
    // The first payment of a process takes longer than any other.
    expectStatus(await pay({}), 201);
  }, 120_000);
  afterAll(async () => {
    await world.end();
    receiver.server.close();
    await collector.stop();
  });

  const pay = (change: Record<string, unknown>, headers: Record<string, string> = {}) =>
    world.platform('A').post('/v1/payments', orderOf('A', 1000, { payer: { userId }, ...change }), { waitSeconds: 10, headers });
  const webhookOf = (paymentId: string, type: string) =>
    eventually(
      () => Promise.resolve(receiver.received.find((each) => each.type === type && each.data.paymentId === paymentId)),
      (found) => found !== undefined,
    );
  const spanOf = (traceId: string, name: string) =>
    eventually(
      () => Promise.resolve(collector.trace(traceId).find((span) => span.name === name)),
      (found) => found !== undefined,
    );
  /** For docs/telemetry.md, whose examples are such runs: SHOW_TRACES=1. */
  const show = (traceId: string) => {
    if (process.env['SHOW_TRACES']) process.stderr.write(`${collector.render(traceId)}\n\n`);
  };
  /** What led to a step, in the parts that both forms of the hub have. */
  const wayTo = (span: CollectedSpan | undefined) =>
    (span ? collector.pathTo(span) : []).filter(({ name }) => !name.startsWith('send ')).map(({ name }) => name);

  it("is one trace of a payment, from the platform's own request to the webhook", async () => {
    const caller = newTrace();
    const answer = await pay({}, headerOf(caller));
    const { paymentId } = expectStatus(answer, 201).body;
    expect(answer.headers.get('traceresponse')).toMatch(new RegExp(`^00-${caller.traceId}-[0-9a-f]{16}-01$`));

    const webhook = await webhookOf(paymentId, 'payment.captured');
    const sent = await spanOf(caller.traceId, 'webhook POST');
    expect(webhook?.traceparent).toBe(`00-${caller.traceId}-${sent?.spanId}-01`);
    expect(wayTo(sent).slice(-4)).toEqual(['POST /v1/payments', 'append payment', 'process tongbao.payment.events', 'webhook POST']);

    const trace = await eventually(
      () => Promise.resolve(collector.trace(caller.traceId)),
      (spans) => spans.some(({ name }) => name === 'append journal') && spans.some(({ name }) => name === 'append news'),
    );
    expect(collector.pathTo(sent!)[0]?.parentSpanId).toBe(caller.spanId);
    expect(trace.map(({ name }) => name)).toEqual(expect.arrayContaining(['alipay pay', 'append journal', 'append news']));
    expect(trace.filter(({ failed }) => failed)).toEqual([]);
    expect(trace.find(({ name }) => name === 'alipay pay')).toMatchObject({
      kind: 'client',
      attributes: { 'tongbao.outcome': 'captured' },
    });
    expect(trace.find(({ name }) => name === 'POST /v1/payments')).toMatchObject({
      kind: 'server',
      attributes: { 'http.route': '/v1/payments', 'http.response.status_code': 201 },
    });
    show(caller.traceId);
  });

  it('stays one trace when the provider calls back later, in a request of its own', async () => {
    const caller = newTrace();
    const { body } = expectStatus(await pay({ method: { provider: 'alipay', token: 'action' } }, headerOf(caller)), 201);
    await webhookOf(body.paymentId, 'payment.action_required');
    expectStatus(await world.anonymous.get(body.attempts[0].action.value), 200);
    const webhook = await webhookOf(body.paymentId, 'payment.captured');
    expect(webhook?.traceparent).toContain(caller.traceId);
    await spanOf(caller.traceId, 'alipay query');
  });

  it('stays one trace through a hold of the ledger, which it decides for many at a time', async () => {
    const topUp = { amountMinor: 5000, currency: 'CNY', method: { provider: 'wechatpay' } };
    expectStatus(await world.platform('A').post(`/v1/wallets/${userId}/top-ups`, topUp), 201);
    await world.balancesBecome('CNY', { [`user:${userId}:wallet`]: 5000 });
    const caller = newTrace();
    const { body } = await pay({ method: { provider: 'wallet' } }, headerOf(caller));
    const webhook = await webhookOf(body.paymentId, 'payment.captured');
    expect(webhook?.traceparent).toContain(caller.traceId);
    for (const name of ['send tongbao.ledger.commands', 'process tongbao.ledger.commands', 'process tongbao.ledger.events'])
      await spanOf(caller.traceId, name);
    await spanOf(caller.traceId, 'webhook POST');
    show(caller.traceId);
  });

  it('is no trace of a payment that its caller does not record', async () => {
    const { body } = expectStatus(await pay({}), 201);
    expect((await webhookOf(body.paymentId, 'payment.captured'))?.traceparent).toBeUndefined();
    // What came of it would have been sent with what came of this one.
    const next = newTrace();
    await pay({}, headerOf(next));
    await spanOf(next.traceId, 'webhook POST');
    expect(collector.spans.filter(({ traceId }) => !recorded.has(traceId))).toEqual([]);
  });

  it('shows what a query asks the read models, and not for whom', async () => {
    const caller = newTrace();
    await world.operator('ops').send('GET', `/v1/payments?platform=A`, undefined, { key: null, headers: headerOf(caller) });
    const query = await spanOf(caller.traceId, 'SELECT payment.payments');
    expect(query?.attributes['db.query.text']).toMatch(/^select .* from "payment"."payments" where .*\$1/);
    expect(wayTo(query).slice(-2)).toEqual(['GET /v1/payments', 'SELECT payment.payments']);
  });

  it('holds neither people nor accounts nor secrets in its traces', () => {
    const all = collector.bodies.join('\n');
    expect(collector.spans.length).toBeGreaterThan(20);
    for (const word of [userId, '6222-A', 'Holder of', webhookSecret, 'pay_', 'order-']) expect(all).not.toContain(word);
  });

  const itInOneProcess = isCluster() ? it.skip : it;
  itInOneProcess('has every metric at /metrics, and those of what has happened', async () => {
    const response = await fetch(`${world.hub.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await response.text();
    for (const name of metricNames) expect(text).toContain(`# TYPE ${name} `);
    const figure = (line: string) =>
      Number(
        text
          .split('\n')
          .find((each) => each.startsWith(`${line} `))
          ?.slice(line.length + 1) ?? Number.NaN,
      );
    expect(figure('tongbao_provider_calls_total{provider="alipay",operation="pay",outcome="succeeded"}')).toBeGreaterThanOrEqual(4);
    expect(figure('tongbao_webhook_deliveries_total{outcome="delivered"}')).toBeGreaterThanOrEqual(6);
    expect(figure('tongbao_event_store_appends_total{outcome="written"}')).toBeGreaterThan(20);
    expect(figure('tongbao_ledger_entries_total')).toBeGreaterThanOrEqual(4);
    expect(figure('tongbao_ledger_imbalance_minor{currency="CNY"}')).toBe(0);
    expect(figure('tongbao_payments_outcome_unknown')).toBe(0);
    expect(figure('tongbao_leader{service="payment"}')).toBe(1);
    expect(figure('tongbao_projection_state{projection="payment",state="running"}')).toBe(1);
    expect(figure('tongbao_bus_dead_letters{group="notification",topic="tongbao.payment.events"}')).toBe(0);
    expect(figure('tongbao_trace_spans_total{outcome="exported"}')).toBeGreaterThan(20);
    expect(text).not.toMatch(/tongbao_metrics_collector_errors_total\{.*\} [1-9]/);
    expect(text).not.toContain(userId);
  });

  it('keeps secrets out of the log, whatever is logged', async () => {
    expectStatus(await world.anonymous.get('/v1/payments'), 401);
    const log = world.hub.log();
    expect(log).toContain('"service":');
    for (const [what, secret] of Object.entries(secretsOf(world, webhookSecret))) {
      expect(secret.length).toBeGreaterThan(8);
      expect({ what, isLogged: log.includes(secret) }).toEqual({ what, isLogged: false });
    }
  });
});

/** Everything that the hub, its platforms and its operators keep to themselves in this run. */
function secretsOf(world: World, webhookSecret: string): Record<string, string> {
  const ofPlatforms = ['A', 'B', 'C'].map((id) => [`key of ${id}`, world.keyOf(id).d] as const);
  const ofOperators = ['ops', 'finance', 'auditor'].map((name) => [`token of ${name}`, world.hub.token(name)] as const);
  const file = join(world.hub.dataDir, 'secrets.json');
  const ofHub = existsSync(file)
    ? textsIn(JSON.parse(readFileSync(file, 'utf8'))).map((text, index) => [`secret ${index}`, text] as const)
    : [];
  return Object.fromEntries([...ofPlatforms, ...ofOperators, ...ofHub, ['webhook secret', webhookSecret]]);
}

/** All texts of a JSON value that are long enough to be secrets; of a key in it, its private part. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length < 16 ? [] : value.startsWith('{') ? textsIn(JSON.parse(value)) : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
