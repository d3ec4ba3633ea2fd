import { account as accountNames, isNetted, isParty, type EntriesPosted, type HoldChange, type JournalEntry } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import type { Projection, RowRef, Rows } from '@tongbao/read-model';
import {
  accountHistory,
  accounts,
  accountStatuses,
  entries,
  holds,
  openLines,
  progress,
  type AccountHistoryRow,
  type AccountRow,
  type AccountStatusRow,
  type EntryRow,
  type HoldRow,
  type OpenLineRow,
  type ProgressRow,
} from './ledger.tables.js';

/** The books as queries read them, folded from the journal. */
export const ledgerProjection: Projection = {
  name: 'ledger',
  version: 1,
  categories: ['journal'],
  tables: { progress, accounts, accountStatuses, accountHistory, entries, holds, openLines },
  touches: ({ event }) => (isEntriesPosted(event) ? touchedRows(event) : []),
  apply: async (stored, rows) => {
    if (isEntriesPosted(stored.event)) await fold(stored.event, stored.stream, stored.revision, rows);
  },
};

const isEntriesPosted = (event: StoredEvent['event']): event is EntriesPosted => event.type === 'EntriesPosted';

/** What an event does to one account in one currency. */
interface Movement {
  account: string;
  currency: string;
  delta: bigint;
  held: bigint;
  payoutHeld: bigint;
  net: bigint;
  entries: number[];
}

/** Movements of one event, by account and currency. */
class Movements {
  readonly #byKey = new Map<string, Movement>();

  of(account: string, currency: string): Movement {
    const key = `${currency} ${account}`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const movement: Movement = { account, currency, delta: 0n, held: 0n, payoutHeld: 0n, net: 0n, entries: [] };
    this.#byKey.set(key, movement);
    return movement;
  }

  all(): Iterable<Movement> {
    return this.#byKey.values();
  }
}

async function fold(event: EntriesPosted, journal: string, revision: number, rows: Rows): Promise<void> {
  const { sourcePosition, firstEntry, postedAt } = event;
  const nextEntry = firstEntry + event.entries.length;
  rows.put('progress', { journal, revision, nextEntry, sourcePosition: BigInt(sourcePosition), postedAt } satisfies ProgressRow);
  const movements = new Movements();
  for (const [index, entry] of event.entries.entries()) {
    const number = event.firstEntry + index;
    move(movements, entry, number);
    await putEntry(rows, entry, number, revision, event.postedAt);
    await foldLines(rows, entry, number, event.postedAt);
  }
  for (const change of event.holds) await foldHold(rows, movements, change, event.postedAt);
  for (const { party, currency, netMinor } of event.settled ?? []) movements.of(party, currency).net -= BigInt(netMinor);
  for (const movement of movements.all()) await putAccount(rows, movement, revision, event.postedAt);
  for (const { account, currency, minimumBalanceMinor, netDebitCapMinor } of event.limits) {
    const row = await accountRow(rows, account, currency, revision, event.postedAt);
    rows.put('accounts', { ...row, minimumBalanceMinor: asMinor(minimumBalanceMinor), netDebitCapMinor: asMinor(netDebitCapMinor) });
  }
  for (const { account, change } of event.accounts) {
    const known = await rows.get<AccountStatusRow>('accountStatuses', [account]);
    const status = change === 'opened' || change === 'unfrozen' ? 'open' : change;
    const openedAt = change === 'opened' ? event.postedAt : (known?.openedAt ?? null);
    rows.put('accountStatuses', { account, status, openedAt, changedAt: event.postedAt } satisfies AccountStatusRow);
  }
}

function move(movements: Movements, entry: JournalEntry, number: number): void {
  const netted = isNetted(entry);
  for (const { from, to, amountMinor, currency } of entry.transfers) {
    const amount = BigInt(amountMinor);
    for (const [account, delta] of [[from, -amount] as const, [to, amount] as const]) {
      const movement = movements.of(account, currency);
      movement.delta += delta;
      if (netted && isParty(account)) movement.net += delta;
      if (movement.entries.at(-1) !== number) movement.entries.push(number);
    }
  }
}

async function putEntry(rows: Rows, entry: JournalEntry, number: number, revision: number, postedAt: string): Promise<void> {
  const { kind, ref, position, transfers, corrects, note } = entry;
  const row: EntryRow = {
    number,
    revision,
    kind,
    ref,
    position: position === undefined ? null : BigInt(position),
    transfers,
    corrects: corrects ?? null,
    correctedBy: null,
    note: note ?? null,
    postedAt,
  };
  rows.put('entries', row);
  if (corrects === undefined) return;
  const corrected = await rows.get<EntryRow>('entries', [corrects]);
  if (corrected) rows.put('entries', { ...corrected, correctedBy: [...(corrected.correctedBy ?? []), number] });
}

const hasLines = (account: string): boolean => account === accountNames.suspense || account.startsWith('transit:');

/** A correction belongs to the line of what it corrects, whatever its own subject. */
async function foldLines(rows: Rows, entry: JournalEntry, number: number, at: string): Promise<void> {
  if (!entry.transfers.some(({ from, to }) => hasLines(from) || hasLines(to))) return;
  const corrected = entry.corrects === undefined ? undefined : await rows.get<EntryRow>('entries', [entry.corrects]);
  const ref = corrected?.ref ?? entry.ref;
  for (const { from, to, amountMinor, currency } of entry.transfers) {
    for (const [account, delta] of [[from, -BigInt(amountMinor)] as const, [to, BigInt(amountMinor)] as const]) {
      if (!hasLines(account)) continue;
      const key = [account, currency, ref];
      const line = await rows.get<OpenLineRow>('openLines', key);
      const amount = (line?.amountMinor ?? 0n) + delta;
      if (amount === 0n) rows.delete('openLines', key);
      else
        rows.put('openLines', {
          ...(line ?? { account, currency, ref, kind: entry.kind, entry: number, since: at }),
          amountMinor: amount,
        } satisfies OpenLineRow);
    }
  }
}

async function foldHold(rows: Rows, movements: Movements, change: HoldChange, at: string): Promise<void> {
  if (change.change === 'placed') {
    const { holdId, currency, reservations, purpose, ref, expiresAt = null } = change;
    const row: HoldRow = {
      holdId,
      currency,
      reservations,
      purpose,
      ref,
      expiresAt,
      status: 'placed',
      placedAt: at,
      endedAt: null,
      entry: null,
    };
    reserve(movements, row, 1n);
    rows.put('holds', row);
    return;
  }
  const hold = await rows.get<HoldRow>('holds', [change.holdId]);
  if (!hold) throw new Error(`the journal ends the hold ${change.holdId}, which it never placed`);
  reserve(movements, hold, -1n);
  const entry = change.change === 'committed' ? (change.entry ?? null) : null;
  rows.put('holds', { ...hold, status: change.change, endedAt: at, entry } satisfies HoldRow);
}

function reserve(
  movements: Movements,
  { currency, reservations, purpose }: Pick<HoldRow, 'currency' | 'reservations' | 'purpose'>,
  sign: bigint,
): void {
  for (const { account, amountMinor } of reservations) {
    const movement = movements.of(account, currency);
    movement.held += sign * BigInt(amountMinor);
    if (purpose === 'payout') movement.payoutHeld += sign * BigInt(amountMinor);
  }
}

async function putAccount(rows: Rows, movement: Movement, revision: number, at: string): Promise<void> {
  const { account, currency, delta, held } = movement;
  const row = await accountRow(rows, account, currency, revision, at);
  const changed: AccountRow = {
    ...row,
    postedMinor: row.postedMinor + delta,
    heldMinor: row.heldMinor + held,
    payoutHeldMinor: row.payoutHeldMinor + movement.payoutHeld,
    netMinor: row.netMinor + movement.net,
    entries: row.entries + movement.entries.length,
  };
  rows.put('accounts', changed);
  if (movement.entries.length === 0 && held === 0n) return;
  const { postedMinor, heldMinor } = changed;
  const history: AccountHistoryRow = {
    account,
    currency,
    revision,
    deltaMinor: delta,
    postedMinor,
    heldMinor,
    entries: movement.entries,
    at,
  };
  rows.put('accountHistory', history);
}

const untouched = {
  postedMinor: 0n,
  heldMinor: 0n,
  payoutHeldMinor: 0n,
  netMinor: 0n,
  minimumBalanceMinor: null,
  netDebitCapMinor: null,
  entries: 0,
};

/** The account's row with the mark of this event on it. */
async function accountRow(rows: Rows, account: string, currency: string, revision: number, at: string): Promise<AccountRow> {
  const known = await rows.get<AccountRow>('accounts', [account, currency]);
  return { ...(known ?? { ...untouched, account, currency }), revision, changedAt: at };
}

const asMinor = (amount: number | undefined): bigint | null => (amount === undefined ? null : BigInt(amount));

/** Rows that the fold of an event reads, but for those of accounts that only an ended hold names. */
function* touchedRows(event: EntriesPosted): Generator<RowRef> {
  for (const { ref, transfers, corrects } of event.entries) {
    if (corrects !== undefined) yield { table: 'entries', key: [corrects] };
    for (const { from, to, currency } of transfers) {
      for (const account of [from, to]) {
        yield { table: 'accounts', key: [account, currency] };
        if (hasLines(account)) yield { table: 'openLines', key: [account, currency, ref] };
      }
    }
  }
  for (const change of event.holds) {
    yield { table: 'holds', key: [change.holdId] };
    if (change.change === 'placed')
      for (const { account } of change.reservations) yield { table: 'accounts', key: [account, change.currency] };
  }
  for (const { account, currency } of event.limits) yield { table: 'accounts', key: [account, currency] };
  for (const { party, currency } of event.settled ?? []) yield { table: 'accounts', key: [party, currency] };
  for (const { account } of event.accounts) yield { table: 'accountStatuses', key: [account] };
}
