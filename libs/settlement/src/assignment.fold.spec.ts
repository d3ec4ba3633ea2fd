import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SplitTransfer } from '@tongbao/contracts';
import type { RowKey, Rows } from '@tongbao/read-model';
import fc from 'fast-check';
import { captured, example2, refunded, transfer } from '../test/facts.js';
import type { MemoryRows } from '../test/memory-rows.js';
import { Scenario } from '../test/scenario.js';
import { AssignedModels } from './assignment.history.js';
import { windowIdOf } from './models.js';
import { bilateralObligations } from './obligation.calculate.js';
import { differencesOf } from './settlement.compare.js';
import { settlementProjection } from './settlement.projection.js';

/** By which model each party is settled, as the rows say. */
function assignedModels(rows: MemoryRows, currency: string): AssignedModels {
  const cutOffs = rows.all('windows').flatMap(({ windowId, cutOff }) => (cutOff === null ? [] : [[windowId, cutOff] as const]));
  const mine = rows.all('partyModels').filter((row) => row.currency === currency);
  return new AssignedModels(new Map(mine.map(({ party, steps }) => [party, steps])), new Map(cutOffs));
}

describe('a party that is put on another model', () => {
  let hub: Scenario;
  beforeEach(async () => {
    hub = new Scenario();
    await hub.model('dnm');
    await hub.model('weekly');
  });
  const earns = (party: string, amountMinor: number, paymentId = 'p') =>
    hub.payment(captured(paymentId, [transfer('provider:alipay', party, amountMinor)]));

  it('stays where it is until its old model’s window closes', async () => {
    await hub.assign('platform:A', 'weekly');
    await earns('platform:A', 100);
    await hub.close('weekly');
    await earns('platform:A', 10);
    await hub.close('dnm');
    await earns('platform:A', 1);
    expect(hub.nets('dnm_USD_000001')).toEqual({ 'platform:A': 110 });
    expect(hub.nets('weekly_USD_000002')).toEqual({ 'platform:A': 1 });
    expect(hub.nets('weekly_USD_000001')).toEqual({});
  });

  it('goes nowhere when it is taken back before that, and elsewhere when it is changed before that', async () => {
    await hub.model('daily');
    for (const model of ['weekly', 'dnm']) await hub.assign('platform:A', model);
    for (const model of ['weekly', 'daily']) await hub.assign('platform:B', model);
    await hub.close('dnm');
    await earns('platform:A', 1, 'p1');
    await earns('platform:B', 2, 'p2');
    expect([hub.nets('dnm_USD_000002'), hub.nets('daily_USD_000001'), hub.nets('weekly_USD_000001')]).toEqual([
      { 'platform:A': 1 },
      { 'platform:B': 2 },
      {},
    ]);
  });

  it('comes back at the cut-off of the model that it was put on', async () => {
    await hub.assign('platform:A', 'weekly');
    await hub.close('dnm');
    await hub.assign('platform:A', 'dnm');
    await earns('platform:A', 10);
    await hub.close('weekly');
    await earns('platform:A', 1);
    expect([hub.nets('weekly_USD_000001'), hub.nets('dnm_USD_000002')]).toEqual([{ 'platform:A': 10 }, { 'platform:A': 1 }]);
  });

  it('settles its side of a payment, while others settle theirs: two models on one payment', async () => {
    await hub.assign('creator:K', 'weekly');
    await hub.close('dnm');
    await hub.payment(example2('two'));
    expect(hub.nets('dnm_USD_000002')).toEqual({ 'platform:A': 600, 'platform:B': 711 });
    expect(hub.nets('weekly_USD_000001')).toEqual({ 'creator:K': 1_659 });
    expect(hub.rows.all('windows').map(({ windowId, facts }) => [windowId, facts])).toEqual([
      ['dnm_USD_000001', 0],
      ['weekly_USD_000001', 1],
      ['dnm_USD_000002', 1],
    ]);
  });

  it('takes refunds of old payments in by its new model: a fact belongs to the window of its own place', async () => {
    await earns('platform:A', 100, 'old');
    await hub.assign('platform:A', 'weekly');
    await hub.close('dnm');
    await hub.payment(refunded('old', [transfer('platform:A', 'provider:alipay', 30)]));
    expect([hub.nets('dnm_USD_000001'), hub.nets('weekly_USD_000001')]).toEqual([{ 'platform:A': 100 }, { 'platform:A': -30 }]);
  });

  it('keeps in the old window what the ledger posts late', async () => {
    await earns('platform:A', 100, 'p1');
    await hub.assign('platform:A', 'weekly');
    await hub.close('dnm');
    await earns('platform:A', 1, 'p2');
    await hub.close('weekly');
    await hub.post();
    expect(differencesOf(hub.rows.all('windowNets'))).toEqual([]);
    const ledger = hub.rows.all('windowNets').map(({ windowId, ledgerMinor, ledgerSides }) => [windowId, ledgerMinor, ledgerSides]);
    expect(ledger).toEqual([
      ['dnm_USD_000001', 100n, 1],
      ['weekly_USD_000001', 1n, 1],
    ]);
  });

  it('is one change for each currency', async () => {
    await hub.assign('platform:A', 'weekly');
    await hub.close('dnm');
    await hub.payment(captured('eur', [transfer('provider:alipay', 'platform:A', 5)], 'EUR'));
    expect(hub.nets('dnm_EUR_000001')).toEqual({ 'platform:A': 5 });
  });

  it('owes another platform nothing directly while that is on another model', async () => {
    await hub.payment(captured('p1', [transfer('platform:A', 'platform:B', 20)]));
    await hub.assign('platform:B', 'weekly');
    await hub.close('dnm');
    await hub.payment(captured('p2', [transfer('platform:A', 'platform:B', 7)]));
    expect(bilateralObligations(hub.rows.all('obligations'))).toEqual([{ debtor: 'platform:A', creditor: 'platform:B', amountMinor: 20 }]);
  });

  it('gets no window from before its new model was there', async () => {
    await earns('platform:A', 100);
    const begin = await hub.model('late');
    expect(hub.rows.all('windows').find(({ model }) => model === 'late')).toMatchObject({
      afterPosition: begin,
      sequence: 1,
      openedAt: null,
    });
    expect(hub.window(1)).toMatchObject({ model: 'dnm', facts: 1 });
  });
});

describe('who is on which model', () => {
  const steps = [
    { model: 'dnm', lastWindowId: 'dnm_USD_000001' },
    { model: 'daily', lastWindowId: 'daily_USD_000007' },
    { model: 'weekly', lastWindowId: null },
  ];
  const models = new AssignedModels(new Map([['platform:A', steps]]), new Map([['dnm_USD_000001', 100n]]));

  it('changes right after a cut-off', () =>
    expect([1n, 100n, 101n, 9_999n].map((place) => models.at('platform:A', place))).toEqual(['dnm', 'dnm', 'daily', 'daily']));
  it('is told of now, while the last change has no cut-off yet', () => expect(models.now('platform:A')).toBe('daily'));
  it('is the default one for everybody else', () =>
    expect([models.at('platform:B', 1n), models.now('platform:B')]).toEqual(['dnm', 'dnm']));
});

describe('windows of several models and currencies', () => {
  const models = ['dnm', 'weekly', 'now'] as const;
  const currencies = ['USD', 'CNY'] as const;
  const parties = ['platform:A', 'platform:B', 'creator:K'] as const;
  const name = fc.constantFrom(...parties, 'hub:fees', 'provider:alipay');
  const split = fc.array(
    fc.tuple(name, name, fc.integer({ min: 0, max: 5_000 })).map(([from, to, amountMinor]) => transfer(from, to, amountMinor)),
    { minLength: 1, maxLength: 5 },
  );
  const currency = fc.constantFrom(...currencies);
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('fact' as const), currency, split, isRefund: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('close' as const), currency, model: fc.constantFrom(...models) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('assign' as const),
        currency,
        model: fc.constantFrom(...models),
        party: fc.constantFrom(...parties),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('post' as const) }) },
  );

  /** Who is on which model, and which window is open: told the long way, party by party at each closing. */
  class Clerk {
    readonly #present = new Map<string, string>();
    readonly #next = new Map<string, string>();
    readonly #sequences = new Map<string, number>();
    readonly book = new Map<string, { net: bigint; sides: number }>();

    modelOf = (party: string, of: string): string => this.#present.get(`${party} ${of}`) ?? 'dnm';

    assign(party: string, model: string, of: string): void {
      this.#next.set(`${party} ${of}`, model);
    }

    close(model: string, of: string): void {
      this.#sequences.set(`${model} ${of}`, this.#open(model, of) + 1);
      for (const party of parties) {
        const next = this.#next.get(`${party} ${of}`);
        if (next === undefined || this.modelOf(party, of) !== model) continue;
        this.#present.set(`${party} ${of}`, next);
        this.#next.delete(`${party} ${of}`);
      }
    }

    write(transfers: readonly SplitTransfer[], of: string): void {
      for (const { from, to, amountMinor } of transfers) {
        if (from === to || amountMinor === 0) continue;
        this.#side(from, -amountMinor, of);
        this.#side(to, amountMinor, of);
      }
    }

    #side(party: string, amountMinor: number, of: string): void {
      if (!parties.some((each) => each === party)) return;
      const model = this.modelOf(party, of);
      const line = `${windowIdOf(model, of, this.#open(model, of))} ${party}`;
      const known = this.book.get(line) ?? { net: 0n, sides: 0 };
      this.book.set(line, { net: known.net + BigInt(amountMinor), sides: known.sides + 1 });
    }

    #open = (model: string, of: string): number => this.#sequences.get(`${model} ${of}`) ?? 1;
  }

  it('hold each side of each transfer in exactly one window, and the ledger’s sides in the same, whatever happens in which order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const hub = new Scenario();
        const clerk = new Clerk();
        for (const of of currencies) for (const model of models) await hub.model(model, of);
        const sidesByModel: [party: string, currency: string, position: bigint, model: string][] = [];
        for (const [index, each] of steps.entries()) {
          if (each.kind === 'post') await hub.post();
          else if (each.kind === 'close') {
            await hub.close(each.model, each.currency);
            clerk.close(each.model, each.currency);
          } else if (each.kind === 'assign') {
            await hub.assign(each.party, each.model, each.currency);
            clerk.assign(each.party, each.model, each.currency);
          } else {
            const event = each.isRefund
              ? refunded(`p${index}`, each.split, each.currency)
              : captured(`p${index}`, each.split, each.currency);
            const position = await hub.payment(event);
            clerk.write(each.split, each.currency);
            for (const party of parties) sidesByModel.push([party, each.currency, position, clerk.modelOf(party, each.currency)]);
          }
        }
        await hub.post();
        const rows = hub.rows.all('windowNets');
        const book = rows.map(
          (row) => [`${row.windowId} ${row.party}`, { net: row.receivedMinor - row.paidMinor, sides: row.sides }] as const,
        );
        expect(new Map(book)).toEqual(clerk.book);
        const ledger = rows.map((row) => [`${row.windowId} ${row.party}`, { net: row.ledgerMinor, sides: row.ledgerSides }] as const);
        expect(new Map(ledger)).toEqual(clerk.book);
        const assigned = new Map(currencies.map((of) => [of, assignedModels(hub.rows, of)]));
        for (const [party, of, position, model] of sidesByModel)
          expect(assigned.get(of === 'USD' ? 'USD' : 'CNY')?.at(party, position)).toBe(model);
        for (const of of currencies) for (const party of parties) expect(assigned.get(of)?.now(party)).toBe(clerk.modelOf(party, of));
      }),
      { numRuns: 150 },
    );
  });
});

describe('closing a window', () => {
  /** Counts what a fold asks of the rows. */
  class CountingRows implements Rows {
    reads = 0;
    writes = 0;
    constructor(private readonly rows: Rows) {}

    get<Row extends object>(table: string, key: RowKey): Promise<Row | undefined> {
      this.reads += 1;
      return this.rows.get<Row>(table, key);
    }
    put(table: string, row: object): void {
      this.writes += 1;
      this.rows.put(table, row);
    }
    delete(table: string, key: RowKey): void {
      this.writes += 1;
      this.rows.delete(table, key);
    }
  }

  const costOf = async (payments: number, assigned: number): Promise<{ reads: number; writes: number }> => {
    const hub = new Scenario();
    await hub.model('dnm');
    await hub.model('weekly');
    for (let index = 0; index < assigned; index += 1) await hub.assign(`creator:${index}`, 'weekly');
    for (let index = 0; index < payments; index += 1)
      await hub.payment(captured(`p${index}`, [transfer('provider:alipay', `creator:${index}`, 5)]));
    const counting = new CountingRows(hub.rows);
    await hub.close();
    const closed = hub.log.events.at(-1)!;
    await settlementProjection.apply(closed, counting);
    return { reads: counting.reads, writes: counting.writes };
  };

  it('costs the same whatever it holds, and whoever leaves its model with it', async () => {
    const empty = await costOf(0, 0);
    expect(empty).toEqual({ reads: 1, writes: 3 });
    expect(await costOf(1_000, 0)).toEqual(empty);
    expect(await costOf(1_000, 1_000)).toEqual(empty);
  });
});
