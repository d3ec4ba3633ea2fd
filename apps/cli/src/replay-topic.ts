import { randomUUID } from 'node:crypto';
import {
  isPlatformTopic,
  KafkaReplay,
  ReplayRefused,
  topicsOf,
  Unpublishable,
  type KafkaReplayOptions,
  type Publisher,
} from '@tongbao/bus';
import { checkMessage } from '@tongbao/contracts/check-message';
import { Outage, type EventStore } from '@tongbao/event-store';
import type { ServiceName } from '@tongbao/service';
import type { CommandContext } from './command-context.js';
import { requireYes } from './confirmation.js';
import { CommandFailed, exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { publisherOf } from './hub-services.js';
import { withBrokers } from './kafka-admin.js';
import { eventsOf, rangeOf, type GivenRange, type LogRange } from './log-range.js';
import { neededBrokers, type GivenAddresses } from './ops-settings.js';
import { PositionBar } from './position-bar.js';
import { countText, textTable } from './text-table.js';

export interface TopicReplayOptions extends GivenAddresses, GivenRange {
  toTopic: string;
  service: ServiceName;
  of?: string;
  dryRun: boolean;
  yes: boolean;
}

/** What was sent, or would be. */
interface Sent {
  replayId: string;
  of: string;
  to: string;
  events: number;
  messages: number;
  byType: Record<string, number>;
  /** Everything up to here is sent. */
  position: bigint;
}

/** Sends the messages of a range of the log once more, marked so that nothing happens in the hub a second time. */
export async function replayToTopic(context: CommandContext, options: TopicReplayOptions): Promise<ExitCode> {
  const { service, toTopic, dryRun, yes } = options;
  const publisher = await publisherOf(service);
  const of = options.of ?? usualTopic(publisher, toTopic);
  const replayId = randomUUID();
  const connection = neededBrokers(options);
  const replay = openedReplay({
    connection,
    publisher,
    of,
    to: toTopic,
    replayId,
    check: ({ topic, type, data }) => checkMessage(topic, type, data),
  });
  try {
    if (!dryRun) requireYes(yes, `send messages of ${of} to ${toTopic} once more`);
    const store = context.store();
    const range = await rangeOf(store, options, publisher.categories);
    if (!dryRun) await withBrokers(connection, () => refusable(() => replay.open()));
    const sent: Sent = { replayId, of, to: toTopic, events: 0, messages: 0, byType: {}, position: range.after };
    await sendAll(context, replay, store, range, { dryRun, sent });
    context.show({ ...sent, dryRun }, () => sentText(sent, dryRun));
    return exitCodes.ok;
  } finally {
    await replay.close();
  }
}

/** The target itself where the service publishes to it, else what the service tells everybody. */
function usualTopic(publisher: Publisher, target: string): string {
  const [own] = topicsOf(publisher);
  if (topicsOf(publisher).includes(target) || isPlatformTopic(target)) return target;
  if (own === undefined) throw new UsageError(`${publisher.service} publishes nothing.`);
  return own;
}

function openedReplay(options: KafkaReplayOptions): KafkaReplay {
  try {
    return new KafkaReplay(options);
  } catch (error) {
    throw asUsage(error);
  }
}

async function refusable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asUsage(error);
  }
}

const asUsage = (error: unknown): unknown => (error instanceof ReplayRefused ? new UsageError(error.message, { cause: error }) : error);

interface Sending {
  dryRun: boolean;
  sent: Sent;
}

async function sendAll(
  context: CommandContext,
  replay: KafkaReplay,
  store: EventStore,
  range: LogRange,
  { dryRun, sent }: Sending,
): Promise<void> {
  const io = context.options.json ? { ...context.io, isTerminal: false } : context.io;
  const bar = new PositionBar(io, sent.to, range.after, range.to);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    for await (const events of eventsOf(store, range)) {
      const messages = replay.messagesOf(events);
      if (!dryRun) await replay.send(messages);
      sent.events += events.length;
      sent.messages += messages.length;
      sent.position = events.at(-1)?.position ?? sent.position;
      for (const { headers } of messages) count(sent.byType, headers['ce_type'] ?? '');
      bar.reached(sent.position, sent.events);
      if (interrupted.signal.aborted) throw new CommandFailed(`interrupted: ${goOnText(sent)}`);
    }
  } catch (error) {
    if (error instanceof Unpublishable) throw new CommandFailed(`${error.message}; ${goOnText(sent)}`, { cause: error });
    if (error instanceof Outage) throw new Outage(`${error.message}; ${goOnText(sent)}`, { cause: error });
    throw error;
  } finally {
    bar.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function count(byType: Record<string, number>, type: string): void {
  byType[type] = (byType[type] ?? 0) + 1;
}

const goOnText = ({ messages, position }: Sent): string =>
  `${countText(messages)} messages are sent, all of those up to position ${position}; some after it may be, too. Go on with --from ${position}`;

function sentText({ replayId, of, to, events, messages, byType, position }: Sent, dryRun: boolean): string {
  const rows = Object.entries(byType).map(([type, number]) => [type, countText(number)]);
  const table = rows.length === 0 ? '' : `${textTable([{ title: 'type' }, { title: 'messages', align: 'right' }], rows)}\n\n`;
  const what = `${countText(messages)} messages of ${of}, from ${countText(events)} events up to position ${position}`;
  return dryRun ? `${table}${what} would be sent to ${to}.` : `${table}${what}, are sent to ${to} with tongbao-replay: ${replayId}.`;
}
