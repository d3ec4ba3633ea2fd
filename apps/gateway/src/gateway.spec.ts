import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serviceNames } from '@tongbao/service';
import { pino } from 'pino';
import { Gateway } from './gateway.js';

/** A process of every service, which answers with what it was asked. */
function startService(): Promise<Server> {
  const server = createServer(({ method, url, headers }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, host: headers.host, problems: [] }));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('the gateway', () => {
  let service: Server;
  let gateway: Gateway;
  beforeAll(async () => {
    service = await startService();
    // It listens on a port.
    const { port } = service.address() as AddressInfo;
    gateway = await Gateway.start({
      host: '127.0.0.1',
      port: 0,
      metricsPort: 0,
      routes: serviceNames.map((name) => `${name}=http://127.0.0.1:${port}`),
      logger: pino({ level: 'silent' }),
    });
  });
  afterAll(async () => {
    await gateway.stop();
    service.close();
    service.closeAllConnections();
  });

  it('passes requests on with the host that the sender asked, for signatures are over it', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      request(`${gateway.url}/v1/payments?limit=1`, { headers: { host: 'pay.example.org' } }, (response) => {
        let text = '';
        response.on('data', (part: Buffer) => (text += part.toString())).on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(answer)).toMatchObject({ method: 'GET', url: '/v1/payments?limit=1', host: 'pay.example.org' });
  });

  it('serves every path of the API, and the projections of each service by their own names', async () => {
    const { paths } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../docs/api/openapi.json'), 'utf8')) as { paths: object };
    const named = ['ledger', 'log', 'settlement', 'finance', 'reconciliation'].map((name) => `/v1/projections/${name}`);
    const asked = [...Object.keys(paths).filter((path) => path !== '/metrics'), ...named];
    const unserved: string[] = [];
    for (const path of asked) {
      const { status } = await fetch(`${gateway.url}${path.replaceAll(/[{}]/g, '')}`, { method: 'HEAD' });
      // Answers that the gateway makes of those of all services are none of one that says nothing.
      if (status === 404) unserved.push(path);
    }
    // A name stands for one of a service: what bears none of their names is nobody's.
    expect(unserved.filter((path) => !/^\/v1\/(projections|dead-letters|relays)\/\{/.test(path))).toEqual([]);
  });

  it('answers a path that no service serves with a problem, as the services do', async () => {
    const response = await fetch(`${gateway.url}/v1/nothing`);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'not_found', status: 404 }]);
  });

  it('tells its figures on a port of their own, and on the public one neither its own nor those of a service', async () => {
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
    await fetch(`${gateway.url}/v1/payments`);
    expect(new URL(gateway.metricsUrl).port).not.toBe(new URL(gateway.url).port);
    const response = await fetch(gateway.metricsUrl);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toMatch(/^tongbao_http_requests_total\{method="GET",route="\/v1\/payments",status="200"\} [1-9]/m);
    expect((await fetch(gateway.metricsUrl.replace('/metrics', '/v1/payments'))).status).toBe(404);
  });
});
