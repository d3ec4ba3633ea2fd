import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { FragileNetwork } from './fragile-network.js';
import { commandTopic, gate, until, type ProcessSetup, type TestHandler } from './harness.js';
import { KafkaHarness, type KafkaProcess, type KafkaWorld } from './kafka.harness.js';

jest.setTimeout(120_000);

interface Handled {
  by: string;
  key: string;
  n: number;
}

const group = 'reader';
const keys = Array.from({ length: 24 }, (_, index) => `k${index}`);

describe('members of a group over Apache Kafka', () => {
  const harness = new KafkaHarness();
  let world: KafkaWorld;
  beforeAll(() => harness.begin());
  afterAll(() => harness.end());
  beforeEach(async () => {
    world = await harness.open();
  });
  afterEach(() => world.close());

  const setupOf = (handler: TestHandler, rest: Partial<ProcessSetup> = {}): ProcessSetup => ({
    groups: [{ group, handlers: { [commandTopic]: { Do: handler } } }],
    ...rest,
  });
  const partitionsOf = (process: KafkaProcess) => process.status(group).topics[0]?.partitions ?? 0;
  const shared = (...processes: KafkaProcess[]) => until(() => processes.every((each) => partitionsOf(each) === 12 / processes.length));
  const sendAll = async (from: number, to: number) => {
    for (let n = from; n < to; n += 1) await Promise.all(keys.map((key) => world.send(commandTopic, key, 'Do', n)));
  };

  /** Processes that write down what they handle, in one order of time. */
  const recorders = (handled: Handled[], slowMs = 0) => {
    const start = async (by: string, network?: FragileNetwork) => {
      const setup = setupOf(async ({ key, data: { n } }) => {
        if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
        handled.push({ by, key, n });
      });
      const process = await world.join(setup, { ...(network && { kafka: network.connect(harness.connection) }) });
      await process.start();
      return process;
    };
    return start;
  };
  const inOrder = (handled: Handled[], count: number) => {
    const byKey = Map.groupBy(handled, ({ key }) => key);
    for (const key of keys) {
      const first = [...new Set((byKey.get(key) ?? []).map(({ n }) => n))];
      expect(first).toEqual(Array.from({ length: count }, (_, n) => n));
    }
  };
  const distinct = (handled: Handled[]) => new Set(handled.map(({ key, n }) => `${key} ${n}`)).size;

  it('share its partitions, and one that joins or leaves changes nothing: nothing is lost, doubled or out of order', async () => {
    const handled: Handled[] = [];
    const start = recorders(handled, 2);
    const first = await start('first');
    await shared(first);
    const sending = sendAll(0, 30);
    const second = await start('second');
    await shared(first, second);
    await sending;
    await sendAll(30, 40);
    await first.stop();
    await sendAll(40, 50);
    await until(() => distinct(handled) === keys.length * 50);
    inOrder(handled, 50);
    expect(handled).toHaveLength(keys.length * 50);
    expect(new Set(handled.slice(keys.length * 35).map(({ by }) => by))).toContain('second');
  });

  it('take over from one that is killed, and lose nothing', async () => {
    const handled: Handled[] = [];
    const start = recorders(handled);
    const network = new FragileNetwork();
    const first = await start('first', network);
    const second = await start('second');
    await shared(first, second);
    await sendAll(0, 10);
    await until(() => distinct(handled) === keys.length * 10);
    network.cut();
    first.crash();
    await sendAll(10, 20);
    await until(() => distinct(handled) === keys.length * 20);
    inOrder(handled, 20);
    expect(partitionsOf(second)).toBe(12);
  });

  it('go on when one that stood still for too long comes back, and it joins again', async () => {
    const handled: Handled[] = [];
    const start = recorders(handled);
    const network = new FragileNetwork();
    const first = await start('first', network);
    const second = await start('second');
    await shared(first, second);
    await sendAll(0, 5);
    await until(() => distinct(handled) === keys.length * 5);
    network.freeze();
    await sendAll(5, 10);
    await until(() => partitionsOf(second) === 12 && distinct(handled) === keys.length * 10);
    network.thaw();
    await shared(first, second);
    await sendAll(10, 15);
    await until(() => distinct(handled) === keys.length * 15);
    inOrder(handled, 15);
  });

  it('wait for what is in hand when one joins, but not for ever: what takes longer is given again', async () => {
    const blocked = gate();
    const handled: Handled[] = [];
    const setup = (by: string, first: () => Promise<unknown>) =>
      setupOf(async ({ key, data: { n } }) => {
        if (key === 'k0' && n === 0) await first();
        handled.push({ by, key, n });
      });
    const first = await world.join(setup('first', () => blocked.opened));
    await first.start();
    await sendAll(0, 1);
    // Those of the partition that stands still wait behind it.
    await until(() => distinct(handled) > keys.length / 2);
    const second = await world.join(setup('second', () => Promise.resolve()));
    await second.start();
    await shared(first, second);
    await sendAll(1, 2);
    await until(() => distinct(handled) > keys.length * 1.5);
    blocked.open();
    await until(() => distinct(handled) === 2 * keys.length);
    inOrder(handled, 2);
  });

  it('are not missed during an outage that lasts longer than a member may be silent', async () => {
    let down = true;
    const seen: string[] = [];
    const timing = { sessionTimeoutMs: 1_500, heartbeatEveryMs: 300 };
    const setup = setupOf(({ key, data: { n } }) => {
      if (key === 'k0' && down) throw new Outage('the store is down');
      seen.push(`${key} ${n}`);
    });
    const process = await world.join({ ...setup, maxOpen: 2 }, { timing });
    await process.start();
    await sendAll(0, 4);
    const status = () => process.status(group).topics[0];
    const memberId = async () => (await harness.admin.describeGroups([group])).groups[0]?.members[0]?.memberId;
    const before = await memberId();
    await until(() => Date.now() - (status()?.paused[0]?.since.getTime() ?? Infinity) > 3 * timing.sessionTimeoutMs);
    const standing = keys.length - new Set(seen.map((each) => each.split(' ')[0])).size;
    expect(standing).toBeLessThan(keys.length / 2);
    // A full partition is not fetched: how far it reaches is looked up now and then.
    await until(() => status()?.lagMessages === 4 * standing);
    expect(status()?.partitions).toBe(12);
    expect(status()?.lagSeconds).toBeGreaterThan(4);
    down = false;
    await until(() => seen.length === 4 * keys.length);
    expect(await memberId()).toBe(before);
    expect(status()?.error).toBeUndefined();
  });

  it('do for ops what any of them is asked for', async () => {
    let broken = true;
    const handled: Handled[] = [];
    const setup = (by: string) =>
      setupOf(({ key, data: { n } }) => {
        if (broken && n === 1) throw new TypeError('bug');
        handled.push({ by, key, n });
      });
    const first = await world.join(setup('first'));
    const second = await world.join(setup('second'));
    await Promise.all([first.start(), second.start()]);
    await shared(first, second);
    await sendAll(0, 3);
    const ops = first.deadLetters(group);
    await until(() => ops.parkedKeys().length === keys.length);
    await until(async () => (await ops.list({ limit: 100 })).items.length === 2 * keys.length);
    const [letter] = (await ops.list({ key: 'k1' })).items;
    await ops.discard(letter!.deadLetterId, 'olga', 'sent by mistake');
    await expect(ops.discard(letter!.deadLetterId, 'olga', 'again')).rejects.toMatchObject({ code: 'already_resolved' });
    broken = false;
    for (const key of keys)
      expect(await ops.release(commandTopic, key, 'olga')).toEqual({ handled: key === 'k1' ? 1 : 2, stillParked: false });
    expect(handled.filter(({ n }) => n === 1)).toHaveLength(keys.length - 1);
    expect(new Set(handled.filter(({ n }) => n === 1).map(({ by }) => by))).toEqual(new Set(['first', 'second']));
    await until(() => second.deadLetters(group).parkedKeys().length === 0);
    await expect(ops.release(commandTopic, 'k2', 'olga')).rejects.toMatchObject({ code: 'nothing_to_release' });
  });

  it('know what the one before them parked, and what follows it', async () => {
    let broken = true;
    const handled: Handled[] = [];
    const setup = (by: string) =>
      setupOf(({ key, data: { n } }) => {
        if (broken && n === 0) throw new TypeError('bug');
        handled.push({ by, key, n });
      });
    const first = await world.join(setup('first'));
    await first.start();
    await shared(first);
    await sendAll(0, 2);
    const second = await world.join(setup('second'));
    await second.start();
    await shared(first, second);
    await sendAll(2, 3);
    await until(async () => (await second.deadLetters(group).list({ limit: 100 })).items.length === 3 * keys.length);
    await first.stop();
    await shared(second);
    await sendAll(3, 4);
    await until(async () => (await second.deadLetters(group).list({ limit: 100 })).items.length === 4 * keys.length);
    expect(handled).toEqual([]);
    broken = false;
    for (const key of keys) await second.deadLetters(group).release(commandTopic, key, 'olga');
    inOrder(handled, 4);
    expect(handled).toHaveLength(4 * keys.length);
  });

  it.each(
    [1, 2, 3, 4, 5, 6].flatMap((write) =>
      [true, false].map((after): [number, string, boolean] => [write, after ? 'after' : 'before', after]),
    ),
  )('save no offset ahead of what is durable: one that dies at its write %d, %s it', async (write, _, after) => {
    const handled: number[] = [];
    const handler: TestHandler = ({ data: { n } }) => {
      if (n === 1) throw new TypeError('bug');
      handled.push(n);
    };
    const process = await world.join(setupOf(handler, { save: 'each', dieAt: { write, after } }));
    await process.start();
    for (const n of [0, 1, 2, 3]) await world.send(commandTopic, 'k', 'Do', n);
    await until(() => process.dead);
    await process.departed;
    const saved = await savedMessages();
    const letters = await harness.reader.read(`${commandTopic}.${group}.dead`, 0, 0n, 10);
    const durable = new Set([...handled, ...letters.map(({ value }) => (JSON.parse(String(value)) as { n: number }).n)]);
    expect([0, 1, 2, 3].slice(0, saved).filter((n) => !durable.has(n))).toEqual([]);
  });

  /** How many messages lie before the offset that the group would be given next. */
  const savedMessages = async (): Promise<number> => {
    const [topic] = await harness.admin.fetchOffsets({ groupId: group, topics: [commandTopic] });
    const bounds = await harness.admin.fetchTopicOffsets(commandTopic);
    const [used] = bounds.filter(({ low, high }) => low !== high);
    const saved = Number(topic?.partitions.find(({ partition }) => partition === used?.partition)?.offset ?? -1);
    return Math.max(0, saved - Number(used?.low));
  };
});
