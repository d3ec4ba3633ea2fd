import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BankLineRecorded } from '@tongbao/contracts';
import { ProjectionBehind } from '@tongbao/service';
import { clock, TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { assignmentStream } from './assignment.js';
import { statementStream } from './bank-statement.process.js';
import { rateOf } from './fx-rate.js';
import { payoutIdOf } from './payout.js';

const [A, H, J, K] = ['platform:A', 'platform:H', 'platform:J', 'platform:K'];
const crowd = Array.from({ length: 40 }, (_, index) => `creator:${String(index).padStart(2, '0')}`);

let hub: TestHub;
let dollars: Market;
let yuan: Market;
let euros: Market;

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount(A, `acc-${A}`);
  for (const party of [H, J, K]) await hub.registerBankAccount(party, `acc-${party}`, 'USD');
  for (const party of crowd) await hub.registerBankAccount(party, `acc-${party}`);
  const byHand = { change: { automaticApprovalUpToMinor: 0 }, cashMinor: 1_000_000 };
  dollars = await Market.open(hub, 'USD', byHand);
  yuan = await Market.open(hub, 'CNY', byHand);
  euros = await Market.open(hub, 'EUR', byHand);
}, 180_000);

afterAll(() => hub.stop());

/** Asked for, calculated, and compared: it waits for a person. */
async function verified(market: Market): Promise<string> {
  const settlementId = await market.settle();
  for (let rounds = 0; rounds < 2; rounds += 1) await market.round(settlementId);
  expect(await market.status(settlementId)).toBe('verified');
  return settlementId;
}

const approve = (market: Market, settlementId: string) =>
  market.processes.commands.approve(settlementId, market.command('approve', 'operator:boss'));

const end = (party: string) =>
  hub.fact(`participant-${party}`, {
    ...{ type: 'BankAccountEnded', party, currency: 'USD', proposalId: `bap_e${party}`, by: 'operator:boss' },
    ...{ accountNumber: `acc-${party}`, note: 'called them', endedAt: clock.now().toISOString() },
  });

const rounds = async (market: Market, settlementId: string) => {
  for (let round = 0; round < 5; round += 1) await market.round(settlementId);
};

const booked = async (party: string) =>
  (await dollars.events<BankLineRecorded>(statementStream('sandbox')))
    .filter(({ accountNumber }) => accountNumber?.startsWith(`acc-${party}`))
    .map(({ accountNumber, currency, amountMinor }) => [accountNumber, currency, amountMinor]);

const waiting = ['PayoutRequested', 'PayoutHeld', 'PayoutAwaitingAccount'];

describe('a party whose only account is ended between calculation and approval', () => {
  it('has a payout that waits for an account, and holds up nobody; it is carried, and the settlement ends', async () => {
    await dollars.earns(A, 500);
    await dollars.earns(H, 900);
    const settlementId = await verified(dollars);
    await end(H);
    await approve(dollars, settlementId);
    await rounds(dollars, settlementId);
    expect([await dollars.payoutSteps(settlementId, H), await dollars.status(settlementId)]).toEqual([waiting, 'paying']);
    expect([await booked(A), await booked(H)]).toEqual([[[`acc-${A}`, 'USD', -500]], []]);

    await dollars.processes.payoutCommands.carry(payoutIdOf(settlementId, H), dollars.command('carry'));
    await dollars.untilMarked(settlementId);
    await hub.projected();
    expect(await hub.queries.carriesOf('dnm', 'USD')).toMatchObject([{ party: H, amountMinor: 900n }]);
  });

  it('is paid by itself to the account that comes into force', async () => {
    await dollars.earns(J, 700);
    const settlementId = await verified(dollars);
    await end(J);
    await approve(dollars, settlementId);
    await rounds(dollars, settlementId);
    expect(await dollars.payoutSteps(settlementId, J)).toEqual(waiting);
    await hub.registerBankAccount(J, `acc-${J}-new`, 'USD');
    await dollars.untilMarked(settlementId);
    expect(await booked(J)).toEqual([[`acc-${J}-new`, 'USD', -700]]);
  });

  it('waits so with what was exchanged into the currency, too', async () => {
    await hub.fact(assignmentStream(K), {
      ...{ type: 'PartyModelSet', party: K, currency: 'CNY', model: 'dnm', payIn: 'USD', by: 'operator:fin' },
      ...{ approvedBy: 'operator:boss', setAt: clock.now().toISOString() },
    });
    const terms = { from: 'CNY', to: 'USD', ...rateOf('0.14')!, expiresAt: '2026-01-31T12:00:00.000Z', source: 'spec' };
    await yuan.processes.quotes.record(terms, yuan.command('quote', 'operator:ann'));
    await yuan.earns(A, 300);
    await yuan.earns(K, 10_000);
    const settlementId = await verified(yuan);
    await end(K);
    await approve(yuan, settlementId);
    await rounds(yuan, settlementId);
    expect(await yuan.payoutSteps(settlementId, K)).toEqual(waiting);
    expect(await booked(A)).toContainEqual([`acc-${A}`, 'CNY', -300]);
    await yuan.processes.payoutCommands.carry(payoutIdOf(settlementId, K), yuan.command('carry'));
    await yuan.untilMarked(settlementId);
    await hub.projected();
    expect(await hub.queries.carriesOf('dnm', 'USD')).toContainEqual(expect.objectContaining({ party: K, amountMinor: 1_400n }));
  });
});

describe('a party of which nobody knows an account', () => {
  it('is tried again, and holds up none of the others, however many', async () => {
    const [first = '', ...others] = crowd;
    for (const party of crowd) await euros.earns(party, 200);
    const settlementId = await verified(euros);
    await approve(euros, settlementId);
    await hub.projected();
    const known = await hub.sql.query<{ account: unknown }>(
      `delete from settlement.payee_accounts where party = '${first}' returning account`,
    );
    expect(known).toHaveLength(1);
    await expect(euros.round(settlementId)).rejects.toBeInstanceOf(ProjectionBehind);
    for (const party of others) expect(await euros.payoutSteps(settlementId, party)).toEqual(['PayoutRequested']);
    expect(await euros.payoutSteps(settlementId, first)).toEqual([]);

    await hub.registerBankAccount(first, `acc-${first}`);
    await euros.untilMarked(settlementId);
    for (const party of crowd) expect(await booked(party)).toEqual([[`acc-${party}`, 'EUR', -200]]);
  });
});
