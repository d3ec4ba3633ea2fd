import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStore, type DomainEvent } from '@tongbao/event-store';
import { generateBills } from '@tongbao/reconciliation';
import { isCluster } from '@tongbao/testing';
import { around, expectSurvived, type Kill } from './kills.js';
import { MortalWorld } from './mortal-world.js';
import { orderOf } from './world.js';

const kills: Kill[] = [
  ...around('BillReceived', 'bill'),
  ['after BillImported', 1, 'bill read'],
  ['after ReconciliationStarted', 1, 'run begun'],
  ...around('BreakFound', 'break'),
  ...around('ProviderFeeBilled', 'fees'),
  ...around('ReconciliationCompleted', 'report'),
  ['after BreakAssigned', 1, 'break assigned'],
  ['after BreakCorrectionProposed', 1, 'correction proposed'],
  ['after BreakCorrected', 1, 'correction approved'],
  ...around('EntriesPosted:BreakCorrected', 'correction in the books'),
];

interface FeeBilled extends DomainEvent {
  provider: string;
  lineId: string;
}

// The distributed form has the same process of settlement, and a crash matrix of its own.
const describeEmbedded = isCluster() ? describe.skip : describe;

describeEmbedded('a hub that is killed between the steps of a break with a bill', () => {
  let mortal: MortalWorld;
  let seed = 0;

  beforeAll(async () => {
    mortal = await MortalWorld.begin({ PROVIDER_TIMEOUT_MS: '1000' });
  }, 90_000);
  afterAll(() => mortal.end());

  it.each(kills)('%s (time %i; %s) finds it once and corrects it once', async (...kill) => {
    seed += 1;
    await expectSurvived(mortal, kill, foundAndCorrected);
    await mortal.world.balancesBecome('CNY', { 'hub:suspense': seed });
  });

  it('took over the fee of each payment once', async () => {
    const store = EventStore.connect(mortal.world.hub.eventStoreUrl);
    const lines: string[] = [];
    for await (const { events, caughtUp } of store.follow(['reconciliation'], 0n, new AbortController().signal)) {
      for (const { event } of events) if (event.type === 'ProviderFeeBilled') lines.push((event as FeeBilled).lineId);
      if (caughtUp) break;
    }
    await store.close();
    expect(lines.length).toBe(seed);
    expect(new Set(lines).size).toBe(lines.length);
  });

  /** A payment more; and the day's bill, which has it and something that the hub knows nothing of: one minor unit of that is booked to suspense. */
  async function foundAndCorrected(): Promise<void> {
    const { world } = mortal;
    const [finance, approver] = [world.operator('finance'), world.operator('approver')];
    const seller = world.platform('A');
    const { paymentId } = await mortal.command(seller, '/v1/payments', orderOf('A', 1_000));
    const { capturedAt } = await mortal.until(seller, `/v1/payments/${paymentId}`, ({ status }) => status === 'captured');
    const day = dayInShanghai(capturedAt === undefined ? new Date() : new Date(capturedAt));
    const query = `provider=alipay&bill=trade&day=${day}`;
    const { billId } = await mortal.give(finance, `/v1/reconciliation/bills?${query}`, await billOf(day));
    const isCompared = ({ items }: { items: { bills: { billId: string }[]; state: string }[] }) =>
      items.some(({ bills, state }) => state === 'completed' && bills.some((bill) => bill.billId === billId));
    await mortal.until(finance, '/v1/reconciliation/runs?provider=alipay', isCompared);
    const { items } = await mortal.until(
      finance,
      '/v1/reconciliation/breaks?kind=missing_here&status=open',
      (body) => body.items.length === 1,
    );
    const path = `/v1/reconciliation/breaks/${items[0].breakId}`;
    await mortal.command(finance, `${path}/assign`, { owner: 'finance' });
    const transfers = [{ from: 'provider:alipay', to: 'hub:suspense', amountMinor: 1 }];
    const { proposalId } = await mortal.command(finance, `${path}/correction`, { currency: 'CNY', transfers, note: 'a stranger' });
    await mortal.command(approver, `${path}/correction/approve`, { proposalId });
    await mortal.until(finance, path, ({ status }) => status === 'corrected');
  }

  async function billOf(day: string): Promise<Uint8Array<ArrayBuffer>> {
    const { hub } = mortal.world;
    const out = join(hub.dataDir, 'bills-given');
    const store = EventStore.connect(hub.eventStoreUrl);
    const errors = [{ error: 'extra' as const, count: 1 }];
    const { files } = await generateBills(store, { provider: 'alipay', day, errors, seed, out, currency: 'CNY' });
    await store.close();
    const [file] = files;
    if (!file) throw new Error('no bill was made');
    const bytes = new Uint8Array(readFileSync(file.path));
    rmSync(out, { recursive: true });
    return bytes;
  }
});

const dayInShanghai = (at: Date): string => new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai', dateStyle: 'short' }).format(at);
