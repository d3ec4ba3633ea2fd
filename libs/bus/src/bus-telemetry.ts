import {
  attribute,
  failed,
  metrics,
  SpanKind,
  traceparentOf,
  tracing,
  type Count,
  type Span,
  type Step,
  type Timing,
} from '@tongbao/telemetry';
import type { Message } from './message.js';
import { isPlatformTopic } from './topic.js';

/** One name for the topics of all platforms. */
export const platformTopics = 'tongbao.platform.{id}.events';

/** What a group counts and times of one topic. */
export interface TopicMeter {
  handled: Count;
  passedOver: Count;
  dead: Count;
  handling: Timing;
}

export function meterOf(group: string, topic: string): TopicMeter {
  const counted = (outcome: string) => metrics.counter('tongbao_bus_messages_total', { group, topic, outcome });
  return {
    handled: counted('handled'),
    passedOver: counted('passed_over'),
    dead: counted('dead'),
    handling: metrics.histogram('tongbao_bus_handle_duration_seconds', { group, topic }),
  };
}

/** One try of a handler. */
export async function timed<T>(timing: Timing, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    return await work();
  } finally {
    timing.observe((performance.now() - startedMs) / 1_000);
  }
}

/** What carries messages, by OpenTelemetry's name of it, or the hub's own. */
export const messagingSystem = (shared: boolean): string => (shared ? 'kafka' : 'tongbao');

/** A message on its way through a group. */
export interface Processing {
  system: string;
  group: string;
  partition: number;
  /** Where it is known. */
  offset?: string;
}

/** Handles a message as a step of the trace that it came with; one that came with none is handled outside of every trace. */
export function processed<T>(message: Message, at: Processing, work: () => Promise<T>): Promise<T> {
  if (!tracing.enabled) return work();
  return tracing.continued(message.traceparent, `process ${message.topic}`, processStep(message, at), work);
}

function processStep({ topic, id }: Message, { system, group, partition, offset }: Processing): Step {
  return {
    kind: SpanKind.CONSUMER,
    attributes: {
      [attribute.messagingSystem]: system,
      [attribute.messagingOperation]: 'process',
      [attribute.messagingOperationType]: 'process',
      [attribute.messagingTopic]: topic,
      [attribute.messagingPartition]: String(partition),
      [attribute.messagingGroup]: group,
      [attribute.messagingMessageId]: id,
      ...(offset !== undefined && { [attribute.messagingOffset]: countedBy(offset) }),
    },
  };
}

/** The number that the topic's server counts by, which stands between the partition and the time where an offset of the bus has those. */
const countedBy = (offset: string): number => Number(offset.split('.')[1] ?? offset);

/** What a trace tells of a message on its way to a topic. */
export const sendStep = (system: string, topic: string, id: string): Step => ({
  kind: SpanKind.PRODUCER,
  attributes: {
    [attribute.messagingSystem]: system,
    [attribute.messagingOperation]: 'send',
    [attribute.messagingOperationType]: 'send',
    [attribute.messagingTopic]: topic,
    [attribute.messagingMessageId]: id,
  },
});

/** Counts what a service's relay publishes. */
export class RelayMeter {
  readonly #counts = new Map<string, Count>();

  constructor(private readonly service: string) {}

  published(topic: string, messages: number): void {
    const count = this.#counts.get(topic) ?? metrics.counter('tongbao_relay_messages_total', { service: this.service, topic });
    this.#counts.set(topic, count);
    count.inc(messages);
  }
}

/** The steps of messages that go out together: each is one of its own message's trace. */
export class Sends {
  readonly #spans: Span[] = [];

  constructor(private readonly system: string) {}

  /** @returns what goes out with the message: its own trace as it came, or from this step on */
  begin(topic: string, id: string, traceparent: string | undefined): string | undefined {
    if (!tracing.enabled || traceparent === undefined) return traceparent;
    const span = tracing.start(`send ${isPlatformTopic(topic) ? platformTopics : topic}`, sendStep(this.system, topic, id), traceparent);
    if (!span) return traceparent;
    this.#spans.push(span);
    return traceparentOf(span);
  }

  /** All are durable, or it is known of none. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      for (const span of this.#spans) failed(span, error);
      throw error;
    } finally {
      for (const span of this.#spans) span.end();
    }
  }
}
