import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metrics } from './metrics.js';
import { startTelemetry } from './start-telemetry.js';
import { tracing } from './tracing.js';

interface Sent {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: { name: string }[] }[];
  }[];
}

/** Lines that were logged. */
function recorder() {
  const lines: string[] = [];
  return {
    lines,
    warn: (_: unknown, message?: string) => lines.push(`warn ${message}`),
    info: (message: unknown) => lines.push(`info ${String(message)}`),
  };
}

const lost = async () => /tongbao_trace_spans_total\{outcome="failed"\} (\d+)/.exec(await metrics.text())?.[1];

async function step(name: string): Promise<void> {
  const span = tracing.start(name, {}, undefined);
  expect(span).toBeDefined();
  span?.end();
  await Promise.resolve();
}

describe('telemetry of a process', () => {
  let endpoint: Server;
  let received: Sent[];
  let status: number;
  beforeEach(async () => {
    received = [];
    status = 200;
    endpoint = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (status === 200) received.push(JSON.parse(Buffer.concat(chunks).toString()) as Sent);
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    endpoint.closeAllConnections();
    await new Promise((resolve) => endpoint.close(resolve));
  });
  const url = () => `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/v1/traces`;

  it('sends spans by OTLP over HTTP, the last ones when it stops, and says whose they are', async () => {
    const logger = recorder();
    const telemetry = await startTelemetry({ service: 'ledger', version: '1.2.3', tracesUrl: url(), ratio: 1, logger });
    await step('a request');
    await telemetry.stop();
    const [{ resource, scopeSpans }] = received.flatMap(({ resourceSpans }) => resourceSpans) as [Sent['resourceSpans'][number]];
    expect(scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name))).toEqual(['a request']);
    const attributes = Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value.stringValue]));
    expect(attributes).toMatchObject({ 'service.namespace': 'tongbao', 'service.name': 'ledger', 'service.version': '1.2.3' });
    expect(logger.lines).toEqual([]);
    expect(tracing.enabled).toBe(false);
  });

  it('is off without an endpoint', async () => {
    const telemetry = await startTelemetry({ service: 'ledger', version: '1', tracesUrl: '', ratio: 1, logger: recorder() });
    expect(tracing.enabled).toBe(false);
    await telemetry.stop();
  });

  it('says once that spans are lost, however long it lasts, counts them, and says when it is over', async () => {
    const logger = recorder();
    const before = Number((await lost()) ?? 0);
    status = 400;
    const telemetry = await startTelemetry({ service: 'ledger', version: '1', tracesUrl: url(), ratio: 1, logger });
    for (const name of ['one', 'two', 'three']) {
      await step(name);
      await telemetry.flush().catch(() => undefined);
    }
    expect(logger.lines).toEqual(['warn traces cannot be sent and are lost; said once until they can be again']);
    expect(Number(await lost()) - before).toBe(3);
    status = 200;
    await step('four');
    await telemetry.flush();
    expect(logger.lines.at(-1)).toBe('info traces can be sent again');
    await telemetry.stop();
    expect(received).toHaveLength(1);
  });

  it('ends although the endpoint is gone', async () => {
    const logger = recorder();
    const gone = url();
    const telemetry = await startTelemetry({ service: 'ledger', version: '1', tracesUrl: gone, ratio: 1, logger });
    await new Promise((resolve) => endpoint.close(resolve));
    await step('one');
    await telemetry.stop();
    expect(logger.lines.length).toBeGreaterThan(0);
    expect(tracing.enabled).toBe(false);
  });
});
