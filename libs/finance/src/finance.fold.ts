import { mendsPosting, type EntriesPosted, type JournalEntry } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import type { FactTransfer } from '@tongbao/settlement';
import type { RowOf } from './finance.tables.js';
import type { FinanceRows } from './finance.rows.js';
import { hourHolding } from './log-clock.fold.js';
import { isCountedAsFact, nodeOf, providerIn, type PaymentFact } from './movements.js';
import { foldOpenLines } from './open-lines.fold.js';

/** What a transfer is counted by, beside its accounts and kind. */
type Way = Pick<RowOf<'ways'>, 'currency' | 'cause' | 'platform' | 'provider'>;

export async function foldPayment(fact: PaymentFact, hour: number, rows: FinanceRows): Promise<void> {
  for (const transfer of fact.transfers) await add(transfer, fact, hour, rows);
  const { currency, platform, provider, captured, refunded } = fact;
  if (captured === undefined && refunded === undefined) return;
  const known = await rows.get('hourlyPayments', hour, currency, platform, provider);
  const sums = known ?? { hour, currency, platform, provider, captures: 0, capturedMinor: 0n, refunds: 0, refundedMinor: 0n };
  if (captured !== undefined)
    rows.put('hourlyPayments', { ...sums, captures: sums.captures + 1, capturedMinor: sums.capturedMinor + BigInt(captured) });
  else rows.put('hourlyPayments', { ...sums, refunds: sums.refunds + 1, refundedMinor: sums.refundedMinor + BigInt(refunded ?? 0) });
}

/** What the ledger posted besides the facts of payments: in the hour of the fact that an entry posts, or in its own. */
export async function foldJournal(stored: StoredEvent<EntriesPosted>, hour: number, rows: FinanceRows): Promise<void> {
  const { entries, firstEntry, postedAt } = stored.event;
  for (const [index, entry] of entries.entries()) {
    const corrected = entry.corrects === undefined ? undefined : await rows.get('lineEntries', entry.corrects);
    await foldOpenLines(entry, corrected, { number: firstEntry + index, at: postedAt }, rows);
    if (!isCountedAsFact(entry.kind)) await foldEntry(entry, corrected, hour, rows);
  }
}

async function foldEntry(
  entry: JournalEntry,
  corrected: RowOf<'lineEntries'> | undefined,
  presentHour: number,
  rows: FinanceRows,
): Promise<void> {
  const hour = entry.position === undefined ? presentHour : await hourHolding(BigInt(entry.position), presentHour, rows);
  const provider = providerIn(entry.transfers);
  // What the posting of a payment's fact lacked was counted with the fact.
  const isOfPayment = corrected === undefined || isCountedAsFact(corrected.kind);
  for (const transfer of entry.transfers) {
    if (isOfPayment && mendsPosting(entry, transfer)) continue;
    await add(transfer, { currency: transfer.currency, cause: 'entry', platform: '', provider }, hour, rows);
  }
}

async function add({ from, to, amountMinor, kind, external }: FactTransfer, by: Way, hour: number, rows: FinanceRows): Promise<void> {
  // The ledger drops these, too.
  if (from === to || amountMinor === 0) return;
  const [payer, payee] = [nodeOf(from), nodeOf(to)];
  const way = wayOf(payer, payee, kind, by, external === true);
  const known = await rows.get('hourlySums', hour, way);
  if (known) {
    rows.put('hourlySums', { hour, way, amountMinor: known.amountMinor + BigInt(amountMinor), transfers: known.transfers + 1 });
    return;
  }
  rows.put('hourlySums', { hour, way, amountMinor: BigInt(amountMinor), transfers: 1 });
  const { currency, cause, platform, provider } = by;
  const isNew = (await rows.get('ways', way)) === undefined;
  if (isNew) rows.put('ways', { way, currency, payer, payee, kind, cause, platform, provider, external: external === true });
}

/** The kind stands last: it alone is free text. */
const wayOf = (payer: string, payee: string, kind: string, { currency, cause, platform, provider }: Way, isExternal: boolean): string =>
  `${currency}\n${payer}\n${payee}\n${cause}\n${platform}\n${provider}\n${isExternal ? 'external' : ''}\n${kind}`;

/** The keys of what `foldPayment` adds to, for an event of the hour. */
export function* touchedSums(fact: PaymentFact, hour: number): Generator<{ table: 'hourlySums'; key: [number, string] }> {
  for (const { from, to, kind, external } of fact.transfers) {
    yield { table: 'hourlySums', key: [hour, wayOf(nodeOf(from), nodeOf(to), kind, fact, external === true)] };
  }
}
