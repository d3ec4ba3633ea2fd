import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, startRedis, type RedisService } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const started: RedisService[] = [];
const start = async (name: string, port?: number): Promise<RedisService> => {
  const redis = await startRedis({ dataDir: join(folder, name), port });
  started.push(redis);
  return redis;
};
const ask = async <T>({ url }: RedisService, question: (client: Redis) => Promise<T>): Promise<T> => {
  const client = new Redis(url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
};

afterAll(async () => {
  for (const each of started) await each.kill();
});

it('starts, and answers at its address as the process that it names', async () => {
  const redis = await start('one');
  expect(await ask(redis, (client) => client.info('server'))).toContain(`process_id:${redis.pid}\r\n`);
  expect(redis.port).toBeGreaterThanOrEqual(20_000);
  expect(redis.port).toBeLessThan(32_000);
});

it('listens on the loopback address alone', async () => {
  const redis = await start('loopback');
  expect(await ask(redis, (client) => client.config('GET', 'bind'))).toEqual(['bind', '127.0.0.1']);
});

it.each(['stop', 'kill'] as const)('comes back on the same port after a %s, and has kept nothing', async (end) => {
  const first = await start(end);
  await ask(first, (client) => client.set('key', 'value'));
  await first[end]();
  expect(await first.exited).toEqual(end === 'stop' ? { code: 0, signal: null } : { code: null, signal: 'SIGKILL' });
  const second = await start(end);
  expect(second.url).toBe(first.url);
  expect(second.pid).not.toBe(first.pid);
  expect(await ask(second, (client) => client.get('key'))).toBeNull();
});

it('moves to the port that is asked for', async () => {
  const first = await start('moved');
  await first.stop();
  const port = await freePort();
  const second = await start('moved', port);
  expect(second.port).toBe(port);
  await second.stop();
  expect((await start('moved')).port).toBe(port);
});

it('stops although it is held', async () => {
  const redis = await start('held');
  redis.signal('SIGSTOP');
  await redis.stop();
  expect(await redis.exited).toEqual({ code: 0, signal: null });
});

it('refuses a second start on a folder while the first runs', async () => {
  await start('twice');
  await expect(start('twice')).rejects.toThrow(/twice is in use by a running service/);
});

it('refuses a port that another program has, and leaves the folder free', async () => {
  const stranger = createServer();
  stranger.listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  // A listening TCP server has an address of this shape.
  const { port } = stranger.address() as AddressInfo;
  await expect(start('taken', port)).rejects.toThrow(`redis: port ${port} of 127.0.0.1 is taken by another program`);
  stranger.close();
  expect((await start('taken', port)).port).toBe(port);
});

it('keeps its log and what it remembers to its owner', async () => {
  const redis = await start('private');
  for (const name of ['service.log', 'service.json', 'process.json']) {
    expect(statSync(join(folder, 'private', name)).mode & 0o777).toBe(0o600);
  }
  expect(redis.logPath).toBe(join(folder, 'private/service.log'));
});
