import type { PayoutEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { HubApi } from './hub-api.js';

/** What became of one payout, as the log tells it. */
export interface PayoutStory {
  payoutId: string;
  party: string;
  amountMinor: number;
  status: string;
  /** In the order of the log. */
  steps: { type: PayoutEvent['type']; code?: string }[];
  /** Lines of the bank's statement that are of it. */
  lines: { lineId: string; amountMinor: number }[];
}

export async function payoutStory(api: HubApi, store: EventStore, payoutId: string): Promise<PayoutStory> {
  const { party, amountMinor, status, lines } = await api.client.get<Omit<PayoutStory, 'steps'>>(
    `/v1/settlement/payouts/${payoutId}`,
    {},
    api.as('finance'),
  );
  const events = await store.read<PayoutEvent>(`payout-${payoutId}`);
  const steps = events.map(({ event }) => ({ type: event.type, ...('code' in event && { code: event.code }) }));
  return { payoutId, party, amountMinor, status, lines, steps };
}
