import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BankLineRecorded, PositionEvent, WithdrawalEvent } from '@tongbao/contracts';
import { Crash, CrashPlan } from '../test/crash.js';
import { TestHub, type Processes } from '../test/hub.js';

/** More effects than a withdrawal and a deposit have: the last plans kill nothing. */
const effects = 10;

let hub: TestHub;
let survived = 0;
let count = 0;

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount('platform:A', 'acc-A');
  hub.bank.depositFromProvider('alipay', 1_000_000, 'USD');
  await hub.processes().statement.poll();
}, 180_000);

afterAll(() => hub.stop());

describe('a withdrawal whose process is killed', () => {
  const plans = (['before', 'after'] as const).flatMap((when) => Array.from({ length: effects }, (_, index) => [when, index + 1] as const));

  it.each(plans)('just %s its effect %i ends as if it had not been', async (when, at) => {
    count += 1;
    const plan = new CrashPlan(at, when);
    const commandId = `cmd_${String(count).padStart(20, '0')}`;
    hub.bank.bookIncoming({ amountMinor: count, currency: 'USD', accountNumber: 'acc-A', reference: 'LIQ platform:A' });

    const withdrawalId = await survive(plan, (processes) => withdraw(processes, commandId));

    const steps = (await hub.store.read<WithdrawalEvent>(`withdrawal-${withdrawalId}`)).map(({ event }) => event.type);
    expect(steps).toEqual(['WithdrawalRequested', 'WithdrawalApproved', 'WithdrawalHeld', 'WithdrawalInstructed', 'WithdrawalConfirmed']);
    const lines = (await hub.store.read<BankLineRecorded>('reconciliation-bank_sandbox')).map(({ event }) => event);
    expect(lines.filter(({ key }) => key === withdrawalId).map(({ amountMinor }) => amountMinor)).toEqual([-100]);
    const received = (await hub.store.read<PositionEvent>('position-platform:A')).map(({ event }) => event.amountMinor);
    expect(received).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    if (!plan.isDead) survived += 1;
  });

  it('was killed at every effect it has', () => expect(survived).toBeGreaterThan(0));
});

/** The command of a platform, the same id however often it is repeated, and everything that follows from it. */
async function withdraw({ withdrawals, payouts, statement }: Processes, commandId: string): Promise<string> {
  const destination = { accountNumber: `6222-${commandId}`, holder: 'U One' };
  const request = { account: 'user:u1:wallet', amountMinor: 100, currency: 'USD', destination };
  const { withdrawalId } = await withdrawals.request(request, { commandId, by: 'platform:A' });
  await hub.answerHolds();
  for (let rounds = 0; rounds < 2; rounds += 1) {
    await hub.projected();
    await payouts.run(0n);
    await statement.poll();
  }
  return withdrawalId;
}

/** Runs the work; when the process is killed, a new one begins from what the log has. */
async function survive(plan: CrashPlan, work: (processes: Processes) => Promise<string>): Promise<string> {
  try {
    return await work(hub.processes({ store: plan.storeOf(hub.store), bank: plan.bankOf(hub.bank) }));
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!(cause instanceof Crash) || !plan.isDead) throw error;
    return work(hub.processes());
  }
}
