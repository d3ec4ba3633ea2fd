import { createReadStream } from 'node:fs';
import { providerKeyOf, type BreakKind, type ReconciliationReport } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { generateBills, type GeneratedBills } from '@tongbao/reconciliation';
import { paymentIdOf } from '../payment-reference.js';
import { until } from '../until.js';
import { dayCurrency, dayProvider, type DayOrder } from './day-orders.js';
import type { HubApi } from './hub-api.js';

/** A break, as the hub tells of it once it is closed. */
export interface DayBreak {
  breakId: string;
  kind: BreakKind;
  on: string[];
  ourKey: string | null;
  differenceMinor: number;
  status: string;
  closing: { proposedBy?: string; by?: string } | null;
}

/** What the provider's bills of the day came to. */
export interface BillsOfDay {
  planted: GeneratedBills['planted'];
  matched: number;
  totals: ReconciliationReport['totals'];
  fees: ReconciliationReport['fees'];
  breaks: DayBreak[];
  /** The order that the bills leave out. */
  missing: { orderId: string; platformId: string; amountMinor: number } | undefined;
  /** What the provider paid out to our bank, by its fund bill. */
  paidOutMinor: number;
}

interface Run {
  state: 'running' | 'completed' | 'failed';
  code?: string;
  detail?: string;
  matched: number;
  report: ReconciliationReport | null;
}

const base = '/v1/reconciliation';
const within = { everyMs: 100, timeoutMs: 120_000 };
/** Of the payments of the day this one chooses a small one, which the fees of the day can bear. */
const seed = 5;
const hourMs = 3_600_000;
const beijingMs = 8 * hourMs;

/**
 * The bills of the day come, made from the log with one payment left out. The hub compares them with what it believes, books the provider's fees, and finds
 * the break. Finance proposes to book the payment as lost, an approver agrees; then the provider pays out what its bill says.
 */
export async function closeBooksOnBills(api: HubApi, store: EventStore, orders: readonly DayOrder[], papers: string): Promise<BillsOfDay> {
  const day = await setTerms(api);
  const errors = [{ error: 'missing', count: 1 }] as const;
  const { files, planted } = await generateBills(store, { provider: dayProvider, day, currency: dayCurrency, errors, seed, out: papers });
  for (const { bill, path } of files)
    await api.client.send(`${base}/bills`, { provider: dayProvider, bill, day }, createReadStream(path), api.as('finance'));
  const { matched, report } = await runOf(api, day);
  const breaks = await openBreaks(api);
  for (const { breakId, differenceMinor } of breaks) await correct(api, breakId, differenceMinor);
  const paidOutMinor = await payOut(api, report);
  const missing = orders.find(({ body }) => breaks.some(({ ourKey }) => ourKey === keyOf(body)))?.body;
  return {
    ...{ planted, matched, totals: report.totals, fees: report.fees, paidOutMinor },
    breaks: await Promise.all(breaks.map(({ breakId }) => closed(api, breakId))),
    missing: missing && { orderId: missing.orderId, platformId: missing.platformId, amountMinor: missing.amountMinor },
  };
}

const keyOf = ({ platformId, orderId }: DayOrder['body']): string => providerKeyOf(paymentIdOf(platformId, orderId), 'attempt', 1);

/**
 * Says what the provider takes, so that fees are compared, too. Its day begins at midnight in Beijing; where that is near, at noon, so that the demo is in the
 * middle of one whenever it is run.
 * @returns the provider's day that is now
 */
async function setTerms(api: HubApi): Promise<string> {
  const hour = new Date(Date.now() + beijingMs).getUTCHours();
  const isNight = hour >= 22 || hour < 2;
  const terms = {
    ...{ format: 'wechat', timeZone: 'Asia/Shanghai', dayBegins: isNight ? '12:00' : '00:00', bills: ['trade', 'fund'], feesFrom: 'fund' },
    ...{ cutToleranceMs: 600_000, payoutDays: 3, maxBreaks: 100 },
    currencies: [{ currency: dayCurrency, amountToleranceMinor: 0, feeToleranceMinor: 0, fee: { basisPoints: 60, fixedMinor: 0 } }],
  };
  const path = `${base}/terms/${dayProvider}`;
  const wanted = { ...api.as('finance'), key: 'terms-of-the-day', body: terms };
  const { proposalId } = await api.client.put<{ proposalId: string }>(path, wanted);
  await api.client.post(`${path}/approve`, { ...api.as('approver'), key: 'approve-terms-of-the-day', body: { proposalId } });
  return new Date(Date.now() + beijingMs - (isNight ? 12 * hourMs : 0)).toISOString().slice(0, 10);
}

/** The comparison begins by itself when both bills are there. */
async function runOf(api: HubApi, day: string): Promise<{ matched: number; report: ReconciliationReport }> {
  const finance = api.as('finance');
  const ask = async () => {
    const [last] = (await api.client.get<{ items: { runId: string }[] }>(`${base}/runs`, { provider: dayProvider }, finance)).items;
    const run = last && (await api.client.get<Run>(`${base}/runs/${last.runId}`, {}, finance));
    if (run?.state === 'failed') throw new Error(`the bills of ${day} were not compared: ${run.code ?? ''} ${run.detail ?? ''}`);
    return run?.report ? { matched: run.matched, report: run.report } : undefined;
  };
  return until(ask, { ...within, what: `the comparison of the bills of ${day}` });
}

const openBreaks = (api: HubApi): Promise<DayBreak[]> =>
  api.client.list<DayBreak>(`${base}/breaks`, { provider: dayProvider, status: 'open' }, api.as('finance'));

/** What the provider never took is not there: it is lost. */
async function correct(api: HubApi, breakId: string, differenceMinor: number): Promise<void> {
  const transfer = { from: 'hub:losses', to: `provider:${dayProvider}`, amountMinor: Math.abs(differenceMinor) };
  const body = { currency: dayCurrency, transfers: [transfer], note: 'demo: the provider says that it was never paid' };
  const path = `${base}/breaks/${breakId}/correction`;
  const proposed = { ...api.as('finance'), key: `correct-${breakId}`, body };
  const { proposalId } = await api.client.post<{ proposalId: string }>(path, proposed);
  await api.client.post(`${path}/approve`, { ...api.as('approver'), key: `approve-${breakId}`, body: { proposalId } });
}

async function closed(api: HubApi, breakId: string): Promise<DayBreak> {
  const ask = async () => {
    const found = await api.client.get<DayBreak>(`${base}/breaks/${breakId}`, {}, api.as('finance'));
    return found.status === 'open' ? undefined : found;
  };
  return until(ask, { ...within, what: `${breakId} being closed` });
}

/** The provider of example 1 pays out what it holds, the provider of the day what its fund bill comes to. */
async function payOut(api: HubApi, { totals }: ReconciliationReport): Promise<number> {
  await api.payOut('alipay', dayCurrency);
  const fund = totals.find(({ side, currency }) => side === 'fund' && currency === dayCurrency);
  const billedMinor = fund ? fund.amountMinor - fund.feeMinor : 0;
  return (await api.payOut(dayProvider, dayCurrency, billedMinor)).amountMinor;
}
