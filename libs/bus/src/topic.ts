import { partitionsPerTopic, topics } from '@tongbao/contracts';
import type { Publisher } from './message.js';

/** A stream of commands that services, and with `outside` also others, write to. */
export interface CommandTopic {
  name: string;
  /** Outsiders write here: what is wrong with a message parks no key, for anybody could name any key. */
  outside?: boolean;
}

/** The hub's command topics. */
export const hubCommandTopics: readonly CommandTopic[] = [
  { name: topics.paymentCommands, outside: true },
  { name: topics.ledgerCommands },
  { name: topics.settlementCommands },
];

/** Which topics each of the hub's consumer groups reads; where groups share topics over brokers, each has dead letters of its own. */
export const hubSubscriptions: Readonly<Record<string, readonly string[]>> = {
  payment: [topics.paymentCommands, topics.ledgerEvents, topics.settlementEvents],
  ledger: [topics.ledgerCommands],
  settlement: [topics.settlementCommands, topics.ledgerEvents],
  notification: [topics.paymentEvents, topics.ledgerEvents, topics.settlementEvents],
};

/** How a topic is served. */
export interface TopicKind {
  kind: 'commands' | 'events';
  outside: boolean;
}

export const isCommandTopic = (topic: string): boolean => topic.endsWith('.commands');

/** A topic of a single platform: as many as there are platforms, each read by its platform alone. */
export const isPlatformTopic = (topic: string): boolean => topic.startsWith('tongbao.platform.');

/** The stream of a command topic, or of a group's dead letters, in the embedded form. */
export const busStreamOf = (topic: string): string => `bus_${topic}`;

export const topicsOf = (publisher: Publisher): readonly string[] => publisher.topics ?? [`tongbao.${publisher.service}.events`];

/**
 * The event categories that a process's log feed must follow: what its publishers read, and the command topics that its groups consume.
 * @param consumed topics that the process's groups consume
 */
export function busCategories(publishers: readonly Publisher[], consumed: readonly string[]): string[] {
  const categories = publishers.flatMap((publisher) => [...publisher.categories]);
  return [...new Set([...categories, ...consumed.filter(isCommandTopic).map(busStreamOf)])];
}

/** FNV-1a over UTF-16 code units: the same key always comes to the same partition. */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % partitionsPerTopic;
}
