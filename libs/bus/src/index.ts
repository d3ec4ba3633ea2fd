export * from './bus.js';
export * from './bus-client.js';
export * from './bus-misconfigured.js';
export * from './bus-server.js';
export * from './consume.decorator.js';
export { UnknownCommand, type Incident, type TopicCounts } from './consumer-group.js';
export * from './dead-letter.js';
export { DeadLetterOps } from './dead-letter.ops.js';
export * from './dead-letter.view.js';
export * from './embedded-transport.js';
export type { RelayStatus } from './embedded-relay.js';
export * from './kafka-acls.js';
export * from './kafka-client.js';
export { asOutage, isLoginRefused } from './kafka-outage.js';
export * from './kafka-relay.js';
export { defaultTiming, type MemberTiming } from './kafka-member.js';
export {
  applyTopics,
  replicationFactorFor,
  topicPlan,
  type PlannedTopic,
  type TopicPlanOptions,
  type TopicsApplied,
} from './kafka-topics.js';
export * from './kafka-transport.js';
export { Unpublishable, type MessageCheck } from './kafka-relay-batch.js';
export * from './kafka-relay-ops.js';
export * from './kafka-replay.js';
export type { PlatformTopicSettings } from './kafka-relay-topics.js';
export type { Pause } from './lane.js';
export * from './message.js';
export { isOutage } from './outage.js';
export { Stopped, type Backoff } from './retry.js';
export type { SaveRhythm } from './saver.js';
export * from './topic.js';
export * from './transport.js';
