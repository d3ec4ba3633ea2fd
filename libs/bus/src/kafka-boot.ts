import { setTimeout as delay } from 'node:timers/promises';
import { deadLetterTopic, partitionsPerTopic } from '@tongbao/contracts';
import type { Admin, Kafka } from 'kafkajs';
import { BusMisconfigured } from './bus-misconfigured.js';
import { errorText, isErrorLike } from './error-text.js';
import { isBrokerOutage, isLoginRefused } from './kafka-outage.js';
import { deadLetterPartitions, describeSettings, describeTopics, vitalOfDeadLetters, vitalSettings } from './kafka-topics.js';
import { retry } from './retry.js';

export interface BootOptions {
  kafka: Kafka;
  group: string;
  topics: readonly string[];
  stopping: AbortSignal;
  /** Why it still waits. */
  onWait: (error: unknown) => void;
  /** What could not be looked at. */
  onUnseen: (error: unknown) => void;
}

/** What a topic must be. */
interface Needed {
  partitions: number;
  settings: Readonly<Record<string, string>>;
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
    ...topics.map((topic): [string, Needed] => [topic, { partitions: partitionsPerTopic, settings: vitalSettings }]),
    ...topics.map((topic): [string, Needed] => [
      deadLetterTopic(topic, group),
      { partitions: deadLetterPartitions, settings: vitalOfDeadLetters },
    ]),
  ]);
  let problems = await look(options, needed);
  for (let left = looks - 1; problems.length > 0 && left > 0 && !stopping.aborted; left -= 1) {
    await delay(lookAgainMs);
    problems = await look(options, needed);
  }
  if (problems.length > 0)
    throw new BusMisconfigured(
      `the group ${group} cannot be consumed: ${problems.join('; ')}. Topics are made, and their settings set, by: npx tongbao topics apply`,
    );
}

async function look({ kafka, group, stopping, onWait, onUnseen }: BootOptions, needed: ReadonlyMap<string, Needed>): Promise<string[]> {
  try {
    return await retry(() => problemsWith(kafka, needed, onUnseen), { backoff, stopping, again: isBrokerOutage, onPause: onWait });
  } catch (error) {
    if (isLoginRefused(error)) throw new BusMisconfigured(`the brokers refuse the user of ${group}: ${errorText(error)}`);
    throw error;
  }
}

async function problemsWith(kafka: Kafka, needed: ReadonlyMap<string, Needed>, onUnseen: BootOptions['onUnseen']): Promise<string[]> {
  const admin = kafka.admin({ retry: { retries: 2 } });
  try {
    await admin.connect();
    const found = await describeTopics(admin, [...needed.keys()]);
    const wrong = [...needed].flatMap(([name, { partitions }]) => {
      const topic = found.get(name);
      if (!topic) return [`the topic ${name} does not exist, or this user may not see it`];
      return topic.partitions === partitions ? [] : [`the topic ${name} has ${topic.partitions} partitions and must have ${partitions}`];
    });
    return wrong.length > 0 ? wrong : await wrongSettings(admin, needed, onUnseen);
  } finally {
    await admin.disconnect();
  }
}

/** As they are now: nothing keeps anybody from changing them later. */
async function wrongSettings(admin: Admin, needed: ReadonlyMap<string, Needed>, onUnseen: BootOptions['onUnseen']): Promise<string[]> {
  try {
    const found = await describeSettings(admin, [...needed.keys()]);
    return [...needed].flatMap(([name, { settings }]) =>
      Object.entries(settings).flatMap(([setting, value]) => {
        const now = found.get(name)?.get(setting)?.configValue;
        return now === value ? [] : [`the topic ${name} has ${setting}=${now ?? ''} and must have ${value}`];
      }),
    );
  } catch (error) {
    if (!isErrorLike(error) || !('type' in error) || error.type !== 'TOPIC_AUTHORIZATION_FAILED') throw error;
    // Rights that were given by an earlier release say nothing of settings.
    const unseen =
      'this user may not see the settings of topics, so that they are not checked. It is let by: npx tongbao topics acls services';
    onUnseen(new Error(unseen, { cause: error }));
    return [];
  }
}
