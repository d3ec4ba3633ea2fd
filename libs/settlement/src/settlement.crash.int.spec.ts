import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Crash, CrashPlan } from '../test/crash.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { transfer } from '../test/facts.js';
import { windowIdOf } from './models.js';

/** More effects than a settlement has: the last plans kill nothing. */
const effects = 26;
const fromAccountOfB = 'acc-B';

let hub: TestHub;
let market: Market;
let month = 0;
let survived = 0;

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount('platform:A', 'acc-A');
  await hub.registerBankAccount('platform:B', fromAccountOfB);
  market = await Market.open(hub, 'USD', { cashMinor: 10_000_000 });
}, 180_000);

afterAll(() => hub.stop());

describe('a settlement whose process is killed', () => {
  const plans = (['before', 'after'] as const).flatMap((when) => Array.from({ length: effects }, (_, index) => [when, index + 1] as const));

  it.each(plans)('just %s its effect %i ends as if it had not been', async (when, at) => {
    month += 1;
    const plan = new CrashPlan(at, when);
    market.restart({ store: plan.storeOf(hub.store), bank: plan.bankOf(hub.bank) });
    const sold = await market.earns('platform:A', 1_000);
    await market.refund(sold, [transfer('platform:A', 'provider:alipay', 100)]);
    const fee = await market.earns('platform:B', -200);
    const little = await market.earns('creator:K', 1);
    const linesBefore = (await market.lines()).length;

    const settlementId = await survive(plan, settleMonth());

    expect((await market.calculation(settlementId)).parties).toMatchObject([
      { party: 'creator:K', carriedInMinor: month - 1, netMinor: 1, payableMinor: month, action: month < 100 ? 'carry' : 'pay_out' },
      { party: 'platform:A', netMinor: 900, payableMinor: 900, action: 'pay_out' },
      { party: 'platform:B', netMinor: -200, payableMinor: -200, action: 'collect' },
    ]);
    expect(
      (await market.lines())
        .slice(linesBefore)
        .map(({ amountMinor, match }) => [amountMinor, match.kind])
        .sort(),
    ).toEqual([
      [-900, 'payout'],
      [200, 'payout'],
    ]);
    expect(await market.told(settlementId)).toEqual([
      { paymentId: sold, sides: [{ party: 'platform:A', netMinor: 900 }] },
      { paymentId: fee, sides: [{ party: 'platform:B', netMinor: -200 }] },
      { paymentId: little, sides: [{ party: 'creator:K', netMinor: 1 }] },
    ]);
    expect(await market.payoutSteps(settlementId, 'platform:A')).toEqual([
      'PayoutRequested',
      'PayoutHeld',
      'PayoutInstructed',
      'PayoutConfirmed',
    ]);
    expect(await market.payoutSteps(settlementId, 'platform:B')).toEqual(['PayoutRequested', 'PayoutInstructed', 'PayoutConfirmed']);
    if (!plan.isDead) survived += 1;
  });

  it('was killed at every effect it has', () => expect(survived).toBeGreaterThan(0));
});

/** The commands of a month, the same ids however often they are repeated, and everything that follows from them. */
function settleMonth(): () => Promise<string> {
  const windowId = windowIdOf('dnm', 'USD', month);
  const [closing, asking] = [market.command('close'), market.command('settle')];
  return async () => {
    await market.processes.windows.openCurrent(hub.queries);
    await market.processes.commands.closeWindow(windowId, closing);
    const { settlementId } = await market.processes.commands.request([windowId], asking);
    await market.untilMarked(settlementId);
    return settlementId;
  };
}

/** Runs the work; when the process is killed, a new one begins from what the log has. */
async function survive(plan: CrashPlan, work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!(cause instanceof Crash) || !plan.isDead) throw error;
    market.restart();
    return work();
  }
}
