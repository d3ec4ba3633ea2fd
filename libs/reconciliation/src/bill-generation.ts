import type { BillKind, ReconciliationTerms } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { generateBill, plantedBreaks, type PlantedBreak } from '@tongbao/provider-bills';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { beliefsOf } from './beliefs.js';
import { periodOf, type Period } from './bill-day.js';
import { chooseErrors, type ErrorPlan } from './chosen-errors.js';
import { jsonLinesIn, movementOf, type GeneratedMovement } from './generated-movements.js';
import { termsSource } from './terms.source.js';

export interface BillsToGenerate {
  provider: string;
  day: string;
  errors: readonly ErrorPlan[];
  /** Chooses the movements that are wrong. */
  seed: number;
  /** Folder of the bills. */
  out: string;
  /** Only what is in this currency. */
  currency?: string;
  /** Ends Stripe's bill with this payout of all that stands in it, in its currency. */
  payoutId?: string;
}

export interface GeneratedBills {
  period: Period;
  movements: number;
  files: { bill: BillKind; path: string }[];
  /** What a reconciliation is to find. */
  planted: PlantedBreak[];
}

/** Nothing is known of bills of the provider. */
export class ProviderUnknown extends Error {
  override readonly name = 'ProviderUnknown';
}

/**
 * Makes a provider's bills of a day from the hub's own events, with chosen errors. Memory does not grow with them, and the same events give the same files.
 * @throws ProviderUnknown, ErrorsNotPossible; RangeError for a currency that the provider has no bills in; Outage of the store
 */
export async function generateBills(store: EventStore, asked: BillsToGenerate): Promise<GeneratedBills> {
  const terms = await termsSource(store)(asked.provider);
  if (!terms) throw new ProviderUnknown(`nothing is known of bills of ${asked.provider}`);
  const period = periodOf(asked.day, terms);
  const folder = await mkdtemp(join(tmpdir(), 'tongbao-bills-'));
  const path = join(folder, 'movements');
  try {
    const movements = await writeMovements(store, asked, terms, period, path);
    const errors = chooseErrors(jsonLinesIn<GeneratedMovement>(path), asked.errors, { terms, period, seed: asked.seed });
    await mkdir(asked.out, { recursive: true });
    const files: GeneratedBills['files'] = [];
    for (const bill of terms.bills) {
      const file = join(asked.out, fileName(asked, bill, terms));
      const payout = asked.payoutId === undefined ? undefined : payoutOf(asked.payoutId, asked.currency, terms, period);
      const options = { provider: terms.format, bill, period, errors: errors[bill] ?? [], ...(payout && { payout }) };
      const account = terms.account === undefined ? {} : { account: terms.account };
      const bytes = generateBill(jsonLinesIn<GeneratedMovement>(path), { ...options, ...account, gzip: terms.format === 'wechat' });
      await pipeline(bytes, createWriteStream(file));
      files.push({ bill, path: file });
    }
    return { period, movements, files, planted: plantedBreaks(errors) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeMovements(
  store: EventStore,
  { provider, currency }: BillsToGenerate,
  terms: ReconciliationTerms,
  period: Period,
  path: string,
): Promise<number> {
  const file = createWriteStream(path, { mode: 0o600 });
  let count = 0;
  const span = { after: 0n, through: await store.head() };
  const query = { provider, terms, period, ...span, withPaymentKeys: true };
  for await (const belief of beliefsOf(store, query, new AbortController().signal)) {
    const movement = movementOf(belief, terms);
    if (!movement || (currency !== undefined && movement.currency !== currency)) continue;
    count += 1;
    if (!file.write(`${JSON.stringify(movement)}\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  return count;
}

const extensions = { alipay: 'zip', wechat: 'csv.gz', stripe: 'csv' } as const;

const fileName = ({ provider, day }: BillsToGenerate, bill: BillKind, { format }: ReconciliationTerms): string =>
  `${provider}-${bill}-${day}.${extensions[format]}`;

function payoutOf(id: string, currency: string | undefined, { format }: ReconciliationTerms, { to }: Period) {
  if (format !== 'stripe') throw new RangeError('only bills of Stripe end with a payout');
  if (currency === undefined) throw new RangeError('a payout is in one currency: name it');
  return { id, currency, at: new Date(Date.parse(to) - 1_000).toISOString() };
}
