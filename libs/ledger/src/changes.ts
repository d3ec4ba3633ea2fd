import type { AccountChange, HoldChange, JournalEntry, LedgerAlarm, LimitChange, SettledNet } from '@tongbao/contracts';
import type { Balance } from './balances.js';
import type { Books } from './books.js';

/** What a fact or an accepted command does to the books; the parts of a journal event. */
export interface Changes {
  entries?: readonly JournalEntry[];
  holds?: readonly HoldChange[];
  limits?: readonly LimitChange[];
  accounts?: readonly AccountChange[];
  settled?: readonly SettledNet[];
  alarms?: readonly LedgerAlarm[];
}

/** @param then the books with the changes taken, where somebody has made them: what they are need not be found out again */
export function take(books: Books, changes: Changes, then?: Books): void {
  if (then) {
    books.absorb(then);
    return;
  }
  for (const entry of changes.entries ?? []) books.post(entry);
  for (const change of changes.holds ?? []) books.changeHold(change);
  for (const change of changes.limits ?? []) books.setLimits(change);
  for (const change of changes.accounts ?? []) books.changeAccount(change);
  for (const net of changes.settled ?? []) books.settle(net);
}

/** The books as they would be: a working copy with the changes taken. */
export function after(books: Books, changes: Changes): Books {
  const copy = books.draft();
  take(copy, changes);
  return copy;
}

/**
 * True when a change takes an account past one of its limits. One that does not lower the account passes none, however low it already is.
 * @param limit `minimum`: of the available balance; `cap`: of the net since the last settlement, less what is reserved for further debits of it
 */
export function passedLimit(account: string, currency: string, before: Books, then: Books, limit: 'minimum' | 'cap'): boolean {
  const { minimumBalance, netDebitCap } = then.limits(account, currency);
  const floor = limit === 'minimum' ? minimumBalance : netDebitCap === undefined ? undefined : -netDebitCap;
  if (floor === undefined) return false;
  const measure = limit === 'minimum' ? available : availableNet;
  const level = measure(then.balance(account, currency));
  return level < floor && level < measure(before.balance(account, currency));
}

const available = ({ posted, held }: Balance): bigint => posted - held;

const availableNet = ({ net, held, payoutHeld }: Balance): bigint => net - (held - payoutHeld);
