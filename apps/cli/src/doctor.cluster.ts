import { applyTopics, hubSubscriptions, topicPlan, type KafkaConnection } from '@tongbao/bus';
import { Outage, StoreUnavailable, type EventStore } from '@tongbao/event-store';
import { openPostgres, registered, SqlError } from '@tongbao/read-model';
import { serviceNames } from '@tongbao/service';
import { Redis } from 'ioredis';
import type { Admin } from 'kafkajs';
import type { CommandContext } from './command-context.js';
import type { Finding } from './doctor.checks.js';
import {
  brokersFinding,
  clockFinding,
  databaseFinding,
  deadLettersFinding,
  groupFinding,
  leaseFinding,
  partitionsFinding,
  redisFinding,
  relayFindings,
  topicsFinding,
  type GroupState,
} from './doctor.cluster.checks.js';
import { CommandFailed } from './exit-codes.js';
import type { HubClient } from './hub-client.js';
import { withAdmin } from './kafka-admin.js';
import { leaseOf, type LeaseState } from './leases.js';
import { brokersOf, settingsOf, type GivenAddresses } from './ops-settings.js';
import { isOverBrokers, publishingServices, type RelayState } from './relay.command.js';
import { describeBrokers, type TopicState } from './topics.state.js';
import { until } from './until.js';

const movesWithinMs = 3_000;
const ledWithinMs = 10_000;
const lookEveryMs = 50;
const usualReplicas = 3;

/** What the distributed form has besides: brokers, relays, leaders, servers. Only what is named is looked at. */
export async function clusterFindings(context: CommandContext, hub: HubClient, given: GivenAddresses): Promise<Finding[]> {
  const settings = settingsOf(given);
  const { items: relays } = await hub.get<{ items: RelayState[] }>('/v1/relays');
  const connection = brokersOf(settings);
  return [
    ...(relays.some(isOverBrokers) ? [...relayFindings(relays, publishingServices), ...(await leaderFindings(context.store()))] : []),
    ...(connection ? await kafkaFindings(connection, hub) : []),
    ...(settings.databaseUrl === '' ? [] : await databaseFindings(settings.databaseUrl)),
    ...(settings.redisUrl === '' ? [] : [redisFinding(await problemOfRedis(settings.redisUrl))]),
  ];
}

async function leaderFindings(store: EventStore): Promise<Finding[]> {
  try {
    const leases = new Map<string, LeaseState | undefined>();
    for (const service of serviceNames) leases.set(service, await heldLease(store, service));
    const held = [...leases.values()].find((lease) => lease && !lease.isReleased);
    const aheadMs = held ? await aheadOf(store, held) : undefined;
    const now = new Date(Date.now() + (aheadMs ?? 0));
    const leaders = await Promise.all(serviceNames.map(async (service) => leaseFinding(service, await leaseOf(store, service), now)));
    return [...leaders, ...(aheadMs === undefined ? [] : [clockFinding(aheadMs)])];
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return [{ check: 'event store', passed: false, detail: 'it does not answer at --event-store, where the leaders are written down' }];
  }
}

/** A lease that was given up just now is taken within seconds. */
async function heldLease(store: EventStore, service: string): Promise<LeaseState | undefined> {
  const look = async () => {
    const lease = await leaseOf(store, service);
    return lease && !lease.isReleased ? lease : undefined;
  };
  const what = `a leader of ${service}`;
  return until(look, { everyMs: 200, timeoutMs: ledWithinMs, what }).catch(() => leaseOf(store, service));
}

/** How far the store's clock is ahead of this one, in milliseconds: what a renewal says of its time when it is first seen. */
async function aheadOf(store: EventStore, seen: LeaseState): Promise<number | undefined> {
  let askedAt = Date.now();
  const look = async () => {
    const before = askedAt;
    askedAt = Date.now();
    const lease = await leaseOf(store, seen.service);
    // It came after the question before this one, and before this answer.
    return lease && lease.revision > seen.revision ? lease.heardAt.getTime() - (before + Date.now()) / 2 : undefined;
  };
  return until(look, { everyMs: lookEveryMs, timeoutMs: seen.ttlMs, what: 'a renewal' }).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) throw error;
    return undefined;
  });
}

async function kafkaFindings(connection: KafkaConnection, hub: HubClient): Promise<Finding[]> {
  try {
    return await withAdmin(connection, async (admin) => {
      const state = await describeBrokers(admin);
      const plan = topicPlan({ replicationFactor: Math.min(usualReplicas, state.brokers.length) });
      const dead = state.topics.filter(({ name }) => name.endsWith('.dead'));
      return [
        brokersFinding(state),
        topicsFinding(await applyTopics(connection, plan, { dryRun: true })),
        partitionsFinding(state.topics),
        ...(await groupFindings(admin, new Set(state.topics.map(({ name }) => name)))),
        deadLettersFinding(dead, await openLetters(hub, dead)),
      ];
    });
  } catch (error) {
    if (error instanceof Outage || error instanceof CommandFailed)
      return [{ check: 'Kafka: brokers answer', passed: false, detail: error.message }];
    throw error;
  }
}

async function groupFindings(admin: Admin, existing: ReadonlySet<string>): Promise<Finding[]> {
  const before = await groupStates(admin, existing);
  const findings = (now: readonly GroupState[]) => now.map((state, index) => groupFinding(before[index] ?? state, state));
  let latest = findings(before);
  const again = async () => {
    latest = findings(await groupStates(admin, existing));
    return latest.every(({ passed }) => passed) ? latest : undefined;
  };
  return until(again, { everyMs: 500, timeoutMs: movesWithinMs, what: 'movement' }).catch((error: unknown) => {
    if (error instanceof Error && error.name.startsWith('KafkaJS')) throw error;
    return latest;
  });
}

async function groupStates(admin: Admin, existing: ReadonlySet<string>): Promise<GroupState[]> {
  const { groups } = await admin.describeGroups(Object.keys(hubSubscriptions));
  return Promise.all(
    groups.map(async ({ groupId, state, members }) => {
      const topics = (hubSubscriptions[groupId] ?? []).filter((topic) => existing.has(topic));
      return { group: groupId, state, members: members.length, ...(await standing(admin, groupId, topics)) };
    }),
  );
}

/** How far a group is, over all partitions of its topics. One that has saved nothing has everything before it. */
async function standing(admin: Admin, groupId: string, topics: readonly string[]): Promise<{ lag: number; saved: number }> {
  let lag = 0;
  let saved = 0;
  if (topics.length === 0) return { lag, saved };
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...topics] })) {
    const reached = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const offset = Math.max(reached.get(partition) ?? -1, Number(low));
      lag += Math.max(0, Number(high) - offset);
      saved += offset;
    }
  }
  return { lag, saved };
}

/** As many as one page holds: nobody counts further. */
const mostCounted = 500;

async function openLetters(hub: HubClient, dead: readonly TopicState[]): Promise<Map<string, number>> {
  const open = new Map<string, number>();
  const groups = Object.keys(hubSubscriptions).filter((group) =>
    dead.some(({ name, messages }) => messages > 0 && name.endsWith(`.${group}.dead`)),
  );
  for (const group of groups) {
    const { items } = await hub.get<{ items: unknown[] }>(`/v1/dead-letters/${group}`, { limit: mostCounted });
    open.set(group, items.length);
  }
  return open;
}

async function databaseFindings(url: string): Promise<Finding[]> {
  const client = await openPostgres({ url, connections: 1, applicationName: 'tongbao-cli' });
  const findings: Finding[] = [];
  try {
    for (const name of serviceNames) findings.push(databaseFinding(name, await generationsOf(name)));
    return findings;
  } catch (error) {
    if (error instanceof Outage || error instanceof SqlError)
      return [...findings, { check: 'PostgreSQL answers', passed: false, detail: error.message }];
    throw error;
  } finally {
    await client.close();
  }

  async function generationsOf(name: string) {
    try {
      return await registered(client, name);
    } catch (error) {
      if (error instanceof SqlError && notThere.has(error.code)) return [];
      throw error;
    }
  }
}

/** SQLSTATE of a table or schema that does not exist. */
const notThere = new Set(['42P01', '3F000']);
const redisAnswersWithinMs = 2_000;

async function problemOfRedis(url: string): Promise<string | undefined> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: redisAnswersWithinMs,
    commandTimeout: redisAnswersWithinMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let failure: Error | undefined;
  redis.on('error', (error: Error) => (failure ??= error));
  try {
    await redis.connect();
    await redis.ping();
    return undefined;
  } catch (error) {
    return `it does not answer: ${(failure ?? (error instanceof Error ? error : new Error(String(error)))).message}`;
  } finally {
    redis.disconnect();
  }
}
