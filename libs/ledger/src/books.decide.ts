import {
  account as accounts,
  isMoneyFactKind,
  type BalanceMade,
  type CommandOutcome,
  type HoldChange,
  type JournalEntry,
  type JournalTransfer,
} from '@tongbao/contracts';
import type { AccountDetails, Books, RememberedOutcome } from './books.js';
import { refusals, type Asked } from './books.refusals.js';
import { after, take, type Changes } from './changes.js';
import {
  describe,
  type AccountCommand,
  type Command,
  type LinkedCommand,
  type OpenAccountCommand,
  type Outcome,
  type PlaceHoldCommand,
  type SingleCommand,
} from './commands.js';

export interface Decision {
  outcome: Outcome;
  changes: Changes;
  /** The books with the changes taken, where deciding has made them. */
  then?: Books;
  /** Outcomes that are new, in the order in which they are forgotten one day: nothing of a repetition. */
  outcomes: readonly CommandOutcome[];
  /** The command had its outcome before, or leaves no trace: nothing is journalled. */
  replayed: boolean;
}

/**
 * Decides a command. An id that has an outcome answers with it, but for the balances that it made, which the journal has; or, when it comes with other
 * content, is refused without a trace; so is a hold whose id is taken. Then the first of `refusals` that applies answers.
 */
export function decide(books: Books, command: Command, nowMs: number): Decision {
  return command.command === 'Linked' ? decideLinked(books, command, nowMs) : decideAlone(books, command, nowMs);
}

type Described = ReturnType<typeof describe>;

function decideAlone(books: Books, command: SingleCommand, nowMs: number): Decision {
  const described = describe(command);
  const earlier = repetition(books, described);
  if (earlier) return earlier;
  const asked = askedOf(books, command, nowMs);
  const refusal = refusals.find(([, applies]) => applies(asked, books));
  if (refusal) return decided({ ...described, result: 'refused', code: refusal[0] });
  const [entry] = asked.changes.entries ?? [];
  if (!entry) return decided({ ...described, result: 'accepted' }, asked.changes);
  const then = asked.then();
  const made = { entry: books.nextEntry, balances: balancesOf(entry, then) };
  return { ...decided({ ...described, result: 'accepted', ...made }, asked.changes), then };
}

/**
 * Each sees what those before it did. The first refusal answers for all, and then nothing has happened; also what was accepted before it may be
 * asked for again, under the same id.
 */
function decideLinked(books: Books, command: LinkedCommand, nowMs: number): Decision {
  const described = describe(command);
  const earlier = repetition(books, described);
  if (earlier?.outcome.result === 'accepted') return { ...earlier, outcome: { ...earlier.outcome, members: membersOf(books, command) } };
  if (earlier) return earlier;
  const trial = books.draft();
  const members: Decision[] = [];
  for (const [index, each] of command.commands.entries()) {
    const member = decideAlone(trial, each, nowMs);
    const { result, code } = member.outcome;
    if (result === 'refused') return decided({ ...described, result, ...(code !== undefined && { code }), index });
    take(trial, member.changes, member.then);
    for (const outcome of member.outcomes) trial.remember(outcome);
    members.push(member);
  }
  const entry = members[0]?.outcome.entry;
  const whole: CommandOutcome = { ...described, result: 'accepted', ...(entry !== undefined && { entry }) };
  return {
    outcome: { ...whole, members: members.map(({ outcome }) => outcome) },
    then: trial,
    changes: {
      entries: members.flatMap(({ changes }) => changes.entries ?? []),
      holds: members.flatMap(({ changes }) => changes.holds ?? []),
    },
    // The whole comes last: while it is remembered, a repetition is known for one, though members may be forgotten.
    outcomes: [...members.flatMap(({ outcomes }) => outcomes), whole],
    replayed: false,
  };
}

const decided = (outcome: CommandOutcome, changes: Changes = {}): Decision => ({ outcome, changes, outcomes: [outcome], replayed: false });

function repetition(books: Books, described: Described): Decision | undefined {
  const earlier = books.outcome(described.commandId);
  if (!earlier) return undefined;
  const isSame = earlier.contentHash === described.contentHash;
  const outcome: Outcome = isSame ? earlier : { ...described, result: 'refused', code: 'exists_with_different_content' };
  return { outcome, changes: {}, outcomes: [], replayed: true };
}

const membersOf = (books: Books, { commands }: LinkedCommand): RememberedOutcome[] =>
  commands.flatMap(({ commandId }) => books.outcome(commandId) ?? []);

/**
 * What an entry left, of each account and currency once, in the order in which it touches them; without those that a number does not tell
 * exactly, since an answer is no reason to refuse.
 */
function balancesOf({ transfers }: JournalEntry, then: Books): BalanceMade[] {
  const balances: BalanceMade[] = [];
  for (const { from, to, currency } of transfers) {
    for (const account of [from, to]) {
      if (balances.some((each) => each.account === account && each.currency === currency)) continue;
      const { posted, held } = then.balance(account, currency);
      const made = { account, currency, postedMinor: Number(posted), heldMinor: Number(held) };
      if (Number.isSafeInteger(made.postedMinor) && Number.isSafeInteger(made.heldMinor)) balances.push(made);
    }
  }
  return balances;
}

function askedOf(books: Books, command: SingleCommand, nowMs: number): Asked {
  const parts = { accounts: [], moved: [], amounts: [], transfers: [], ends: null, ...partsOf(books, command) };
  const statuses = parts.accounts.map((each) => books.status(each));
  return { ...parts, statuses, command, nowMs, then: memoized(() => after(books, parts.changes)) };
}

function partsOf(books: Books, command: SingleCommand): Partial<Asked> & Pick<Asked, 'changes'> {
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
      const { ref, transfers, corrects, note, original } = command;
      // A correction of a correction is about the same fact.
      const isOfFact = original !== undefined && isMoneyFactKind(original.kind);
      const correctsPosition = isOfFact ? lostParty(original) : original?.correctsPosition;
      const names = corrects !== undefined && { corrects, ...(correctsPosition !== undefined && { correctsPosition }) };
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
    case 'OpenAccount':
      return opening(books, command);
    default:
      return { accounts: [command.account], changes: accountChange(books, command) };
  }
}

const { suspense } = accounts;

/** Position of the fact that an entry posts with hub:suspense in the place of a party, or with nothing: what is corrected there mends the posting. */
const lostParty = ({ kind, transfers, position }: JournalEntry): string | undefined =>
  transfers.length === 0 || (kind !== 'BankLineExplained' && transfers.some(({ from, to }) => from === suspense || to === suspense))
    ? position
    : undefined;

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

/** An account that is there keeps what was said of it, or, where nothing was, is told it now. */
function opening(books: Books, { account, currencies, metadata }: OpenAccountCommand): Partial<Asked> & Pick<Asked, 'changes'> {
  const isThere = books.status(account) !== 'unknown';
  const details = { ...(currencies && { currencies }), ...(metadata && { metadata }) };
  const isSaid = !(currencies || metadata) || books.details(account) !== undefined;
  if (isThere && isSaid) return { accounts: [account], changes: {} };
  return {
    accounts: [account],
    moved: isThere ? [account] : [],
    changes: { accounts: [{ account, change: 'opened', ...copied(details) }] },
  };
}

const copied = ({ currencies, metadata }: AccountDetails) => ({
  ...(currencies && { currencies: [...currencies] }),
  ...(metadata && { metadata: [...metadata] }),
});

const changeOf = { FreezeAccount: 'frozen', UnfreezeAccount: 'unfrozen', CloseAccount: 'closed' } as const;
const statusAfter = { FreezeAccount: 'frozen', UnfreezeAccount: 'open', CloseAccount: 'closed' } as const;

const accountChange = (books: Books, { account, command }: AccountCommand): Changes =>
  books.status(account) === statusAfter[command] ? {} : { accounts: [{ account, change: changeOf[command] }] };

function memoized<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
