import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CheckpointSigned, CheckpointWitnessed, LogEvent } from '@tongbao/contracts';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { proofCheck } from './proof.check.js';
import { SettlementViews } from './settlement.view.js';

let hub: TestHub;
let market: Market;
let settlementId: string;
/** Of the books that the settlement was checked against. */
let entries: number;
let said = 0;

/** A settlement that is verified and approved, whose payout the ledger holds money for. */
beforeEach(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount('platform:A', 'acc-A');
  market = await Market.open(hub, 'USD', { cashMinor: 5_000 });
  market.restart({ needProof: true });
  await market.earns('platform:A', 900);
  settlementId = await market.settle();
  for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId);
  entries = (await hub.queries.ledgerProgress('main'))!.entries;
}, 60_000);
afterEach(() => hub.stop());

const at = '2026-01-31T00:00:00Z';
const append = (event: LogEvent) => hub.store.append('log-main', 'any', [event], { commandId: `log ${(said += 1)}` });
const about = { rootHash: '', journalRevision: 0, sourcePosition: '0', checkpoint: '', signedAt: at };
const sign = (size: number, witnessesNeeded: number) =>
  append({ type: 'CheckpointSigned', size, witnessesNeeded, ...about } satisfies CheckpointSigned);
const witness = (size: number) =>
  append({ type: 'CheckpointWitnessed', size, checkpoint: '', cosigners: ['w1'], witnessedAt: at } satisfies CheckpointWitnessed);

const steps = () => market.payoutSteps(settlementId, 'platform:A');
const waits = ['PayoutRequested', 'PayoutHeld', 'PayoutAwaitingProof'];
const isPaid = [...waits, 'PayoutInstructed', 'PayoutConfirmed'];

describe('a payout that needs a proof', () => {
  it('waits until enough witnesses have cosigned what its settlement was checked against', async () => {
    expect(await steps()).toEqual(waits);
    for (const happens of [() => sign(entries, 1), () => witness(entries - 1)]) {
      await happens();
      await market.round(settlementId);
      expect(await steps()).toEqual(waits);
    }
    await witness(entries);
    await market.untilMarked(settlementId);
    expect(await steps()).toEqual(isPaid);
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });

  it('needs no more than a signature where no witness is needed', async () => {
    await sign(entries - 1, 0);
    await market.round(settlementId);
    expect(await steps()).toEqual(waits);
    await sign(entries, 0);
    await market.untilMarked(settlementId);
    expect(await steps()).toEqual(isPaid);
  });

  it('is told of: how many wait, how much is signed, and how much is proven', async () => {
    await sign(entries, 1);
    await hub.projected();
    const check = proofCheck(hub.queries);
    expect(await check.problem()).toBeUndefined();
    expect(await check.notice?.()).toBe(
      `1 payouts wait for a checkpoint that covers what they come from: ${entries} entries are signed, 0 are proven`,
    );
    expect(await new SettlementViews(hub.sql).settlement(settlementId)).toMatchObject({
      proof: { entries, signed: entries, proven: 0 },
      payouts: [{ status: 'awaiting_proof' }],
    });
    await witness(entries);
    await market.untilMarked(settlementId);
    expect(await check.notice?.()).toBeUndefined();
  });

  it('waits, too, when the ledger places its hold while a round looks at what is unproven', async () => {
    const { queries } = hub;
    await market.earns('platform:B', 500);
    await hub.registerBankAccount('platform:B', 'acc-B');
    const next = await market.settle();
    const lookAtUnproven = queries.unprovenSettlements.bind(queries);
    const holdMeanwhile = async () => {
      const unproven = await lookAtUnproven();
      await hub.answerHolds(() => 'placed');
      await hub.projected();
      return unproven;
    };
    queries.unprovenSettlements = holdMeanwhile;
    while ((await market.payoutSteps(next, 'platform:B')).length < 2) {
      await hub.post();
      await hub.projected();
      await market.processes.settlement.advance(next);
      await hub.projected();
      await market.processes.payouts.run(0n);
    }
    expect(await market.payoutSteps(next, 'platform:B')).toEqual(['PayoutRequested', 'PayoutHeld']);
  });
});
