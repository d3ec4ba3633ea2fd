import { mkdirSync } from 'node:fs';
import { answers, freePort } from './ports.js';
import { onFolder, type LocalService, type Remembered } from './service-folder.js';

/** How a Redis is started. */
export interface RedisOptions {
  /** A folder for this Redis alone. */
  readonly dataDir: string;
  /** When not given: the one of the last start on this folder, at first any free one. */
  readonly port?: number;
}

/** A running Redis. */
export type RedisService = LocalService & {
  /** For REDIS_URL. */
  readonly url: string;
};

const kind = { service: 'redis', stopSignal: 'SIGTERM', stopTimeoutMs: 10_000 } as const;

/**
 * One Redis on 127.0.0.1. It keeps nothing over a restart: in this system it holds only what may be lost.
 * @throws FolderInUse, StartFailed
 */
export function startRedis({ dataDir, port: wanted }: RedisOptions): Promise<RedisService> {
  return onFolder<Remembered, RedisService>(dataDir, kind, async (folder) => {
    const port = wanted ?? folder.remembered()?.port ?? (await freePort());
    mkdirSync(folder.dataPath, { recursive: true });
    const redis = await folder.start({ command: 'redis-server', args: settings(port, folder.dataPath) }, [port]);
    await redis.ready(async () => redis.log().includes('Ready to accept connections') && (await pings(port)));
    folder.remember({ port });
    return { ...folder.serve(redis, port), url: `redis://127.0.0.1:${port}` };
  });
}

const settings = (port: number, dir: string): string[] =>
  Object.entries({ port: String(port), bind: '127.0.0.1', dir, save: '', appendonly: 'no', daemonize: 'no' }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);

const pings = (port: number): Promise<boolean> =>
  answers(port, Buffer.from('PING\r\n'), (reply) => (reply.includes('\r\n') ? reply.toString() === '+PONG\r\n' : undefined));
