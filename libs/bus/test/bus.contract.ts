import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { headerNames, type DeadLetterView, type RawMessage } from '../src/index.js';
import { describeFaults } from './faults.contract.js';
import {
  commandTopic,
  gate,
  newsTopic,
  numberIn,
  outsideTopic,
  until,
  type BusHarness,
  type ProcessSetup,
  type TestHandler,
  type TestProcess,
  type World,
} from './harness.js';

/** What every transport of the bus must hold. */
export function describeBusContract(name: string, harness: BusHarness): void {
  describe(`the bus over ${name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await harness.open();
    });
    afterEach(() => world.close());
    const opened = () => world;

    describeDelivery(opened);
    describeBoot(opened);
    describePoison(opened);
    describeParking(opened);
    describeOps(opened);
    describeFaults(opened);
  });
}

/** Handles one type of message of one topic by one group. */
const one = (topic: string, type: string, handler: TestHandler, rest: Omit<ProcessSetup, 'groups'> = {}): ProcessSetup => ({
  groups: [{ group: 'reader', handlers: { [topic]: { [type]: handler } } }],
  ...rest,
});

const list = async (process: TestProcess): Promise<DeadLetterView[]> => (await process.deadLetters('reader').list()).items;
const numbersOf = (letters: DeadLetterView[]) => letters.map(({ record }) => numberIn(record));

function describeDelivery(world: () => World): void {
  it('keeps the order of each key, and lets no key wait for another partition', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
    const handled = new Map<string, number[]>(keys.map((key) => [key, []]));
    const blocked = gate();
    await world().start(
      one(newsTopic, 'Counted', async ({ key, data }) => {
        if (key === 'k0') await blocked.opened;
        handled.get(key)!.push(data.n);
      }),
    );
    for (let n = 0; n < 5; n += 1) await Promise.all(keys.map((key) => world().emit(key, 'Counted', n)));
    const whole = () => [...handled.values()].filter((numbers) => numbers.length === 5).length;
    await until(() => whole() >= 15);
    expect(handled.get('k0')).toEqual([]);
    blocked.open();
    await until(() => whole() === 30);
    expect([...handled.values()]).toEqual(keys.map(() => [0, 1, 2, 3, 4]));
  });

  it('hands over the whole message', async () => {
    const seen: unknown[] = [];
    await world().start(one(commandTopic, 'Do', (message) => void seen.push(message)));
    await world().send(commandTopic, 'k', 'Do', 7);
    await until(() => seen.length === 1);
    expect(seen).toEqual([
      { topic: commandTopic, key: 'k', id: expect.any(String), type: 'Do', data: { n: 7 }, time: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });

  it('gives every group every message', async () => {
    const seen: Record<string, number[]> = { first: [], second: [] };
    const groups = Object.entries(seen).map(([group, numbers]) => ({
      group,
      handlers: { [newsTopic]: { Counted: ({ data }: { data: { n: number } }) => void numbers.push(data.n) } },
    }));
    await world().start({ groups });
    for (const n of [1, 2, 3]) await world().emit('k', 'Counted', n);
    await until(() => Object.values(seen).every((numbers) => numbers.length === 3));
    expect(seen).toEqual({ first: [1, 2, 3], second: [1, 2, 3] });
  });

  it('passes over an event of a type that nobody handles, and counts it', async () => {
    const seen: number[] = [];
    const process = await world().start(one(newsTopic, 'Counted', ({ data }) => void seen.push(data.n)));
    await world().emit('k', 'Novelty', 1);
    await world().emit('k', 'Counted', 2);
    await until(() => process.status('reader').topics[0]?.handled === 1);
    expect(seen).toEqual([2]);
    expect(process.status('reader').topics[0]).toMatchObject({ passedOver: 1, dead: 0 });
  });

  it('passes over what was replayed, even if its key is parked, and counts it', async () => {
    const seen: number[] = [];
    const process = await world().start(one(commandTopic, 'Do', handlerFailingBelow(0, seen)));
    await world().send(commandTopic, 'parked', 'Do', -1);
    const headers = { ...headersOf([]), [headerNames.replay]: 'replay 1' };
    for (const key of ['k', 'parked']) await world().sendRaw({ topic: commandTopic, key, headers, payload: '{"n":1}' });
    await world().send(commandTopic, 'k', 'Do', 2);
    await until(() => process.status('reader').topics[0]?.passedOver === 2 && seen.length === 1);
    expect(seen).toEqual([2]);
    expect(numbersOf(await list(process))).toEqual([-1]);
    await process.stop();
    await world().start(one(commandTopic, 'Do', handlerFailingBelow(0, seen)));
    await world().send(commandTopic, 'k', 'Do', 3);
    await until(() => seen.length === 2);
    expect(seen).toEqual([2, 3]);
  });

  it('delivers again what was handled but not saved before a crash', async () => {
    const seen: number[] = [];
    const setup = one(newsTopic, 'Counted', ({ data }) => void seen.push(data.n), { save: 'at-stop' });
    const first = await world().start(setup);
    for (const n of [1, 2, 3]) await world().emit('k', 'Counted', n);
    await until(() => seen.length === 3);
    first.crash();
    await world().start(setup);
    await until(() => seen.length === 6);
    expect(seen).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it.each<['each' | 'at-stop', (process: TestProcess) => Promise<void>]>([
    [
      'each',
      async (process) => {
        await until(() => isSaved(process));
        process.crash();
      },
    ],
    ['at-stop', (process) => process.stop()],
  ])('delivers nothing again whose offset was saved (%s)', async (save, end) => {
    const seen: number[] = [];
    const setup = one(commandTopic, 'Do', ({ data }) => void seen.push(data.n), { save });
    const first = await world().start(setup);
    for (const n of [1, 2, 3]) await world().send(commandTopic, `k${n}`, 'Do', n);
    await until(() => seen.length === 3);
    await end(first);
    await world().send(commandTopic, 'k1', 'Do', 4);
    await world().start(setup);
    await until(() => seen.length === 4);
    expect(seen[3]).toBe(4);
  });

  it('finishes what is in hand before it stops, and begins nothing else', async () => {
    const seen: number[] = [];
    const reached = gate();
    const may = gate();
    const setup = one(commandTopic, 'Do', async ({ data }) => {
      reached.open();
      await may.opened;
      seen.push(data.n);
    });
    const first = await world().start(setup);
    for (const n of [1, 2, 3]) await world().send(commandTopic, 'k', 'Do', n);
    await reached.opened;
    const stopped = first.stop();
    may.open();
    await stopped;
    expect(seen).toEqual([1]);
    await world().start(setup);
    await until(() => seen.length === 3);
    expect(seen).toEqual([1, 2, 3]);
  });
}

const isSaved = (process: TestProcess): boolean => {
  const [topic] = process.status('reader').topics;
  return topic !== undefined && topic.handled === 3 && topic.open === 0 && topic.saved === topic.position && topic.saved > 0n;
};

function describeBoot(world: () => World): void {
  it.each<[string, ProcessSetup, RegExp]>([
    ['a handler for a topic that nothing serves', one('tongbao.nowhere.events', 'Counted', () => undefined), /nothing serves/],
    ['a handler for a command topic that does not exist', one('tongbao.nowhere.commands', 'Do', () => undefined), /nothing serves/],
    [
      'a subscribed topic without a handler',
      { groups: [{ group: 'reader', handlers: { [newsTopic]: { Counted: () => undefined } }, topics: [newsTopic, commandTopic] }] },
      /without a handler/,
    ],
    ['no handler at all', { groups: [{ group: 'reader', handlers: {} }] }, /has no handler/],
  ])('does not start a group with %s', async (_, setup, refusal) => {
    await expect(world().start(setup)).rejects.toThrow(refusal);
  });
}

const headersOf = (left: string[]): Record<string, string> => {
  const all = { [headerNames.id]: 'm1', [headerNames.type]: 'Do', [headerNames.time]: '2026-01-01T00:00:00Z' };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !left.includes(name)));
};

function describePoison(world: () => World): void {
  it.each<[string, Omit<RawMessage, 'topic'>, DeadLetterView['reason'], string]>([
    ['text that is not JSON', { key: 'k', headers: headersOf([]), payload: '{"n":' }, 'malformed', 'MalformedMessage'],
    ['JSON that is no object', { key: 'k', headers: headersOf([]), payload: '[1]' }, 'malformed', 'MalformedMessage'],
    ['a message without a key', { headers: headersOf([]), payload: '{"n":1}' }, 'malformed', 'MalformedMessage'],
    ['a message without an id', { key: 'k', headers: headersOf([headerNames.id]), payload: '{"n":1}' }, 'malformed', 'MalformedMessage'],
    ['a message without a type', { key: 'k', headers: headersOf([headerNames.type]), payload: '{"n":1}' }, 'malformed', 'MalformedMessage'],
    [
      'a command that nobody knows',
      { key: 'k', headers: { ...headersOf([]), [headerNames.type]: 'Undo' }, payload: '{"n":1}' },
      'unknown_command',
      'UnknownCommand',
    ],
    ['a message that its handler fails on', { key: 'k', headers: headersOf([]), payload: '{"n":-1}' }, 'failed', 'TypeError'],
  ])('puts %s among the dead letters, with its origin, and goes on', async (_, poison, reason, errorName) => {
    const seen: number[] = [];
    const process = await world().start(one(commandTopic, 'Do', handlerFailingBelow(0, seen)));
    await world().sendRaw({ topic: commandTopic, ...poison });
    // So many keys that some share the partition of the poison.
    for (let n = 0; n < 40; n += 1) await world().send(commandTopic, `other${n}`, 'Do', n);
    await until(() => seen.length === 40);
    const [letter, ...others] = await list(process);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      group: 'reader',
      topic: commandTopic,
      reason,
      record: { headers: poison.headers, payload: poison.payload },
    });
    expect(letter?.record.key).toBe(poison.key);
    expect(letter?.partition).toBeGreaterThanOrEqual(0);
    expect(letter?.offset).toMatch(/./);
    expect(letter?.error).toMatchObject({ name: errorName, message: expect.any(String), stack: expect.stringContaining('at ') });
    expect(letter?.at).toBeInstanceOf(Date);
  });

  it('takes for malformed what a check finds wrong, before a handler sees it; what outsiders write is left to its handler', async () => {
    const seen: number[] = [];
    const handler: TestHandler = ({ data }) => void seen.push(data.n);
    const handlers = { [commandTopic]: { Do: handler }, [outsideTopic]: { Do: handler } };
    const check = (_: string, type: string, data: unknown) => ((data as { n: number }).n < 0 ? `${type} is negative` : undefined);
    const process = await world().start({ groups: [{ group: 'reader', handlers }], check });
    await world().send(commandTopic, 'k', 'Do', -1);
    await world().send(commandTopic, 'k', 'Do', 1);
    await world().send(outsideTopic, 'k', 'Do', -2);
    await world().send(commandTopic, 'other', 'Do', 2);
    await until(async () => seen.length === 2 && (await list(process)).length === 2);
    expect(seen.toSorted()).toEqual([-2, 2]);
    const letters = await list(process);
    expect(letters.map(({ reason, error }) => [reason, error?.name, error?.message])).toEqual([
      ['malformed', 'MalformedMessage', 'Do is negative'],
      ['follows', undefined, undefined],
    ]);
  });

  it('parks nothing on a topic that outsiders write to, and releases a dead letter of it by itself', async () => {
    const seen: number[] = [];
    let broken = true;
    const process = await world().start(
      one(outsideTopic, 'Do', ({ data }) => {
        if (broken && data.n === 1) throw new TypeError('bug');
        seen.push(data.n);
      }),
    );
    for (const n of [1, 2, 3]) await world().send(outsideTopic, 'k', 'Do', n);
    await until(() => seen.length === 2);
    expect(process.deadLetters('reader').parkedKeys()).toEqual([]);
    const [letter] = await list(process);
    expect(letter).toMatchObject({ status: 'open' });
    expect(await process.deadLetters('reader').releaseOne(letter!.deadLetterId, 'olga')).toMatchObject({
      handled: 0,
      failed: { attempts: 1 },
    });
    broken = false;
    expect(await process.deadLetters('reader').releaseOne(letter!.deadLetterId, 'olga')).toEqual({ handled: 1, stillParked: false });
    expect(seen).toEqual([2, 3, 1]);
    expect(await list(process)).toEqual([]);
  });
}

const handlerFailingBelow =
  (limit: number, seen: number[]): TestHandler =>
  ({ data }) => {
    if (data.n < limit) throw new TypeError('not a number that I like');
    seen.push(data.n);
  };

function describeParking(world: () => World): void {
  const parkedAt = async (
    poison: number,
    setup: (handler: TestHandler) => ProcessSetup = (handler) => one(commandTopic, 'Do', handler),
  ) => {
    const seen: number[] = [];
    const broken = new Set([poison]);
    const handler: TestHandler = ({ data }) => {
      if (broken.has(data.n)) throw new TypeError(`bug at ${data.n}`);
      seen.push(data.n);
    };
    const process = await world().start(setup(handler));
    for (const n of [1, 2, 3, 4]) await world().send(commandTopic, 'k', 'Do', n);
    await until(async () => (await list(process)).length === 5 - poison);
    return { seen, broken, handler, process };
  };

  it('lets later messages of the key follow, in order, until it is released, and then handles them in order', async () => {
    const { seen, broken, process } = await parkedAt(2);
    const letters = await list(process);
    expect(numbersOf(letters)).toEqual([2, 3, 4]);
    expect(letters.map(({ reason, status }) => [reason, status])).toEqual([
      ['failed', 'parked'],
      ['follows', 'parked'],
      ['follows', 'parked'],
    ]);
    expect(process.deadLetters('reader').parkedKeys()).toMatchObject([{ topic: commandTopic, key: 'k', deadLetters: 3 }]);
    broken.clear();
    expect(await process.deadLetters('reader').release(commandTopic, 'k', 'olga')).toEqual({ handled: 3, stillParked: false });
    await world().send(commandTopic, 'k', 'Do', 5);
    await until(() => seen.length === 5);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(await list(process)).toEqual([]);
    const { items } = await process.deadLetters('reader').list({ all: true });
    expect(items.map(({ status, resolution }) => [status, resolution?.by])).toEqual(Array(3).fill(['handled', 'olga']));
  });

  it('stays parked when one fails again, and counts the attempts', async () => {
    const { seen, broken, process } = await parkedAt(2);
    broken.clear();
    broken.add(3);
    const failed = { attempts: 1, error: { name: 'TypeError', message: 'bug at 3' } };
    expect(await process.deadLetters('reader').release(commandTopic, 'k', 'olga')).toMatchObject({ handled: 1, stillParked: true, failed });
    expect(await process.deadLetters('reader').release(commandTopic, 'k', 'olga')).toMatchObject({
      handled: 0,
      stillParked: true,
      failed: { attempts: 2 },
    });
    const letters = await list(process);
    expect(numbersOf(letters)).toEqual([3, 4]);
    expect(letters[0]).toMatchObject({ failedReleases: 2, lastError: { message: 'bug at 3' } });
    broken.clear();
    await process.deadLetters('reader').release(commandTopic, 'k', 'olga');
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('keeps what arrives while a release is under way behind it', async () => {
    const entered = gate();
    const may = gate();
    const seen: number[] = [];
    let broken = true;
    const process = await world().start(
      one(commandTopic, 'Do', async ({ data }) => {
        if (data.n === 1 && broken) throw new TypeError('bug');
        if (data.n === 1) entered.open();
        if (data.n === 1) await may.opened;
        seen.push(data.n);
      }),
    );
    for (const n of [1, 2]) await world().send(commandTopic, 'k', 'Do', n);
    await until(async () => (await list(process)).length === 2);
    broken = false;
    const release = process.deadLetters('reader').release(commandTopic, 'k', 'olga');
    await entered.opened;
    for (const n of [3, 4]) await world().send(commandTopic, 'k', 'Do', n);
    await until(() => (process.status('reader').topics[0]?.open ?? 0) === 2);
    may.open();
    await release;
    await until(() => seen.length === 4);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('remembers parked keys and what follows them over restarts', async () => {
    const { seen, broken, handler, process } = await parkedAt(2);
    await process.stop();
    const second = await world().start(one(commandTopic, 'Do', handler));
    await world().send(commandTopic, 'k', 'Do', 5);
    await world().send(commandTopic, 'other', 'Do', 6);
    await until(async () => seen.includes(6) && (await list(second)).length === 4);
    expect(numbersOf(await list(second))).toEqual([2, 3, 4, 5]);
    broken.clear();
    expect(await second.deadLetters('reader').release(commandTopic, 'k', 'olga')).toEqual({ handled: 4, stillParked: false });
    expect(seen.filter((n) => n !== 6)).toEqual([1, 2, 3, 4, 5]);
  });

  it('writes no dead letter twice when a crash comes before the offset', async () => {
    const { broken, handler, process } = await parkedAt(2, (handle) => one(commandTopic, 'Do', handle, { save: 'at-stop' }));
    process.crash();
    const second = await world().start(one(commandTopic, 'Do', handler));
    await world().send(commandTopic, 'k', 'Do', 5);
    await until(async () => (await list(second)).length === 4);
    expect(numbersOf(await list(second))).toEqual([2, 3, 4, 5]);
    broken.clear();
    expect(await second.deadLetters('reader').release(commandTopic, 'k', 'olga')).toEqual({ handled: 4, stillParked: false });
  });

  it('goes on at the next start with a release that was interrupted', async () => {
    const { seen, broken, handler, process } = await parkedAt(2);
    broken.clear();
    const entered = gate();
    const second = async () => {
      await process.stop();
      return world().start(
        one(commandTopic, 'Do', async (message) => {
          if (message.data.n !== 3) return handler(message);
          entered.open();
          await new Promise(() => undefined);
        }),
      );
    };
    const interrupted = await second();
    const release = interrupted.deadLetters('reader').release(commandTopic, 'k', 'olga');
    void release.catch(() => undefined);
    await entered.opened;
    interrupted.crash();
    const third = await world().start(one(commandTopic, 'Do', handler));
    await until(() => third.deadLetters('reader').parkedKeys().length === 0);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('lets ops discard a dead letter, and release the rest', async () => {
    const { seen, process } = await parkedAt(2);
    const ops = process.deadLetters('reader');
    const [first] = await list(process);
    await ops.discard(first!.deadLetterId, 'olga', 'sent by mistake');
    expect(await ops.show(first!.deadLetterId)).toMatchObject({
      status: 'discarded',
      resolution: { by: 'olga', reason: 'sent by mistake' },
    });
    await expect(ops.discard(first!.deadLetterId, 'olga', 'again')).rejects.toMatchObject({ code: 'already_resolved' });
    expect(await ops.release(commandTopic, 'k', 'olga')).toEqual({ handled: 2, stillParked: false });
    expect(seen).toEqual([1, 3, 4]);
  });

  it('unparks a key whose last dead letter is discarded', async () => {
    const { seen, process } = await parkedAt(4);
    const [only] = await list(process);
    await process.deadLetters('reader').discard(only!.deadLetterId, 'olga', 'sent by mistake');
    await world().send(commandTopic, 'k', 'Do', 5);
    await until(() => seen.includes(5));
    expect(seen).toEqual([1, 2, 3, 5]);
  });
}

function describeOps(world: () => World): void {
  it('lists dead letters page by page', async () => {
    const process = await world().start(one(outsideTopic, 'Do', handlerFailingBelow(100, [])));
    for (let n = 0; n < 7; n += 1) await world().send(outsideTopic, `k${n % 2}`, 'Do', n);
    const ops = process.deadLetters('reader');
    await until(async () => (await list(process)).length === 7);
    const pages: number[][] = [];
    let cursor: string | undefined;
    do {
      const page = await ops.list({ limit: 3, ...(cursor && { cursor }) });
      pages.push(numbersOf(page.items));
      cursor = page.cursor;
    } while (cursor);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(pages.flat().toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(numbersOf((await ops.list({ key: 'k1' })).items)).toEqual([1, 3, 5]);
  });

  it('refuses what cannot be done', async () => {
    const process = await world().start(one(commandTopic, 'Do', handlerFailingBelow(1, [])));
    const ops = process.deadLetters('reader');
    await world().send(commandTopic, 'k', 'Do', 0);
    await until(async () => (await list(process)).length === 1);
    const [letter] = await list(process);
    await expect(ops.releaseOne(letter!.deadLetterId, 'olga')).rejects.toMatchObject({ code: 'key_parked' });
    await expect(ops.show(`${commandTopic}:999999`)).rejects.toMatchObject({ code: 'unknown_dead_letter' });
    await expect(ops.show('nonsense')).rejects.toMatchObject({ code: 'unknown_dead_letter' });
    await expect(ops.release(commandTopic, 'nobody', 'olga')).rejects.toMatchObject({ code: 'nothing_to_release' });
    await expect(ops.release(newsTopic, 'k', 'olga')).rejects.toMatchObject({ code: 'unknown_topic' });
    await expect(ops.list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'unknown_cursor' });
  });
}
