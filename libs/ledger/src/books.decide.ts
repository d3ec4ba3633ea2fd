import type { CommandOutcome, HoldChange, JournalEntry, JournalTransfer } from '@tongbao/contracts';
import { isDue, type Books, type Hold } from './books.js';
import { after, passedLimit, type Changes } from './changes.js';
import { describe, type AccountCommand, type Command, type PlaceHoldCommand, type Refusal } from './commands.js';

export interface Decision {
  outcome: CommandOutcome;
  changes: Changes;
  /** The command had its outcome before: nothing is journalled. */
  replayed: boolean;
}

/**
 * Decides a command. An id that has an outcome answers with it, or, when it comes with other content, is refused without a trace; so is a hold
 * whose id is taken. Then the first of `refusals` that applies answers.
 */
export function decide(books: Books, command: Command, nowMs: number): Decision {
  const described = describe(command);
  const earlier = books.outcome(command.commandId);
  if (earlier?.contentHash === described.contentHash) return { outcome: earlier, changes: {}, replayed: true };
  if (earlier) return { outcome: { ...described, result: 'refused', code: 'exists_with_different_content' }, changes: {}, replayed: true };
  const asked = askedOf(books, command, nowMs);
  const refusal = refusals.find(([, applies]) => applies(asked, books));
  if (refusal) return { outcome: { ...described, result: 'refused', code: refusal[0] }, changes: {}, replayed: false };
  const posts = (asked.changes.entries ?? []).length > 0;
  return {
    outcome: { ...described, result: 'accepted', ...(posts && { entry: books.nextEntry }) },
    changes: asked.changes,
    replayed: false,
  };
}

/** A command, spread out for the refusals: each looks at one part. */
interface Asked {
  command: Command;
  nowMs: number;
  /** Must exist and must not be closed. */
  accounts: readonly string[];
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
    ({ command }, books) => command.command === 'PlaceHold' && isOtherHold(command, books.hold(command.holdId)),
  ],
  [
    'account_not_found',
    ({ accounts, command }, books) => command.command !== 'OpenAccount' && accounts.some((each) => books.status(each) === 'unknown'),
  ],
  ['account_closed', ({ accounts }, books) => accounts.some((each) => books.status(each) === 'closed')],
  ['account_frozen', ({ moved }, books) => moved.some((each) => books.status(each) === 'frozen')],
  ['currency_mismatch', ({ ends, transfers }) => !!ends && transfers.some(({ currency }) => currency !== ends.currency)],
  ['amount_not_positive', ({ amounts }) => amounts.some((amount) => amount <= 0)],
  ['same_account', ({ transfers }) => transfers.some(({ from, to }) => from === to)],
  ['hold_not_found', ({ ends }) => ends === undefined],
  ['hold_already_committed', ({ ends }) => ends?.status === 'committed'],
  ['hold_already_voided', ({ ends }) => ends?.status === 'voided'],
  ['hold_expired', ({ ends, nowMs }) => !!ends && (ends.status === 'expired' || isDue(ends, nowMs))],
  ['exceeds_hold', ({ ends, transfers }) => !!ends && exceeds(ends, transfers)],
  ['entry_not_found', ({ names, command }, books) => names !== undefined && !isThere(names, command, books)],
  ['already_reversed', ({ names, command }, books) => names !== undefined && isUndone(books.correction(names), command)],
  ['insufficient_funds', (asked, books) => passes('minimum', asked, books)],
  ['cap_exceeded', (asked, books) => passes('cap', asked, books)],
  ['client_money_not_covered', (asked, books) => uncovers(asked, books)],
  ['account_not_empty', ({ command }, books) => command.command === 'CloseAccount' && !books.isEmpty(command.account)],
];

function askedOf(books: Books, command: Command, nowMs: number): Asked {
  const parts = { accounts: [], moved: [], amounts: [], transfers: [], ends: null, ...partsOf(books, command) };
  return { ...parts, command, nowMs, then: memoized(() => after(books, parts.changes)) };
}

function partsOf(books: Books, command: Command): Partial<Asked> & Pick<Asked, 'changes'> {
  switch (command.command) {
    case 'PlaceHold':
      return placing(books, command);
    case 'CommitHold': {
      const ends = books.hold(command.holdId);
      const entries = [{ kind: command.command, ref: ends?.ref ?? command.holdId, transfers: [...command.transfers] }];
      const holds = ends?.status === 'placed' ? [{ change: 'committed', holdId: command.holdId, entry: books.nextEntry } as const] : [];
      return { ...moving(command.transfers), ends, changes: { entries, holds } };
    }
    case 'VoidHold':
      return { ends: books.hold(command.holdId), changes: { holds: [{ change: 'voided', holdId: command.holdId }] } };
    case 'PostEntry': {
      const { ref, transfers, corrects, note } = command;
      const names = corrects !== undefined && { corrects };
      const entry: JournalEntry = { kind: command.command, ref, transfers: [...transfers], ...names, ...(note && { note }) };
      return { ...moving(transfers), names: corrects, changes: { entries: [entry] } };
    }
    case 'ReverseEntry': {
      const { original, entry: corrects, note } = command;
      const transfers = (original?.transfers ?? []).map((each) => ({ ...each, from: each.to, to: each.from })).reverse();
      const entry: JournalEntry = { kind: command.command, ref: original?.ref ?? '', transfers, corrects, ...(note && { note }) };
      return { ...moving(transfers), names: corrects, changes: { entries: [entry] } };
    }
    case 'SetLimits': {
      const { account, currency, minimumBalanceMinor, netDebitCapMinor } = command;
      return { accounts: [account], changes: { limits: [{ account, currency, minimumBalanceMinor, netDebitCapMinor }] } };
    }
    default:
      return { accounts: [command.account], changes: accountChange(books, command) };
  }
}

/** A hold that is there already, with the same content, is not placed again. */
function placing(
  books: Books,
  { holdId, currency, reservations, purpose, ref, expiresAt }: PlaceHoldCommand,
): Partial<Asked> & Pick<Asked, 'changes'> {
  if (books.hold(holdId)) return { changes: {} };
  const accounts = reservations.map(({ account }) => account);
  const hold: HoldChange = {
    change: 'placed',
    holdId,
    currency,
    reservations: [...reservations],
    purpose,
    ref,
    ...(expiresAt && { expiresAt }),
  };
  return { accounts, moved: accounts, amounts: reservations.map(({ amountMinor }) => amountMinor), changes: { holds: [hold] } };
}

function moving(transfers: readonly JournalTransfer[]) {
  const accounts = [...new Set(transfers.flatMap(({ from, to }) => [from, to]))];
  return { accounts, moved: accounts, amounts: transfers.map(({ amountMinor }) => amountMinor), transfers };
}

const changeOf = { OpenAccount: 'opened', FreezeAccount: 'frozen', UnfreezeAccount: 'unfrozen', CloseAccount: 'closed' } as const;
const statusAfter = { OpenAccount: ['open', 'frozen'], FreezeAccount: ['frozen'], UnfreezeAccount: ['open'], CloseAccount: [] } as const;

function accountChange(books: Books, { account, command }: AccountCommand): Changes {
  const asItIs: readonly string[] = statusAfter[command];
  return asItIs.includes(books.status(account)) ? {} : { accounts: [{ account, change: changeOf[command] }] };
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

const isThere = (entry: number, command: Command, books: Books): boolean =>
  command.command === 'ReverseEntry' ? command.original !== undefined : entry < books.nextEntry;

/** A reversal undoes what nobody has touched; a correction may follow another, but not a reversal. */
const isUndone = (correction: 'reversed' | 'corrected' | undefined, { command }: Command): boolean =>
  correction === 'reversed' || (correction === 'corrected' && command === 'ReverseEntry');

function passes(limit: 'minimum' | 'cap', asked: Asked, books: Books): boolean {
  return drawn(asked).some(([account, currency]) => passedLimit(account, currency, books, asked.then(), limit));
}

/** Accounts that money may leave or be reserved on, with the currency. */
function drawn({ command, transfers, changes }: Asked): [string, string][] {
  if (command.command !== 'PlaceHold') return transfers.map(({ from, currency }) => [from, currency]);
  return (changes.holds ?? []).length === 0 ? [] : command.reservations.map(({ account }) => [account, command.currency]);
}

/** A payout needs cover for all clients; another entry may not make a lack of cover, nor a greater one. */
function uncovers(asked: Asked, books: Books): boolean {
  const forPayout = asked.command.command === 'PlaceHold' && asked.command.purpose === 'payout';
  const currencies = forPayout ? drawn(asked).map(([, currency]) => currency) : asked.transfers.map(({ currency }) => currency);
  return [...new Set(currencies)].some((code) => {
    const [before, then] = [books.currency(code), asked.then().currency(code)];
    const lack = then.clientMoney - then.cash;
    return lack > 0n && (forPayout || lack > before.clientMoney - before.cash);
  });
}

function memoized<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
