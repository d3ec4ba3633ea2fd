import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Problem } from '@tongbao/service';
import { LineAssignments } from '@tongbao/settlement/line-assignments';
import { openApplication, World, type Application } from './application.js';

let world: World;
let app: Application;
let assignments: LineAssignments;
let commands = 0;

const lineIds = Array.from({ length: 24 }, (_, index) => `l${index}`);
const asked = (by: string) => ({ commandId: `cmd_${String((commands += 1)).padStart(20, '0')}`, by });
const path = (lineId: string) => `/v1/reconciliation/bank-lines/icbc/${lineId}/explanation`;

const assign = (lineId: string, proposalId = `d_${lineId}`) =>
  assignments.propose(
    { bank: 'icbc', lineId, amountMinor: 500, currency: 'CNY' },
    { proposalId, party: 'platform:A', note: 'their letter' },
    asked('operator:fin'),
  );
async function approveAssignment(lineId: string, proposalId = `d_${lineId}`): Promise<string> {
  try {
    await assignments.approve(lineId, proposalId, asked('operator:boss'));
    return 'assigned';
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.code;
  }
}
const explain = async (lineId: string): Promise<string> => {
  const { body } = await app.post(path(lineId), { account: 'hub:fees', note: 'an old invoice' });
  return body.proposalId ?? body.code;
};
const approveExplanation = async (lineId: string, proposalId: string): Promise<string> => {
  const { status, body } = await app.post(`${path(lineId)}/approve`, { proposalId }, { token: 'approver' });
  return status === 200 ? 'explained' : body.code;
};

/** What takes a line out of suspense. */
async function bookings(lineId: string): Promise<string[]> {
  const events = [...(await world.store.read(`reconciliation-line_icbc_${lineId}`)), ...(await world.store.read(`deposit-dep_${lineId}`))];
  return events.map(({ event }) => event.type).filter((type) => type === 'BankLineExplained' || type === 'LiquidityAssigned');
}

beforeAll(async () => {
  world = await World.begin();
  app = await openApplication(world);
  assignments = new LineAssignments(world.store, world.clock);
  const lines = lineIds.map((lineId, index) => ({
    ...{ type: 'BankLineRecorded', bank: 'icbc', lineId, sequence: index, amountMinor: 500, currency: 'CNY', reference: '' },
    ...{ match: { kind: 'unmatched', reason: 'unknown_reference' }, bookedAt: world.clock.now().toISOString() },
  }));
  await world.happened('reconciliation-bank_icbc', ...lines);
  await app.folded();
  // From here on the projection knows of no decision.
  await app.runner.stop();
}, 60_000);

afterAll(async () => {
  await app.close();
  await world.end();
});

describe('a line that two people have explained in two ways, while nothing is projected', () => {
  it('leaves suspense once, whichever approval comes first', async () => {
    const racing = lineIds.slice(6);
    const proposed = await Promise.all(racing.map(explain));
    await Promise.all(racing.map((lineId) => assign(lineId)));
    const outcomes = await Promise.all(
      racing.map((lineId, index) => {
        const explanation = () => approveExplanation(lineId, proposed[index]!);
        const assignment = () => approveAssignment(lineId);
        return Promise.all(index % 2 === 0 ? [explanation(), assignment()] : [assignment(), explanation()]);
      }),
    );
    for (const [index, lineId] of racing.entries()) {
      const won = outcomes[index]!.find((outcome) => outcome !== 'state_conflict');
      expect([lineId, outcomes[index]!.filter((outcome) => outcome === 'state_conflict').length]).toEqual([lineId, 1]);
      expect(await bookings(lineId)).toEqual([won === 'explained' ? 'BankLineExplained' : 'LiquidityAssigned']);
    }
  });

  it('is not assigned once it is explained, nor said to be', async () => {
    const proposalId = await explain('l0');
    await assign('l0');
    expect(await approveExplanation('l0', proposalId)).toBe('explained');
    expect(await approveAssignment('l0')).toBe('state_conflict');
    await expect(assign('l0', 'd_other')).rejects.toMatchObject({ code: 'state_conflict' });
    expect(await bookings('l0')).toEqual(['BankLineExplained']);
  });

  it('is not explained once it is assigned, nor said to be', async () => {
    const proposalId = await explain('l1');
    await assign('l1');
    expect(await approveAssignment('l1')).toBe('assigned');
    expect(await approveExplanation('l1', proposalId)).toBe('state_conflict');
    expect(await explain('l1')).toBe('state_conflict');
    expect(await bookings('l1')).toEqual(['LiquidityAssigned']);
  });

  it('is not explained where it was assigned before lines were claimed', async () => {
    const deposit = { depositId: 'dep_l2', bank: 'icbc', lineId: 'l2', party: 'platform:A', amountMinor: 500, currency: 'CNY' };
    const proposalId = await explain('l2');
    await world.happened(
      'deposit-dep_l2',
      { ...{ type: 'LiquidityAssignmentProposed', ...deposit, by: 'operator:fin', note: 'n' } },
      { ...{ type: 'LiquidityAssigned', ...deposit, by: 'operator:boss' } },
    );
    expect(await approveExplanation('l2', proposalId)).toBe('state_conflict');
  });

  const claimed = (lineId: string) =>
    world.happened(`reconciliation-line_icbc_${lineId}`, {
      ...{ type: 'BankLineClaimed', bank: 'icbc', lineId, depositId: `dep_${lineId}`, proposalId: `d_${lineId}` },
      ...{ by: 'operator:boss', claimedAt: world.clock.now().toISOString() },
    });

  it('that was claimed before a process was killed is assigned by whoever approves again', async () => {
    await assign('l3');
    await claimed('l3');
    expect(await explain('l3')).toBe('state_conflict');
    expect(await approveAssignment('l3')).toBe('assigned');
    expect(await bookings('l3')).toEqual(['LiquidityAssigned']);
  });

  it('that was claimed for what is rejected after all is free again', async () => {
    await assign('l4');
    await claimed('l4');
    await assignments.reject('l4', 'not theirs', asked('operator:boss'));
    expect(await approveExplanation('l4', await explain('l4'))).toBe('explained');
    expect(await approveAssignment('l4')).toBe('not_found');
    expect(await bookings('l4')).toEqual(['BankLineExplained']);
  });
});
