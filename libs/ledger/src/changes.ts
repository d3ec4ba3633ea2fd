import {
  account as accountNames,
  type AccountChange,
  type HoldChange,
  type JournalEntry,
  type LedgerAlarm,
  type LimitChange,
  type SettledNet,
} from '@tongbao/contracts';
import type { Balance } from './balances.js';
import type { Books } from './books.js';
import { funderOf } from './chart.js';

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
 * @param limit `minimum`: of the available balance; `cap`: of the net since the last settlement, less what is reserved for further debits of it, with what
 * the party has prefunded. So of prefunded money its party's cap is asked, too
 */
export function passedLimit(account: string, currency: string, before: Books, then: Books, limit: 'minimum' | 'cap'): boolean {
  if (limit === 'cap') return passedCap(funderOf(account), currency, before, then);
  const { minimumBalance } = then.limits(account, currency);
  if (minimumBalance === undefined) return false;
  const level = available(then.balance(account, currency));
  return level < minimumBalance && level < available(before.balance(account, currency));
}

function passedCap(party: string, currency: string, before: Books, then: Books): boolean {
  const { netDebitCap } = then.limits(party, currency);
  if (netDebitCap === undefined) return false;
  const room = roomOf(party, currency, then);
  return room < -netDebitCap && room < roomOf(party, currency, before);
}

/** What a party may owe before its cap is looked at: what came in as prefunded money counts at once, and no more as soon as it is reserved to go out. */
const roomOf = (party: string, currency: string, books: Books): bigint =>
  availableNet(books.balance(party, currency)) + available(books.balance(accountNames.liquidity(party), currency));

const available = ({ posted, held }: Balance): bigint => posted - held;

const availableNet = ({ net, held, payoutHeld }: Balance): bigint => net - (held - payoutHeld);
