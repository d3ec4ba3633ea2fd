import 'reflect-metadata';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ByLeader, LeaderGuard } from './by-leader.js';
import type { Leadership } from './leadership.js';
import { ProblemFilter } from './problem.js';
import { LEADERSHIP } from './tokens.js';

const leadership: { -readonly [Name in keyof Leadership]: Leadership[Name] } = {
  undertake: () => Promise.resolve(),
  leads: false,
  leaderUrl: undefined,
};

@Controller('v1/books')
@ByLeader('ledger')
class BooksController {
  @Get()
  books(): object {
    return { answeredBy: 'this process' };
  }

  @Post()
  post(): object {
    return { answeredBy: 'this process' };
  }
}

@Controller('v1/projections')
class NamedController {
  @Get(':name')
  @ByLeader(':name')
  named(): object {
    return { answeredBy: 'this process' };
  }
}

@Module({
  controllers: [BooksController, NamedController],
  providers: [LeaderGuard, { provide: LEADERSHIP, useValue: new Map([['ledger', leadership]]) }],
})
class BooksModule {}

interface Asked {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('a route that the leading process serves', () => {
  let leader: Server;
  let app: NestFastifyApplication;
  let leaderUrl: string;
  const asked: Asked[] = [];

  beforeAll(async () => {
    leader = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method, url, headers } = request;
        asked.push({ method, url, headers, body: Buffer.concat(parts).toString() });
        response.writeHead(409, { 'content-type': 'application/problem+json', 'retry-after': '1', 'x-own': 'no' });
        response.end('{"code":"state_conflict"}');
      });
    });
    await new Promise<void>((resolve) => leader.listen(0, '127.0.0.1', resolve));
    // It listens on a port.
    leaderUrl = `http://127.0.0.1:${(leader.address() as AddressInfo).port}`;
    app = await NestFactory.create<NestFastifyApplication>(BooksModule, new FastifyAdapter(), { logger: false, rawBody: true });
    app.useGlobalFilters(new ProblemFilter(pino({ level: 'silent' })));
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
    leader.close();
    leader.closeAllConnections();
  });
  beforeEach(() => {
    asked.length = 0;
    leadership.leads = false;
    leadership.leaderUrl = leaderUrl;
  });

  it('is served here by the one that leads', async () => {
    leadership.leads = true;
    expect((await app.inject('/v1/books')).json()).toEqual({ answeredBy: 'this process' });
    expect(asked).toEqual([]);
  });

  it.each([
    ['ledger', 409],
    ['log', 409],
    ['payment', 200],
    ['finance', 200],
  ])('is that of the projection %s where the service that keeps it is led elsewhere', async (name, status) => {
    expect((await app.inject(`/v1/projections/${name}`)).statusCode).toBe(status);
  });

  it('is passed on by a standby as it came, with the host that its sender has signed, and answered as the leader answers', async () => {
    const payload = '{"amountMinor": 100}';
    const headers = { host: 'hub.example', 'content-type': 'application/json', signature: 'sig1=:abc=:', connection: 'keep-alive' };
    const reply = await app.inject({ method: 'POST', url: '/v1/books?at=1', headers, payload });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/v1/books?at=1', body: payload });
    expect(asked[0]?.headers).toMatchObject({ host: 'hub.example', signature: 'sig1=:abc=:', 'tongbao-passed-on': '1' });
    expect([reply.statusCode, reply.json()]).toEqual([409, { code: 'state_conflict' }]);
    expect(reply.headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '1' });
    expect(reply.headers).not.toHaveProperty('x-own');
  });

  it.each([
    ['nobody leads', () => (leadership.leaderUrl = undefined), {}],
    ['it has been passed on already', () => undefined, { 'tongbao-passed-on': '1' }],
    ['the leader cannot be reached', () => (leadership.leaderUrl = 'http://127.0.0.1:1'), {}],
  ])('is unavailable for a moment when %s', async (_, prepare, headers) => {
    prepare();
    const reply = await app.inject({ url: '/v1/books', headers });
    expect([reply.statusCode, reply.json<{ code: string }>().code, reply.headers['retry-after']]).toEqual([503, 'unavailable', '1']);
    expect(asked).toEqual([]);
  });
});
