import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestSigner } from '@tongbao/client';
import { FinanceHub, type Item, type Reply } from './finance-hub.js';
import { expectGolden, json } from './golden.js';
import { writeSample } from './sample.js';

let hub: FinanceHub;
let platformA: RequestSigner;
beforeAll(async () => {
  hub = await FinanceHub.open();
  writeSample(hub.log);
  platformA = hub.platformKey('A', new Date('2026-03-16T02:00:00Z'));
  await hub.folded();
}, 120_000);
afterAll(() => hub.close());

describe('finance asks', () => {
  it.each([
    ['positions', 'positions?currency=CNY'],
    ['positions-as-of', 'positions?asOf=2026-03-03T00:00:00%2B08:00'],
    ['obligations', 'obligations'],
    ['fees', 'fees?unit=day&by=party,kind&from=2026-03-02&to=2026-03-04'],
    ['revenue', 'revenue?unit=week'],
    ['ageing', 'ageing?currency=CNY&buckets=7,30'],
    ['ageing-payables', 'ageing?what=payables&buckets=7,30'],
    ['flows', 'flows?currency=CNY&from=2026-03-02&to=2026-03-03'],
  ])('for %s', async (name, path) => {
    const { status, body } = await hub.get(path);
    expect(status).toBe(200);
    expectGolden(`${name}.json`, json(body));
  });

  it('for the position at a place of the log, and gets what had happened up to there', async () => {
    const positionsAt = async (position: number) =>
      Object.fromEntries(
        (await hub.get(`positions?currency=CNY&asOf=${position}`)).body.items.map((each) => [each.party, each.positionMinor]),
      );
    expect(await positionsAt(40)).toEqual({ 'platform:A': 900, 'platform:B': -50 });
    expect(await positionsAt(49)).toEqual(await positionsAt(40));
    expect(await positionsAt(50)).toEqual({ 'platform:A': 1_500, 'platform:B': 661, 'creator:K': 1_659 });
    expect(await positionsAt(39)).toEqual({});
  });

  it('for the obligations of a window, and of what is not settled', async () => {
    const pair = { currency: 'CNY', debtor: 'platform:B', creditor: 'platform:A' };
    expect((await hub.get('obligations?window=dnm_CNY_000001')).body.items).toEqual([
      { ...pair, grossMinor: 4_000, counterMinor: 2_400, netMinor: 1_600 },
    ]);
    expect((await hub.get('obligations?window=dnm_CNY_000009')).body.items).toEqual([]);
  });

  it('what is newer than the answer it has, and waits for it', async () => {
    const { body } = await hub.get(`positions?atLeast=${hub.log.last}`);
    expect(BigInt(body.position)).toBeGreaterThanOrEqual(hub.log.last);
  });

  it('page by page, with the totals of all', async () => {
    const whole = (await hub.get('fees?unit=day&by=party,kind')).body;
    const first = (await hub.get('fees?unit=day&by=party,kind&limit=4')).body;
    expect(first.items).toEqual(whole.items.slice(0, 4));
    expect(first.totals).toEqual(whole.totals);
    expect((await hub.all('fees?unit=day&by=party,kind&limit=4')).items).toEqual(whole.items);
  });

  it('by the days of a time zone, whatever the hour of UTC', async () => {
    const days = async (zone: string) => (await hub.get(`fees?unit=day&currency=CNY&zone=${zone}&to=2026-03-04T00:00:00Z`)).body.items;
    expect((await days('Asia/Shanghai')).map(({ period, netMinor }) => [period, netMinor])).toEqual([
      ['2026-03-02', 230],
      ['2026-03-03', 140],
    ]);
    expect((await days('UTC')).map(({ period, netMinor }) => [period, netMinor])).toEqual([
      ['2026-03-02', 170],
      ['2026-03-03', 200],
    ]);
  });
});

describe('a platform', () => {
  it.each([
    ['positions', (items: Item[]) => items.every(({ party }) => party === 'platform:A')],
    ['settlements', (items: Item[]) => items.length === 0],
    ['obligations', (items: Item[]) => items.every(({ debtor, creditor }) => [debtor, creditor].includes('platform:A'))],
    ['fees?by=party', (items: Item[]) => items.every(({ party }) => party === 'platform:A')],
    ['ageing?what=transfers', (items: Item[]) => items.every(({ account }) => account === 'platform:A')],
    ['ageing?what=payables', (items: Item[]) => items.every(({ account }) => account === 'platform:A')],
  ])('sees what is its own of %s', async (path, isOwn) => {
    const { status, body } = await hub.get(path, platformA);
    expect([status, isOwn(body.items)]).toEqual([200, true]);
  });

  it('sees the flows that touch it, and its statement', async () => {
    const { body } = await hub.get('flows?currency=CNY', platformA);
    expect(body.edges.length).toBeGreaterThan(0);
    for (const { from, to } of body.edges) expect([from, to]).toContain('platform:A');
    expect(body.requests.map(({ to }) => to)).toEqual(['platform:A', 'platform:A', 'platform:A']);
    expect((await hub.get('statements?currency=CNY', platformA)).body.party).toBe('platform:A');
  });

  it('gets sums of the age of its own only', async () => {
    const { body } = await hub.get('ageing', platformA);
    expect(Object.keys(body.totals)).toEqual(['payables', 'receivables', 'unsettled', 'transfers', 'obligations', 'reserves']);
  });

  it.each([
    'positions?party=platform:B',
    'statements?party=platform:B&currency=CNY',
    'fees?party=platform:B',
    'flows?currency=CNY&party=platform:B',
    'revenue',
  ])('is refused %s', async (path) => {
    expect(await hub.get(path, platformA)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

describe('whoever nobody knows', () => {
  it('is told nothing', async () => {
    expect(await hub.get('positions', 'made-up')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });
});

describe('a question', () => {
  it.each<[string, string, string]>([
    ['of a party that is none', 'positions?party=hub:fees', 'party'],
    ['in a currency that is none', 'fees?currency=XXQ', 'currency'],
    ['as of a time without a zone', 'positions?asOf=2026-03-03', 'asOf'],
    ['as of what is to come', 'positions?asOf=2999-01-01T00:00:00Z', 'asOf'],
    ['as of a position that is not there', 'positions?asOf=999999', 'asOf'],
    ['with a cursor that was made up', 'positions?cursor=WyJ4Il0', 'cursor'],
    ['with a cursor that is none', 'fees?cursor=%7B', 'cursor'],
    ['for too many', 'positions?limit=501', 'limit'],
    ['for a status that is none', 'settlements?status=lost', 'status'],
    ['for settlements with a cursor of letters', 'settlements?cursor=WyJ4Il0', 'cursor'],
    ['of a period that ends before it begins', 'fees?from=2026-03-03&to=2026-03-02', 'to'],
    ['from half past', 'fees?from=2026-03-03T00:30:00Z', 'from'],
    ['by a unit that is none', 'fees?unit=year', 'unit'],
    ['in a zone that is none', 'fees?zone=Mars/Olympus', 'zone'],
    ['in a zone that is an offset', 'fees?zone=%2B08:00', 'zone'],
    ['in a zone of half hours', 'fees?zone=Asia/Kolkata', 'zone'],
    ['by what fees are not told apart by', 'fees?by=weather', 'by'],
    ['by what revenue is not told apart by', 'revenue?by=party', 'by'],
    ['of a window and a period', 'obligations?window=dnm_CNY_000001&from=2026-03-02', 'window'],
    ['for the age of what has none', 'ageing?what=love', 'what'],
    ['with buckets that do not ascend', 'ageing?buckets=7,7', 'buckets'],
    ['for flows in no currency', 'flows', 'currency'],
    ['for flows of no edges', 'flows?currency=CNY&edges=0', 'edges'],
    ['for flows of a cause that is none', 'flows?currency=CNY&cause=luck', 'cause'],
    ['for a statement of nobody', 'statements?currency=CNY', 'party'],
    ['for a statement in no currency', 'statements?party=platform:A', 'currency'],
    ['for a statement in a format that is none', 'statements?party=platform:A&currency=CNY&format=xlsx', 'format'],
    ['for a statement in a language that is none', 'statements?party=platform:A&currency=CNY&format=pdf&language=de', 'language'],
    ['for a statement of no lines', 'statements?party=platform:A&currency=CNY&limit=0', 'limit'],
    ['for a statement from a time without a zone', 'statements?party=platform:A&currency=CNY&from=2026-03-03T08:00', 'from'],
  ])('%s is refused', async (_, path, field) => {
    const reply: Reply = await hub.get(path);
    expect(reply).toMatchObject({ status: 422, body: { code: 'invalid', field } });
  });
});

describe('the projections', () => {
  it('built again from the log are equal to the live ones', async () => {
    expect(await hub.rebuilt()).toBe(true);
  });
});

describe('settlements', () => {
  const at = new Date('2026-03-17T00:00:00Z');
  const write = (settlementId: string, events: object[]): void => {
    for (const event of events)
      hub.log.append(`settlement-${settlementId}`, { currency: 'CNY', model: 'dnm', settlementId, ...event } as never, at);
  };
  const party = (name: string, payableMinor: number, action: string, more: object = {}) => ({
    ...{
      party: name,
      carriedInMinor: 0,
      netMinor: payableMinor,
      payableMinor,
      action,
      carriedOutMinor: action === 'carry' ? payableMinor : 0,
      sides: 1,
    },
    ...more,
  });
  const requested = (requestedAt: string) => ({
    type: 'SettlementRequested',
    windowIds: ['dnm_CNY_000001'],
    requestedBy: 'operator:fin',
    requestedAt,
  });
  const calculated = (parties: object[]) => ({
    ...{ type: 'SettlementCalculated', windowIds: ['dnm_CNY_000001'], cutOff: '110', parties },
    ...{ obligations: [], facts: 5, calculatedAt: at.toISOString() },
  });

  beforeAll(async () => {
    write('stl_net', [
      requested('2026-03-16T15:59:59.000Z'),
      calculated([party('creator:K', 1_659, 'carry'), party('platform:A', 4_890, 'pay_out'), party('platform:B', -50, 'collect')]),
    ]);
    const leg = (amountMinor: number, action: string) => ({
      carriedInMinor: 0,
      amountMinor,
      payableMinor: amountMinor,
      action,
      carriedOutMinor: 0,
    });
    const legs = { received: leg(700, 'pay_out'), paid: leg(300, 'collect') };
    write('stl_gross', [requested('2026-03-16T16:00:00.000Z'), calculated([party('platform:A', 400, 'pay_out', { legs })])]);
    await hub.folded();
  }, 60_000);

  it('are listed with what they pay out, collect and carry; gross ones by their legs', async () => {
    const { body } = await hub.get('settlements');
    expect(body.items).toMatchObject([
      { settlementId: 'stl_gross', status: 'calculated', parties: 1, payOutMinor: 700, collectMinor: 300, carriedOutMinor: 0 },
      { settlementId: 'stl_net', status: 'calculated', parties: 3, payOutMinor: 4_890, collectMinor: 50, carriedOutMinor: 1_659 },
    ]);
    expect(body.totals).toEqual([
      { currency: 'CNY', status: 'calculated', settlements: 2, payOutMinor: 5_590, collectMinor: 350, carriedOutMinor: 1_659 },
    ]);
  });

  it('are found by party, status, model and the day that they were asked for in the zone', async () => {
    const ids = async (query: string) =>
      (await hub.all(`settlements?limit=1&${query}`)).items.map((each) => (each as { settlementId?: string }).settlementId);
    expect(await ids('party=platform:B')).toEqual(['stl_net']);
    expect(await ids('from=2026-03-17')).toEqual(['stl_gross']);
    expect(await ids('to=2026-03-17')).toEqual(['stl_net']);
    expect(await ids('status=settled')).toEqual([]);
    expect(await ids('model=dnm&currency=CNY')).toEqual(['stl_gross', 'stl_net']);
  });

  it('show a platform its own part of them', async () => {
    const { body } = await hub.get('settlements?to=2026-03-17', platformA);
    expect(body.items).toMatchObject([
      { settlementId: 'stl_net', parties: 1, payOutMinor: 4_890, party: { payableMinor: 4_890, action: 'pay_out' } },
    ]);
    expect(body.totals).toMatchObject([{ settlements: 1, payOutMinor: 4_890, collectMinor: 0 }]);
  });
});
