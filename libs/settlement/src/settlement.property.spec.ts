import { expect, it } from '@jest/globals';
import type { PartySettlement, SettlementCalculated, SettlementEvent } from '@tongbao/contracts';
import fc from 'fast-check';
import { captured, transfer } from '../test/facts.js';
import { modelFor } from '../test/model-for.js';
import { now, Scenario } from '../test/scenario.js';
import { positionStream } from './liquidity.js';
import { windowIdOf, type SettlementModel } from './models.js';
import { calculateSettlement } from './settlement.calculate.js';
import { movesOf } from './settlement.moves.js';

const names = ['platform:A', 'platform:B', 'platform:C', 'creator:K'] as const;
type Move = readonly [from: string, to: string, amountMinor: number];

interface Month {
  transfers: readonly Move[];
  terms: Partial<SettlementModel>;
  /** Given up once and done again. */
  isAborted: boolean;
  /** Parties with a bank account. */
  paid: readonly string[];
  /** Whose payouts and collections come to nothing, and are carried. */
  failing: readonly string[];
  /** Whether the hub takes back what platforms were to pay each other. */
  isTakenBack: boolean;
}

const move = fc.tuple(
  fc.constantFrom(...names, 'provider:p', 'hub:fees'),
  fc.constantFrom(...names, 'provider:p', 'hub:fees'),
  fc.integer({ min: 1, max: 9_999 }),
);
const terms = fc
  .record({
    kind: fc.constantFrom(
      { granularity: 'net', interchange: 'multilateral' } as const,
      { granularity: 'net', interchange: 'bilateral' } as const,
      { granularity: 'gross', interchange: 'multilateral' } as const,
    ),
    collection: fc.constantFrom('debit', 'liquidity', 'carry'),
    minimumPayoutMinor: fc.integer({ min: 0, max: 3_000 }),
    basisPoints: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
    releaseAfterDays: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ kind, basisPoints, releaseAfterDays, ...rest }): Partial<SettlementModel> => ({
    ...kind,
    ...rest,
    ...(basisPoints !== undefined && { reserve: { basisPoints, releaseAfterDays } }),
  }));
const month: fc.Arbitrary<Month> = fc.record({
  transfers: fc.array(move, { maxLength: 12 }),
  terms,
  isAborted: fc.boolean(),
  paid: fc.subarray([...names]),
  failing: fc.subarray([...names]),
  isTakenBack: fc.boolean(),
});

/** Months that are settled one after another, by the real calculation and the real fold; banks and platforms do as the month says. */
class Year {
  readonly hub = new Scenario();
  /** What the bank, prefunded money and other platforms have moved of each party: positive, to it. */
  readonly moved = new Map<string, number>();
  #month = 0;

  async settle({ transfers, terms: change, isAborted, paid, failing, isTakenBack }: Month): Promise<SettlementCalculated> {
    this.#month += 1;
    for (const [index, [from, to, amount]] of transfers.entries())
      await this.hub.payment(captured(`p${this.#month}.${index}`, [transfer(from, to, amount)]));
    await this.hub.close();
    if (isAborted) {
      const before = this.#carriedAndReserves();
      const aborted = await this.#calculate(`s${this.#month}a`, change, paid);
      await this.#event({ type: 'SettlementAborted', ...this.#of(aborted.settlementId), by: 'operator:fin', reason: '' });
      expect(this.#carriedAndReserves()).toEqual(before);
    }
    const calculated = await this.#calculate(`s${this.#month}`, change, paid);
    await this.#event({ type: 'SettlementPaying', settlementId: calculated.settlementId, currency: 'USD' });
    for (const row of calculated.parties) await this.#pay(calculated.settlementId, row, failing.includes(row.party));
    for (const each of calculated.direct ?? []) {
      const { obligationId, debtor, creditor, amountMinor } = each;
      const owed = { party: debtor, creditor, amountMinor, currency: 'USD', obligationId, settlementId: calculated.settlementId };
      await this.hub.fact(positionStream(debtor), { type: 'ObligationDue', ...owed });
      const said = { reportedBy: 'operator:fin', confirmedBy: 'operator:boss', note: '' };
      if (isTakenBack) {
        await this.hub.fact(positionStream(debtor), {
          type: 'ObligationCarried',
          ...owed,
          ...said,
          debtorModel: 'dnm',
          creditorModel: 'dnm',
        });
      } else {
        await this.hub.fact(positionStream(debtor), { type: 'ObligationPaid', ...owed, ...said });
        this.#move(creditor, amountMinor);
        this.#move(debtor, -amountMinor);
      }
    }
    return calculated;
  }

  async #calculate(settlementId: string, change: Partial<SettlementModel>, paid: readonly string[]): Promise<SettlementCalculated> {
    const { rows } = this.hub;
    const windowIds = [windowIdOf('dnm', 'USD', this.#month)];
    const isMine = ({ windowId }: { windowId: string }) => windowIds.includes(windowId);
    const cutOffAt = new Date(Date.parse(now) + this.#month * 86_400_000);
    const due = rows.all('reserves').filter(({ releasedBy, releaseAt }) => releasedBy === null && releaseAt <= cutOffAt.toISOString());
    const amounts = calculateSettlement({
      settlementId,
      terms: modelFor('USD', change),
      cutOffAt,
      nets: rows.all('windowNets').filter(isMine),
      carried: rows.all('carries'),
      obligations: rows.all('obligations').filter(isMine),
      reserveBases: rows.all('reserveBases'),
      dueReserves: due.map(({ party, settlementId: withheldIn, amountMinor }) => ({
        party,
        settlementId: withheldIn,
        amountMinor: Number(amountMinor),
      })),
      hasBankAccount: (party) => paid.includes(party),
      modelAfter: () => 'dnm',
      payInOf: () => undefined,
    });
    const about = { ...this.#of(settlementId), windowIds };
    await this.#event({ type: 'SettlementRequested', ...about, requestedBy: 'operator:fin', requestedAt: now });
    const calculated: SettlementCalculated = {
      type: 'SettlementCalculated',
      ...about,
      ...amounts,
      cutOff: '1',
      facts: 0,
      calculatedAt: now,
    };
    await this.#event(calculated);
    return calculated;
  }

  async #pay(settlementId: string, row: PartySettlement, fails: boolean): Promise<void> {
    const { party, withheldMinor = 0, releasedMinor = 0, reserve } = row;
    const about = { party, currency: 'USD', settlementId };
    const stream = positionStream(party);
    if (reserve && withheldMinor > 0)
      await this.hub.fact(stream, { type: 'ReserveWithheld', ...about, amountMinor: withheldMinor, releaseAt: reserve.releaseAt });
    if (releasedMinor > 0) await this.hub.fact(stream, { type: 'ReserveReleased', ...about, amountMinor: releasedMinor });
    for (const { kind, id, amountMinor } of movesOf(settlementId, row)) {
      if (kind === 'draw') {
        const draw = { ...about, amountMinor, drawId: id, holdId: `hold_${id}` };
        await this.hub.fact(stream, { type: 'LiquidityDrawRequested', ...draw });
        if (fails) await this.hub.fact(stream, { type: 'LiquidityDrawRefused', ...draw, code: 'insufficient_funds', model: 'dnm' });
        else await this.hub.fact(stream, { type: 'LiquidityDrawn', ...draw });
      } else {
        const payout = { ...about, payoutId: id, direction: kind, amountMinor, bank: 'sandbox' } as const;
        await this.hub.fact(`payout-${id}`, { type: 'PayoutRequested', ...payout, accountNumber: '1', holder: '', requestedAt: now });
        if (fails) await this.hub.fact(`payout-${id}`, { type: 'PayoutCarried', ...payout, model: 'dnm', by: 'operator:fin' });
      }
      if (!fails) this.#move(party, kind === 'payout' ? amountMinor : -amountMinor);
    }
  }

  #carriedAndReserves = () => ({
    carries: this.hub.rows.all('carries').filter(({ amountMinor, debitMinor }) => amountMinor !== 0n || debitMinor !== 0n),
    bases: this.hub.rows.all('reserveBases').filter(({ basisPointMinor }) => basisPointMinor !== 0n),
    reserves: this.hub.rows.all('reserves').map((row) => ({ ...row })),
  });

  #of = (settlementId: string) => ({ settlementId, model: 'dnm', currency: 'USD' });
  #event = (event: SettlementEvent) => this.hub.fact(`settlement-${event.settlementId}`, event);
  #move = (party: string, amountMinor: number) => this.moved.set(party, (this.moved.get(party) ?? 0) + amountMinor);
}

it('over any months and models, what a party got and paid, what is withheld of it and what is carried come to what its transfers are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(month, { minLength: 1, maxLength: 6 }), async (months) => {
      const year = new Year();
      const settlements: SettlementCalculated[] = [];
      for (const each of months) settlements.push(await year.settle(each));
      for (const party of names) {
        const transfers = months.flatMap((each) => each.transfers).filter(([from, to]) => from !== to);
        const earned = transfers.reduce((sum, [from, to, amount]) => sum + (to === party ? amount : 0) - (from === party ? amount : 0), 0);
        const rows = settlements.flatMap(({ parties }) => parties.filter((row) => row.party === party));
        expect(rows.reduce((sum, { netMinor }) => sum + netMinor, 0)).toBe(earned);
        const sumOf = (amounts: bigint[]) => Number(amounts.reduce((sum, each) => sum + each, 0n));
        const mine = <Row extends { party: string }>(all: Row[]) => all.filter((row) => row.party === party);
        const withheld = mine(year.hub.rows.all('reserves')).filter(({ releasedBy }) => releasedBy === null);
        const carried = mine(year.hub.rows.all('carries'));
        const left = sumOf(withheld.map(({ amountMinor }) => amountMinor)) + sumOf(carried.map(({ amountMinor }) => amountMinor));
        expect((year.moved.get(party) ?? 0) + left).toBe(earned);
        for (const { debitMinor } of carried) expect(debitMinor).toBeGreaterThanOrEqual(0n);
      }
    }),
    { numRuns: 150 },
  );
});
