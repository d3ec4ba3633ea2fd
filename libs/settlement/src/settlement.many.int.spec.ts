import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PayoutEvent, SettlementEvent } from '@tongbao/contracts';
import { captured, emptyBatch, transfer, type Fact } from '../test/facts.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';

const creators = Array.from({ length: 20_000 }, (_, index) => `creator:${String(index).padStart(6, '0')}`);
const atOnce = 500;
/** The ledger posts so many of those payments in one event. */
const paymentsInEntry = 5;

let hub: TestHub;
let market: Market;

beforeAll(async () => {
  hub = await TestHub.start(60_000);
  for (let start = 0; start < creators.length; start += atOnce) {
    const accounts = creators.slice(start, start + atOnce).map(accountOf);
    await hub.store.append('participant-crowd', 'any', accounts, { commandId: `accounts ${start}` });
  }
  market = await Market.open(hub, 'CNY', { change: { automaticApprovalUpToMinor: 1_000_000_000 } });
}, 300_000);

afterAll(() => hub.stop());

const accountOf = (party: string): Fact => ({ type: 'BankAccountSet', party, bank: 'x', accountNumber: `acc-${party}`, holder: party });

/** Each creator gets an amount: payments that are divided among hundreds of them. The ledger has posted them where it is asked to. */
async function earn(amountOf: (index: number) => number): Promise<void> {
  for (let start = 0; start < creators.length; start += atOnce) {
    const split = creators.slice(start, start + atOnce).map((party, index) => transfer('provider:alipay', party, amountOf(start + index)));
    await hub.payment(captured(market.nextPayment(), split, market.currency));
  }
}

async function advance(settlementId: string): Promise<string> {
  await hub.projected();
  return market.processes.settlement.advance(settlementId);
}

const typesOf = async (settlementId: string) => [...new Set((await market.settlementEvents(settlementId)).map(({ type }) => type))];

const largestOf = async (settlementId: string) =>
  Math.max(...(await market.settlementEvents(settlementId)).map((event) => JSON.stringify(event).length));

const sumOf = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);

// How long this takes is in docs/performance.md.
describe('a settlement of 20,000 creators', () => {
  it('asks once for each payout, which come to what they have earned', async () => {
    await earn((index) => 200 + index);
    const settlementId = await market.settle();
    expect(await advance(settlementId)).toBe('calculated');
    await hub.post(paymentsInEntry);
    expect(await advance(settlementId)).toBe('paying');
    const payouts = (await hub.log<PayoutEvent>('payout')).flatMap(({ event }) => (event.type === 'PayoutRequested' ? [event] : []));
    expect(payouts.map(({ party }) => party).sort()).toEqual(creators);
    expect(sumOf(payouts.map(({ amountMinor }) => amountMinor))).toBe(sumOf(creators.map((_, index) => 200 + index)));
    expect(await advance(settlementId)).toBe('paying');
    expect(await hub.log('payout')).toHaveLength(creators.length);
    market.restart();
    expect(await advance(settlementId)).toBe('paying');
    expect(await hub.log('payout')).toHaveLength(creators.length);
    expect(await largestOf(settlementId)).toBeLessThan(410_000);
  });

  it('that is aborted is the same once it is redone, and settles each of its parties once', async () => {
    await earn((index) => 1 + (index % 90));
    const windowId = await market.close();
    const ask = async (name: string) => (await market.processes.commands.request([windowId], market.command(name))).settlementId;
    const aborted = await ask('first');
    expect(await advance(aborted)).toBe('calculated');
    await hub.projected();
    expect(await hub.queries.carriesOf('dnm', 'CNY')).toHaveLength(creators.length);
    await market.processes.commands.abort(aborted, 'once more', market.command('abort'));
    await hub.projected();
    expect(await hub.queries.carriesOf('dnm', 'CNY')).toEqual([]);
    const redone = await ask('second');
    expect(await advance(redone)).toBe('calculated');
    expect((await market.calculation(redone)).parties).toEqual((await market.calculation(aborted)).parties);
    await hub.post(paymentsInEntry);
    expect(await advance(redone)).toBe('settled');
    await hub.projected();
    const carried = await hub.queries.carriesOf('dnm', 'CNY');
    expect(sumOf(carried.map(({ amountMinor }) => Number(amountMinor)))).toBe(sumOf(creators.map((_, index) => 1 + (index % 90))));
    const said = (await market.settlementEvents(redone)).flatMap((event) => (isSettled(event) ? event.parties : []));
    expect(said).toEqual(creators.map((party, index) => ({ party, netMinor: 1 + (index % 90) })));
    expect(await typesOf(redone)).toEqual([
      ...['SettlementRequested', 'SettlementPartiesCalculated', 'SettlementCalculated', 'SettlementVerified', 'SettlementApproved'],
      ...['SettlementPaying', 'SettlementPartiesSettled', 'SettlementSettled'],
    ]);
  });

  it('that the ledger knows nothing of stops, and goes on when that is mended', async () => {
    await earn(() => 1);
    const settlementId = await market.settle();
    await hub.fact('journal-main', { ...emptyBatch, sourcePosition: String(await hub.store.head()) });
    expect(await advance(settlementId)).toBe('mismatched');
    expect((await market.settlementEvents(settlementId)).at(-1)).toMatchObject({
      type: 'SettlementMismatched',
      differing: creators.length,
    });
    await hub.post(paymentsInEntry);
    await market.processes.commands.compareAgain(settlementId, market.command('again'));
    expect(await advance(settlementId)).toBe('settled');
  });
});

const isSettled = (event: SettlementEvent) => event.type === 'SettlementPartiesSettled' || event.type === 'SettlementSettled';
