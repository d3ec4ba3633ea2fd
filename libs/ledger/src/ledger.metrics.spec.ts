import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { systemClock } from '@tongbao/service';
import { ProcessMetrics } from '@tongbao/telemetry';
import { Bookkeeper, captured, example1, registered } from '../test/builders.js';
import { openHub, type Hub } from '../test/hub.js';
import { journalStream } from './journal.fold.js';
import { LedgerMetrics, writerConsumer } from './ledger.metrics.js';
import { ledgerProjection } from './ledger.view.js';

let sql: SqlClient;
let hub: Hub;
let runner: ProjectionRunner;
beforeAll(async () => {
  sql = await openPglite('memory');
  hub = await openHub();
  runner = await ProjectionRunner.start(sql, hub.feed, ledgerProjection);
}, 180_000);
afterAll(async () => {
  await runner.stop();
  await hub.close();
  await sql.close();
});

async function told(): Promise<string> {
  const metrics = new ProcessMetrics();
  const figures = new LedgerMetrics(metrics, hub.feed, sql, systemClock);
  const text = await metrics.text();
  figures.beforeApplicationShutdown();
  return text;
}

describe('the figures of the ledger', () => {
  it('say 0 while the books add up, and by how much they do not when a row is wrong', async () => {
    const keeper = new Bookkeeper().facts(...['platform:A', 'platform:B'].map(registered), captured(example1));
    let position = 0n;
    for (const [revision, event] of keeper.journal.entries())
      ({ position } = await hub.store.append(journalStream(), 'any', [event], { commandId: `journal ${revision}` }));
    expect(await runner.reached(position, 10_000)).toBe(true);
    expect(await told()).toMatch(/^tongbao_ledger_imbalance_minor\{currency="\w+"\} 0$/m);
    await sql.query(`UPDATE ledger.accounts SET posted_minor = posted_minor - 300 WHERE account = 'platform:A'`);
    expect(await told()).toMatch(/^tongbao_ledger_imbalance_minor\{currency="\w+"\} 300$/m);
  });

  it('tell the lag of the writer where there is one', async () => {
    expect(await told()).not.toMatch(/^tongbao_ledger_lag_seconds /m);
    const consumer = hub.feed.consume({ name: writerConsumer, categories: ['journal'], after: 0n }, () => Promise.resolve());
    expect(await consumer.reached(await hub.store.head(), 10_000)).toBe(true);
    expect(await told()).toMatch(/^tongbao_ledger_lag_seconds 0$/m);
  });
});
