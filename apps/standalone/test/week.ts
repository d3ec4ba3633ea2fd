import { eventually } from '@tongbao/testing';
import { agreementId, agreementRules, carried, creators, currencies, platforms, type PlannedOrder, type WeekPlan } from './real-week.js';
import { expectStatus, orderOf, World } from './world.js';

/** A settlement as the API shows it. */
export interface Settlement {
  settlementId: string;
  model: string;
  currency: string;
  status: string;
  windowIds: string[];
  parties: { party: string; netMinor: number; sides: number; directMinor?: number; carriedInMinor: number; carriedOutMinor: number }[];
  payouts: { party: string; direction: string; amountMinor: number; status: string }[];
  direct?: { obligationId: string; status: string }[];
  paymentsTold: { done: boolean };
}

export interface ShownNet {
  windowId: string;
  party: string;
  net: string;
  sides: number;
  ledgerNet: string;
  ledgerSides: number;
}

/** What domain.md says of its examples: after example 1, after its refund; examples 2 and 3 together. */
export const examples: readonly Record<string, number>[] = [
  { 'platform:A': 900, 'platform:B': -50, 'hub:fees': 150, 'provider:alipay': -1_000 },
  { 'platform:A': 540, 'platform:B': -30, 'hub:fees': 90, 'provider:alipay': -600 },
  { 'platform:A': 600, 'platform:B': 711, 'creator:K': 1_659, 'hub:fees': 30, 'provider:stripe': -3_000 },
  { 'platform:A': 4_550, 'platform:B': 1_711, 'creator:K': 1_659, 'hub:fees': 80, 'provider:stripe': -8_000 },
];

/** What an operator gives a platform on Wednesday. */
export const goodwillMinor = 1_234;

const atOnce = 24;
const net = {
  granularity: 'net',
  interchange: 'multilateral',
  delay: 'deferred',
  minimumPayoutMinor: 100,
  collection: 'debit',
  automaticApprovalUpToMinor: 0,
};
const models = {
  /** Asked for and approved by itself; what creators received and what they gave back are moved apart. */
  artists: { ...net, granularity: 'gross', settleAfterDays: 0, automaticApprovalUpToMinor: 1_000_000_000 },
  pairs: { ...net, interchange: 'bilateral' },
};

/** Which windows close at the end of which day, from 0 for Monday, and what is settled by hand then. */
const closings: Record<number, { close: string[]; settle: string[] }> = {
  1: { close: ['dnm'], settle: ['dnm'] },
  2: { close: ['artists'], settle: [] },
  3: { close: ['dnm', 'pairs'], settle: ['pairs'] },
  4: { close: ['artists'], settle: [] },
  6: { close: ['dnm', 'artists', 'pairs'], settle: ['dnm', 'pairs'] },
};

/** The week as it is played against the hub's API. */
export class Week {
  readonly exampleBalances: Record<string, number>[] = [];
  /** Of each model and currency: how many windows have been closed, and which of them wait to be settled by hand. */
  readonly #closed = new Map<string, number>();
  readonly #waiting = new Map<string, string[]>();
  readonly #payments = new Map<string, string>();

  private constructor(readonly world: World) {}

  static async begin(): Promise<Week> {
    const world = await World.begin();
    for (const id of platforms) await world.addPlatform(id);
    for (const id of creators) if (id !== carried) await world.addCreator(id);
    expectStatus(await world.operator('ops').post('/v1/creators', { creatorId: carried, name: 'Creator without a bank account' }), 201);
    await world.addAgreement(agreementId, agreementRules);
    return new Week(world);
  }

  end(): Promise<void> {
    return this.world.end();
  }

  async playExamples(): Promise<void> {
    const { paymentId } = await this.#pay('A', orderOf('A', 1_000, { processorId: 'B' }));
    await this.#balancesBecome('CNY', examples[0]);
    await this.#refund('A', paymentId, { amountMinor: 400, currency: 'CNY' });
    await this.#balancesBecome('CNY', examples[1]);
    const inDollars = { currency: 'USD', method: { provider: 'stripe' } };
    const item = { quantity: 1, agreementId: 'example-2' };
    const course = { ...item, contentId: 'course', unitPriceMinor: 3_000, ownerId: 'B', creators: [{ creatorId: 'K', share: 1 }] };
    await this.#pay('A', orderOf('A', 3_000, { ...inDollars, items: [course] }));
    await this.#balancesBecome('USD', examples[2]);
    const column = { ...item, contentId: 'column', unitPriceMinor: 5_000, ownerId: 'A' };
    await this.#pay('B', orderOf('B', 5_000, { ...inDollars, items: [column] }));
    await this.#balancesBecome('USD', examples[3]);
  }

  /** Creators and two of the platforms leave dnm before the week begins. */
  async chooseModels(): Promise<void> {
    const [finance, approver] = [this.world.operator('finance'), this.world.operator('approver')];
    for (const currency of currencies) {
      for (const [name, terms] of Object.entries(models)) {
        const { version } = expectStatus(await finance.put(`/v1/settlement/models/${name}/${currency}`, terms), 200).body;
        expectStatus(await approver.post(`/v1/settlement/models/${name}/${currency}/approve`, { version }), 200);
      }
      for (const id of creators) await this.#assign(`creator:${id}`, currency, 'artists');
      for (const id of ['p5', 'p6']) await this.#assign(`platform:${id}`, currency, 'pairs');
      await this.#close('dnm', currency);
    }
  }

  /** Everything that the plan has for a day. On Wednesday p4 is put on another model, which takes effect with the cut-off on Thursday. */
  async trade(plan: WeekPlan, day: number): Promise<void> {
    await inParallel(
      plan.orders.filter((order) => order.day === day),
      async ({ body }) => {
        const { paymentId } = await this.#pay(body.platformId, body);
        this.#payments.set(body.orderId, paymentId);
      },
    );
    for (const { disputeId, order, amountMinor, opensOn, closing } of plan.disputes) {
      const path = `/v1/payments/${this.#paymentOf(order)}/disputes`;
      const { currency } = order;
      const finance = this.world.operator('finance');
      if (opensOn === day) expectStatus(await finance.post(path, { disputeId, amountMinor, currency, reason: 'fraud' }), 201);
      if (closing?.day !== day) continue;
      const { outcome, lostMinor, feeMinor } = closing;
      expectStatus(await finance.post(`${path}/${disputeId}/close`, { outcome, lostMinor, feeMinor }), 200);
    }
    await inParallel(
      plan.refunds.filter((refund) => refund.day === day),
      ({ order, amountMinor }) => this.#refund(order.body.platformId, this.#paymentOf(order), { amountMinor, currency: order.currency }),
    );
    if (day !== 2) return;
    await this.#assign('platform:p4', 'CNY', 'pairs');
    const transfer = { from: 'hub:losses', to: 'platform:p1', amountMinor: goodwillMinor, currency: 'CNY', kind: 'goodwill' };
    const entry = { ref: 'goodwill-1', transfers: [transfer], note: 'a campaign that was promised' };
    expectStatus(await this.world.operator('finance').post('/v1/ledger/entries', entry), 201);
  }

  async endOfDay(day: number): Promise<void> {
    const due = closings[day];
    if (!due) return;
    for (const currency of currencies) {
      for (const model of due.close) await this.#close(model, currency);
      for (const provider of ['alipay', 'wechatpay', 'stripe'])
        expectStatus(await this.world.operator('ops').post(`/v1/sandbox/providers/${provider}/pay-out`, { currency }), 200);
    }
    await Promise.all(currencies.flatMap((currency) => due.settle.map((model) => this.#settle(model, currency))));
  }

  /** Every settlement, once it is settled and all its payments have been told. */
  async allTold(): Promise<Settlement[]> {
    const finance = this.world.operator('finance');
    const windows = [...this.#closed.values()].reduce((sum, count) => sum + count, 0);
    const list = await eventually(
      async () => (await finance.get('/v1/settlement/settlements?limit=500')).body.items as Settlement[],
      (items) =>
        items.flatMap(({ windowIds }) => windowIds).length === windows &&
        items.every(({ status, paymentsTold }) => status === 'settled' && paymentsTold.done),
      120_000,
    );
    return Promise.all(list.map(({ settlementId }) => this.#read(settlementId)));
  }

  async windowNets(windowIds: readonly string[]): Promise<ShownNet[]> {
    const finance = this.world.operator('finance');
    const all = windowIds.map(async (windowId) => {
      const { parties } = expectStatus(await finance.get(`/v1/settlement/windows/${windowId}`), 200).body;
      type Row = { party: string; netMinor: number; sides: number; ledger: { netMinor: number; sides: number } };
      return (parties as Row[]).map(({ party, netMinor, sides, ledger }) => ({
        ...{ windowId, party, net: String(netMinor), sides, ledgerNet: String(ledger.netMinor), ledgerSides: ledger.sides },
      }));
    });
    return (await Promise.all(all)).flat();
  }

  async #pay(platformId: string, body: Record<string, unknown>): Promise<{ paymentId: string }> {
    const { body: payment } = expectStatus(await this.world.platform(platformId).post('/v1/payments', body, { waitSeconds: 30 }), 201);
    if (payment.status !== 'captured') throw new Error(`a payment is not captured: ${JSON.stringify(payment)}`);
    return payment;
  }

  async #refund(platformId: string, paymentId: string, body: object): Promise<void> {
    const before = expectStatus(await this.world.platform(platformId).get(`/v1/payments/${paymentId}`), 200).body.refundedMinor;
    const answer = await this.world.platform(platformId).post(`/v1/payments/${paymentId}/refunds`, body, { waitSeconds: 30 });
    const { refundedMinor } = expectStatus(answer, 200).body;
    if (refundedMinor <= before) throw new Error(`${paymentId} is not refunded: ${JSON.stringify(answer.body)}`);
  }

  #paymentOf({ body: { orderId } }: PlannedOrder): string {
    const paymentId = this.#payments.get(orderId);
    if (paymentId === undefined) throw new Error(`${orderId} is not paid yet`);
    return paymentId;
  }

  async #balancesBecome(currency: string, expected: Record<string, number> | undefined): Promise<void> {
    if (!expected) throw new Error('nothing is expected');
    await this.world.balancesBecome(currency, expected);
    this.exampleBalances.push(await this.world.balances(currency, ...Object.keys(expected)));
  }

  async #assign(party: string, currency: string, model: string): Promise<void> {
    const path = `/v1/settlement/parties/${encodeURIComponent(party)}/models`;
    expectStatus(await this.world.operator('finance').put(path, { currency, model }), 200);
    expectStatus(await this.world.operator('approver').post(`${path}/approve`, { currency, model }), 200);
  }

  async #close(model: string, currency: string): Promise<void> {
    const key = `${model}_${currency}`;
    const sequence = (this.#closed.get(key) ?? 0) + 1;
    const windowId = `${key}_${String(sequence).padStart(6, '0')}`;
    await eventually(
      () => this.world.operator('finance').post(`/v1/settlement/windows/${windowId}/close`),
      ({ status }) => status === 200,
    );
    this.#closed.set(key, sequence);
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), windowId]);
  }

  /** All closed windows of a model together, asked for by one and approved by another; debts between platforms are paid and confirmed. */
  async #settle(model: string, currency: string): Promise<void> {
    const key = `${model}_${currency}`;
    const [finance, approver] = [this.world.operator('finance'), this.world.operator('approver')];
    const windowIds = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, []);
    const { settlementId } = expectStatus(await finance.post('/v1/settlement/settlements', { windowIds }), 201).body;
    await this.#becomes(settlementId, ({ status }) => status === 'verified');
    expectStatus(await approver.post(`/v1/settlement/settlements/${settlementId}/approve`), 200);
    const { direct = [] } = await this.#becomes(settlementId, (found) =>
      found.direct === undefined ? found.status === 'settled' : found.direct.every(({ status }) => status !== 'calculated'),
    );
    for (const { obligationId } of direct) {
      const path = `/v1/settlement/obligations/${obligationId}`;
      expectStatus(await finance.post(`${path}/report`, { outcome: 'paid', note: 'the transfer of the debtor' }), 200);
      await eventually(
        () => approver.post(`${path}/confirm`, { outcome: 'paid' }),
        ({ status }) => status === 200,
      );
    }
    await this.#becomes(settlementId, ({ status }) => status === 'settled');
  }

  async #read(settlementId: string): Promise<Settlement> {
    return expectStatus(await this.world.operator('finance').get(`/v1/settlement/settlements/${settlementId}`), 200).body;
  }

  #becomes(settlementId: string, isSo: (found: Settlement) => boolean): Promise<Settlement> {
    return eventually(
      async () => {
        const found = (await this.world.operator('finance').get(`/v1/settlement/settlements/${settlementId}`)).body as Settlement;
        if (found.status === 'mismatched') throw new Error(`${settlementId} is mismatched: ${JSON.stringify(found)}`);
        return found;
      },
      isSo,
      60_000,
    );
  }
}

/** Works through items with so many at a time. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const entries = items.values();
  const lane = async () => {
    for (const item of entries) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
