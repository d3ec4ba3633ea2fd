import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { ProjectionReplica, ProjectionRunner, type SqlClient } from '../src/index.js';
import { PostgresServer } from './databases.js';
import { FakeLog } from './fake-log.js';
import { paymentEvent, paymentsProjection } from './payments.projection.js';

const rolesSql = readFileSync(join(import.meta.dirname, '../../../deploy/postgres/roles.sql'), 'utf8');
const services = ['payment', 'ledger', 'settlement', 'notification'] as const;

let server: PostgresServer;
const clients = new Map<string, SqlClient>();
const as = (service: (typeof services)[number]): SqlClient => clients.get(service)!;

const urlOf = (service: string, password = `of-${service}`): string => {
  const url = new URL(server.url);
  url.username = service;
  url.password = password;
  return url.href;
};

async function asAdmin(url: string, ...statements: string[]): Promise<void> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  try {
    for (const statement of statements) await admin.query(statement);
  } finally {
    await admin.end();
  }
}

beforeAll(async () => {
  server = await PostgresServer.start();
  await asAdmin(server.url, rolesSql, ...services.map((service) => `ALTER ROLE ${service} PASSWORD 'of-${service}'`));
  for (const service of services) clients.set(service, await server.open({ url: urlOf(service), connections: 2 }));
}, 180_000);
afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.close()));
  await server.remove();
});

function logOf(payments: number): FakeLog {
  const log = new FakeLog();
  for (let number = 0; number < payments; number += 1) log.append(`payment-p${number}`, paymentEvent(`p${number}`, 'Captured'));
  return log;
}

describe('a service under its role of deploy/postgres/roles.sql', () => {
  it('makes, folds, rebuilds and renews its tables, and is followed by its replicas', async () => {
    const log = logOf(20);
    const feed = await log.feed();
    const starting = services.map((service) => ProjectionRunner.start(as(service), feed, paymentsProjection(service), { epoch: 1 }));
    const runners = await Promise.all(starting);
    for (const runner of runners) {
      expect(await runner.reached(log.last, 10_000)).toBe(true);
      expect(await runner.rebuild()).toMatchObject({ equal: true, generation: 2 });
    }
    const replica = new ProjectionReplica(as('ledger'), feed, paymentsProjection('ledger'));
    expect(await replica.reached(log.last, 10_000)).toBe(true);
    await replica.stop();
    await Promise.all(runners.map((runner) => runner.stop()));
    await feed.stop();
    const nextFeed = await log.feed();
    const next = await ProjectionRunner.start(as('payment'), nextFeed, paymentsProjection('payment', 2), { epoch: 2 });
    expect(await next.reached(log.append('payment-next', paymentEvent('next', 'Captured')), 10_000)).toBe(true);
    expect(next.status()).toMatchObject({ version: 2, generation: 3 });
    await next.stop();
    await nextFeed.stop();
  });

  it.each([
    ['read what another service has', 'SELECT * FROM ledger.payments'],
    ['see how far another service is', 'SELECT * FROM ledger.hub_generations'],
    ['move where another service is', 'UPDATE ledger.hub_generations SET position = 0'],
    ['make a table in the schema of another service', 'CREATE TABLE ledger.mine (id integer)'],
    ['make a schema', 'CREATE SCHEMA mine'],
    ['make a table in the schema that everybody has', 'CREATE TABLE public.mine (id integer)'],
    ['make a temporary table', 'CREATE TEMPORARY TABLE mine (id integer)'],
    ['become another service', 'SET ROLE ledger'],
    ['make a role', 'CREATE ROLE mine'],
    ['stop the server from being safe', 'ALTER SYSTEM SET fsync = off'],
  ])('cannot %s', async (_, sql) => {
    await expect(as('payment').query(sql)).rejects.toMatchObject({ name: 'SqlError', code: '42501' });
  });

  it('cannot log in without its password', async () => {
    const client = await server.open({ url: urlOf('payment', 'of-ledger') });
    await expect(client.query('SELECT 1')).rejects.toBeInstanceOf(Outage);
    await client.close();
  });
});

describe('deploy/postgres/roles.sql', () => {
  it('can be applied again, and leaves passwords as they are', async () => {
    await asAdmin(server.url, rolesSql);
    const client = await server.open({ url: urlOf('payment') });
    expect(await client.query('SELECT current_user AS me')).toEqual([{ me: 'payment' }]);
    await client.close();
  });

  it('can be applied by the owner of a database who is no superuser', async () => {
    const grants = services.map((service) => `GRANT ${service} TO owner WITH ADMIN OPTION`);
    const createOwner = `CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'of-owner'`;
    await asAdmin(server.url, createOwner, ...grants, 'CREATE DATABASE second OWNER owner');
    const url = new URL(urlOf('owner'));
    url.pathname = '/second';
    await asAdmin(url.href, rolesSql);
    const own = new URL(urlOf('settlement'));
    own.pathname = '/second';
    const client = await server.open({ url: own.href });
    await client.query('CREATE TABLE settlement.mine (id integer)');
    await expect(client.query('CREATE SCHEMA mine')).rejects.toMatchObject({ code: '42501' });
    await client.close();
  });
});
