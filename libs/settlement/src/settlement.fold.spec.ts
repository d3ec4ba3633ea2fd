import { describe, expect, it } from '@jest/globals';
import type { BankLineMatch, PayoutEvent, SettlementEvent } from '@tongbao/contracts';
import { captured, example1, transfer } from '../test/facts.js';
import { now, Scenario } from '../test/scenario.js';
import { decodeLines } from './statement-lines.js';

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
    type: 'BankLineRecorded' as const,
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
    expect(chunks.map(({ chunk, openingMinor, lines }) => [chunk, openingMinor, decodeLines(lines).length])).toEqual([
      [0, 0n, 64],
      [1, 28_800n, 56],
    ]);
    expect(decodeLines(chunks[0]!.lines).slice(0, 2)).toEqual([
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
    expect(hub.rows.all('positions').find(({ party }) => party === 'platform:A')).toMatchObject({ balanceMinor: 54_000n, movements: 60 });
  });

  it('shows what a platform collected itself without moving its position', async () => {
    const hub = new Scenario();
    await hub.payment(
      captured('p1', [
        { ...transfer('provider:alipay', 'platform:A', 1_000, 'purchase'), external: true },
        transfer('platform:A', 'hub:fees', 100),
      ]),
    );
    expect(hub.rows.all('positions')).toMatchObject([{ party: 'platform:A', balanceMinor: -100n, movements: 1 }]);
  });
});
