import type { Payout } from '../settlements.command.js';
import { until } from '../until.js';
import type { HubApi } from './hub-api.js';
import { currency, providers } from './scenario.js';

/** What a window came to. */
export interface SettledWindow {
  windowId: string;
  settlementId: string;
  payouts: Payout[];
  /** Parties whose payable went on to the next window. */
  carried: number;
}

/** A settlement as the hub answers. */
export interface SettlementAnswer {
  settlementId: string;
  model: string;
  status: string;
  windowIds: string[];
  requestedBy: string;
  approvedBy: string | null;
  parties: { party: string; netMinor: number; action: string; carriedOutMinor: number }[];
  payouts: Payout[];
  paymentsTold: { count: number; done: boolean };
}

const stepWithinMs = 120_000;
const everyMs = 50;

/**
 * A month's end: the providers pay out to the hub's bank, the window is closed, its settlement asked for by one person and approved by another, and every
 * payout and collection confirmed by the bank's statement.
 */
export async function settleWindow(api: HubApi): Promise<SettledWindow> {
  for (const provider of providers) await api.payOut(provider, currency);
  const finance = api.as('finance');
  const windowId = await openWindow(api);
  await api.client.post(`/v1/settlement/windows/${windowId}/close`, { ...finance, key: `close-${windowId}` });
  const { settlementId, position } = await api.client.post<{ settlementId: string; position: string }>('/v1/settlement/settlements', {
    ...finance,
    key: `settle-${windowId}`,
    body: { windowIds: [windowId] },
  });
  await api.client.get(`/v1/settlement/settlements/${settlementId}`, { atLeast: position }, finance);
  await settlementOnce(api, settlementId, 'verified', ({ status }) => status === 'verified');
  await api.client.post(`/v1/settlement/settlements/${settlementId}/approve`, { ...api.as('approver'), key: `approve-${settlementId}` });
  const { payouts, parties } = await settlementOnce(api, settlementId, 'settled', ({ status }) => status === 'settled');
  return { windowId, settlementId, payouts, carried: parties.filter(({ action }) => action === 'carry').length };
}

async function openWindow(api: HubApi): Promise<string> {
  const { items } = await api.client.get<{ items: { windowId: string }[] }>(
    '/v1/settlement/windows',
    { currency, state: 'open' },
    api.as('finance'),
  );
  const [window] = items;
  if (!window) throw new Error(`no window of ${currency} is open`);
  return window.windowId;
}

/** Waits until all payments of a settlement have been told of it. @returns how many */
export async function paymentsToldOf(api: HubApi, settlementId: string): Promise<number> {
  const { paymentsTold } = await settlementOnce(
    api,
    settlementId,
    'told to all its payments',
    (settlement) => settlement.paymentsTold.done,
  );
  return paymentsTold.count;
}

/** @param what it is when it is so, for people */
export async function settlementOnce(
  api: HubApi,
  settlementId: string,
  what: string,
  isSo: (settlement: SettlementAnswer) => boolean,
): Promise<SettlementAnswer> {
  const ask = async () => {
    const settlement = await api.client.get<SettlementAnswer>(`/v1/settlement/settlements/${settlementId}`, {}, api.as('finance'));
    if (settlement.status === 'mismatched' || settlement.status === 'aborted')
      throw new Error(`${settlementId} is ${settlement.status}: ${JSON.stringify(settlement)}`);
    return isSo(settlement) ? settlement : undefined;
  };
  return until(ask, { everyMs, timeoutMs: stepWithinMs, what: `${settlementId} being ${what}` });
}
