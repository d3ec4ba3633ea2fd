import { readFileSync } from 'node:fs';
import { openPostgres } from '@tongbao/read-model';
import { Redis } from 'ioredis';
import type { ClusterUnderTest } from './cluster-under-test.js';
import type { Conditions } from './conditions.js';

/** What is measured of the distributed form, under conditions that are the machine's own. */
export const clusterConditions: Partial<Conditions> = {
  durability:
    'event store: SQLite WAL with synchronous=FULL; Kafka: acks=all on one broker, which leaves its files to the system; PostgreSQL: fsync on, read models commit asynchronously',
  load: 'everything on one machine, over loopback: the load generator, four services, gateway, event store, Kafka, PostgreSQL and Redis, each a process of its own',
};

/** Versions of the servers beneath the hub, as they say themselves. */
export async function versionsOf({ cluster }: ClusterUnderTest): Promise<Record<string, string>> {
  const { databaseUrl, redisUrl } = cluster.addresses;
  return {
    Kafka: kafkaVersion(cluster.part('kafka').pid),
    PostgreSQL: await postgresVersion(databaseUrl),
    Redis: await redisVersion(redisUrl),
  };
}

async function postgresVersion(url: string): Promise<string> {
  const sql = await openPostgres({ url, connections: 1, applicationName: 'tongbao-bench' });
  try {
    const [row] = await sql.query<{ server_version: string }>('SHOW server_version');
    return row?.server_version ?? 'unknown';
  } finally {
    await sql.close();
  }
}

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    return /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}

/** Kafka's protocol does not tell the version of a broker; its class path does. */
function kafkaVersion(pid: number | undefined): string {
  const commandLine = readFileSync(`/proc/${pid ?? 'self'}/cmdline`, 'utf8');
  return /\/kafka-(\d[\d.]*\d)/.exec(commandLine)?.[1] ?? 'unknown';
}
