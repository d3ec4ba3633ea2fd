import type { ProviderPayoutMatched, ReconciliationTermsEvent } from '@tongbao/contracts';
import type { BillEvent, RunEvent } from './facts.js';
import type { ReconciliationRows, RowOf } from './reconciliation.rows.js';
import { termsIn } from './terms.js';

export function foldTerms(event: ReconciliationTermsEvent, rows: ReconciliationRows): void {
  const { provider, by } = event;
  if (event.type === 'ReconciliationTermsProposed') {
    rows.put('proposedTerms', { provider, proposalId: event.proposalId, terms: termsIn(event), by, proposedAt: event.proposedAt });
    return;
  }
  rows.delete('proposedTerms', provider);
  if (event.type === 'ReconciliationTermsRejected') return;
  const { version, approvedBy = null, setAt } = event;
  rows.put('terms', { provider, version, terms: termsIn(event), by, approvedBy, setAt });
}

/** Bills, and for each day of a provider the newest of each kind that can be used. */
export async function foldBill(event: BillEvent, position: bigint, rows: ReconciliationRows): Promise<void> {
  const { billId, provider, bill, day } = event;
  if (event.type === 'BillReceived') {
    const { from, to, sha256, bytes, by, receivedAt, payout = null } = event;
    const given = { billId, provider, bill, day, from, to, sha256, bytes, payout, by, receivedAt, position };
    rows.put('bills', { ...notRead, ...given, status: 'received' });
    return;
  }
  const row = await rows.require('bills', billId);
  if (event.type === 'BillAccepted') {
    rows.put('bills', { ...row, status: 'accepted', acceptedBy: event.by, note: event.note });
    await useFor(row, rows);
    return;
  }
  const { fit, verified, rows: rowCount, lines, problemCount, problems, sums, account = null, importedAt } = event;
  const read = { verified, rows: rowCount, lines, problemCount, problems, sums, account, importedAt };
  rows.put('bills', { ...row, ...read, status: fit ? 'fit' : 'unfit' });
  for (const payout of event.payouts) await foldProviderPayout(provider, billId, payout, rows);
  if (fit) await useFor(row, rows);
}

const notRead = {
  verified: null,
  rows: null,
  lines: null,
  problemCount: null,
  problems: null,
  sums: null,
  account: null,
  importedAt: null,
  acceptedBy: null,
  note: null,
};

/** The bill that was received last is the one of its day, whichever was read last. A payout's bill is of no day. */
async function useFor({ billId, provider, bill, day, payout, position }: RowOf<'bills'>, rows: ReconciliationRows): Promise<void> {
  if (payout) return;
  const row = await dayOf(provider, day, rows);
  const usedId = row[bill];
  const used = usedId === null ? undefined : await rows.get('bills', usedId);
  if (!used || used.position < position) rows.put('days', { ...row, [bill]: billId });
}

async function dayOf(provider: string, day: string, rows: ReconciliationRows): Promise<RowOf<'days'>> {
  const known = await rows.get('days', provider, day);
  return known ?? { ...noRun, provider, day };
}

const noRun = {
  trade: null,
  fund: null,
  runs: 0,
  runId: null,
  state: null,
  runBills: null,
  previousRunId: null,
  completedRunId: null,
  carriedDigest: null,
};

async function foldProviderPayout(
  provider: string,
  billId: string,
  payout: { providerRef: string; amountMinor: number; currency: string; paidAt: string },
  rows: ReconciliationRows,
): Promise<void> {
  const { providerRef, amountMinor, currency, paidAt } = payout;
  const known = await rows.get('providerPayouts', provider, providerRef);
  const { bank = null, lineId = null, matchedAt = null } = known ?? {};
  rows.put('providerPayouts', {
    provider,
    providerRef,
    amountMinor: BigInt(amountMinor),
    currency,
    paidAt,
    billId,
    bank,
    lineId,
    matchedAt,
  });
}

export async function foldPayoutMatch(event: ProviderPayoutMatched, rows: ReconciliationRows): Promise<void> {
  const { provider, providerRef, bank, lineId, matchedAt } = event;
  rows.put('providerPayouts', { ...(await rows.require('providerPayouts', provider, providerRef)), bank, lineId, matchedAt });
  rows.put('bankLines', { ...(await rows.require('bankLines', bank, lineId)), status: 'matched' });
}

/** Runs, and the day of each. */
export async function foldRun(event: RunEvent, position: bigint, rows: ReconciliationRows): Promise<void> {
  const { runId, provider, day } = event;
  if (event.type === 'ReconciliationStarted') {
    const { number, from, to, bills, terms, previousRunId = null, requestedBy, startedAt } = event;
    const begun = { runId, provider, day, number, from, to, bills, terms, previousRunId, requestedBy, startedAt, position };
    rows.put('runs', {
      ...begun,
      state: 'running',
      report: null,
      carried: 0,
      carriedDigest: null,
      code: null,
      detail: null,
      endedAt: null,
    });
    const row = await dayOf(provider, day, rows);
    rows.put('days', { ...row, runs: number, runId, state: 'running', runBills: bills, previousRunId });
    return;
  }
  if (event.type === 'LinesCarried') {
    for (const [index, { side, movement }] of event.lines.entries())
      rows.put('carriedLines', { runId, number: event.first + index, side, movement });
    return;
  }
  const [run, row] = [await rows.require('runs', runId), await dayOf(provider, day, rows)];
  if (event.type === 'ReconciliationFailed') {
    const { code, detail, failedAt: endedAt } = event;
    rows.put('runs', { ...run, state: 'failed', code, detail, endedAt });
    rows.put('days', { ...row, state: 'failed' });
    return;
  }
  const { report, carried, carriedDigest, completedAt: endedAt } = event;
  rows.put('runs', { ...run, state: 'completed', report, carried, carriedDigest, endedAt });
  rows.put('days', { ...row, state: 'completed', completedRunId: runId, carriedDigest });
}
