import type { BankLineRecorded } from '@tongbao/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { captured, example1, placeHold, postEntry, registered, split, stateOf, transfer } from '../test/builders.js';
import { failing, gated, openHub, posted, type Hub } from '../test/hub.js';
import { foldJournal } from './journal.fold.js';
import type { AnyFact } from './posting-rules.js';

const topUp = (amountMinor: number): AnyFact => ({
  type: 'TopUpCaptured',
  topUpId: 't',
  userId: 'u',
  provider: 'alipay',
  providerRef: 'x',
  amountMinor,
  currency: 'CNY',
});
const windowClosed: AnyFact = {
  type: 'WindowClosed',
  windowId: 'w',
  model: 'm',
  currency: 'CNY',
  sequence: 1,
  nextWindowId: 'w2',
  closedAt: '',
  by: 'op',
};
const sale = (number: number) =>
  captured([split('provider:alipay', 'platform:A', 10), split('platform:A', 'hub:fees', 1)], { paymentId: `pay_${number}` });
const sales = (count: number) => Array.from({ length: count }, (_, index) => sale(index));

let hub: Hub;
beforeEach(async () => {
  hub = await openHub();
});
afterEach(() => hub.close());

describe('the writer', () => {
  it('posts the facts of the log and decides commands on them', async () => {
    const writer = await hub.startWriter();
    const consumer = hub.follow(writer);
    await consumer.reached(await hub.record(registered('platform:A'), registered('platform:B'), captured(example1)), 10_000);
    expect([posted(writer.books, 'platform:A'), posted(writer.books, 'platform:B')]).toEqual([900, -50]);
    const answer = await writer.submit(postEntry('c1', [transfer('hub:fees', 'platform:B', 50)]));
    expect(answer).toMatchObject({ result: 'accepted', entry: 1, balances: [{ postedMinor: expect.any(Number) }, {}], replayed: false });
    const { position } = await writer.submit(postEntry('c2', [transfer('hub:fees', 'platform:B', 50)]));
    expect(await writer.submit(postEntry('c1', [transfer('hub:fees', 'platform:B', 50)]))).toEqual({ ...answer, position, replayed: true });
    const last = (await hub.store.read('journal-main')).at(-2);
    expect(last).toMatchObject({ position: answer.position, event: { epoch: 1, outcomes: [{ commandId: 'c1' }] } });
  });

  it('says of a correction which fact the corrected entry posts, also where a correction is corrected', async () => {
    const writer = await hub.startWriter();
    const consumer = hub.follow(writer);
    const position = await hub.record(captured([split('provider:alipay', 'platform:X', 500)]));
    await consumer.reached(position, 10_000);
    await consumer.reached(await hub.record(registered('platform:X')), 10_000);
    const correct = (commandId: string, corrects: number) =>
      writer.submit({ ...postEntry(commandId, [transfer('hub:suspense', 'platform:X', 1)]), corrects });
    const [first, own] = [await correct('c1', 0), await writer.submit(postEntry('c2', [transfer('hub:fees', 'platform:X', 1)]))];
    await correct('c3', first.entry ?? -1);
    await correct('c4', own.entry ?? -1);
    const entries = (await hub.journal()).flatMap((event) => event.entries);
    expect(entries.map(({ kind, corrects, correctsPosition }) => [kind, corrects, correctsPosition])).toEqual([
      ['PaymentCaptured', undefined, undefined],
      ['PostEntry', 0, String(position)],
      ['PostEntry', undefined, undefined],
      ['PostEntry', 1, String(position)],
      ['PostEntry', 2, undefined],
    ]);
  });

  it('of a fact that makes no nets, such as a line of our bank, a correction is a fact of its own', async () => {
    const writer = await hub.startWriter();
    const consumer = hub.follow(writer);
    const line: BankLineRecorded = {
      ...{
        type: 'BankLineRecorded',
        bank: 'sandbox',
        lineId: 'l1',
        sequence: 1,
        amountMinor: 500,
        currency: 'CNY',
        reference: 'from a stranger',
      },
      ...{ match: { kind: 'unmatched', reason: 'no_such_payout' }, bookedAt: '2026-01-01T00:00:00.000Z' },
    };
    await consumer.reached(await hub.record(registered('platform:X'), line), 10_000);
    const correction = { ...postEntry('c1', [transfer('hub:suspense', 'platform:X', 500)]), corrects: 0 };
    expect(await writer.submit(correction)).toMatchObject({ result: 'accepted' });
    const [, entry] = (await hub.journal()).flatMap((event) => event.entries);
    expect(entry).toMatchObject({ kind: 'PostEntry', corrects: 0 });
    expect(entry).not.toHaveProperty('correctsPosition');
  });

  it('appends one event for all that came while the one before was under way', async () => {
    const store = gated(hub.store);
    const writer = await hub.startWriter({ store });
    const first = writer.submit(postEntry('first', [transfer('hub:fees', 'hub:losses', 1)]));
    await store.waiting;
    const others = Array.from({ length: 20 }, (_, index) =>
      writer.submit(postEntry(`other ${index}`, [transfer('hub:fees', 'hub:losses', 1)])),
    );
    expect(writer.lag().pendingCommands).toBe(21);
    store.release();
    const answers = await Promise.all([first, ...others]);
    expect(answers.map(({ entry }) => entry)).toEqual(Array.from({ length: 21 }, (_, index) => index));
    expect((await hub.journal()).map(({ entries }) => entries.length)).toEqual([1, 20]);
  });

  it('writes nothing for facts that post nothing, but marks the end of a window', async () => {
    const writer = await hub.startWriter();
    const consumer = hub.follow(writer);
    await consumer.reached(await hub.record({ type: 'AttemptDeclined', attempt: 1, code: 'x' }), 10_000);
    expect(await hub.journal()).toEqual([]);
    const closed = await hub.record(windowClosed);
    await consumer.reached(closed, 10_000);
    expect(await hub.journal()).toMatchObject([{ sourcePosition: String(closed), entries: [] }]);
  });

  it('divides what is too much for one event', async () => {
    const wide = Array.from({ length: 80 }, (_, index) =>
      captured(
        Array.from({ length: 100 }, () => split('provider:alipay', 'platform:A', 1, 'k'.repeat(100))),
        { paymentId: `pay_${index}` },
      ),
    );
    const last = await hub.record(registered('platform:A'), ...wide);
    const writer = await hub.startWriter();
    await hub.follow(writer).reached(last, 20_000);
    const journal = await hub.journal();
    expect(journal.length).toBeGreaterThan(2);
    for (const event of journal) expect(JSON.stringify(event).length).toBeLessThan(700_000);
    expect(journal.flatMap(({ entries }) => entries)).toHaveLength(80);
    expect(journal.at(-1)?.sourcePosition).toBe(String(last));
    expect(posted(writer.books, 'platform:A')).toBe(8000);
  });

  it('lets no command wait for all the facts there are', async () => {
    const store = gated(hub.store);
    const writer = await hub.startWriter({ store });
    const first = writer.submit(postEntry('first', [transfer('hub:fees', 'hub:losses', 1)]));
    await store.waiting;
    const wide = captured(Array.from({ length: 100 }, () => split('provider:alipay', 'hub:fees', 1, 'k'.repeat(100))));
    const stored = (index: number) => ({
      event: wide,
      stream: `payment-${index}`,
      revision: 0,
      position: BigInt(index),
      id: '',
      metadata: {},
      createdAt: new Date(),
    });
    const facts = writer.post({ events: Array.from({ length: 60 }, (_, index) => stored(index + 1)), position: 60n });
    const second = writer.submit(postEntry('second', [transfer('hub:fees', 'hub:losses', 1)]));
    store.release();
    await Promise.all([first, second, facts]);
    const [, next, ...later] = await hub.journal();
    expect(next).toMatchObject({
      outcomes: [{ commandId: 'second' }],
      entries: expect.arrayContaining([expect.objectContaining({ kind: 'PaymentCaptured' })]),
    });
    expect(later.length).toBeGreaterThan(1);
  });

  it('reverses what the journal holds: of two reversals at the same moment one succeeds', async () => {
    const last = await hub.record(registered('platform:A'), ...sales(30));
    const writer = await hub.startWriter();
    await hub.follow(writer).reached(last, 10_000);
    const twice = Array.from({ length: 30 }, (_, entry) =>
      ['a', 'b'].map((by) => writer.submit({ command: 'ReverseEntry', commandId: `${by} ${entry}`, entry })),
    );
    for (const pair of twice) {
      const answers = await Promise.all(pair);
      expect(answers.map(({ code }) => code)).toEqual([undefined, 'already_reversed']);
    }
    expect((await writer.submit({ command: 'ReverseEntry', commandId: 'c', entry: 999 })).code).toBe('entry_not_found');
    expect(posted(writer.books, 'platform:A')).toBe(0);
  });

  it('lets a hold expire when nothing else happens', async () => {
    const writer = await hub.startWriter();
    await hub.follow(writer).reached(await hub.record(topUp(100)), 10_000);
    const expired = untilEvent(hub, ({ holds }) => holds.some(({ change }) => change === 'expired'));
    await writer.submit(placeHold('h', 'user:u:wallet', 60, { expiresAt: new Date(Date.now() + 30).toISOString() }));
    await expired;
    const { books } = await foldJournal({ store: hub.store });
    expect(books.balance('user:u:wallet', 'CNY').held).toBe(0n);
  });

  it('gives back a command that cannot be decided, and goes on', async () => {
    const writer = await hub.startWriter();
    const broken = writer.submit(placeHold('h', 'user:u:wallet', 0.5));
    const good = writer.submit(postEntry('good', [transfer('hub:fees', 'hub:losses', 1)]));
    await expect(broken).rejects.toThrow(RangeError);
    await expect(good).resolves.toMatchObject({ result: 'accepted' });
  });

  it('stands still before a fact that it cannot post, rather than pass it over', async () => {
    const failures: unknown[] = [];
    const writer = await hub.startWriter({ onFailure: (error) => failures.push(error) });
    const consumer = hub.follow(writer);
    await hub.record(topUp(0.5));
    await expect(untilFailed(() => writer.submit(postEntry('c', [transfer('hub:fees', 'hub:losses', 1)])))).rejects.toThrow(Outage);
    expect(failures).toHaveLength(1);
    expect(consumer.position).toBe(0n);
  });

  it('tells of alarms once they are durable', async () => {
    const alarms: string[] = [];
    const writer = await hub.startWriter({ onAlarm: ({ alarm, account }) => alarms.push(`${alarm} ${account}`) });
    await hub.follow(writer).reached(await hub.record(sale(1)), 10_000);
    expect(alarms).toEqual(['account_unknown platform:A']);
  });

  it('rejects with an outage what is pending when it stops', async () => {
    const store = gated(hub.store);
    const writer = await hub.startWriter({ store });
    const first = writer.submit(postEntry('first', [transfer('hub:fees', 'hub:losses', 1)]));
    await store.waiting;
    const second = writer.submit(postEntry('second', [transfer('hub:fees', 'hub:losses', 1)]));
    const rejected = expect(second).rejects.toThrow(Outage);
    const stopped = writer.stop();
    store.release();
    await expect(first).resolves.toMatchObject({ entry: 0 });
    await Promise.all([rejected, stopped]);
    await expect(writer.submit(postEntry('third', []))).rejects.toThrow(Outage);
  });
});

describe('after a restart', () => {
  it('the books are as they were, in a new epoch', async () => {
    const last = await hub.record(registered('platform:A'), ...sales(20));
    const writer = await hub.startWriter();
    await hub.follow(writer).reached(last, 10_000);
    await writer.submit(placeHold('h', 'platform:A', 5));
    await writer.stop();
    const again = await hub.startWriter();
    expect(stateOf(again.books)).toEqual(stateOf(writer.books));
    expect(again.sourcePosition).toBeGreaterThanOrEqual(last);
    expect(await again.submit(placeHold('h', 'platform:A', 5))).toMatchObject({ replayed: true, result: 'accepted' });
    await again.submit(postEntry('c', [transfer('hub:fees', 'hub:losses', 1)]));
    expect((await hub.journal()).map(({ epoch }) => epoch).at(-1)).toBe(2);
  });

  it.each(Array.from({ length: 6 }, (_, index) => index + 1).flatMap((nth) => [[nth, 'before'] as const, [nth, 'after'] as const]))(
    'each fact is posted once when the process died at append %s, %s it was done',
    async (nth, when) => {
      const last = await hub.record(registered('platform:A'), ...sales(25));
      const died = () => new Error('the process died');
      const failures: unknown[] = [];
      const writer = await hub.startWriter({ store: failing(hub.store, nth, when, died), onFailure: (error) => failures.push(error) });
      hub.follow(writer, 5);
      await writer.finished;
      const again = await hub.startWriter();
      await hub.follow(again, 7).reached(last, 10_000);
      expect(failures).toHaveLength(1);
      const entries = (await hub.journal()).flatMap((event) => event.entries);
      expect(entries.map(({ ref }) => ref)).toEqual(sales(25).map(({ paymentId }) => paymentId));
      expect([posted(again.books, 'platform:A'), posted(again.books, 'hub:fees')]).toEqual([225, 25]);
    },
  );
});

describe('after an append that went wrong', () => {
  it.each(['before', 'after'] as const)('%s it was done, nothing is lost or posted twice', async (when) => {
    const last = await hub.record(registered('platform:A'), ...sales(25));
    const outages: unknown[] = [];
    const writer = await hub.startWriter({ store: failing(hub.store, 2, when), onOutage: (error) => outages.push(error) });
    const answers = Array.from({ length: 10 }, (_, index) =>
      writer.submit(postEntry(`c${index}`, [transfer('provider:stripe', 'hub:losses', 1)])),
    );
    const consumer = hub.follow(writer, 10);
    await consumer.reached(last, 10_000);
    expect((await Promise.all(answers)).every(({ result }) => result === 'accepted')).toBe(true);
    expect(outages).toHaveLength(1);
    expect([posted(writer.books, 'platform:A'), posted(writer.books, 'hub:losses')]).toEqual([225, 10]);
    expect(stateOf((await foldJournal({ store: hub.store })).books)).toEqual(stateOf(writer.books));
  });

  it('answers a command whose append was in doubt with what the journal says', async () => {
    const writer = await hub.startWriter({ store: failing(hub.store, 1, 'after') });
    const answer = await writer.submit(postEntry('c', [transfer('hub:fees', 'hub:losses', 1)]));
    expect(answer).toMatchObject({ result: 'accepted', entry: 0, replayed: true });
    expect(await hub.journal()).toHaveLength(1);
  });

  it('because another writer was first, decides again on what that one wrote', async () => {
    const last = await hub.record(registered('platform:A'), topUp(1000), ...sales(40));
    const [one, other] = [await hub.startWriter(), await hub.startWriter()];
    const consumers = [hub.follow(one, 3), hub.follow(other, 4)];
    const holds = Array.from({ length: 12 }, (_, index) => (index % 2 ? one : other).submit(placeHold(`h${index}`, 'user:u:wallet', 100)));
    await Promise.all(consumers.map((consumer) => consumer.reached(last, 20_000)));
    const answers = await Promise.all(holds);
    expect(answers.filter(({ result }) => result === 'accepted').length).toBeLessThanOrEqual(10);
    const { books } = await foldJournal({ store: hub.store });
    expect([posted(books, 'platform:A'), posted(books, 'hub:fees'), posted(books, 'user:u:wallet')]).toEqual([360, 40, 1000]);
    expect((await hub.journal()).flatMap(({ entries }) => entries)).toHaveLength(41);
  });
});

/** Follows the journal until an event is as wanted. */
async function untilEvent({ store }: Hub, wanted: (event: Awaited<ReturnType<Hub['journal']>>[number]) => boolean): Promise<void> {
  const found = new AbortController();
  for await (const { events } of store.follow(['journal'], 0n, found.signal)) {
    // The category holds nothing but the journal.
    if (events.some(({ event }) => wanted(event as Awaited<ReturnType<Hub['journal']>>[number]))) found.abort();
  }
}

/** Repeats until it fails. */
async function untilFailed(attempt: () => Promise<unknown>): Promise<never> {
  for (;;) await attempt();
}
