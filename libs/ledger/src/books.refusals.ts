import { isNetted, type JournalEntry, type JournalTransfer } from '@tongbao/contracts';
import { isDue, type AccountDetails, type AccountStatus, type Books, type Hold } from './books.js';
import { passedLimit, type Changes } from './changes.js';
import type { OpenAccountCommand, PlaceHoldCommand, Refusal, SingleCommand } from './commands.js';

/** A command, spread out for the refusals: each looks at one part. */
export interface Asked {
  command: SingleCommand;
  nowMs: number;
  /** Must exist and must not be closed. */
  accounts: readonly string[];
  /** Of each of them. */
  statuses: readonly AccountStatus[];
  /** Of these, must not be frozen: money is moved or reserved. */
  moved: readonly string[];
  amounts: readonly number[];
  transfers: readonly JournalTransfer[];
  /** The hold that is committed or voided; `null` where none is. */
  ends: Hold | undefined | null;
  /** Number of the entry that is corrected or reversed. */
  names?: number | undefined;
  /** What is done if no refusal applies. */
  changes: Changes;
  /** The books with the changes taken; made only when a refusal asks for them. */
  then: () => Books;
}

type Applies = (asked: Asked, books: Books) => boolean;

/** Why a command is refused, in order of precedence: the first that applies answers. */
export const refusals: readonly (readonly [Refusal, Applies])[] = [
  [
    'exists_with_different_content',
    ({ command }, books) =>
      (command.command === 'PlaceHold' && isOtherHold(command, books.hold(command.holdId))) ||
      (command.command === 'OpenAccount' && isOtherAccount(command, books.details(command.account))),
  ],
  ['account_not_found', ({ statuses, command }) => command.command !== 'OpenAccount' && statuses.includes('unknown')],
  ['account_closed', ({ statuses }) => statuses.includes('closed')],
  ['account_frozen', ({ moved, accounts, statuses }) => moved.some((each) => statuses[accounts.indexOf(each)] === 'frozen')],
  ['currency_mismatch', mismatches],
  ['amount_not_positive', ({ amounts }) => amounts.some((amount) => amount <= 0)],
  ['same_account', ({ transfers }) => transfers.some(({ from, to }) => from === to)],
  ['hold_not_found', ({ ends }) => ends === undefined],
  ['hold_already_committed', ({ ends }) => ends?.status === 'committed'],
  ['hold_already_voided', ({ ends }) => ends?.status === 'voided'],
  ['hold_expired', ({ ends, nowMs }) => !!ends && (ends.status === 'expired' || isDue(ends, nowMs))],
  ['exceeds_hold', ({ ends, transfers }) => !!ends && exceeds(ends, transfers)],
  ['entry_not_found', ({ names, command }, books) => names !== undefined && !isThere(names, command, books)],
  [
    'entry_not_reversible',
    ({ command }) => command.command === 'ReverseEntry' && command.original !== undefined && isBeyondReversal(command.original),
  ],
  ['already_reversed', ({ names, command }, books) => names !== undefined && isUndone(books.correction(names), command)],
  ['insufficient_funds', (asked, books) => passes('minimum', asked, books)],
  ['cap_exceeded', (asked, books) => passes('cap', asked, books)],
  ['client_money_not_covered', (asked, books) => uncovers(asked, books)],
  ['account_not_empty', ({ command }, books) => command.command === 'CloseAccount' && !books.isEmpty(command.account)],
];

/** What pays a net is undone by a fact of its own; where nothing was moved, there is only what a correction can put right. */
const isBeyondReversal = (entry: JournalEntry): boolean => !isNetted(entry) || entry.transfers.length === 0;

function isOtherAccount({ currencies, metadata }: OpenAccountCommand, known: AccountDetails | undefined): boolean {
  if (!known || !(currencies || metadata)) return false;
  return (
    JSON.stringify([currencies, metadata?.map(nameAndValue)]) !== JSON.stringify([known.currencies, known.metadata?.map(nameAndValue)])
  );
}

const nameAndValue = ({ name, value }: { name: string; value: string }) => [name, value];

/** In the currency of the hold that is ended, and in one that the account was opened for. */
function mismatches({ command, ends, transfers }: Asked, books: Books): boolean {
  if (ends && transfers.some(({ currency }) => currency !== ends.currency)) return true;
  switch (command.command) {
    case 'PlaceHold':
      return command.reservations.some(({ account }) => !books.takes(account, command.currency));
    case 'SetLimits':
      return !books.takes(command.account, command.currency);
    case 'OpenAccount':
      return command.currencies !== undefined && !books.isEmpty(command.account, command.currencies);
    default:
      return transfers.some(({ from, to, currency }) => !books.takes(from, currency) || !books.takes(to, currency));
  }
}

function isOtherHold({ currency, reservations, purpose, ref, expiresAt }: PlaceHoldCommand, hold: Hold | undefined): boolean {
  if (!hold) return false;
  if (hold.currency !== currency || hold.purpose !== purpose || hold.ref !== ref || hold.expiresAt !== expiresAt) return true;
  if (hold.reservations.length !== reservations.length) return true;
  return hold.reservations.some(({ account, amountMinor }, index) => {
    const asked = reservations[index];
    return account !== asked?.account || amountMinor !== asked.amountMinor;
  });
}

/** What leaves an account may not be more than what the hold reserved on it. */
function exceeds(hold: Hold, transfers: readonly JournalTransfer[]): boolean {
  const left = new Map<string, bigint>();
  for (const { account, amountMinor } of hold.reservations) left.set(account, (left.get(account) ?? 0n) + BigInt(amountMinor));
  for (const { from, amountMinor } of transfers) left.set(from, (left.get(from) ?? 0n) - BigInt(amountMinor));
  return [...left.values()].some((amount) => amount < 0n);
}

const isThere = (entry: number, command: SingleCommand, books: Books): boolean =>
  command.command === 'ReverseEntry' ? command.original !== undefined : entry < books.nextEntry;

/** A reversal undoes what nobody has touched; a correction may follow another, but not a reversal. */
const isUndone = (correction: 'reversed' | 'corrected' | undefined, { command }: SingleCommand): boolean =>
  correction === 'reversed' || (correction === 'corrected' && command === 'ReverseEntry');

function passes(limit: 'minimum' | 'cap', asked: Asked, books: Books): boolean {
  if (limit === 'cap' && asked.command.command === 'PlaceHold' && asked.command.paysDebt) return false;
  return drawn(asked).some(([account, currency]) => passedLimit(account, currency, books, asked.then(), limit));
}

/** Accounts that money may leave or be reserved on, with the currency. */
function drawn({ command, transfers, changes }: Asked): [string, string][] {
  if (command.command !== 'PlaceHold') return transfers.map(({ from, currency }) => [from, currency]);
  return (changes.holds ?? []).length === 0 ? [] : command.reservations.map(({ account }) => [account, command.currency]);
}

/** A payout needs cover for all clients; another entry, and what stays in the hub, may not make a lack of cover, nor a greater one. */
function uncovers(asked: Asked, books: Books): boolean {
  const { command } = asked;
  if (command.command === 'PlaceHold' && command.staysInHub) return false;
  const forPayout = command.command === 'PlaceHold' && command.purpose === 'payout';
  const currencies = forPayout ? drawn(asked).map(([, currency]) => currency) : asked.transfers.map(({ currency }) => currency);
  return [...new Set(currencies)].some((code) => {
    const [before, then] = [books.currency(code), asked.then().currency(code)];
    const lack = then.clientMoney - then.cash;
    return lack > 0n && (forPayout || lack > before.clientMoney - before.cash);
  });
}
