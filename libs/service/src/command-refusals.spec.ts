import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandEvent } from '@tongbao/contracts';
import { EventStore, LogFeed, Outage, WrongRevision } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { commandIdOf } from './caller.js';
import { CommandRefusals, type QueuedCommand } from './command-refusals.js';
import { Problem } from './problem.js';

describe('a command over the bus', () => {
  let server: Awaited<ReturnType<typeof startEventStoreServer>>;
  let store: EventStore;
  let feed: LogFeed;
  let refusals: CommandRefusals;
  let count = 0;
  beforeAll(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    feed = new LogFeed(store, { categories: ['command'] });
    await feed.start();
    refusals = new CommandRefusals(store);
    refusals.start(feed);
  });
  afterAll(async () => {
    await feed.stop();
    await Promise.all([store.close(), server.close()]);
  });

  const command = (change: Partial<QueuedCommand> = {}): QueuedCommand => ({
    platformId: 'A',
    ...named(`c-${(count += 1)}`),
    operation: 'CapturePayment',
    content: { paymentId: 'pay_1', body: {} },
    paymentId: 'pay_1',
    ...change,
  });
  const named = (key: string) => ({ key, namedKey: key });
  const outcomes = async ({ platformId, key }: QueuedCommand): Promise<CommandEvent[]> =>
    (await store.read<CommandEvent>(`command-${commandIdOf({ kind: 'platform', platformId }, key)}`)).map(({ event }) => event);
  const accepted = () => Promise.resolve({ paymentId: 'pay_1', status: 'captured' });
  const refused = (code: 'state_conflict' | 'overloaded') => () => Promise.reject(new Problem(code, 'not now'));

  it('that takes effect is stored as accepted, once', async () => {
    const asked = command();
    let runs = 0;
    const work = () => {
      runs += 1;
      return accepted();
    };
    await refusals.settle(asked, work);
    await refusals.settle(asked, work);
    expect(runs).toBe(1);
    expect(await outcomes(asked)).toMatchObject([
      { type: 'CommandAccepted', commandKey: asked.key, paymentId: 'pay_1', status: 'captured' },
    ]);
  });

  it('that is refused stays refused, whatever has changed meanwhile', async () => {
    const asked = command();
    await refusals.settle(asked, refused('state_conflict'));
    await refusals.settle(asked, accepted);
    expect(await outcomes(asked)).toMatchObject([
      { type: 'CommandRefused', code: 'state_conflict', status: 409, commandKey: asked.key, subject: 'pay_1', operation: 'CapturePayment' },
    ]);
  });

  it('that cannot be decided now is tried again', async () => {
    const asked = command();
    await expect(refusals.settle(asked, refused('overloaded'))).rejects.toThrow(Outage);
    expect(await outcomes(asked)).toEqual([]);
    await refusals.settle(asked, accepted);
    expect(await outcomes(asked)).toMatchObject([{ type: 'CommandAccepted' }]);
  });

  it('whose handling fails unexpectedly is neither', async () => {
    const asked = command();
    await expect(refusals.settle(asked, () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
    expect(await outcomes(asked)).toEqual([]);
  });

  it('whose id was used for something else is refused, and the first one keeps its outcome', async () => {
    const asked = command();
    const other = { ...asked, content: { paymentId: 'pay_2', body: {} }, paymentId: 'pay_2' };
    await refusals.settle(asked, accepted);
    for (const each of [other, other, asked]) await refusals.settle(each, () => Promise.reject(new Error('must not run')));
    expect(await outcomes(asked)).toMatchObject([
      { type: 'CommandAccepted', paymentId: 'pay_1' },
      { type: 'CommandRefused', code: 'idempotency_key_reused', subject: 'pay_2' },
    ]);
    // Over HTTP, too, the id still belongs to the one that was accepted.
    const answer = await refusals.answer(
      { principal: { kind: 'platform', platformId: 'A' }, key: asked.key, operation: 'CapturePayment', body: asked.content },
      () => Promise.resolve('as before'),
    );
    expect(answer).toBe('as before');
  });

  it('is the same command over HTTP', async () => {
    const asked = command();
    const principal = { kind: 'platform', platformId: 'A' } as const;
    const overHttp = { principal, key: asked.key, operation: asked.operation, body: asked.content };
    await expect(refusals.answer(overHttp, refused('state_conflict'))).rejects.toThrow('state_conflict');
    await refusals.settle(asked, accepted);
    expect(await outcomes(asked)).toMatchObject([{ type: 'CommandRefused', code: 'state_conflict', commandKey: asked.key }]);
  });

  it('of another platform under the same id is another command', async () => {
    const asked = command();
    await refusals.settle(asked, accepted);
    await refusals.settle({ ...asked, platformId: 'B' }, refused('state_conflict'));
    expect(await outcomes({ ...asked, platformId: 'B' })).toMatchObject([{ type: 'CommandRefused', platformId: 'B' }]);
  });

  it('whose id could not be read is refused without one', async () => {
    const asked = command({ namedKey: undefined, paymentId: undefined });
    await refusals.settle(asked, refused('state_conflict'));
    expect((await outcomes(asked))[0]).not.toHaveProperty('commandKey');
  });

  it('that is being handled elsewhere at the same moment gets one outcome', async () => {
    const asked = command();
    let go: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (go = resolve));
    let waiting = 0;
    const work = async () => {
      waiting += 1;
      if (waiting === 2) go();
      await both;
      return { paymentId: 'pay_1', status: `seen by ${waiting}` };
    };
    const settled = await Promise.allSettled([
      refusals.settle(asked, work),
      refusals.settle(asked, () => work().then(() => Promise.reject(new Problem('state_conflict', 'too late')))),
    ]);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(WrongRevision) });
    expect(await outcomes(asked)).toHaveLength(1);
  });
});
