import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from '@jest/globals';
import { pythonWith } from '@tongbao/local-services';
import { eventually } from '@tongbao/testing';
import type { Shop } from './shop.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../../examples/consumers/python', import.meta.url));

/** A line of the example. */
interface Line {
  id: string;
  type: string;
  source: string;
  time: string;
  key: string;
  data: { type: string; paymentId: string; orderId: string; amountMinor?: number; currency?: string };
}

/** The example in examples/consumers/python, as it stands, on the official SDK of CloudEvents. */
export function describeCloudEvents(shop: () => Shop): void {
  let python: string;
  beforeAll(async () => {
    python = await pythonWith(join(folder, 'requirements.txt'));
  }, 300_000);

  const read = async (group: string, ...args: string[]): Promise<Line[]> => {
    const settings = join(shop().market.dataDir, 'consumer.properties');
    writeFileSync(settings, `bootstrap.servers=${shop().market.cluster.addresses.kafkaBrokers}\ngroup.id=${group}\n`);
    const program = join(folder, 'payment_events.py');
    const { stdout, stderr } = await run(python, [program, settings, '--until-end', ...args], { timeout: 60_000 });
    expect(stderr).toBe('');
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Line);
  };

  it('reads every payment event, and goes on where it was', async () => {
    const first = await shop().pay();
    await shop().refund(first, 250);
    await shop().told(first, ({ type }) => type === 'payment.refunded');
    const { items } = await shop().market.platform().listPayments({ limit: 500 });
    const lines = await read('accounting');
    const captured = lines.filter(({ type }) => type === 'PaymentCaptured');
    expect(captured.map(({ key, data }) => [key, data.orderId, data.amountMinor, data.currency]).toSorted()).toEqual(
      items.map(({ paymentId, orderId, amountMinor, currency }) => [paymentId, orderId, amountMinor, currency]).toSorted(),
    );
    const about = lines.filter(({ key }) => key === first);
    expect(about.map(({ type, data }) => [type, data.amountMinor])).toEqual([
      ['PaymentCaptured', 1_000],
      ['PaymentRefunded', 250],
    ]);
    for (const { id, type, source, key, data } of lines)
      expect([id, type, source, key]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}:\d+$/), data.type, 'payment', data.paymentId]);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
    await shop().refund(first, 50);
    await shop().told(first, ({ data }) => data.refundedMinor === 300);
    expect((await read('accounting')).map(({ key, data }) => [key, data.type, data.amountMinor])).toEqual([[first, 'PaymentRefunded', 50]]);
  }, 60_000);

  it('reads what a platform is told, the answers to its commands among it', async () => {
    const { order, paymentId } = shop().order();
    await shop().kafka.requestPayment(order, { commandId: 'asked-for-by-kafka' });
    const topic = 'tongbao.platform.A.events';
    await eventually(
      async () => (await shop().kcat.read(topic)).filter(({ key }) => key === paymentId),
      (told) => told.length === 2,
    );
    const lines = await read('platform.A.python', '--topic', topic);
    expect(new Set(lines.filter(({ key }) => key === paymentId).map(({ type }) => type))).toEqual(
      new Set(['CommandAccepted', 'PaymentCaptured']),
    );
  }, 60_000);
}
