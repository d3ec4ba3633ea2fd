import { EventStore } from '@tongbao/event-store';
import { readEveryEvent } from '../all-events.js';
import type { TrialBalance } from '../doctor.checks.js';
import { buildProjection } from '../projections.command.js';
import { until } from '../until.js';
import { capturedOf, paidOf, type AccountBalance, type Evidence, type PaymentSummary } from './checks.js';
import type { DayResult } from './day.js';
import type { MonthResult } from './demo-report.js';
import type { ExampleResult } from './example-one.js';
import type { HubApi } from './hub-api.js';
import { inParallel } from './in-parallel.js';
import { auditJournal } from './journal-audit.js';
import type { Totals } from './purchases.js';
import type { Replay } from './replay.js';
import { paymentsToldOf } from './settle-window.js';
import type { WebhookReceiver } from './webhook-receiver.js';

interface Sources {
  api: HubApi;
  receiver: WebhookReceiver;
  replay: Replay;
  months: readonly MonthResult[];
  example: ExampleResult;
  day: DayResult;
  expected: Totals;
  eventStoreUrl: string;
}

/** Without a webhook for this long, none will come. */
const webhookSilenceMs = 30_000;
const listWithinMs = 30_000;

/** Waits until everything that the replay has set off is done, and reads back what came of it. */
export async function gatherEvidence(sources: Sources): Promise<Evidence> {
  const { api, receiver, replay, months, example, day, expected, eventStoreUrl } = sources;
  const payments = await paymentsOf(api, expected.orders);
  const settlementIds = [...day.models, ...months].map(({ settlementId }) => settlementId);
  await webhooks(api, receiver, settlementIds, paidOf(payments).length);
  const finance = api.as('finance');
  const trial = await api.client.get<TrialBalance>('/v1/ledger/trial-balance', {}, finance);
  const accounts = await api.client.list<AccountBalance>('/v1/ledger/accounts', {}, finance);
  const store = EventStore.connect(eventStoreUrl);
  const audit = await auditJournal(store).finally(() => store.close());
  const rebuild = await buildProjection(api.client, 'settlement', 'rebuild', undefined, api.as('ops'));
  return {
    ...{ expected, example, day, payments, accounts, audit, rebuild },
    refundedMinor: replay.counts.refundedMinor,
    failures: replay.failures,
    trialChecks: trial.checks,
    deadLetters: await deadLettersOf(api),
    payouts: [...day.models, ...months].flatMap(({ payouts }) => payouts),
    webhooks: { captured: receiver.captured, rejected: receiver.rejected },
    store: await readEveryEvent(eventStoreUrl, () => undefined),
  };
}

/** All payments, once the list shows as many as are captured; what it shows when it never does is for the checks to judge. */
async function paymentsOf(api: HubApi, expected: number): Promise<PaymentSummary[]> {
  let payments: PaymentSummary[] = [];
  const ask = async () => {
    payments = await api.client.list<PaymentSummary>('/v1/payments', {}, api.as('finance'));
    return capturedOf(payments).length >= expected ? payments : undefined;
  };
  return until(ask, { everyMs: 500, timeoutMs: listWithinMs, what: 'all payments in the list' }).catch(() => payments);
}

/** Waits for the webhooks of all captures and of all settled payments; or until none has come for a while. */
async function webhooks(api: HubApi, receiver: WebhookReceiver, settlementIds: readonly string[], captured: number): Promise<void> {
  let settled = 0;
  await inParallel(settlementIds, 1, async (settlementId) => void (settled += await paymentsToldOf(api, settlementId)));
  let known = 0;
  let newestMs = performance.now();
  const ask = () => {
    const received = [...receiver.counts.values()].reduce((sum, count) => sum + count, 0);
    if (received > known) newestMs = performance.now();
    known = received;
    const isComplete = receiver.captured.size >= captured && (receiver.counts.get('payment.settled') ?? 0) >= settled;
    return Promise.resolve(isComplete || performance.now() - newestMs > webhookSilenceMs ? true : undefined);
  };
  await until(ask, { everyMs: 50, timeoutMs: 3_600_000, what: 'the webhooks' });
}

/** Of every consumer group: what it could not handle. */
async function deadLettersOf(api: HubApi): Promise<{ group: string; reason: string }[]> {
  const groups = ['payment', 'ledger', 'settlement', 'notification'];
  const pages = await Promise.all(
    groups.map((group) =>
      api.client.get<{ items: { group: string; reason: string; error?: { message: string } }[] }>(
        `/v1/dead-letters/${group}`,
        {},
        api.as('ops'),
      ),
    ),
  );
  return pages.flatMap(({ items }) => items.map(({ group, reason, error }) => ({ group, reason: error?.message ?? reason })));
}
