import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, isCluster } from '@tongbao/testing';
import { around, expectSurvived, type Kill } from './kills.js';
import { MortalWorld } from './mortal-world.js';
import { SettlementDays } from './settlement-days.js';

const days: { name: string; day: (days: SettlementDays) => Promise<void>; kills: Kill[] }[] = [
  {
    name: 'a day of payments, refunds, payouts and a collection',
    day: (all) => all.whole(),
    kills: [
      // The first one: as yet nothing lies at the bank.
      ['after PayoutAwaitingFunds', 1, 'waits for cash'],
      ['before WindowClosed', 1, 'asked to close'],
      ['after WindowClosed', 1, 'closed, the next one not open'],
      ['after WindowOpened', 1, 'closed, the next one open'],
      ['after SettlementRequested', 1, 'asked for, no window claimed'],
      ['after WindowClaimed', 1, 'claimed'],
      ['before SettlementCalculated', 1, 'calculated, not written'],
      ['after SettlementCalculated', 1, 'calculated'],
      ['after SettlementVerified', 1, 'compared with the ledger'],
      ['after SettlementApproved', 1, 'approved'],
      ['after SettlementPaying', 1, 'past abort'],
      ['after PayoutRequested', 1, 'first payout asked for'],
      ['after PayoutRequested', 2, 'some of the payouts asked for'],
      ['before bus_tongbao.ledger.commands', 1, 'the ledger not yet asked to hold'],
      ...around('EntriesPosted:PlaceHold', 'hold of the ledger'),
      ['after PayoutHeld', 1, 'hold known'],
      ['before bankcall', 1, 'intent recorded, the bank not yet told'],
      ['after bankcall', 1, 'the bank has it, its answer is lost'],
      ...around('EntriesPosted:PayoutInstructed', 'transit in the books'),
      ['after statement', 2, 'lines of the bank read'],
      ['after PayoutConfirmed', 1, 'confirmed, its line not recorded'],
      ['after BankLineRecorded:payout', 1, 'line recorded'],
      ['after BankLineRecorded:provider_payout', 1, 'cash recorded'],
      ...around('EntriesPosted:PayoutConfirmed', 'payment in the books'),
      ['after WindowSettled', 1, 'window settled, the settlement not'],
      ['after SettlementSettled', 1, 'settled'],
      ...around('PaymentSidesSettled', 'slice of payments'),
      ['after PaymentSettled', 3, 'some payments of the slice told'],
      ...around('PaymentsMarked', 'all payments told'),
      ['before rows:settlement', 5, 'folded, no row written'],
      ['amid rows:settlement', 5, 'rows written, not committed'],
      ['after rows:settlement', 5, 'rows committed'],
      ['amid rows:finance', 1, 'rows of finance written, not committed'],
      ...around('checkpoint', 'how far messages have been brought'),
    ],
  },
  {
    name: 'a settlement that is aborted and done again',
    day: (all) => all.aborted(),
    kills: [
      ['after SettlementAborted', 1, 'aborted, its window not given back'],
      ['after WindowReleased', 1, 'window given back'],
    ],
  },
  {
    name: 'reserves, debts that are paid directly, prefunded money',
    day: (all) => all.withParts('paid'),
    kills: [
      ...around('LiquidityReceived', 'deposit taken in'),
      ['after ReserveWithheld', 1, 'reserve of one party withheld'],
      ['after ReserveReleased', 1, 'reserve of one party released'],
      ...around('EntriesPosted:ReserveWithheld', 'reserve in the books'),
      ['after ObligationDue', 1, 'debt due'],
      ['after ObligationReported', 1, 'payment reported'],
      ['after ObligationPaid', 1, 'payment confirmed'],
      ['before EntriesPosted:ObligationPaid', 1, 'debt not yet out of the books'],
      ['after LiquidityDrawRequested', 1, 'draw asked for'],
      ...around('LiquidityDrawn', 'draw'),
    ],
  },
  {
    name: 'debts that are taken back',
    day: (all) => all.withParts('carried'),
    kills: [['after ObligationCarried', 1, 'debt carried']],
  },
  {
    name: 'a bank that rejects, loses and returns',
    day: (all) => all.withMoods(),
    kills: [
      ...around('PayoutFailed', 'rejection'),
      ['after PayoutRequested', 4, 'asked again after it failed'],
      ['before EntriesPosted:PayoutFailed', 1, 'not yet back from transit in the books'],
      ...around('PayoutReturned', 'return'),
      ['before EntriesPosted:PayoutReturned', 1, 'not yet back from the bank in the books'],
      ['after PayoutCarried', 1, 'carried to the next settlement'],
      ['after bankcall', 2, 'one of several at the bank'],
    ],
  },
  {
    name: 'a withdrawal of fees',
    day: (all) => all.swept(),
    kills: [
      ['after WithdrawalRequested', 1, 'asked for'],
      ['after WithdrawalApproved', 1, 'approved'],
      ['after WithdrawalHeld', 1, 'hold known'],
      ['before bankcall', 1, 'intent recorded, the bank not yet told'],
      ['after bankcall', 1, 'the bank has it, its answer is lost'],
      ['before EntriesPosted:WithdrawalInstructed', 1, 'transit not yet in the books'],
      ...around('WithdrawalConfirmed', 'confirmation'),
    ],
  },
  {
    name: 'a withdrawal that is cancelled',
    day: (all) => all.cancelled(),
    kills: [['after WithdrawalCancelled', 1, 'cancelled']],
  },
];

// What single processes of the distributed form do when they are killed is a suite of its own.
const describeEmbedded = isCluster() ? describe.skip : describe;

describeEmbedded('a hub that is killed between two steps of a settlement', () => {
  let mortal: MortalWorld;
  let all: SettlementDays;

  beforeAll(async () => {
    mortal = await MortalWorld.begin({ TONGBAO_CURRENCIES: 'CNY,USD,EUR', PROVIDER_TIMEOUT_MS: '1000' });
    all = new SettlementDays(mortal);
    await all.prepare();
  }, 120_000);
  afterAll(() => mortal.end());

  describe.each(days)('in $name', ({ day, kills }) => {
    it.each(kills)('%s (time %i; %s) ends the day as if it had not been', async (...kill) => {
      await expectSurvived(mortal, kill, () => day(all));
    });
  });

  it('has told its bank everything once, and has read everything that the bank says', async () => {
    const bank = new DatabaseSync(join(mortal.world.hub.dataDir, 'sandbox-bank.db'), { readOnly: true });
    const lines = bank
      .prepare('SELECT body FROM line ORDER BY sequence')
      .all()
      .map(({ body }) => JSON.parse(String(body)) as { key?: string; isReturn?: true; amountMinor: number; currency: string });
    bank.close();
    const keys = lines.flatMap(({ key, isReturn }) => (key === undefined ? [] : [`${key}${isReturn ? ' returned' : ''}`]));
    expect(keys.length).toBe(new Set(keys).size);
    for (const [currency, own] of Map.groupBy(lines, (line) => line.currency)) {
      const sum = own.reduce((total, { amountMinor }) => total + amountMinor, 0);
      await mortal.world.balancesBecome(currency, { 'bank:sandbox': -sum });
    }
  });

  it.each(['payment', 'ledger', 'settlement', 'finance'])('has rows of %s as a rebuild from the log makes them', async (name) => {
    const ops = mortal.world.operator('ops');
    expect((await ops.post(`/v1/projections/${name}/rebuild`)).status).toBe(202);
    const { job } = await eventually(
      async () => (await ops.get(`/v1/projections/${name}`)).body,
      (found) => found.job.state !== 'running',
      60_000,
    );
    expect(job).toMatchObject({ state: 'done', report: { equal: true, differences: [] } });
  });
});
