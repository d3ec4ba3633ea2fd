import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { commandTopic, gate, until, type ProcessSetup, type TestHandler } from './harness.js';
import { KafkaHarness, type KafkaProcess, type KafkaWorld } from './kafka.harness.js';

jest.setTimeout(120_000);

const group = 'reader';
const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);

describe('the bus over Apache Kafka while the broker is away', () => {
  const harness = new KafkaHarness();
  let world: KafkaWorld;
  beforeAll(() => harness.begin());
  afterAll(() => harness.end());
  beforeEach(async () => {
    world = await harness.open();
  });
  afterEach(() => world.close());

  const setupOf = (handler: TestHandler): ProcessSetup => ({ groups: [{ group, handlers: { [commandTopic]: { Do: handler } } }] });
  const start = async (handler: TestHandler): Promise<KafkaProcess> => {
    const process = await world.join(setupOf(handler));
    await process.start();
    return process;
  };
  const status = (process: KafkaProcess) => process.status(group).topics[0];

  /** Until it is acknowledged: with an Outage, whether it was taken is unknown. */
  const sendSurely = async (key: string, n: number): Promise<void> => {
    for (;;) {
      try {
        await world.send(commandTopic, key, 'Do', n);
        return;
      } catch (error) {
        if (!(error instanceof Outage)) throw error;
      }
    }
  };

  it.each([
    ['is killed', () => harness.broker.kill()],
    ['is stopped', () => harness.broker.stop()],
  ])('goes on by itself, and has lost nothing, after the broker %s under load', async (_, endBroker) => {
    const handled = new Map<string, number[]>(keys.map((key) => [key, []]));
    const process = await start(({ key, data: { n } }) => void handled.get(key)!.push(n));
    let isOver = false;
    const sent = new Map(keys.map((key) => [key, 0]));
    const load = keys.map(async (key) => {
      for (let n = 0; !isOver; n += 1) {
        await sendSurely(key, n);
        sent.set(key, n + 1);
      }
    });
    await until(() => [...handled.values()].every((numbers) => numbers.length > 20));
    await endBroker();
    await until(() => status(process)?.error !== undefined);
    await harness.beginAgain();
    const before = new Map([...handled].map(([key, numbers]) => [key, numbers.length]));
    await until(() => [...handled].every(([key, numbers]) => numbers.length > before.get(key)! + 20));
    isOver = true;
    await Promise.all(load);
    await until(() => [...handled].every(([key, numbers]) => numbers.at(-1) === sent.get(key)! - 1));
    for (const [key, numbers] of handled) expect([...new Set(numbers)]).toEqual(Array.from({ length: sent.get(key)! }, (__, n) => n));
    await until(() => status(process)?.error === undefined && status(process)?.lagMessages === 0);
    expect(status(process)).toMatchObject({ partitions: 12, open: 0, dead: 0 });
  });

  it('keeps poison until it can be put among the dead letters', async () => {
    const reached = gate();
    const may = gate();
    const process = await start(async ({ data: { n } }) => {
      if (n !== 1) return;
      reached.open();
      await may.opened;
      throw new TypeError('bug');
    });
    for (const n of [0, 1, 2]) await world.send(commandTopic, 'k', 'Do', n);
    await reached.opened;
    // Killed, it would forget where its topics were emptied for this case.
    await harness.broker.stop();
    may.open();
    await until(() => status(process)?.error !== undefined);
    expect(status(process)?.dead).toBe(0);
    await harness.beginAgain();
    const ops = process.deadLetters(group);
    await until(() => ops.parkedKeys()[0]?.deadLetters === 2);
    const { items } = await ops.list();
    expect(items.map(({ reason, record }) => [reason, record.payload])).toEqual([
      ['failed', '{"n":1}'],
      ['follows', '{"n":2}'],
    ]);
  });

  it('waits at its start until there is a broker', async () => {
    await world.send(commandTopic, 'k', 'Do', 7);
    const seen: number[] = [];
    const process = await world.join(setupOf(({ data: { n } }) => void seen.push(n)));
    await harness.broker.stop();
    const started = process.start();
    const troubles = process.troubles;
    await until(() => troubles.length > 1);
    expect(process.status(group).state).toBe('starting');
    await harness.beginAgain();
    await started;
    await until(() => seen.length === 1);
    expect(seen).toEqual([7]);
    expect(troubles[0]).toBe(`start of ${group}`);
  });
});
