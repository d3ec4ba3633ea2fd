import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BankLineMatch, PayoutEvent, SettlementEvent, SplitTransfer } from '@tongbao/contracts';
import type { DomainEvent } from '@tongbao/event-store';
import fc from 'fast-check';
import { captured, corrected, example1, example2, example3, MemoryLog, postedFor, refunded, transfer } from '../test/facts.js';
import { MemoryRows } from '../test/memory-rows.js';
import { windowIdOf } from './models.js';
import { bilateralObligations, differencesOf } from './settlement.calculate.js';
import { settlementProjection } from './settlement.projection.js';
import { isMoneyFactKind, nettedSidesOf } from './sides.js';

const now = '2026-01-31T00:00:00Z';

class Scenario {
  readonly log = new MemoryLog();
  readonly rows = new MemoryRows();
  #sequence = 1;
  #posted = 0;

  async fact(stream: string, event: DomainEvent): Promise<bigint> {
    const stored = this.log.append(stream, event);
    await settlementProjection.apply(stored, this.rows);
    return stored.position;
  }

  payment = (event: DomainEvent & { paymentId: string }) => this.fact(`payment-${event.paymentId}`, event);

  async close(): Promise<bigint> {
    const currency = 'USD';
    const reference = { windowId: windowIdOf('dnm', currency, this.#sequence), model: 'dnm', currency, sequence: this.#sequence };
    if (this.rows.all('windows').length === 0)
      await this.fact(`window-${reference.windowId}`, { type: 'WindowOpened', ...reference, openedAt: now });
    this.#sequence += 1;
    const closed = {
      type: 'WindowClosed',
      ...reference,
      nextWindowId: windowIdOf('dnm', currency, this.#sequence),
      closedAt: now,
      by: 'operator:fin',
    };
    return this.fact(`window-${reference.windowId}`, closed);
  }

  /** The ledger posts every fact so far, in one batch. */
  async post(): Promise<void> {
    const facts = this.log.events.slice(this.#posted).filter(({ event }) => isMoneyFactKind(event.type));
    this.#posted = this.log.events.length;
    await this.fact('journal-main', postedFor(facts, this.log.events.at(-1)?.position ?? 0n, 1));
  }

  nets(windowId?: string): Record<string, number> {
    const rows = this.rows.all('windowNets').filter((row) => windowId === undefined || row.windowId === windowId);
    return Object.fromEntries(rows.map(({ party, receivedMinor, paidMinor }) => [party, Number(receivedMinor - paidMinor)]));
  }

  carried = () => Object.fromEntries(this.rows.all('carries').map(({ party, amountMinor }) => [party, Number(amountMinor)]));
  cash = () =>
    this.rows.all('bankCash').map(({ cashMinor, transitMinor }) => ({ cash: Number(cashMinor), transit: Number(transitMinor) }))[0];
  window = (sequence: number) => this.rows.all('windows').find((row) => row.sequence === sequence)!;
}

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

describe('what is carried', () => {
  const settlement = (settlementId: string, windowIds: string[]) => ({ settlementId, model: 'dnm', currency: 'USD', windowIds });
  const requested = (id: string): SettlementEvent => ({
    type: 'SettlementRequested',
    ...settlement(id, ['w']),
    requestedBy: 'operator:fin',
    requestedAt: now,
  });
  const calculated = (id: string, carriedInMinor: number, netMinor: number, carriedOutMinor: number): SettlementEvent => ({
    type: 'SettlementCalculated',
    ...settlement(id, ['w']),
    cutOff: '10',
    parties: [
      {
        party: 'platform:A',
        carriedInMinor,
        netMinor,
        payableMinor: carriedInMinor + netMinor,
        action: 'carry',
        carriedOutMinor,
        sides: 1,
      },
    ],
    obligations: [],
    facts: 1,
    calculatedAt: now,
  });
  const aborted = (id: string): SettlementEvent => ({
    type: 'SettlementAborted',
    settlementId: id,
    model: 'dnm',
    currency: 'USD',
    by: 'operator:fin',
    reason: '',
  });

  it('is consumed and left again by each calculation, and as before once that is aborted', async () => {
    const hub = new Scenario();
    await hub.fact('settlement-s1', requested('s1'));
    await hub.fact('settlement-s1', calculated('s1', 0, 60, 60));
    expect(hub.carried()).toEqual({ 'platform:A': 60 });
    await hub.fact('settlement-s2', requested('s2'));
    await hub.fact('settlement-s2', calculated('s2', 60, 500, 0));
    expect(hub.carried()).toEqual({ 'platform:A': 0 });
    await hub.fact('settlement-s2', aborted('s2'));
    expect(hub.carried()).toEqual({ 'platform:A': 60 });
  });

  it('grows by a payout that is given up, and falls by a collection that is', async () => {
    const hub = new Scenario();
    const reference = { settlementId: 's1', party: 'platform:A', currency: 'USD', bank: 'sandbox' };
    const payout = { ...reference, payoutId: 'o1', direction: 'payout', amountMinor: 900 } as const;
    const collection = { ...reference, payoutId: 'o2', direction: 'collection', amountMinor: 50 } as const;
    for (const each of [payout, collection]) {
      await hub.fact(`payout-${each.payoutId}`, {
        type: 'PayoutRequested',
        ...each,
        accountNumber: '1',
        holder: 'A',
        requestedAt: now,
      } satisfies PayoutEvent);
      await hub.fact(`payout-${each.payoutId}`, { type: 'PayoutCarried', ...each, model: 'dnm', by: 'operator:fin' } satisfies PayoutEvent);
    }
    expect(hub.carried()).toEqual({ 'platform:A': 850 });
  });
});

describe('the cash at the bank', () => {
  const reference = {
    payoutId: 'o1',
    settlementId: 's1',
    party: 'platform:A',
    direction: 'payout',
    amountMinor: 900,
    currency: 'USD',
    bank: 'sandbox',
  } as const;
  const account = { accountNumber: '1', holder: 'A' };
  const line = (sequence: number, amountMinor: number, match: BankLineMatch) => ({
    type: 'BankLineRecorded',
    bank: 'sandbox',
    lineId: `l${sequence}`,
    sequence,
    amountMinor,
    currency: 'USD',
    reference: '',
    match,
    bookedAt: now,
  });

  it('less what is in transit never rises between a payout’s confirmation and its line', async () => {
    const hub = new Scenario();
    await hub.fact('reconciliation-bank_sandbox', line(1, 1_000, { kind: 'provider_payout', provider: 'alipay' }));
    expect(hub.cash()).toEqual({ cash: 1_000, transit: 0 });
    await hub.fact('payout-o1', { type: 'PayoutRequested', ...reference, ...account, requestedAt: now } satisfies PayoutEvent);
    await hub.fact('payout-o1', { type: 'PayoutInstructed', ...reference, ...account, attempt: 1 } satisfies PayoutEvent);
    expect(hub.cash()).toEqual({ cash: 1_000, transit: 900 });
    await hub.fact('payout-o1', { type: 'PayoutConfirmed', ...reference, lineId: 'l2' } satisfies PayoutEvent);
    expect(hub.cash()).toEqual({ cash: 1_000, transit: 900 });
    await hub.fact('reconciliation-bank_sandbox', line(2, -900, { kind: 'payout', payoutId: 'o1' }));
    expect(hub.cash()).toEqual({ cash: 100, transit: 0 });
    await hub.fact('payout-o1', { type: 'PayoutReturned', ...reference, lineId: 'l3' } satisfies PayoutEvent);
    await hub.fact('reconciliation-bank_sandbox', line(3, 900, { kind: 'payout', payoutId: 'o1' }));
    expect(hub.cash()).toEqual({ cash: 1_000, transit: 0 });
  });

  it('is free again after a failure, and stays short of what went out under a wrong line', async () => {
    const hub = new Scenario();
    await hub.fact('payout-o1', { type: 'PayoutRequested', ...reference, ...account, requestedAt: now } satisfies PayoutEvent);
    await hub.fact('payout-o1', { type: 'PayoutInstructed', ...reference, ...account, attempt: 1 } satisfies PayoutEvent);
    await hub.fact('reconciliation-bank_sandbox', line(1, -899, { kind: 'unmatched', reason: 'amount_differs' }));
    expect(hub.cash()).toEqual({ cash: -899, transit: 900 });
    await hub.fact('payout-o1', { type: 'PayoutFailed', ...reference, code: 'account_closed' } satisfies PayoutEvent);
    expect(hub.cash()).toEqual({ cash: -899, transit: 0 });
  });
});

describe('a statement', () => {
  it('has every movement in log order, in chunks that open where the one before ended', async () => {
    const hub = new Scenario();
    for (let index = 0; index < 60; index += 1) await hub.payment(example1(`p${index}`));
    const chunks = hub.rows.all('statementChunks').filter(({ party }) => party === 'platform:A');
    expect(chunks.map(({ chunk, openingMinor, lines }) => [chunk, openingMinor, lines.length])).toEqual([
      [0, 0n, 100],
      [1, 45_000n, 20],
    ]);
    expect(chunks[0]?.lines.slice(0, 2)).toEqual([
      { position: '10', at: '2026-01-01T00:00:00.000Z', kind: 'purchase', ref: 'p0', counterparty: 'provider:alipay', amountMinor: 1_000 },
      {
        position: '10',
        at: '2026-01-01T00:00:00.000Z',
        kind: 'platform-service-fee',
        ref: 'p0',
        counterparty: 'hub:fees',
        amountMinor: -100,
      },
    ]);
    expect(hub.rows.all('positions').find(({ party }) => party === 'platform:A')).toMatchObject({ balanceMinor: 54_000n, lines: 120 });
  });

  it('shows what a platform collected itself without moving its position', async () => {
    const hub = new Scenario();
    await hub.payment(
      captured('p1', [
        { ...transfer('provider:alipay', 'platform:A', 1_000, 'purchase'), external: true },
        transfer('platform:A', 'hub:fees', 100),
      ]),
    );
    expect(hub.rows.all('positions')).toMatchObject([{ party: 'platform:A', balanceMinor: -100n, lines: 2 }]);
  });
});
