import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProcessMetrics } from '@tongbao/telemetry';
import { captured, postedFor, transfer } from '../test/facts.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { SettlementMetrics } from './settlement.metrics.js';

let hub: TestHub;
beforeAll(async () => {
  hub = await TestHub.start();
}, 180_000);
afterAll(() => hub.stop());

describe('the figures of settlement', () => {
  it('tell by how much windows differ from the ledger, once it has posted their facts', async () => {
    const market = await Market.open(hub, 'DKK');
    const split = (minor: number) => captured('differs', [transfer('provider:alipay', 'platform:A', minor)], 'DKK');
    const position = await hub.payment(split(500));
    await hub.projected();
    expect(await hub.queries.imbalances()).toEqual([]);
    await hub.fact('journal-main', postedFor([{ event: split(503), position }], position, 1));
    await hub.projected();

    await market.settle();
    await hub.projected();
    const metrics = new ProcessMetrics();
    const figures = new SettlementMetrics(metrics, hub.queries);
    const text = await metrics.text();
    expect(text).toContain('tongbao_settlement_imbalance_minor{currency="DKK"} 3\n');
    expect(text).toContain('tongbao_settlements{status="requested"} 1\n');
    figures.beforeApplicationShutdown();
    expect(await metrics.text()).not.toContain('tongbao_settlements{');
  });
});
