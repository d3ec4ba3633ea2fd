import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from './harness.js';
import { faultless, judge, RelayWorld, type TestService } from './kafka-relay.harness.js';
import type { Death } from './kafka-relay.program.js';

const soon = 60_000;
let world: RelayWorld;

beforeAll(async () => {
  world = await RelayWorld.open();
}, 600_000);
afterEach(() => world.endCase());
afterAll(() => world.close());

describe('the relay to Kafka, killed', () => {
  it.each<Death>(['before a send', 'during a send', 'before the checkpoint'])(
    '%s, under load, leaves no gap, and repeats only its last messages, in their order',
    async (at) => {
      const service = await world.service();
      await service.appendMany(1_500);
      await service.relayUntilDeath({ at, after: 500 });
      await service.appendMany(1_000);
      await service.relayUntilDeath({ at, after: 500 });
      const relay = await service.relay();
      expect(await relay.reached(await service.append(1), soon)).toBe(true);
      const { repeated, ...verdict } = judge(await service.read(), 2_501);
      expect(verdict).toEqual(faultless);
      if (at !== 'before a send') expect(repeated).toBeGreaterThan(0);
    },
    180_000,
  );
});

/** Appends all the time. */
function load(service: TestService): { end: () => Promise<bigint> } {
  const over = new AbortController();
  const running = (async () => {
    let position = 0n;
    while (!over.signal.aborted) {
      position = await service.append(1);
      await delay(5);
    }
    return position;
  })();
  return {
    end: () => {
      over.abort();
      return running;
    },
  };
}

describe('the relay to Kafka, whose broker', () => {
  const outages: [string, () => Promise<void>][] = [
    [
      'ends and is back after a while',
      async () => {
        await world.broker.stop();
        await delay(5_000);
        await world.startBroker();
      },
    ],
    [
      'is killed and is back at once',
      async () => {
        await world.broker.kill();
        await world.startBroker();
      },
    ],
    [
      'is stopped in the middle of its work for a while',
      async () => {
        world.broker.signal('SIGSTOP');
        await delay(2_000);
        world.broker.signal('SIGCONT');
      },
    ],
  ];

  it.each(outages)(
    '%s, under load, goes on by itself, without a gap',
    async (_, outage) => {
      const service = await world.service();
      const relay = await service.relay();
      const events = load(service);
      await until(() => relay.status().messages > 20);
      const before = service.count;
      await outage();
      await until(() => relay.status().messages > before + 20);
      expect(await relay.reached(await events.end(), soon)).toBe(true);
      expect(relay.status()).toMatchObject({ state: 'running', lagEvents: 0 });
      expect(relay.status().error).toBeUndefined();
      expect(judge(await service.read(), service.count)).toMatchObject(faultless);
    },
    180_000,
  );

  it('is away says so, and how far it is behind; it can be stopped and begun meanwhile, and publishes once the broker is back', async () => {
    const service = await world.service();
    const first = await service.relay();
    await first.reached(await service.append(5), soon);
    await world.broker.stop();
    const position = await service.append(5);
    await until(() => first.status().error !== undefined);
    expect(first.status()).toMatchObject({ state: 'running', lagEvents: 5, messages: 5 });
    expect(first.status().lagSeconds).toBeGreaterThan(1);
    await first.stop();
    const second = await service.relay();
    await until(() => second.status().lagEvents === 5);
    await second.stop();
    const third = await service.relay();
    await world.startBroker();
    expect(await third.reached(position, soon)).toBe(true);
    expect([first, second].map((relay) => relay.status().messages)).toEqual([5, 0]);
    expect(judge(await service.read(), 10)).toEqual({ ...faultless, repeated: 0 });
  }, 180_000);
});
