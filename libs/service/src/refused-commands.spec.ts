import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CommandRefused } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { RefusedCommands, type RefusedCommandsOptions } from './refused-commands.js';

let server: Awaited<ReturnType<typeof startEventStoreServer>>;
let store: EventStore;
let feed: LogFeed;
let count = 0;
beforeAll(async () => {
  server = await startEventStoreServer({ dataDir: ':memory:' });
  store = EventStore.connect(server.connectionString);
});
afterAll(() => Promise.all([store.close(), server.close()]));
beforeEach(async () => {
  feed = new LogFeed(store, { categories: ['command'] });
  await feed.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await feed.stop();
});

/** Refuses so many commands, and says which. */
async function refuse(number: number): Promise<string[]> {
  const ids = Array.from({ length: number }, () => `cmd_${(count += 1)}`);
  await Promise.all(
    ids.map((commandId) => {
      const refusal: CommandRefused = {
        ...{ type: 'CommandRefused', commandId, platformId: 'A', operation: 'RequestPayment', contentHash: 'hash' },
        ...{ code: 'invalid', status: 422, detail: commandId },
      };
      return store.append(`command-${commandId}`, 'no_stream', [refusal], { commandId });
    }),
  );
  return ids;
}

/** Starts, and waits until everything has been read. */
async function started(options: RefusedCommandsOptions = {}): Promise<RefusedCommands> {
  const refused = new RefusedCommands(store, options);
  refused.start(feed);
  const none = `cmd_none_${(count += 1)}`;
  const giveUpAt = performance.now() + 20_000;
  while (performance.now() < giveUpAt) {
    const read = jest.spyOn(store, 'read');
    await refused.find(none);
    const { length } = read.mock.calls;
    read.mockRestore();
    if (length === 0) return refused;
  }
  throw new Error('the log is never read to its end');
}

const foundBy = async (refused: RefusedCommands, ids: readonly string[]): Promise<(string | undefined)[]> =>
  Promise.all(ids.map(async (id) => (await refused.find(id))?.detail));

describe('refused commands', () => {
  it('are known from the log, the newest without a read', async () => {
    const ids = await refuse(20);
    const refused = await started();
    const read = jest.spyOn(store, 'read');
    expect(await foundBy(refused, ids)).toEqual(ids);
    expect(await foundBy(refused, ['cmd_other'])).toEqual([undefined]);
    expect(read).not.toHaveBeenCalled();
  });

  it('are known for ever, in bounded memory: the older ones are looked up', async () => {
    const ids = await refuse(50);
    const refused = await started({ newest: 10 });
    const read = jest.spyOn(store, 'read');
    expect(await foundBy(refused, ids)).toEqual(ids);
    expect(read).toHaveBeenCalledTimes(40);
  });

  it('are told from others even where the marks are full', async () => {
    const ids = await refuse(50);
    const refused = new RefusedCommands(store, { newest: 1, markBits: 8 });
    refused.start(feed);
    const others = Array.from({ length: 50 }, (_, index) => `cmd_other_${index}`);
    expect(await foundBy(refused, [...ids, ...others])).toEqual([...ids, ...others.map(() => undefined)]);
  });

  it('are looked up while what was in the log at the start is still being read', async () => {
    const ids = await refuse(20);
    await feed.stop();
    feed = new LogFeed(store, { categories: ['command'] });
    await feed.start();
    const refused = new RefusedCommands(store);
    expect(await foundBy(refused, [...ids.slice(0, 1), 'cmd_other'])).toEqual([ids[0], undefined]);
    refused.start(feed);
    expect(await foundBy(refused, ids)).toEqual(ids);
  });

  it('do not include one that was accepted first, and whose id was then used for something else', async () => {
    const commandId = `cmd_${(count += 1)}`;
    const first = { type: 'CommandAccepted', commandId, contentHash: 'first' };
    const second = { type: 'CommandRefused', commandId, contentHash: 'second', code: 'idempotency_key_reused' };
    await store.append(`command-${commandId}`, 'no_stream', [first, second], { commandId });
    const looking = new RefusedCommands(store);
    expect(await looking.find(commandId)).toBeUndefined();
    const refused = await started();
    expect(await refused.find(commandId)).toBeUndefined();
  });
});
