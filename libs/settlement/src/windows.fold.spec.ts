import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SplitTransfer } from '@tongbao/contracts';
import fc from 'fast-check';
import {
  captured,
  corrected,
  disputed,
  disputeEnded,
  emptyBatch,
  example1,
  example2,
  example3,
  postedFor,
  refunded,
  transfer,
} from '../test/facts.js';
import { now, Scenario } from '../test/scenario.js';
import { windowIdOf } from './models.js';
import { bilateralObligations } from './obligation.calculate.js';
import { differencesOf } from './settlement.compare.js';
import { nettedSidesOf } from './sides.js';

describe('the nets of a window', () => {
  let hub: Scenario;
  beforeEach(() => {
    hub = new Scenario();
  });

  it('of example 1: A 9.00, B -0.50', async () => {
    await hub.payment(example1('p1'));
    expect(hub.nets()).toEqual({ 'platform:A': 900, 'platform:B': -50 });
  });

  it('of example 2: A 6.00, B 7.11, K 16.59', async () => {
    await hub.payment(example2('p1'));
    expect(hub.nets()).toEqual({ 'platform:A': 600, 'platform:B': 711, 'creator:K': 1_659 });
  });

  it('of examples 2 and 3: A 45.50, B 17.11, K 16.59; B owes A 16.00', async () => {
    await hub.payment(example2('p1'));
    await hub.payment(example3('p2'));
    expect(hub.nets()).toEqual({ 'platform:A': 4_550, 'platform:B': 1_711, 'creator:K': 1_659 });
    expect(bilateralObligations(hub.rows.all('obligations'))).toEqual([
      { debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600 },
    ]);
  });

  it('fall by what a refund takes back: 4.00 of example 1 leaves A 5.40, B -0.30', async () => {
    await hub.payment(example1('p1'));
    const back = [
      transfer('platform:A', 'provider:alipay', 400, 'purchase'),
      transfer('hub:fees', 'platform:A', 40, 'platform-service-fee'),
      transfer('hub:fees', 'platform:B', 20, 'payment-handling-fee'),
    ];
    await hub.payment(refunded('p1', back));
    expect(hub.nets()).toEqual({ 'platform:A': 540, 'platform:B': -30 });
  });

  it('leave out what a platform collected itself', async () => {
    const external: SplitTransfer = { ...transfer('provider:alipay', 'platform:A', 1_000, 'purchase'), external: true };
    await hub.payment(captured('p1', [external, transfer('platform:A', 'hub:fees', 100)]));
    expect(hub.nets()).toEqual({ 'platform:A': -100 });
  });

  it('take in a conflict once an operator has accepted it, and not before', async () => {
    const { paymentId, platformId, orderId, split, currency } = example1('p1');
    const reference = { paymentId, platformId, orderId, attempt: 1, provider: 'alipay', providerRef: 'x', amountMinor: 990, currency };
    await hub.payment({ type: 'CaptureConflicted', ...reference });
    expect(hub.nets()).toEqual({});
    await hub.payment({ type: 'ConflictResolved', resolution: 'refunded', by: 'o', note: '', split, transfers: [], ...reference });
    expect(hub.nets()).toEqual({});
    await hub.payment({ type: 'ConflictResolved', resolution: 'accepted', by: 'o', note: '', split, transfers: [], ...reference });
    expect(hub.nets()).toEqual({ 'platform:A': 900, 'platform:B': -50 });
  });

  it('fall by what a dispute withholds, and rise by what of it comes back', async () => {
    await hub.payment(example1('p1'));
    await hub.payment(disputed('p1', [transfer('platform:A', 'dispute:d1', 400), transfer('hub:fees', 'platform:A', 40)]));
    expect(hub.nets()).toEqual({ 'platform:A': 540, 'platform:B': -50 });
    const back = [transfer('dispute:d1', 'platform:A', 300), transfer('dispute:d1', 'provider:alipay', 100)];
    await hub.payment(disputeEnded('p1', 'part', [...back, transfer('platform:A', 'hub:fees', 30)]));
    expect(hub.nets()).toEqual({ 'platform:A': 810, 'platform:B': -50 });
    await hub.post();
    expect(differencesOf(hub.rows.all('windowNets'))).toEqual([]);
  });

  it('begin before the first window has been opened by an event', async () => {
    await hub.payment(example1('p1'));
    await hub.fact('window-dnm_USD_000001', {
      type: 'WindowOpened',
      windowId: 'dnm_USD_000001',
      model: 'dnm',
      currency: 'USD',
      sequence: 1,
      openedAt: now,
    });
    expect(hub.rows.all('windows')).toMatchObject([{ windowId: 'dnm_USD_000001', state: 'open', openedAt: now, facts: 1, lastFact: 10n }]);
  });

  it('belong to the next window from right after the WindowClosed, though that is opened later', async () => {
    await hub.payment(example1('p1'));
    const cutOff = await hub.close();
    await hub.payment(example2('p2'));
    await hub.fact('window-dnm_USD_000002', {
      type: 'WindowOpened',
      windowId: 'dnm_USD_000002',
      model: 'dnm',
      currency: 'USD',
      sequence: 2,
      openedAt: now,
    });
    expect(hub.nets('dnm_USD_000001')).toEqual({ 'platform:A': 900, 'platform:B': -50 });
    expect(hub.nets('dnm_USD_000002')).toEqual({ 'platform:A': 600, 'platform:B': 711, 'creator:K': 1_659 });
    expect(hub.window(1)).toMatchObject({ state: 'closed', afterPosition: 0n, cutOff, facts: 1 });
    expect(hub.window(2)).toMatchObject({ state: 'open', afterPosition: cutOff, cutOff: null, facts: 1, openedAt: now });
  });

  it('are the ledger’s movement of the same facts, also of those that it posts after the window is closed', async () => {
    await hub.payment(example1('p1'));
    await hub.post();
    await hub.payment(example2('p2'));
    await hub.close();
    await hub.payment(example3('p3'));
    await hub.close();
    await hub.post();
    expect(differencesOf(hub.rows.all('windowNets'))).toEqual([]);
    expect(hub.rows.all('ledgerProgress')).toMatchObject([{ journal: 'main', sourcePosition: 60n }]);
  });

  it('differ from a ledger that has posted something else', async () => {
    const position = await hub.payment(example1('p1'));
    const wrong = captured('p1', [
      transfer('provider:alipay', 'platform:A', 1_000),
      transfer('platform:A', 'hub:fees', 101),
      transfer('platform:B', 'hub:fees', 50),
    ]);
    await hub.fact('journal-main', postedFor([{ event: wrong, position }], position, 1));
    expect(differencesOf(hub.rows.all('windowNets'))).toEqual([
      { party: 'platform:A', netMinor: 900, ledgerMinor: 899, sides: 2, ledgerSides: 2 },
    ]);
  });

  it('are not touched by what mends the posting of a fact: that is the ledger’s side of the fact, in its window', async () => {
    const position = await hub.payment(example1('p1'));
    const unknown = captured('p1', [transfer('provider:alipay', 'hub:suspense', 1_000), transfer('platform:B', 'hub:fees', 50)]);
    await hub.fact('journal-main', postedFor([{ event: unknown, position }], position, 1));
    await hub.close();
    const before = hub.nets();
    const entry = { kind: 'PostEntry', ref: 'fix', corrects: 1, correctsPosition: String(position) };
    const moves = [
      { from: 'hub:suspense', to: 'platform:A', amountMinor: 900, currency: 'USD', kind: 'mend' },
      { from: 'hub:fees', to: 'platform:B', amountMinor: 7, currency: 'USD', kind: 'goodwill' },
    ];
    await hub.fact('journal-main', { ...emptyBatch, firstEntry: 2, entries: [{ ...entry, transfers: moves }] });
    expect(hub.nets('dnm_USD_000001')).toEqual(before);
    expect(hub.nets('dnm_USD_000002')).toEqual({ 'platform:B': 7 });
    expect(differencesOf(hub.rows.all('windowNets'))).toEqual([]);
    expect(hub.rows.all('mendings')).toEqual([{ entry: 2, position, transfers: moves.slice(0, 1) }]);
    expect(hub.rows.all('positions').map(({ party, balanceMinor }) => [party, balanceMinor])).toEqual([
      ['platform:A', 900n],
      ['platform:B', -43n],
    ]);
  });

  it('take in an operator’s entry in the window where the journal has it', async () => {
    await hub.payment(example1('p1'));
    await hub.post();
    await hub.close();
    await hub.fact('journal-main', corrected(20n, 'hub:losses', 'platform:B', 50));
    expect(hub.nets('dnm_USD_000002')).toEqual({ 'platform:B': 50 });
    expect(differencesOf(hub.rows.all('windowNets'))).toEqual([]);
  });

  const party = fc.constantFrom('platform:A', 'platform:B', 'creator:K', 'hub:fees', 'provider:alipay');
  const split = fc.array(
    fc.tuple(party, party, fc.integer({ min: 0, max: 5_000 })).map(([from, to, amountMinor]) => transfer(from, to, amountMinor)),
    { maxLength: 4 },
  );
  const step = fc.oneof(
    { weight: 6, arbitrary: split.map((transfers) => ({ kind: 'payment' as const, transfers })) },
    { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'post' as const }) },
  );

  it('hold each side of each transfer in exactly one window, whatever the order of facts, closes and postings', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const run = new Scenario();
        const expected = new Map<string, { net: bigint; sides: number }>();
        let open = 1;
        for (const [index, each] of steps.entries()) {
          if (each.kind === 'post') await run.post();
          else if (each.kind === 'close') {
            await run.close();
            open += 1;
          } else {
            await run.payment(captured(`p${index}`, each.transfers));
            for (const side of nettedSidesOf(each.transfers)) {
              const key = `${windowIdOf('dnm', 'USD', open)} ${side.party}`;
              const known = expected.get(key) ?? { net: 0n, sides: 0 };
              expected.set(key, { net: known.net + BigInt(side.amountMinor), sides: known.sides + 1 });
            }
          }
        }
        await run.post();
        const nets = run.rows
          .all('windowNets')
          .map((row) => [`${row.windowId} ${row.party}`, { net: row.receivedMinor - row.paidMinor, sides: row.sides }] as const);
        expect(new Map(nets)).toEqual(expected);
        expect(differencesOf(run.rows.all('windowNets'))).toEqual([]);
        const balances = new Map(run.rows.all('positions').map((row) => [row.party, row.balanceMinor]));
        for (const [name, balance] of balances) {
          const inWindows = run.rows.all('windowNets').filter((row) => row.party === name);
          expect(inWindows.reduce((sum, row) => sum + row.receivedMinor - row.paidMinor, 0n)).toBe(balance);
        }
      }),
      { numRuns: 60 },
    );
  });
});
