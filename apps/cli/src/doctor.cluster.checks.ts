import type { TopicsApplied } from '@tongbao/bus';
import type { Registered } from '@tongbao/read-model';
import type { Finding } from './doctor.checks.js';
import type { LeaseState } from './leases.js';
import type { RelayState } from './relay.command.js';
import { countText } from './text-table.js';
import type { BrokersState, TopicState } from './topics.state.js';

export const brokersFinding = ({ brokers }: Pick<BrokersState, 'brokers'>): Finding => ({
  check: 'Kafka: brokers answer',
  passed: true,
  detail: brokers.map(({ nodeId, host, port }) => `${nodeId} at ${host}:${port}`).join(', '),
});

export function topicsFinding({ created, changed, unchanged, wrong }: TopicsApplied): Finding {
  const problems = [
    ...created.map((name) => `${name} is missing`),
    ...changed.map(({ name, settings }) => `${name} lacks ${settingsText(settings)}`),
    ...wrong.map(({ name, problem }) => `${name} ${problem}`),
  ];
  const advice = created.length + changed.length > 0 ? ' (topics apply mends what is missing or lacks a setting)' : '';
  const detail = problems.length === 0 ? `all ${unchanged.length}` : `${problems.join('; ')}${advice}`;
  return { check: 'Kafka: topics are as they must be', passed: problems.length === 0, detail };
}

const settingsText = (settings: Record<string, string>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');

export function partitionsFinding(topics: readonly TopicState[]): Finding {
  const problems = topics.flatMap(({ name, offline, underReplicated }) => [
    ...(offline > 0 ? [`${offline} partitions of ${name} have no leader`] : []),
    ...(underReplicated > 0 ? [`${underReplicated} partitions of ${name} have copies that are behind or away`] : []),
  ]);
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions, 0);
  const detail = problems.length === 0 ? `${countText(partitions)} partitions of ${topics.length} topics` : problems.join('; ');
  return { check: 'Kafka: every partition is led, and every copy is up to date', passed: problems.length === 0, detail };
}

/** A consumer group as the brokers see it. */
export interface GroupState {
  group: string;
  /** Kafka's name for it: Stable, Empty, … */
  state: string;
  members: number;
  /** Messages that it has not dealt with. */
  lag: number;
  /** Sum of the offsets that it has saved: rises while it works. */
  saved: number;
}

/** Lag is normal while money moves; a group that saves nothing meanwhile stands still. */
export function groupFinding(before: GroupState, now: GroupState): Finding {
  const standsStill = now.lag > 0 && now.saved === before.saved;
  const problems = [
    ...(now.members === 0 ? ['no process is a member of it'] : now.state === 'Stable' ? [] : [`it is ${now.state}`]),
    ...(standsStill ? [`${countText(now.lag)} messages wait, and it does not move`] : []),
  ];
  const well = `${now.members} members, ${now.lag === 0 ? 'nothing behind' : `${countText(now.lag)} messages behind`}`;
  return { check: `Kafka: group ${now.group}`, passed: problems.length === 0, detail: problems.join('; ') || well };
}

/** @param open by group, how many of its dead letters nobody has dealt with; those that are done with stay in the topics */
export function deadLettersFinding(topics: readonly TopicState[], open: ReadonlyMap<string, number>): Finding {
  const all = topics.reduce((sum, { messages }) => sum + messages, 0);
  const waiting = [...open].filter(([, count]) => count > 0);
  const problems = waiting.map(([group, count]) => `${countText(count)} of ${group} wait for somebody (dead-letters list ${group})`);
  const well = all === 0 ? 'none' : `none is open; ${countText(all)} are done with`;
  return { check: 'dead letters', passed: problems.length === 0, detail: problems.join('; ') || well };
}

const relayLagSeconds = 15;

/** One relay for each service that publishes, at work. */
export function relayFindings(relays: readonly RelayState[], services: readonly string[]): Finding[] {
  return services.map((service) => {
    const own = relays.filter((relay) => relay.service === service);
    const [relay] = own;
    const check = `relay of ${service}`;
    if (!relay) return { check, passed: false, detail: 'none runs' };
    const { state = 'running', error, lagSeconds = 0, lagEvents = 0, position } = relay;
    const problems = [
      ...(own.length > 1 ? [`${own.length} run`] : []),
      ...(state === 'running' ? [] : [`it is ${state}`]),
      ...(error === undefined ? [] : [error]),
      ...(lagSeconds > relayLagSeconds ? [`the oldest event that it has not published is ${Math.round(lagSeconds)} s old`] : []),
    ];
    const well = `at position ${position}, ${lagEvents === 0 ? 'nothing behind' : `${countText(lagEvents)} events behind`}`;
    return { check, passed: problems.length === 0, detail: problems.join('; ') || well };
  });
}

/** @param now by the store's clock */
export function leaseFinding(service: string, lease: LeaseState | undefined, now: Date): Finding {
  const check = `leader of ${service}`;
  if (!lease) return { check, passed: false, detail: 'there never was one' };
  const { holder, url, epoch, ttlMs, isReleased, heardAt } = lease;
  const who = `${url ?? holder}, epoch ${epoch}`;
  if (isReleased) return { check, passed: false, detail: `nobody; the last one was ${who}` };
  const silentMs = Math.max(0, now.getTime() - heardAt.getTime());
  const heard = `heard ${(silentMs / 1_000).toFixed(1)} s ago`;
  return silentMs <= ttlMs
    ? { check, passed: true, detail: `${who}, ${heard}` }
    : { check, passed: false, detail: `${who}, ${heard}, and may be silent for ${ttlMs / 1_000} s: nobody has taken over` };
}

const tellsSkewFromMs = 2_000;

/** @param aheadMs how far the store's clock is ahead of this machine's */
export function clockFinding(aheadMs: number): Finding {
  const seconds = (Math.abs(aheadMs) / 1_000).toFixed(1);
  const detail = `the event store's clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  return Math.abs(aheadMs) > tellsSkewFromMs
    ? { check: 'clocks', passed: true, warning: true, detail }
    : { check: 'clocks', passed: true, detail: `the event store's and this machine's are ${seconds} s apart` };
}

export function databaseFinding(projection: string, found: readonly Registered[]): Finding {
  const check = `PostgreSQL: tables of ${projection}`;
  const live = found.find((entry) => entry.live);
  if (!live) return { check, passed: false, detail: 'there are none: its leading process has not made them' };
  const building = found.filter((entry) => !entry.live);
  const { generation, version, position } = live;
  const others = building.map((entry) => `generation ${entry.generation} (version ${entry.version}) is being built, at ${entry.position}`);
  return { check, passed: true, detail: [`generation ${generation}, version ${version}, at position ${position}`, ...others].join('; ') };
}

/** The hub goes on without it, slower: never a reason to fail. */
export function redisFinding(problem: string | undefined): Finding {
  const check = 'Redis answers';
  return problem === undefined
    ? { check, passed: true, detail: 'limits, counters and cached replies are shared' }
    : { check, passed: true, warning: true, detail: `${problem}; the hub goes on without it, slower, with limits for each process` };
}
