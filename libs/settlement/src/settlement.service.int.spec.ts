import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { soleLeader } from '@tongbao/service';
import pino from 'pino';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { SettlementService } from './settlement.service.js';
import { settlementStream } from './settlement.js';
import { windowStream } from './window.js';

let hub: TestHub;
let service: SettlementService | undefined;

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.registerBankAccount('platform:A', 'acc-A');
}, 180_000);

afterAll(async () => {
  await service?.beforeApplicationShutdown();
  await hub.stop();
});

function start(market: Market): SettlementService {
  const { settlement, payouts, statement, marking, windows } = market.processes;
  const { feed, projection, queries, bank } = hub;
  const parts = { feed, projection, queries, settlement, payouts, statement, marking, windows };
  return new SettlementService({
    ...parts,
    bank: bank.name,
    pollMs: 10,
    stopping: new AbortController(),
    logger: pino({ level: 'silent' }),
    leadership: soleLeader,
  });
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

    service = start(market);
    await service.onApplicationBootstrap();
    while ((await market.status('s1')) !== 'marked') {
      await hub.post();
      await hub.answerHolds();
    }
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([10_000, -900]);
    expect(await market.events(windowStream('dnm_USD_000002'))).toMatchObject([{ type: 'WindowOpened' }]);
  });
});
