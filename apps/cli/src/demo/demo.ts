import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toSafeInteger } from '@tongbao/money';
import type { Finding } from '../doctor.checks.js';
import { CommandFailed, UsageError } from '../exit-codes.js';
import { ClusterHub } from '../cluster-hub.js';
import { HubProcess, type StartedHub } from '../hub-process.js';
import { toJson, type Io } from '../io.js';
import { amountText, countText, durationText } from '../text-table.js';
import { agreements, creators, newcomer, platforms } from './cast.js';
import { checkEvidence, type Evidence } from './checks.js';
import { checkDay } from './day.checks.js';
import { playDay } from './day.js';
import { dayCurrency } from './day-orders.js';
import { dayFigures, dayText } from './day-report.js';
import {
  exampleText,
  findingsText,
  moneyText,
  monthHead,
  monthTotal,
  partiesText,
  ratesText,
  steadyWebhooks,
  webhooksText,
  type MonthResult,
  type Rates,
} from './demo-report.js';
import { gatherEvidence } from './evidence.js';
import { runExampleOne } from './example-one.js';
import { HubApi } from './hub-api.js';
import { inParallel } from './in-parallel.js';
import { readPurchases, totalsOf, type Purchase } from './purchases.js';
import { replayMonths } from './replay-months.js';
import { Replay } from './replay.js';
import { currency, providers, Scenario } from './scenario.js';
import { WebhookReceiver } from './webhook-receiver.js';

export interface DemoOptions {
  which: 'sample' | 'all';
  /** Leaves the hub running at the end, until Ctrl-C. */
  keep: boolean;
  /** On Kafka, PostgreSQL and Redis, each service a process of its own, instead of the embedded default. */
  cluster: boolean;
  /** Of the hub; 0 takes any free one. */
  port: number;
  /** A new folder that is kept; a temporary one is removed. */
  dataDir?: string;
  json: boolean;
}

const seed = 19_970_101;
const lastDate = '1998-06-30';
const dataFile = fileURLToPath(new URL('../../../../examples/cdnow-purchases.csv', import.meta.url));

/**
 * Replays real purchases through the product, started for it as `npm start` does, and checks what comes of them.
 * @returns whether every check passed
 */
export async function runDemo(options: DemoOptions, given: Io): Promise<boolean> {
  const startedMs = performance.now();
  const io: Io = options.json ? { ...given, out: () => undefined, isTerminal: false } : given;
  const purchases = readPurchases(dataFile, options.which);
  const dataDir = dataDirOf(options);
  io.out(`${introduction(purchases, options.which)}\n`);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const where = { dataDir, port: options.port, signal: interrupted.signal };
    const hub = options.cluster
      ? await ClusterHub.start({ ...where, onProgress: (line) => io.out(` cluster    ${line}\n`) })
      : await HubProcess.start(where);
    io.out(` hub        ${hub.url}, ready after ${durationText(performance.now() - startedMs)}\n\n`);
    return await withReceiver(hub, interrupted.signal, async (api, receiver) => {
      const summary = await play(purchases, { io, hub, api, receiver, startedMs });
      if (options.json) given.out(`${toJson(summary)}\n`);
      if (options.keep) await keptUntilStopped(hub, purchases, given);
      return summary.findings.every(({ passed }) => passed);
    });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    if (options.dataDir === undefined && !options.keep) rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Sees to it that nothing of the demo outlives it, however it ends. */
async function withReceiver<T>(
  hub: StartedHub,
  interrupted: AbortSignal,
  work: (api: HubApi, receiver: WebhookReceiver) => Promise<T>,
): Promise<T> {
  const receiver = await WebhookReceiver.start();
  const api = new HubApi(hub.url, hub.dataDir);
  try {
    return await work(api, receiver);
  } catch (error) {
    if (interrupted.aborted) throw new CommandFailed('interrupted', { cause: error });
    if (!hub.isRunning) throw new CommandFailed(`the hub has ended; its log ends so:\n${hub.endOfLog()}`, { cause: error });
    throw error;
  } finally {
    await api.close();
    await hub.stop();
    await receiver.close();
  }
}

interface Stage {
  io: Io;
  hub: StartedHub;
  api: HubApi;
  receiver: WebhookReceiver;
  startedMs: number;
}

async function play(purchases: readonly Purchase[], { io, hub, api, receiver, startedMs }: Stage) {
  const example = await runExampleOne(api, receiver);
  io.out(`Example 1: an article for 10.00 on platform A, processed by platform B; then 4.00 go back\n${exampleText(example)}\n\n`);
  await registerCast(api, receiver);
  const scenario = new Scenario(seed, lastDate);
  const day = await playDay({ api, eventStoreUrl: hub.eventStoreUrl, purchases, scenario, papers: newPapers() });
  io.out(`${dayText(day)}\n\n`);

  io.out(`The purchases, a window for each month of the data (${currency})\n${monthHead()}\n`);
  const replay = new Replay(api);
  const { results: months, ...times } = await replayMonths(purchases, scenario, { io, api, replay });
  io.out(`${monthTotal(months)}\n\n`);

  const expected = totalsOf(purchases);
  const evidence = await gatherEvidence({ api, receiver, replay, months, example, day, expected, eventStoreUrl: hub.eventStoreUrl });
  const findings = [...checkEvidence(evidence), ...checkDay(evidence)];
  const rates: Rates = {
    ...times,
    dayMs: day.durationMs,
    orders: replay.counts.orders,
    months: months.length,
    events: evidence.store.events,
    rebuildEvents: evidence.rebuild.events,
    rebuildSeconds: evidence.rebuild.seconds,
    webhooks: [...receiver.counts.values()].reduce((sum, count) => sum + count, 0),
    repeatedWebhooks: receiver.repeated,
    totalMs: performance.now() - startedMs,
  };
  io.out(`What came of it (${currency})\n${partiesText(evidence)}\n\n${moneyText(evidence)}\n\n${webhooksText(receiver.counts)}\n\n`);
  io.out(`Checks\n${findingsText(findings)}\n\nRates on this machine\n${ratesText(rates)}\n`);
  return summaryOf(months, evidence, findings, rates, receiver);
}

/** The result as JSON tells it: figures that are the same in every run, and the rates of this one. */
function summaryOf(
  months: readonly MonthResult[],
  { example, day }: Evidence,
  findings: readonly Finding[],
  rates: Rates,
  { counts }: WebhookReceiver,
) {
  const monthly = months.map(({ month, orders, grossMinor, refunds, refundedMinor, windowId, payouts, carried }) => {
    const amounts = { grossMinor: toSafeInteger(grossMinor), refundedMinor: toSafeInteger(refundedMinor) };
    return { month, orders, refunds, ...amounts, windowId, payouts: payouts.length, carried };
  });
  return { seed, example, day: dayFigures(day), months: monthly, webhooks: Object.fromEntries(steadyWebhooks(counts)), findings, rates };
}

async function registerCast(api: HubApi, receiver: WebhookReceiver): Promise<void> {
  for (const { platformId, name, accountNumber } of [...platforms, newcomer]) {
    await api.join({ platformId, name, currencies: [currency, dayCurrency], methods: [...providers, 'wallet'] }, accountNumber);
    receiver.trust(platformId, await api.registerEndpoint(platformId, receiver.urlFor(platformId)));
  }
  await inParallel(creators, 8, ({ creatorId, name, hasBankAccount }) => api.addCreator(creatorId, name, hasBankAccount));
  await inParallel(agreements, 8, ({ agreementId, name, rules }) => api.agree(agreementId, name, rules));
}

/** Bills and statements are there to be looked at: they stay when the hub and its data are gone. */
const newPapers = (): string => mkdtempSync(join(tmpdir(), 'tongbao-demo-papers-'));

function introduction(purchases: readonly Purchase[], which: DemoOptions['which']): string {
  const { orders, grossMinor } = totalsOf(purchases);
  const customers = new Set(purchases.map(({ customerId }) => customerId)).size;
  const part = which === 'sample' ? 'the published one-in-ten sample; --all replays all 69,659 orders' : 'all of it';
  return `Tongbao demo: real purchases through the whole hub

 data       ${countText(orders)} orders of ${countText(customers)} customers of CDNOW, January 1997 to June 1998, ${amountText(grossMinor, currency)} ${currency}
            (${part}; origin in examples/README.md): customers, days, quantities and amounts are real
 generated  ${platforms.length + 1} platforms, their agreements, ${creators.length} creators, albums, payment methods, wallets, refunds, the providers' moods; seed ${seed}
 time       the hub's clock is today's. The data's day is part of the order's name, as in cdnow-1997-01-01-000001,
            and a window is closed at each month's end of the data`;
}

function dataDirOf({ dataDir }: DemoOptions): string {
  if (dataDir === undefined) return mkdtempSync(join(tmpdir(), 'tongbao-demo-'));
  if (existsSync(join(dataDir, 'events'))) throw new UsageError(`${dataDir} holds the data of a hub already: the demo wants a new folder.`);
  return dataDir;
}

async function keptUntilStopped(hub: StartedHub, [first]: readonly Purchase[], io: Io): Promise<void> {
  const order = first && new Scenario(seed, lastDate).order(first).body;
  io.err(`
The hub goes on until Ctrl-C.
  HTTP API     ${hub.url}/v1 (description: ${hub.url}/openapi.json)
  event store  ${hub.eventStoreUrl}
  data         ${hub.dataDir} (operators' tokens in operators.json, logs beside it); it stays
  look around  npx tongbao payments show ${order?.platformId ?? ''}/${order?.orderId ?? ''} --url ${hub.url} --event-store '${hub.eventStoreUrl}' --data ${hub.dataDir}
`);
  await hub.ended;
}
