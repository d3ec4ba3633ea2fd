import type { Cache } from '@tongbao/cache';
import type { PaymentEvent, VelocityLimit } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { SandboxProvider } from '@tongbao/sandbox';
import { Directory } from '../src/directory.js';
import type { PaymentBody } from '../src/payment.dto.js';
import { PaymentIntake } from '../src/payment.intake.js';
import { PaymentReactor } from '../src/payment.reactor.js';
import { PaymentWaiters } from '../src/payment.waiters.js';
import { Providers } from '../src/providers.js';
import { VelocityCounters } from '../src/velocity.js';
import { Workload } from '../src/workload.js';
import { agreement, at, example1Rules } from './builders.js';

/** What takes payment requests in, on a real log with platforms A and B, an agreement, and a sandbox provider. */
export async function openIntake(cache: Cache) {
  const server = await startEventStoreServer({ dataDir: ':memory:' });
  const store = EventStore.connect(server.connectionString);
  const feed = new LogFeed(store, { categories: ['participant', 'agreement', 'payment'] });
  await feed.start();
  const provider = new SandboxProvider({ file: ':memory:', name: 'alipay', secret: 'secret' });
  const providers = new Providers([provider], 1_000);
  const directory = new Directory({ currencies: ['CNY', 'USD'], providers: providers.offer() });
  const clock = { aheadMs: 0, now: () => new Date(Date.now() + clock.aheadMs) };
  const reactor = new PaymentReactor(store, providers, clock);
  const failures: unknown[] = [];
  const waiters = new PaymentWaiters((_, error) => failures.push(error));
  const workload = new Workload();
  let count = 0;
  const happened = async (stream: string, event: { type: string }) => {
    count += 1;
    await store.append(stream, 'any', [event], { commandId: `fact ${count}` });
    await directory.refresh();
  };
  for (const id of ['A', 'B']) {
    const joined = { type: 'ParticipantRegistered', party: `platform:${id}`, kind: 'platform', id, name: id };
    await happened(`participant-platform:${id}`, { ...joined, ...{ currencies: ['CNY'], methods: ['alipay'] } });
  }
  await happened('agreement-standard', agreement(example1Rules));
  await directory.start(feed);

  return {
    store,
    failures,
    workload,
    intake: new PaymentIntake(store, cache, directory, new VelocityCounters(cache), reactor, waiters, clock, workload, 120),
    clock,

    suspend: (id: string) =>
      happened(`participant-platform:${id}`, { type: 'ParticipantSuspended', party: `platform:${id}`, reason: 'test' } as { type: string }),
    reinstate: (id: string) =>
      happened(`participant-platform:${id}`, { type: 'ParticipantReinstated', party: `platform:${id}` } as { type: string }),
    limit: (id: string, ...limits: VelocityLimit[]) =>
      happened(`participant-platform:${id}`, { type: 'VelocityLimitsSet', party: `platform:${id}`, limits } as { type: string }),

    async events(paymentId: string): Promise<string[]> {
      return (await store.read<PaymentEvent>(`payment-${paymentId}`)).map(({ event }) => event.type);
    },

    /** Waits for what the reactor does. */
    idle: () => reactor.idle(),

    async close(): Promise<void> {
      await reactor.idle();
      await feed.stop();
      await Promise.all([store.close(), server.close()]);
      provider.dispose();
    },
  };
}

export const body = (change: Partial<PaymentBody> = {}): PaymentBody => ({
  platformId: 'A',
  orderId: 'order-1',
  payer: { userId: 'u1' },
  items: [{ contentId: 'course-1', unitPriceMinor: 1000, quantity: 1, agreementId: 'standard' }],
  amountMinor: 1000,
  currency: 'CNY',
  method: { provider: 'alipay' },
  processorId: 'B',
  expiresAt: new Date(Date.parse(at) + 20 * 365 * 86_400_000).toISOString(),
  ...change,
});
