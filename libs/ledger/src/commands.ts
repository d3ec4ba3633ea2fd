import { hash } from 'node:crypto';
import type { AccountNote, CommandOutcome, JournalEntry, JournalTransfer, ProblemCode, Reservation } from '@tongbao/contracts';

interface Commanded {
  /** Used once: the same id with the same content answers with the first outcome. */
  commandId: string;
  /** Who commands: `operator:<name>`. No part of the content. */
  by?: string;
}

/** Reserves all amounts or none. */
export interface PlaceHoldCommand extends Commanded {
  command: 'PlaceHold';
  holdId: string;
  currency: string;
  reservations: readonly Reservation[];
  /** `payout`: refused when client money would not be covered, and no debit of the net. */
  purpose: string;
  ref: string;
  /** ISO 8601; absent = until it is committed or voided. */
  expiresAt?: string;
  /** What is reserved pays what its party owes already: no net debit cap keeps it back. */
  paysDebt?: true;
  /** Of a payout: it is exchanged, and leaves the hub for nobody. */
  staysInHub?: true;
}

/** Posts what the hold reserved, wholly or in part; the rest is released. */
export interface CommitHoldCommand extends Commanded {
  command: 'CommitHold';
  holdId: string;
  transfers: readonly JournalTransfer[];
}

export interface VoidHoldCommand extends Commanded {
  command: 'VoidHold';
  holdId: string;
}

/** An operator's entry: at most 100 transfers, posted wholly or not at all. */
export interface PostEntryCommand extends Commanded {
  command: 'PostEntry';
  ref: string;
  transfers: readonly JournalTransfer[];
  /** Number of the entry that it corrects. */
  corrects?: number;
  note?: string;
  /** What is corrected, as the journal has it; absent when nothing is, or there is no such entry. The writer looks it up. */
  original?: JournalEntry;
}

/** Undoes an entry, once. */
export interface ReverseEntryCommand extends Commanded {
  command: 'ReverseEntry';
  entry: number;
  note?: string;
  /** What is undone, as the journal has it; absent when there is no such entry. The writer looks it up. */
  original?: JournalEntry;
}

export interface SetLimitsCommand extends Commanded {
  command: 'SetLimits';
  account: string;
  currency: string;
  minimumBalanceMinor?: number;
  netDebitCapMinor?: number;
}

export interface OpenAccountCommand extends Commanded {
  command: 'OpenAccount';
  account: string;
  /** The only currencies that commands may move in it, sorted; absent = all. */
  currencies?: readonly string[];
  /** Sorted by name. */
  metadata?: readonly AccountNote[];
}

export interface AccountCommand extends Commanded {
  command: 'FreezeAccount' | 'UnfreezeAccount' | 'CloseAccount';
  account: string;
}

/** Commands that post one entry each: what a bulk is made of. */
export type PostingCommand = PostEntryCommand | ReverseEntryCommand | CommitHoldCommand;

/** Commands that take effect together, in their order, or not at all. Each has its own id beside that of the whole. */
export interface LinkedCommand extends Commanded {
  command: 'Linked';
  commands: readonly PostingCommand[];
}

/** A command that is decided by itself. */
export type SingleCommand =
  | PlaceHoldCommand
  | CommitHoldCommand
  | VoidHoldCommand
  | PostEntryCommand
  | ReverseEntryCommand
  | SetLimitsCommand
  | OpenAccountCommand
  | AccountCommand;

export type Command = SingleCommand | LinkedCommand;

/** What a command came to, and of linked ones each by itself; those of a refused whole have none. */
export interface Outcome extends CommandOutcome {
  members?: readonly CommandOutcome[];
}

/** Why a command is refused; the order is that of `refusals`. */
export type Refusal = Extract<
  ProblemCode,
  | 'exists_with_different_content'
  | 'account_not_found'
  | 'account_closed'
  | 'account_frozen'
  | 'currency_mismatch'
  | 'amount_not_positive'
  | 'same_account'
  | 'hold_not_found'
  | 'hold_already_committed'
  | 'hold_already_voided'
  | 'hold_expired'
  | 'exceeds_hold'
  | 'entry_not_found'
  | 'already_reversed'
  | 'insufficient_funds'
  | 'cap_exceeded'
  | 'entry_not_reversible'
  | 'client_money_not_covered'
  | 'account_not_empty'
>;

/** Numbers of the entries that a command undoes or corrects: whoever decides it needs them. */
export function namedBy(command: Command): number[] {
  if (command.command === 'Linked') return command.commands.flatMap(namedBy);
  const named = namedEntry(command);
  return named === undefined ? [] : [named];
}

function namedEntry(command: SingleCommand): number | undefined {
  if (command.command === 'ReverseEntry') return command.entry;
  return command.command === 'PostEntry' ? command.corrects : undefined;
}

/** The command with the entries that it undoes or corrects, as the journal has them; without those that are not there. */
export function withOriginals(command: Command, originals: ReadonlyMap<number, JournalEntry>): Command {
  if (command.command === 'Linked') return { ...command, commands: command.commands.map((each) => withOriginal(each, originals)) };
  return withOriginal(command, originals);
}

function withOriginal<C extends SingleCommand>(command: C, originals: ReadonlyMap<number, JournalEntry>): C {
  const named = namedEntry(command);
  const original = named === undefined ? undefined : originals.get(named);
  return original ? { ...command, original } : command;
}

/** What the outcome of a command says of it. */
export function describe(
  command: Command,
): Pick<CommandOutcome, 'commandId' | 'contentHash' | 'command' | 'subject' | 'purpose' | 'ref' | 'by'> {
  return {
    commandId: command.commandId,
    contentHash: hash('sha256', JSON.stringify(contentOf(command)), 'base64url'),
    command: command.command,
    subject: subjectOf(command),
    ...('purpose' in command && { purpose: command.purpose }),
    ...('ref' in command && { ref: command.ref }),
    ...(command.by !== undefined && { by: command.by }),
  };
}

function subjectOf(command: Command): string {
  switch (command.command) {
    case 'PlaceHold':
    case 'CommitHold':
    case 'VoidHold':
      return command.holdId;
    case 'PostEntry':
      return command.corrects === undefined ? command.ref : String(command.corrects);
    case 'ReverseEntry':
      return String(command.entry);
    case 'Linked':
      return `${command.commands.length} commands`;
    default:
      return command.account;
  }
}

/** All that distinguishes a command from another under the same id, in a fixed order. */
function contentOf(command: Command): unknown[] {
  switch (command.command) {
    case 'PlaceHold': {
      const { holdId, currency, reservations, purpose, ref, expiresAt } = command;
      return [
        'PlaceHold',
        holdId,
        currency,
        reservations.map(({ account, amountMinor }) => [account, amountMinor]),
        purpose,
        ref,
        expiresAt,
        // Only where it is said: the content of all others stays what it was.
        ...(command.paysDebt ? ['paysDebt'] : []),
        ...(command.staysInHub ? ['staysInHub'] : []),
      ];
    }
    case 'CommitHold':
      return ['CommitHold', command.holdId, transfersOf(command)];
    case 'VoidHold':
      return ['VoidHold', command.holdId];
    case 'PostEntry':
      return ['PostEntry', command.ref, transfersOf(command), command.corrects, command.note];
    case 'ReverseEntry':
      return ['ReverseEntry', command.entry, command.note];
    case 'SetLimits':
      return ['SetLimits', command.account, command.currency, command.minimumBalanceMinor, command.netDebitCapMinor];
    case 'OpenAccount':
      return ['OpenAccount', command.account, ...detailsOf(command)];
    case 'Linked':
      return ['Linked', command.commands.map((each) => [each.commandId, contentOf(each)])];
    default:
      return [command.command, command.account];
  }
}

/** Nothing where nothing is said: an account that was opened so keeps its content. */
const detailsOf = ({ currencies, metadata }: OpenAccountCommand): unknown[] =>
  currencies || metadata ? [currencies, metadata?.map(({ name, value }) => [name, value])] : [];

const transfersOf = ({ transfers }: { transfers: readonly JournalTransfer[] }) =>
  transfers.map(({ from, to, amountMinor, currency, kind }) => [from, to, amountMinor, currency, kind]);
