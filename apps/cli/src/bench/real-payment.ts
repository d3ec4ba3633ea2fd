import type { EventStore } from '@tongbao/event-store';
import { HubClient } from '../hub-client.js';
import { orderOf, type Seller } from './bench-orders.js';
import type { HubUnderTest } from './hub-under-test.js';
import { templateOf, type PaymentTemplate } from './payment-copies.js';

/** One payment that goes the whole way, through the HTTP API: what copies are made of. */
export async function realPayment(
  hub: Pick<HubUnderTest, 'url'>,
  store: EventStore,
  { signer }: Seller,
  currency: string,
): Promise<PaymentTemplate> {
  const client = new HubClient(hub.url, { signer });
  const body = orderOf(`template-${currency}`, 'user-1', currency);
  const { paymentId } = await client.post<{ paymentId: string }>('/v1/payments', { body, waitSeconds: 10 });
  await client.close();
  return templateOf((await store.read(`payment-${paymentId}`)).map(({ event }) => event));
}
