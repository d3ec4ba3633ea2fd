import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '@tongbao/event-store';
import { headerNames, KafkaReplay, ReplayRefused, Unpublishable, type KafkaReplayOptions } from '../src/index.js';
import { eventsTopic, platformTopic, publisherOf } from './kafka-relay.fixture.js';
import { RelayWorld, type Received, type TestService } from './kafka-relay.harness.js';

const soon = 20_000;
let world: RelayWorld;

beforeAll(async () => {
  world = await RelayWorld.open();
}, 600_000);
afterEach(() => world.endCase());
afterAll(() => world.close());

function replayOf(service: TestService, options: Partial<KafkaReplayOptions> = {}): KafkaReplay {
  const connection = { brokers: [world.broker.brokers], clientId: 'spec' };
  const publisher = publisherOf(service.name);
  const replay = new KafkaReplay({ connection, publisher, of: service.topic, to: service.topic, replayId: 'replay 1', ...options });
  world.atEnd(() => replay.close());
  return replay;
}

/** Events of a service, which its relay has published. */
async function published(count: number, platform?: string): Promise<{ service: TestService; events: StoredEvent[] }> {
  const service = await world.service();
  const relay = await service.relay();
  await relay.reached(await service.append(count, platform === undefined ? {} : { platform }), soon);
  await relay.stop();
  const streams = Array.from({ length: 7 }, (_, index) => world.store.read(`${service.name}-k${index}`));
  const events = (await Promise.all(streams)).flat().toSorted((left, right) => Number(left.position - right.position));
  return { service, events };
}

const isMarked = ({ headers }: Received): boolean => headers[headerNames.replay] === 'replay 1';
const withoutMark = ({ headers, ...record }: Received) => ({
  ...record,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== headerNames.replay)),
  offset: 0,
});

describe('a replay to Kafka', () => {
  it('sends messages once more as they were, each in its place of its partition, with the mark', async () => {
    const { service, events } = await published(40);
    const replay = replayOf(service);
    await replay.open();
    await replay.send(replay.messagesOf(events));
    const received = await service.read();
    expect(received).toHaveLength(80);
    const [again, before] = [received.filter(isMarked), received.filter((record) => !isMarked(record))];
    expect(again.map(withoutMark)).toEqual(before.map(withoutMark));
  });

  it('sends to another topic what one topic was told, and nothing else', async () => {
    const { service, events } = await published(10, 'A');
    await world.create('somebody.elses');
    const replay = replayOf(service, { to: 'somebody.elses' });
    await replay.open();
    await replay.send(replay.messagesOf(events));
    const received = await world.read('somebody.elses');
    expect(received.map(({ n }) => n).toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(received.every(isMarked)).toBe(true);
    expect(await world.read(platformTopic('A'))).toHaveLength(10);
  });

  it('sends nothing to a topic that is not there', async () => {
    const { service } = await published(1);
    await expect(replayOf(service, { to: 'nowhere' }).open()).rejects.toThrow(/no topic nowhere/);
    expect(await world.topics()).not.toContain('nowhere');
  });

  it('ends at a message that does not keep to its schema', async () => {
    const { service, events } = await published(3);
    const replay = replayOf(service, { check: ({ data }) => ((data as { n: number }).n === 2 ? 'n is not to be 2' : undefined) });
    expect(() => replay.messagesOf(events)).toThrow(Unpublishable);
  });

  it.each<[string, Partial<KafkaReplayOptions>, RegExp]>([
    ['what the service does not tell', { of: eventsTopic('other') }, /tells nothing on/],
    ['to a topic of commands', { to: 'tongbao.ledger.commands' }, /for commands/],
    ['to dead letters', { to: 'tongbao.ledger.events.payment.dead' }, /for dead letters/],
    ["to a platform what is not that platform's", { to: platformTopic('A') }, /read by one platform/],
  ])('is refused %s', async (_, options, why) => {
    const service = await world.service();
    expect(() => replayOf(service, options)).toThrow(ReplayRefused);
    expect(() => replayOf(service, options)).toThrow(why);
  });
});
