import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { memoryCache } from '@tongbao/cache';
import { body, openIntake } from '../test/intake.js';

/** The last of the twelve failures of the best-known settlement hub; the others are in the settlement library. */
let hub: Awaited<ReturnType<typeof openIntake>>;

beforeAll(async () => {
  hub = await openIntake(memoryCache());
}, 60_000);
afterAll(() => hub.close());

it('12. a duplicate of a transfer still in flight is answered COMMITTED: here it is answered with its true state', async () => {
  const request = (commandId: string) => hub.intake.request(body({ method: { provider: 'alipay', token: 'slow:200' } }), commandId, 0);
  expect(await request('c1')).toMatchObject({ isReplay: false, payment: { status: 'pending' } });
  for (const commandId of ['c1', 'c2']) expect(await request(commandId)).toMatchObject({ isReplay: true, payment: { status: 'pending' } });
  await hub.idle();
  expect(await request('c3')).toMatchObject({ isReplay: true, payment: { status: 'captured' } });
});
