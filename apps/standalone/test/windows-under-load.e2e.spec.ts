import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditStore, eventually, isCluster, type HubAnswer } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

const inFlight = 200;
const closings = isCluster() ? 4 : 8;
/** So many more are accepted before each closing. */
const between = 150;

const course = {
  contentId: 'course-2',
  unitPriceMinor: 3_000,
  quantity: 1,
  ownerId: 'B',
  creators: [{ creatorId: 'K', share: 1 }],
  agreementId: 'example-2',
};

describe(`windows that close again and again while ${inFlight} payments are in flight`, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.begin({ SETTLEMENT_AUTOMATIC_APPROVAL_MINOR: '1000000000' });
    await addModel();
  }, 90_000);
  afterAll(() => world.end());

  it('have each side of each transfer once', async () => {
    const load = new Load(world);
    const settlements: string[] = [];
    for (let closing = 1; closing <= closings; closing += 1) {
      await eventually(
        () => Promise.resolve(load.accepted),
        (accepted) => accepted >= closing * between,
        90_000,
      );
      expect(load.underWay).toBe(inFlight);
      const number = String(closing).padStart(6, '0');
      const both = ['dnm', 'daily'].map((model) => closeAndAsk(`${model}_CNY_${number}`));
      settlements.push(...(await Promise.all(both)));
    }
    await load.end();
    // Those that were still under way.
    const last = String(closings + 1).padStart(6, '0');
    settlements.push(...(await Promise.all(['dnm', 'daily'].map((model) => closeAndAsk(`${model}_CNY_${last}`)))));
    expectStatus(await world.operator('ops').post('/v1/sandbox/providers/alipay/pay-out', { currency: 'CNY' }), 200);
    for (const settlementId of settlements)
      await becomes(settlementId, ({ status, paymentsTold }) => status === 'settled' && paymentsTold.done);

    const audit = () => auditStore(world.hub.eventStoreUrl);
    const report = await eventually(audit, ({ ok }) => ok, 60_000).catch(audit);
    expect(report.problems).toEqual([]);
    const count = load.accepted;
    expect(report.figures).toMatchObject({
      payments: count,
      captured: count,
      windows: settlements.length,
      settlements: settlements.length,
    });
  }, 300_000);

  /** B and K are settled by a model of their own: the sides of one payment lie in windows that close at two times. */
  async function addModel(): Promise<void> {
    const [finance, approver] = [world.operator('finance'), world.operator('approver')];
    const terms = { granularity: 'net', interchange: 'multilateral', delay: 'deferred', collection: 'debit' };
    const amounts = { minimumPayoutMinor: 1, automaticApprovalUpToMinor: 1_000_000_000 };
    const path = '/v1/settlement/models/daily/CNY';
    const { version } = expectStatus(await finance.put(path, { ...terms, ...amounts }), 200).body;
    expectStatus(await approver.post(`${path}/approve`, { version }), 200);
    for (const party of ['platform:B', 'creator:K']) {
      const change = { currency: 'CNY', model: 'daily' };
      expectStatus(await finance.put(`/v1/settlement/parties/${party}/models`, change), 200);
      expectStatus(await approver.post(`/v1/settlement/parties/${party}/models/approve`, change), 200);
    }
  }

  /** @returns the settlement's id, once it is past abort: then the next one knows what it carries */
  async function closeAndAsk(windowId: string): Promise<string> {
    const finance = world.operator('finance');
    await eventually(
      () => finance.get(`/v1/settlement/windows/${windowId}`),
      ({ status }) => status === 200,
    );
    expectStatus(await finance.post(`/v1/settlement/windows/${windowId}/close`), 200);
    const { settlementId } = expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: [windowId] }), 201).body;
    await becomes(settlementId, ({ status }) => status === 'paying' || status === 'settled');
    return settlementId;
  }

  async function becomes(settlementId: string, isSo: (body: HubAnswer['body']) => boolean): Promise<void> {
    await eventually(async () => (await world.operator('finance').get(`/v1/settlement/settlements/${settlementId}`)).body, isSo, 90_000);
  }
});

/** Buyers of whom each has a payment under way at any moment, until told to stop. */
class Load {
  accepted = 0;
  underWay = 0;
  #isEnding = false;
  readonly #buyers: Promise<unknown>;

  constructor(private readonly world: World) {
    this.#buyers = Promise.all(Array.from({ length: inFlight }, (_, index) => this.#buyer(index)));
    // Told when it ends, whoever waits for something else meanwhile.
    this.#buyers.catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#buyers;
  }

  async #buyer(index: number): Promise<void> {
    const kinds = [{ processorId: 'B' }, { items: [course] }];
    for (let bought = 0; !this.#isEnding; bought += 1) {
      const change = kinds[(index + bought) % kinds.length];
      await this.#buy(orderOf('A', change && 'items' in change ? 3_000 : 1_000, change));
    }
  }

  /** Asked again under the same key while the hub has too much to do. */
  async #buy(order: Record<string, unknown>): Promise<void> {
    const key = randomUUID();
    this.underWay += 1;
    const ask = () => this.world.platform('A').post('/v1/payments', order, { key, waitSeconds: 10 });
    const answer = await eventually(ask, ({ status }) => status !== 429, 90_000);
    if (answer.status >= 300) expectStatus(answer, 201);
    this.underWay -= 1;
    this.accepted += 1;
  }
}
