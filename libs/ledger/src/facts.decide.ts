import { account as accounts, type HoldChange, type JournalEntry, type JournalTransfer, type LedgerAlarm } from '@tongbao/contracts';
import type { Books } from './books.js';
import { after, passedLimit, type Changes } from './changes.js';
import { postingOf, type AnyFact, type Posting } from './posting-rules.js';

/** An entry has at most so many transfers; a fact with more becomes several entries. */
export const maxTransfers = 100;

/** A fact's changes; `marksPosition`: its position must be in the journal though nothing changes. */
export interface PostedChanges extends Changes {
  marksPosition?: true;
}

/**
 * What a fact does to the books. Facts are never refused: one that passes a limit or touches a frozen account is posted with an alarm, an account
 * that nobody registered is replaced by hub:suspense. Where that leaves nothing of a fact, its entry has no transfers.
 * @param position the fact's place in the log
 * @returns undefined when the ledger has nothing to do with it
 */
export function postFact(books: Books, fact: AnyFact, position: bigint): PostedChanges | undefined {
  const posting = postingOf(fact);
  if (!posting) return undefined;
  const alarms: LedgerAlarm[] = [];
  const { transfers, isLost } = knownTransfers(books, posting, alarms);
  const entries = entriesOf(fact.type, posting.ref, position, transfers);
  // Nothing has moved, and yet there is what a correction can name.
  if (isLost) entries.push({ kind: fact.type, ref: posting.ref, position: String(position), transfers: [] });
  const holds = holdChanges(books, posting, alarms, entries.length > 0);
  const changes = { ...administrative(books, posting, alarms), entries, holds, alarms };
  if (transfers.some(({ from, currency }) => hasLimits(books, from, currency)))
    alarms.push(...limitAlarms(books, changes, posting.ref, transfers));
  return posting.marksPosition ? { ...changes, marksPosition: true } : changes;
}

/**
 * Without those that move nothing, and with hub:suspense in the place of accounts that do not exist.
 * @returns isLost: that has left nothing of them, though the fact moves money
 */
function knownTransfers(
  books: Books,
  { ref, currency = '', transfers = [] }: Posting,
  alarms: LedgerAlarm[],
): { transfers: JournalTransfer[]; isLost: boolean } {
  const known = (account: string, code: string): string => {
    const status = books.status(account);
    const alarm = status !== 'open' ? (`account_${status}` as const) : books.takes(account, code) ? undefined : 'limit_passed';
    if (alarm && !alarms.some((each) => each.account === account)) alarms.push({ alarm, account, currency: code, ref });
    return status === 'unknown' ? accounts.suspense : account;
  };
  const moved: JournalTransfer[] = [];
  let isLost = false;
  for (const { from, to, amountMinor, kind, currency: code = currency } of transfers) {
    if (amountMinor === 0 || from === to) continue;
    const transfer = { from: known(from, code), to: known(to, code), amountMinor, currency: code, kind };
    if (transfer.from === transfer.to) isLost = true;
    else moved.push(transfer);
  }
  return { transfers: moved, isLost: isLost && moved.length === 0 };
}

function entriesOf(kind: string, ref: string, position: bigint, transfers: readonly JournalTransfer[]): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (let start = 0; start < transfers.length; start += maxTransfers) {
    entries.push({ kind, ref, position: String(position), transfers: transfers.slice(start, start + maxTransfers) });
  }
  return entries;
}

function holdChanges(
  books: Books,
  { ref, currency = '', holds = [], transfers }: Posting,
  alarms: LedgerAlarm[],
  posts: boolean,
): HoldChange[] {
  return holds.flatMap(({ end, holdId }): HoldChange[] => {
    if (books.hold(holdId)?.status === 'placed') {
      if (end === 'voided') return [{ change: 'voided', holdId }];
      return [{ change: 'committed', holdId, ...(posts && { entry: books.nextEntry }) }];
    }
    if (end === 'committed') alarms.push({ alarm: 'hold_missing', account: transfers?.[0]?.from ?? '', currency, ref });
    return [];
  });
}

function administrative(books: Books, { ref, currency = '', opens, limits, settled }: Posting, alarms: LedgerAlarm[]): Changes {
  if (limits && books.status(ref) === 'unknown') alarms.push({ alarm: 'account_unknown', account: ref, currency, ref });
  return {
    ...(opens && books.status(opens) === 'unknown' && { accounts: [{ account: opens, change: 'opened' }] }),
    ...(limits && { limits: [{ account: ref, currency, ...limits }] }),
    ...(settled && { settled }),
  };
}

function hasLimits(books: Books, account: string, currency: string): boolean {
  const { minimumBalance, netDebitCap } = books.limits(account, currency);
  return minimumBalance !== undefined || netDebitCap !== undefined;
}

function limitAlarms(books: Books, changes: Changes, ref: string, transfers: readonly JournalTransfer[]): LedgerAlarm[] {
  const then = after(books, changes);
  const drawn = new Map(transfers.map(({ from, currency }) => [`${currency} ${from}`, { account: from, currency }]));
  return [...drawn.values()].flatMap(({ account, currency }): LedgerAlarm[] => {
    const passed = (limit: 'minimum' | 'cap') => passedLimit(account, currency, books, then, limit);
    return [
      ...(passed('minimum') ? [{ alarm: 'limit_passed', account, currency, ref } as const] : []),
      ...(passed('cap') ? [{ alarm: 'cap_passed', account, currency, ref } as const] : []),
    ];
  });
}
