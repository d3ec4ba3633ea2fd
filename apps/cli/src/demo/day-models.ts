import { account } from '@tongbao/contracts';
import type { Payout } from '../settlements.command.js';
import { until } from '../until.js';
import { creators } from './cast.js';
import { dayCurrency } from './day-orders.js';
import type { HubApi } from './hub-api.js';
import { inParallel } from './in-parallel.js';
import { settlementOnce, type SettlementAnswer } from './settle-window.js';

/** A window of the day, and the model that it is of. */
export interface DayWindow {
  model: string;
  windowId: string;
}

/** What a model's windows of the day came to. */
export interface SettledModel {
  model: string;
  settlementId: string;
  windowIds: string[];
  requestedBy: string;
  approvedBy: string | null;
  parties: SettlementAnswer['parties'];
  payouts: Payout[];
}

export const platformsModel = 'dnm';
export const creatorsModel = 'artists';

/** What a creator received is paid, what it gave back is collected or waits; asked for and approved by itself, as it moves little. */
const creatorsTerms = {
  ...{ granularity: 'gross', interchange: 'multilateral', delay: 'deferred', settleAfterDays: 0 },
  ...{ minimumPayoutMinor: 100, collection: 'debit', automaticApprovalUpToMinor: 500_000 },
};

const within = { everyMs: 50, timeoutMs: 60_000 };
const windowOf = (model: string, sequence: number): string => `${model}_${dayCurrency}_${String(sequence).padStart(6, '0')}`;

/** Finance proposes the model, an approver says yes; so with each creator. It takes effect at the cut-off of the window that is open. */
export async function putCreatorsOn(api: HubApi): Promise<void> {
  const [finance, approver] = [api.as('finance'), api.as('approver')];
  const model = `/v1/settlement/models/${creatorsModel}/${dayCurrency}`;
  const proposal = { ...finance, key: 'propose-artists', body: creatorsTerms };
  const { version } = await api.client.put<{ version: number }>(model, proposal);
  await api.client.post(`${model}/approve`, { ...approver, key: 'approve-artists', body: { version } });
  const body = { currency: dayCurrency, model: creatorsModel };
  await inParallel(creators, 8, async ({ creatorId }) => {
    const path = `/v1/settlement/parties/${encodeURIComponent(account.creator(creatorId))}/models`;
    await api.client.put(path, { ...finance, key: `propose-${creatorId}`, body });
    await api.client.post(`${path}/approve`, { ...approver, key: `approve-${creatorId}`, body });
  });
  await close(api, windowOf(platformsModel, 1));
}

/** @returns all windows that wait to be settled; example 1 is in the first one */
export async function closeDay(api: HubApi): Promise<DayWindow[]> {
  const windows = [
    { model: platformsModel, windowId: windowOf(platformsModel, 1) },
    { model: platformsModel, windowId: windowOf(platformsModel, 2) },
    { model: creatorsModel, windowId: windowOf(creatorsModel, 1) },
  ];
  for (const { windowId } of windows.slice(1)) await close(api, windowId);
  return windows;
}

/**
 * The platforms' settlement is asked for by one and approved by another, the creators' goes by itself. The bank rejects one payout; finance asks for it again.
 * @param party whose payout fails
 */
export async function settleWhatPays(
  api: HubApi,
  windows: readonly DayWindow[],
  party: string,
): Promise<{ models: SettledModel[]; failedPayoutId: string }> {
  const finance = api.as('finance');
  const windowIds = windows.filter(({ model }) => model === platformsModel).map(({ windowId }) => windowId);
  const asked = { ...finance, key: `settle-${windowIds.join()}`, body: { windowIds } };
  const { settlementId, position } = await api.client.post<{ settlementId: string; position: string }>('/v1/settlement/settlements', asked);
  await api.client.get(`/v1/settlement/settlements/${settlementId}`, { atLeast: position }, finance);
  await settlementOnce(api, settlementId, 'verified', ({ status }) => status === 'verified');
  await api.client.post(`/v1/settlement/settlements/${settlementId}/approve`, { ...api.as('approver'), key: `approve-${settlementId}` });

  const isFailed = (payout: Payout) => payout.party === party && payout.status === 'failed';
  const failed = await settlementOnce(api, settlementId, `paid but for ${party}`, ({ payouts }) => payouts.some(isFailed));
  const failedPayoutId = failed.payouts.find(isFailed)?.payoutId ?? '';
  await api.client.post(`/v1/settlement/payouts/${failedPayoutId}/retry`, { ...finance, key: `retry-${failedPayoutId}` });

  const byItself = await until(() => settlementOf(api, creatorsModel), { ...within, what: `the settlement of ${creatorsModel}` });
  const models: SettledModel[] = [];
  for (const id of [settlementId, byItself]) {
    const settled = await settlementOnce(api, id, 'settled', ({ status }) => status === 'settled');
    const { model, windowIds: its, requestedBy, approvedBy, parties, payouts } = settled;
    models.push({ model, settlementId: id, windowIds: its, requestedBy, approvedBy, parties, payouts });
  }
  return { models, failedPayoutId };
}

async function settlementOf(api: HubApi, model: string): Promise<string | undefined> {
  const all = await api.client.list<SettlementAnswer>('/v1/settlement/settlements', { currency: dayCurrency }, api.as('finance'));
  return all.find((each) => each.model === model)?.settlementId;
}

/** The window is there as soon as the projection has it. */
async function close(api: HubApi, windowId: string): Promise<void> {
  const finance = api.as('finance');
  const isOpen = async () => {
    const open = await api.client.list<{ windowId: string }>('/v1/settlement/windows', { currency: dayCurrency, state: 'open' }, finance);
    return open.some((window) => window.windowId === windowId) ? true : undefined;
  };
  await until(isOpen, { ...within, what: `${windowId} being open` });
  await api.client.post(`/v1/settlement/windows/${windowId}/close`, { ...finance, key: `close-${windowId}` });
}
