import { setTimeout as delay } from 'node:timers/promises';
import { deadLetterTopic, partitionsPerTopic } from '@tongbao/contracts';
import type { Kafka } from 'kafkajs';
import { BusMisconfigured } from './bus-misconfigured.js';
import { errorText } from './error-text.js';
import { isBrokerOutage, isLoginRefused } from './kafka-outage.js';
import { deadLetterPartitions, describeTopics } from './kafka-topics.js';
import { retry } from './retry.js';

export interface BootOptions {
  kafka: Kafka;
  group: string;
  topics: readonly string[];
  stopping: AbortSignal;
  /** Why it still waits. */
  onWait: (error: unknown) => void;
}

const backoff = { firstMs: 500, maxMs: 5_000 };
/** What was made a moment ago is not known to every broker at once. */
const looks = 6;
const lookAgainMs = 250;

/**
 * Waits for the brokers, however long that takes, and looks whether what the group needs is there.
 * @throws BusMisconfigured naming each topic that is missing or wrong; Stopped
 */
export async function checkBoot(options: BootOptions): Promise<void> {
  const { group, topics, stopping } = options;
  const needed = new Map([
    ...topics.map((topic): [string, number] => [topic, partitionsPerTopic]),
    ...topics.map((topic): [string, number] => [deadLetterTopic(topic, group), deadLetterPartitions]),
  ]);
  let problems = await look(options, needed);
  for (let left = looks - 1; problems.length > 0 && left > 0 && !stopping.aborted; left -= 1) {
    await delay(lookAgainMs);
    problems = await look(options, needed);
  }
  if (problems.length > 0)
    throw new BusMisconfigured(
      `the group ${group} cannot be consumed: ${problems.join('; ')}. Create topics with: npx tongbao topics apply`,
    );
}

async function look({ kafka, group, stopping, onWait }: BootOptions, needed: ReadonlyMap<string, number>): Promise<string[]> {
  try {
    return await retry(() => problemsWith(kafka, needed), { backoff, stopping, again: isBrokerOutage, onPause: onWait });
  } catch (error) {
    if (isLoginRefused(error)) throw new BusMisconfigured(`the brokers refuse the user of ${group}: ${errorText(error)}`);
    throw error;
  }
}

async function problemsWith(kafka: Kafka, needed: ReadonlyMap<string, number>): Promise<string[]> {
  const admin = kafka.admin({ retry: { retries: 2 } });
  try {
    await admin.connect();
    const found = await describeTopics(admin, [...needed.keys()]);
    return [...needed].flatMap(([name, partitions]) => {
      const topic = found.get(name);
      if (!topic) return [`the topic ${name} does not exist, or this user may not see it`];
      return topic.partitions === partitions ? [] : [`the topic ${name} has ${topic.partitions} partitions and must have ${partitions}`];
    });
  } finally {
    await admin.disconnect();
  }
}
