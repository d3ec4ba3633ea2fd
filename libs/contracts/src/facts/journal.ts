import { account, isParty } from '../accounts.js';
import type { AccountName, AmountMinor, Code, Count, CurrencyCode, HubId, LogPosition, Minor, PartyName, Timestamp } from '../values.js';

/** Facts of the `journal-<name>` stream (`journal-main`): the books. Written by the ledger's one writer, one event for a batch. */
export interface EntriesPosted {
  type: 'EntriesPosted';
  /** The writer's lease epoch. */
  epoch: Count;
  /** Log position of the last fact that is in the books; decimal. Every fact up to here is posted, none after it. */
  sourcePosition: LogPosition;
  /** Number of the first entry; the others follow without a gap. The entry number is the leaf index of the transparency log. */
  firstEntry: Count;
  entries: JournalEntry[];
  holds: HoldChange[];
  limits: LimitChange[];
  accounts: AccountChange[];
  outcomes: CommandOutcome[];
  alarms: LedgerAlarm[];
  /** Parties whose net since their last settlement falls, because a settlement paid it. */
  settled?: SettledNet[];
  postedAt: Timestamp;
}

export type JournalEvent = EntriesPosted;

/** Posted wholly or not at all; a list of transfers cannot be unbalanced. At most 100 transfers. */
export interface JournalEntry {
  /** Type of the fact or command that it posts. */
  kind: string;
  /** What it is about: a payment id, a payout id, a bank line. */
  ref: string;
  /** Log position of the fact; decimal. Absent for a command's entry. */
  position?: LogPosition;
  transfers: JournalTransfer[];
  /** For a correction or reversal: number of the entry that it corrects. */
  corrects?: Count;
  /** For a correction: log position of the fact that the corrected entry posts, where it is one that makes nets; decimal. */
  correctsPosition?: LogPosition;
  /** An operator's reason. */
  note?: string;
}

const moneyFactKinds = [
  'PaymentCaptured',
  'PaymentRefunded',
  'ConflictResolved',
  'DisputeOpened',
  'DisputeClosed',
  'BankLineExplained',
] as const;
export type MoneyFactKind = (typeof moneyFactKinds)[number];

/** True for the facts (and for the ledger's entries of them) that windows net. */
export const isMoneyFactKind = (type: string): type is MoneyFactKind => moneyFactKinds.some((kind) => kind === type);

/**
 * True for what a correction moves between hub:suspense and a party, where it corrects the entry of a fact that makes nets: what the books did not have for that
 * fact, or had too much. It belongs to the fact's own posting. Everything else that an operator moves is a fact of its own.
 */
export const mendsPosting = ({ kind, correctsPosition }: JournalEntry, { from, to }: Pick<JournalTransfer, 'from' | 'to'>): boolean =>
  kind === 'PostEntry' &&
  correctsPosition !== undefined &&
  ((from === account.suspense && isParty(to)) || (to === account.suspense && isParty(from)));

/** How the kinds of entries begin that pay a net, withhold of it or change its currency: they do not make one. */
const beyondNets = ['Payout', 'Withdrawal', 'Reserve', 'Liquidity', 'CurrencyExchanged', 'DebtWrittenOff', 'ObligationPaid'] as const;

/** True when the transfers of an entry count in the nets of the parties that they touch: payments, disputes, and what operators post. */
export const isNetted = ({ kind }: Pick<JournalEntry, 'kind'>): boolean => !beyondNets.some((each) => kind.startsWith(each));

export interface SettledNet {
  party: PartyName;
  currency: CurrencyCode;
  netMinor: Minor;
}

export interface JournalTransfer {
  from: AccountName;
  to: AccountName;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  kind: string;
}

export type HoldChange =
  | {
      change: 'placed';
      holdId: HubId;
      currency: CurrencyCode;
      reservations: { account: AccountName; amountMinor: AmountMinor }[];
      purpose: string;
      ref: string;
      expiresAt?: Timestamp;
    }
  | { change: 'committed'; holdId: HubId; entry?: Count }
  | { change: 'voided' | 'expired'; holdId: HubId };

export interface LimitChange {
  account: AccountName;
  currency: CurrencyCode;
  minimumBalanceMinor?: Minor;
  netDebitCapMinor?: AmountMinor;
}

export interface AccountChange {
  account: AccountName;
  change: 'opened' | 'frozen' | 'unfrozen' | 'closed';
  /** `opened`: the only currencies that commands may move in it; absent = all. */
  currencies?: CurrencyCode[];
  /** `opened`: what whoever opened it says of it, by name. */
  metadata?: AccountNote[];
}

export interface AccountNote {
  name: string;
  value: string;
}

/** What an entry left of an account in a currency that it touched. Available = posted - held. */
export interface BalanceMade {
  account: AccountName;
  currency: CurrencyCode;
  postedMinor: Minor;
  heldMinor: Minor;
}

/** What a command came to; a repeated command is answered with it. */
export interface CommandOutcome {
  commandId: string;
  contentHash: string;
  command: string;
  /** The hold, entry or account that the command names. */
  subject: string;
  purpose?: string;
  /** What a hold is for: the payment or payout. */
  ref?: string;
  result: 'accepted' | 'refused';
  code?: Code;
  /** Number of the entry that the command posted; of linked commands, of the first. */
  entry?: Count;
  /** What that very entry left, by account and currency. */
  balances?: BalanceMade[];
  /** Of linked commands that were refused: which of them was, from 0. */
  index?: Count;
  /** Who commanded it: `operator:<name>`; absent for other services. */
  by?: string;
}

export interface LedgerAlarm {
  alarm: 'limit_passed' | 'cap_passed' | 'account_unknown' | 'account_frozen' | 'account_closed' | 'hold_missing';
  /** Empty where the fact names none. */
  account: string;
  /** Empty where the fact names none. */
  currency: string;
  ref: string;
}
