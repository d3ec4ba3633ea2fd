import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EventStore } from '@tongbao/event-store';
import { eventually, isCluster } from '@tongbao/testing';
import { Webhook } from 'standardwebhooks';
import { expectStatus, orderOf, World } from './world.js';

// The distributed form takes much longer to come back from nothing; what single processes do when they are killed is a suite of its own.
const payments = isCluster() ? 600 : 2_000;
const kills = isCluster() ? 3 : 10;
const inFlight = 24;
const seed = Number(process.env['CRASH_SEED'] ?? 20261123);

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
function random(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let world: World;
let receiver: Server;
let webhook: Webhook | undefined;
/** Payments whose payment.captured arrived, and how many webhooks could not be verified. */
const told = new Set<string>();
let unverified = 0;

beforeAll(async () => {
  world = await World.begin({ PROVIDER_TIMEOUT_MS: '2000' });
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      try {
        webhook?.verify(body, request.headers as Record<string, string>);
        const { type, data } = JSON.parse(body) as { type: string; data: { paymentId?: string } };
        if (type === 'payment.captured' && data.paymentId) told.add(data.paymentId);
      } catch {
        unverified += 1;
      }
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  const { body } = expectStatus(
    await world.platform('A').post('/v1/endpoints', { url: `http://127.0.0.1:${port}/hooks`, eventTypes: ['*'] }),
    201,
  );
  webhook = new Webhook(body.secret);
}, 90_000);

afterAll(async () => {
  await world.end();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

it(`pulling the plug ${kills} times while ${payments} payments run changes nothing (seed ${seed})`, async () => {
  const chance = random(seed);
  const tokens = ['approve', 'approve', 'approve', 'approve', 'approve', 'approve', 'slow:40', 'twice', 'decline', 'late', 'unreachable'];
  const orders = Array.from({ length: payments }, (_, index) => {
    const token = tokens[Math.floor(chance() * tokens.length)] ?? 'approve';
    return {
      order: orderOf('A', 100 + index, { orderId: `crash-${index}`, processorId: 'B', method: { provider: 'alipay', token } }),
      key: randomUUID(),
      token,
    };
  });
  const killAt = Array.from({ length: kills }, () => Math.floor(chance() * payments * 0.95)).sort((a, b) => a - b);
  const accepted = new Map<string, { paymentId: string; token: string }>();
  let next = 0;
  let restarting: Promise<void> | undefined;

  /** A platform that does as it should: repeats the same request under the same key until it has an answer. */
  const worker = async () => {
    for (let index = next++; index < orders.length; index = next++) {
      const { order, key, token } = orders[index]!;
      for (;;) {
        await restarting;
        const answer = await world
          .platform('A')
          .post('/v1/payments', order, { key })
          .catch(() => undefined);
        if (answer && answer.status < 300) {
          accepted.set(order['orderId'] as string, { paymentId: answer.body.paymentId, token });
          break;
        }
        if (answer && answer.status !== 429 && answer.status < 500)
          throw new Error(`order ${index} was refused: ${JSON.stringify(answer.body)}`);
      }
      if (index >= (killAt[0] ?? Infinity) && !restarting) {
        killAt.shift();
        restarting = world.hub
          .kill()
          .then(() => world.restart())
          .finally(() => (restarting = undefined));
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  await restarting;
  expect(accepted.size).toBe(payments);

  // Every accepted payment ends in its right state. One that the provider takes after it declined is captured where the plug was pulled before
  // the decline was recorded, and else the money goes back: either is right, both at once is not.
  const rightStates = (token: string) =>
    token === 'decline' ? ['requested'] : token === 'late' ? ['requested', 'captured'] : ['captured'];
  const store = EventStore.connect(world.hub.eventStoreUrl);
  const captured = new Set<string>();
  const wrongStates = async () => {
    const wrong: string[] = [];
    for await (const { orderId, paymentId, status } of listed()) {
      if (status === 'captured') captured.add(paymentId);
      const token = accepted.get(orderId)?.token;
      if (token && !rightStates(token).includes(status)) wrong.push(`${orderId} (${token}) is ${status}`);
    }
    return wrong;
  };
  await eventually(wrongStates, (wrong) => wrong.length === 0, 90_000);
  await eventually(
    () => Promise.resolve([...captured].filter((paymentId) => !told.has(paymentId)).length),
    (missing) => missing === 0,
    90_000,
  );

  // The books: one capture each, balances are the fold of the journal, everything sums to zero, nothing is left in suspense.
  await world.balancesBecome('CNY', { 'hub:suspense': 0 });
  const journal = await journalOf(store);
  const captures = journal.entries.filter(({ kind }) => kind === 'PaymentCaptured').map(({ ref }) => ref);
  expect(captures.length).toBe(new Set(captures).size);
  expect(new Set(captures)).toEqual(captured);
  expect(journal.numbers).toEqual(journal.entries.map((_, index) => index + journal.first));
  expect([...journal.balances.values()].reduce((sum, each) => sum + each, 0)).toBe(0);
  await world.balancesBecome('CNY', Object.fromEntries(journal.balances));

  // No webhook is missing, and none came that is not ours.
  expect([...captured].filter((paymentId) => !told.has(paymentId))).toEqual([]);
  expect(unverified).toBe(0);

  // The settlement's nets equal the ledger's movement, by its own check.
  const finance = world.operator('finance');
  expectStatus(await finance.post('/v1/settlement/windows/dnm_CNY_000001/close'), 200);
  const { settlementId } = expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: ['dnm_CNY_000001'] }), 201).body;
  const settlement = await eventually(
    async () => (await finance.get(`/v1/settlement/settlements/${settlementId}`)).body,
    ({ status }) => status === 'verified' || status === 'mismatched',
    60_000,
  );
  expect(settlement.status).toBe('verified');
  await store.close();

  // Each order was charged at most once, as the provider sees it.
  expect(await world.hub.stop()).toBe(0);
  const provider = new DatabaseSync(join(world.hub.dataDir, 'sandbox-providers.db'), { readOnly: true });
  const taken = provider
    .prepare('SELECT substr(key, 1, 26) AS payment, count(*) AS charges, sum(taken) AS taken FROM charges WHERE taken > 0 GROUP BY 1')
    .all();
  provider.close();
  expect(taken.filter(({ charges }) => charges !== 1)).toEqual([]);
  expect(taken.length).toBeGreaterThanOrEqual(captured.size);
}, 600_000);

/** All payments of the platform, as the API lists them. */
async function* listed(): AsyncGenerator<{ orderId: string; paymentId: string; status: string }> {
  for (let cursor = ''; ;) {
    const { body } = expectStatus(await world.platform('A').get(`/v1/payments?limit=500${cursor}`), 200);
    yield* body.items;
    if (!body.next) return;
    cursor = `&cursor=${body.next}`;
  }
}

interface Entry {
  kind: string;
  ref: string;
  transfers: { from: string; to: string; amountMinor: number; currency: string }[];
}

/** The journal, folded by code that shares nothing with the ledger's. */
async function journalOf(store: EventStore) {
  const events = await store.read<{ type: string; firstEntry: number; entries: Entry[] }>('journal-main');
  const balances = new Map<string, number>();
  const entries: Entry[] = [];
  const numbers: number[] = [];
  for (const { event } of events) {
    event.entries.forEach((entry, index) => {
      entries.push(entry);
      numbers.push(event.firstEntry + index);
      for (const { from, to, amountMinor } of entry.transfers) {
        balances.set(from, (balances.get(from) ?? 0) - amountMinor);
        balances.set(to, (balances.get(to) ?? 0) + amountMinor);
      }
    });
  }
  return { entries, numbers, balances, first: numbers[0] ?? 0 };
}
