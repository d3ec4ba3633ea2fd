import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BankLineExplained, JournalTransfer, PositionEvent } from '@tongbao/contracts';
import { captured, disputed, disputeEnded, emptyBatch, example2, example3, postedFor, transfer } from '../test/facts.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { positionStream } from './liquidity.js';
import { collectionIdOf } from './payout.js';

let hub: TestHub;

beforeAll(async () => {
  hub = await TestHub.start();
  for (const name of ['A', 'B']) await hub.registerBankAccount(`platform:${name}`, `acc-${name}`);
  await hub.registerBankAccount('creator:K', 'acc-K');
}, 180_000);

afterAll(() => hub.stop());

const problem = (code: string) => expect.objectContaining({ code });
const day = (date: string) => ({ clock: { now: () => new Date(`${date}T00:00:00Z`) } });
const A = 'platform:A';
const B = 'platform:B';

/** What a market's settlements did to a party's position besides payouts. */
const positionFacts = async (market: Market, party: string) =>
  (await market.events<PositionEvent>(positionStream(party))).filter(({ currency }) => currency === market.currency);
const lineAmounts = async (market: Market) => (await market.lines()).map(({ amountMinor }) => amountMinor);
const partyOf = async (market: Market, settlementId: string, party: string) =>
  (await market.calculation(settlementId)).parties.find((row) => row.party === party);

describe('a reserve', () => {
  const terms = { reserve: { basisPoints: 1_000, releaseAfterDays: 30 }, automaticApprovalUpToMinor: 0 };
  const approve = async (market: Market, settlementId: string) => {
    await market.round(settlementId);
    await market.processes.commands.approve(settlementId, market.command('approve', 'operator:boss'));
  };

  it('is withheld to the minor unit over all settlements, comes back after its days, and is not touched by what is aborted', async () => {
    const market = await Market.open(hub, 'USD', { cashMinor: 100_000, change: terms });
    for (const [month, withheldMinor] of [101, 100].entries()) {
      await market.earns(A, 1_005);
      const settlementId = await market.settle();
      await approve(market, settlementId);
      await market.untilMarked(settlementId);
      expect(await partyOf(market, settlementId, A)).toMatchObject({ netMinor: 1_005, withheldMinor, payableMinor: 1_005 - withheldMinor });
      expect((await positionFacts(market, A))[month]).toMatchObject({ type: 'ReserveWithheld', settlementId, amountMinor: withheldMinor });
    }
    market.restart(day('2026-03-02'));
    await market.earns(A, 10);
    const windowId = await market.close();
    const ask = async (name: string) => (await market.processes.commands.request([windowId], market.command(name))).settlementId;
    const aborted = await ask('first');
    await market.round(aborted);
    await market.processes.commands.abort(aborted, 'another day', market.command('abort'));
    const redone = await ask('again');
    await approve(market, redone);
    await market.untilMarked(redone);

    const row = await partyOf(market, redone, A);
    expect(row).toMatchObject({ netMinor: 10, withheldMinor: 1, releasedMinor: 201, payableMinor: 210 });
    expect(row).toEqual(await partyOf(market, aborted, A));
    expect((await positionFacts(market, A)).map(({ type, amountMinor }) => [type, amountMinor])).toEqual([
      ['ReserveWithheld', 101],
      ['ReserveWithheld', 100],
      ['ReserveWithheld', 1],
      ['ReserveReleased', 201],
    ]);
    expect(await lineAmounts(market)).toEqual([100_000, -904, -905, -210]);
  });

  it('that is released is in the books before anything of it is paid', async () => {
    const market = await Market.open(hub, 'CNY', { cashMinor: 10_000, change: { ...terms, automaticApprovalUpToMinor: 1_000_000 } });
    await market.earns(A, 1_000);
    const settlementId = await market.settle();
    await hub.post();
    await hub.projected();
    expect(await market.processes.settlement.advance(settlementId)).toBe('paying');
    expect(market.processes.settlement.waitsForLedger(settlementId)).toBe(true);
    expect(await market.payoutSteps(settlementId, A)).toEqual([]);
    await hub.post();
    await hub.projected();
    await market.processes.settlement.advance(settlementId);
    expect(market.processes.settlement.waitsForLedger(settlementId)).toBe(false);
    expect(await market.payoutSteps(settlementId, A)).toEqual(['PayoutRequested']);
    await market.untilMarked(settlementId);
  });
});

describe('a gross settlement', () => {
  it('pays out what a party received and collects what it paid, each under its own key', async () => {
    const market = await Market.open(hub, 'EUR', { cashMinor: 10_000, change: { granularity: 'gross' } });
    await market.earns(A, 1_000);
    await market.earns(A, -300);
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    expect(await lineAmounts(market)).toEqual([10_000, -1_000, 300]);
    expect(await market.collectionSteps(settlementId, A)).toEqual(['PayoutRequested', 'PayoutInstructed', 'PayoutConfirmed']);
  });

  it('carries each on its own, also what could not be collected', async () => {
    const market = await Market.open(hub, 'GBP', { change: { granularity: 'gross' } });
    await hub.registerBankAccount('platform:D', 'acc-D#rejects');
    await market.earns('platform:D', 99);
    await market.earns('platform:D', -300);
    const first = await market.settle();
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(first);
    expect(await market.collectionSteps(first, 'platform:D')).toEqual(['PayoutRequested', 'PayoutInstructed', 'PayoutFailed']);
    await market.processes.payoutCommands.carry(collectionIdOf(first, 'platform:D'), market.command('carry'));
    await market.untilMarked(first);
    await market.earns('platform:D', 1);
    const second = await market.settle();
    await market.round(second);
    expect(await partyOf(market, second, 'platform:D')).toMatchObject({
      ...{ carriedInMinor: 99 - 300, netMinor: 1, payableMinor: 100 - 300 },
      legs: { received: { carriedInMinor: 99, payableMinor: 100 }, paid: { carriedInMinor: 300, amountMinor: 0, payableMinor: 300 } },
    });
  });
});

describe('a bilateral settlement', () => {
  const bilateral = { interchange: 'bilateral' } as const;
  const open = async (currency: string) => {
    const market = await Market.open(hub, currency, { cashMinor: 100_000, change: bilateral });
    await hub.payment({ ...example2(`two-${currency}`), currency });
    await hub.payment({ ...example3(`three-${currency}`), currency });
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId);
    await hub.projected();
    return { market, settlementId, obligationId: `${settlementId}_platform.B_platform.A` };
  };

  it('of examples 2 and 3 has B pay A 16.00 directly and the hub pay the rest, and ends when A has confirmed it', async () => {
    const { market, settlementId, obligationId } = await open('JPY');
    expect(await market.status(settlementId)).toBe('paying');
    expect((await lineAmounts(market)).sort()).toEqual([-1_659, -2_950, -3_311, 100_000].sort());
    const { obligations } = market.processes;
    await obligations.report(obligationId, 'paid', 'advice 17', market.command('report'));
    await expect(obligations.confirm(obligationId, 'paid', market.command('self'))).rejects.toEqual(problem('four_eyes'));
    await expect(obligations.confirm(obligationId, 'paid', market.command('C', 'platform:C'))).rejects.toEqual(problem('not_found'));
    const confirming = market.command('creditor', A);
    await obligations.confirm(obligationId, 'paid', confirming);
    expect(await obligations.confirm(obligationId, 'paid', confirming)).toEqual({ position: expect.any(BigInt) });
    await market.untilMarked(settlementId);
    expect((await positionFacts(market, B)).map(({ type }) => type)).toEqual(['ObligationDue', 'ObligationReported', 'ObligationPaid']);
    await hub.post();
    await hub.projected();
    const positions = await hub.sql.query(`select party, balance_minor from settlement.positions where currency = 'JPY' order by party`);
    expect(positions.map((row) => Number(Object.values(row)[1]))).toEqual([0, 0, 0]);
  });

  it('has the hub take back what B does not pay, into the next settlements of both', async () => {
    const { market, settlementId, obligationId } = await open('CHF');
    const { obligations } = market.processes;
    await obligations.report(obligationId, 'carried', 'B asks the hub', market.command('report'));
    await expect(obligations.confirm(obligationId, 'paid', market.command('other', 'operator:boss'))).rejects.toEqual(
      problem('state_conflict'),
    );
    await expect(obligations.confirm(obligationId, 'carried', market.command('creditor', A))).rejects.toEqual(problem('forbidden'));
    await obligations.reject(obligationId, 'ask them first', market.command('reject', 'operator:boss'));
    await hub.projected();
    await obligations.report(obligationId, 'carried', 'B asks the hub', market.command('again'));
    await obligations.confirm(obligationId, 'carried', market.command('confirm', 'operator:boss'));
    await market.untilMarked(settlementId);
    const next = await market.settle();
    await market.untilMarked(next);
    expect((await market.calculation(next)).parties).toMatchObject([
      { party: A, carriedInMinor: 1_600, payableMinor: 1_600, action: 'pay_out' },
      { party: B, carriedInMinor: -1_600, payableMinor: -1_600, action: 'collect' },
    ]);
    expect((await lineAmounts(market)).slice(-2).sort()).toEqual([-1_600, 1_600]);
  });
});

describe('a payout that the ledger refuses while another’s direct debt is open', () => {
  it('is asked for again as soon as that is paid, and posted', async () => {
    const market = await Market.open(hub, 'ILS', { cashMinor: 100_000, change: { interchange: 'bilateral' } });
    await hub.payment({ ...example2('two-ILS'), currency: 'ILS' });
    await hub.payment({ ...example3('three-ILS'), currency: 'ILS' });
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId, 'refused');
    expect(await market.payoutSteps(settlementId, A)).toEqual(['PayoutRequested', 'PayoutRefused']);
    const { obligations, payouts } = market.processes;
    const obligationId = `${settlementId}_platform.B_platform.A`;
    await obligations.report(obligationId, 'paid', 'advice 18', market.command('report'));
    await obligations.confirm(obligationId, 'paid', market.command('creditor', A));
    await hub.projected();

    await payouts.run(0n);
    expect(await market.payoutSteps(settlementId, A)).toHaveLength(2);
    await hub.post();
    await hub.projected();
    await payouts.run(0n);
    expect(await market.payoutSteps(settlementId, A)).toHaveLength(3);
    await market.untilMarked(settlementId);
    const steps = await market.payoutSteps(settlementId, A);
    expect(steps).toEqual(['PayoutRequested', 'PayoutRefused', 'PayoutRequested', 'PayoutHeld', 'PayoutInstructed', 'PayoutConfirmed']);
  });
});

describe('a debt that is collected from liquidity', () => {
  const change = { collection: 'liquidity' } as const;
  it('is drawn once the ledger holds it', async () => {
    const market = await Market.open(hub, 'SEK', { change });
    await market.earns(A, -300);
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    expect((await positionFacts(market, A)).map(({ type, amountMinor }) => [type, amountMinor])).toEqual([
      ['LiquidityDrawRequested', 300],
      ['LiquidityDrawn', 300],
    ]);
    expect(await market.lines()).toEqual([]);
  });

  it('is carried when there is not enough', async () => {
    const market = await Market.open(hub, 'NOK', { cashMinor: 10_000, change });
    await market.earns(A, -300);
    const first = await market.settle();
    for (let rounds = 0; (await market.status(first)) !== 'settled' && rounds < 9; rounds += 1) await market.round(first, 'refused');
    await market.untilMarked(first);
    await market.earns(A, 500);
    const second = await market.settle();
    await market.untilMarked(second);
    expect(await partyOf(market, second, A)).toMatchObject({ carriedInMinor: -300, netMinor: 500, payableMinor: 200, action: 'pay_out' });
    expect(await lineAmounts(market)).toEqual([10_000, -200]);
  });
});

describe('what comes late', () => {
  it('is settled in the window of its place in the log: refunds and disputes of payments long settled', async () => {
    const market = await Market.open(hub, 'DKK', { cashMinor: 10_000 });
    const paymentId = await market.earns(A, 1_000);
    const fee = transfer('hub:fees', B, 500);
    await hub.payment(captured('dkk-b', [fee], 'DKK'));
    const first = await market.settle();
    await market.untilMarked(first);
    await market.refund(paymentId, [transfer(A, 'provider:alipay', 100)]);
    await hub.payment(disputed(paymentId, [transfer(A, 'dispute:d1', 400)], 'DKK'));
    const second = await market.settle();
    await market.untilMarked(second);
    const dispute = [transfer('dispute:d1', A, 300), transfer('dispute:d1', 'provider:alipay', 100), transfer(A, 'provider:alipay', 15)];
    await hub.payment(disputeEnded(paymentId, 'part', dispute, 'DKK'));
    const third = await market.settle();
    await market.untilMarked(third);
    const sides = async (id: string) => (await market.told(id)).find((told) => told.paymentId === paymentId)?.sides;
    expect([await sides(first), await sides(second), await sides(third)]).toEqual(
      [1_000, -500, 285].map((netMinor) => [{ party: A, netMinor }]),
    );
    expect(await lineAmounts(market)).toEqual([10_000, -1_000, -500, 500, -285]);
  });
});

describe('the ledger', () => {
  const journal = (sourcePosition: bigint, ...transfers: JournalTransfer[]) => ({
    ...emptyBatch,
    sourcePosition: String(sourcePosition),
    entries: [{ kind: 'PostEntry', ref: 'fix', transfers }],
  });

  it('may correct a party, which is part of its net', async () => {
    const market = await Market.open(hub, 'PLN', { cashMinor: 10_000 });
    await market.earns(A, 500);
    await hub.post();
    const head = await hub.store.head();
    await hub.fact('journal-main', journal(head, { from: 'hub:fees', to: A, amountMinor: 7, currency: 'PLN', kind: 'goodwill' }));
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    expect(await partyOf(market, settlementId, A)).toMatchObject({ netMinor: 507, sides: 2 });
  });

  it('that posted something else is told fact by fact, mended, and compared again', async () => {
    const market = await Market.open(hub, 'CZK', { cashMinor: 10_000 });
    const right = await hub.payment(captured('right', [transfer('provider:alipay', A, 200)], 'CZK'));
    const position = await hub.payment(captured('lost', [transfer('provider:alipay', A, 500), transfer(A, 'hub:fees', 50)], 'CZK'));
    const explained: BankLineExplained = {
      ...{ type: 'BankLineExplained', bank: 'icbc', lineId: 'l1', amountMinor: 30, currency: 'CZK', account: A, note: '' },
      transfers: [{ from: 'hub:suspense', to: A, amountMinor: 30, kind: 'bank-line-explained' }],
      ...{ proposedBy: 'operator:fin', by: 'operator:boss', explainedAt: '2026-01-30T00:00:00Z' },
    };
    const line = await hub.store.append('reconciliation-bank_icbc', 'any', [explained], { commandId: 'explained' });
    const twice = await hub.payment(captured('twice', [transfer('provider:alipay', B, 300)], 'CZK'));
    const settlementId = await market.settle();
    const posted = (paymentId: string, at: bigint, ...moves: [string, string, number][]) =>
      postedFor(
        [
          {
            event: captured(
              paymentId,
              moves.map(([from, to, minor]) => transfer(from, to, minor)),
              'CZK',
            ),
            position: at,
          },
        ],
        twice,
        900,
      );
    await hub.fact('journal-main', posted('right', right, ['provider:alipay', A, 200]));
    await hub.fact('journal-main', posted('lost', position, ['provider:alipay', 'hub:suspense', 500], ['hub:suspense', 'hub:fees', 50]));
    await hub.fact('journal-main', postedFor([{ event: explained, position: line.position }], twice, 900));
    await hub.fact('journal-main', posted('twice', twice, ['provider:alipay', B, 300], ['provider:alipay', B, 300]));
    await hub.postedByHand();
    await hub.projected();
    expect(await market.processes.settlement.advance(settlementId)).toBe('mismatched');

    const { report, commands } = market.processes;
    const lost = { windowId: 'dnm_CZK_000001', position: String(position), kind: 'PaymentCaptured', ref: 'lost' };
    const doubled = { ...lost, position: String(twice), ref: 'twice' };
    const differences = [
      { ...lost, parties: [{ party: A, factMinor: 450, ledgerMinor: 0, sides: 2, ledgerSides: 0 }] },
      { ...doubled, parties: [{ party: B, factMinor: 300, ledgerMinor: 600, sides: 1, ledgerSides: 2 }] },
    ];
    expect(await report.page(settlementId, 50, undefined)).toEqual({ items: differences });
    const first = await report.page(settlementId, 1, undefined);
    expect(first).toEqual({ items: differences.slice(0, 1), next: expect.any(String) });
    const cursor = JSON.parse(Buffer.from(String(first.next), 'base64url').toString()) as string[];
    expect((await report.page(settlementId, 1, cursor)).items).toEqual(differences.slice(1));

    const mend = (corrects: bigint, from: string, to: string, amountMinor: number, firstEntry: number) => ({
      ...{ ...emptyBatch, sourcePosition: String(twice), firstEntry },
      entries: [
        {
          ...{ kind: 'PostEntry', ref: 'mend', corrects: 1, correctsPosition: String(corrects) },
          transfers: [{ from, to, amountMinor, currency: 'CZK', kind: 'mend' }],
        },
      ],
    });
    await hub.fact('journal-main', mend(position, 'hub:suspense', A, 450, 950));
    await commands.compareAgain(settlementId, market.command('again'));
    await hub.projected();
    expect(await market.processes.settlement.advance(settlementId)).toBe('mismatched');
    expect((await report.page(settlementId, 50, undefined)).items).toEqual(differences.slice(1));
    await hub.fact('journal-main', mend(twice, B, 'hub:suspense', 300, 951));
    await commands.compareAgain(settlementId, market.command('once more'));
    await hub.projected();
    expect((await report.page(settlementId, 50, undefined).catch((error: unknown) => error)) as object).toEqual(problem('state_conflict'));
    await market.untilMarked(settlementId);
    expect((await report.page(settlementId, 50, undefined)).items).toEqual([]);
    expect((await lineAmounts(market)).sort()).toEqual([-300, -680, 10_000].sort());
    expect((await market.settlementEvents(settlementId)).slice(2, 7).map(({ type }) => type)).toEqual([
      'SettlementMismatched',
      'SettlementComparisonAsked',
      'SettlementMismatched',
      'SettlementComparisonAsked',
      'SettlementVerified',
    ]);
    const next = await market.settle();
    await market.untilMarked(next);
    expect((await market.calculation(next)).parties).toEqual([]);
  });

  it('is not asked about a settlement that is not compared, nor about none', async () => {
    const { report } = hub.processes();
    await expect(report.page('stl_none', 1, undefined)).rejects.toEqual(problem('not_found'));
    const market = await Market.open(hub, 'HUF', {});
    await expect(report.page(await market.settle(), 1, undefined)).rejects.toEqual(problem('state_conflict'));
  });
});

describe('the projection', () => {
  it('rebuilt from the log after all of this equals the live one', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});
