import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { soleLeader } from '@tongbao/service';
import pino from 'pino';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { BankService } from './bank.service.js';
import { SettlementService } from './settlement.service.js';
import { settlementStream } from './settlement.js';
import { windowStream } from './window.js';

let hub: TestHub;
const services: (SettlementService | BankService)[] = [];

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount('platform:A', 'acc-A');
}, 180_000);

afterAll(async () => {
  for (const service of services) await service.beforeApplicationShutdown();
  await hub.stop();
});

async function start(market: Market): Promise<void> {
  const { settlement, payouts, statement, marking, windows, models, schedule } = market.processes;
  const { feed, projection, queries, bank } = hub;
  const process = { feed, projection, logger: pino({ level: 'silent' }), leadership: soleLeader };
  services.push(
    new SettlementService({
      ...process,
      ...{ queries, settlement, marking, windows, models, schedule },
      firstModels: [],
      scheduleEveryMs: 10,
      stopping: new AbortController(),
    }),
    new BankService({ ...process, payouts, statement, bank: bank.name, pollMs: 10 }),
  );
  for (const service of services) await service.onApplicationBootstrap();
}

describe('a service that starts after it was killed', () => {
  it('opens the window that a close left out, and takes a settlement that was only asked for to its end', async () => {
    const market = await Market.open(hub, 'USD', { cashMinor: 10_000 });
    await market.earns('platform:A', 900);
    const window = { windowId: 'dnm_USD_000001', model: 'dnm', currency: 'USD', sequence: 1 };
    await hub.fact(windowStream(window.windowId), {
      type: 'WindowClosed',
      ...window,
      nextWindowId: 'dnm_USD_000002',
      closedAt: '',
      by: 'operator:fin',
    });
    const asked = {
      settlementId: 's1',
      model: 'dnm',
      currency: 'USD',
      windowIds: [window.windowId],
      requestedBy: 'operator:fin',
      requestedAt: '',
    };
    await hub.fact(settlementStream('s1'), { type: 'SettlementRequested', ...asked });

    await start(market);
    while ((await market.status('s1')) !== 'marked') {
      await hub.post();
      await hub.answerHolds();
    }
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([10_000, -900]);
    expect(await market.events(windowStream('dnm_USD_000002'))).toMatchObject([{ type: 'WindowOpened' }]);
  });
});
