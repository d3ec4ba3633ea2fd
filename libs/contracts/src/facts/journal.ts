/** Facts of the `journal-<name>` stream (`journal-main`): the books. Written by the ledger's one writer, one event for a batch. */
export interface EntriesPosted {
  type: 'EntriesPosted';
  /** The writer's lease epoch. */
  epoch: number;
  /** Log position of the last fact that is in the books; decimal. Every fact up to here is posted, none after it. */
  sourcePosition: string;
  /** Number of the first entry; the others follow without a gap. The entry number is the leaf index of the transparency log. */
  firstEntry: number;
  entries: JournalEntry[];
  holds: HoldChange[];
  limits: LimitChange[];
  accounts: AccountChange[];
  outcomes: CommandOutcome[];
  alarms: LedgerAlarm[];
  /** Parties whose net since their last settlement falls, because a settlement paid it. */
  settled?: SettledNet[];
  postedAt: string;
}

export type JournalEvent = EntriesPosted;

/** Posted wholly or not at all; a list of transfers cannot be unbalanced. At most 100 transfers. */
export interface JournalEntry {
  /** Type of the fact or command that it posts. */
  kind: string;
  /** What it is about: a payment id, a payout id, a bank line. */
  ref: string;
  /** Log position of the fact; decimal. Absent for a command's entry. */
  position?: string;
  transfers: JournalTransfer[];
  /** For a correction or reversal: number of the entry that it corrects. */
  corrects?: number;
  /** An operator's reason. */
  note?: string;
}

/**
 * True when the transfers of an entry count in the nets of the parties that they touch: payments, and what operators post. The entries of payouts
 * do not: they pay a net, they do not make one.
 */
export const isNetted = (entry: Pick<JournalEntry, 'kind'>): boolean => !entry.kind.startsWith('Payout');

export interface SettledNet {
  party: string;
  currency: string;
  netMinor: number;
}

export interface JournalTransfer {
  from: string;
  to: string;
  amountMinor: number;
  currency: string;
  kind: string;
}

export type HoldChange =
  | {
      change: 'placed';
      holdId: string;
      currency: string;
      reservations: { account: string; amountMinor: number }[];
      purpose: string;
      ref: string;
      expiresAt?: string;
    }
  | { change: 'committed'; holdId: string; entry?: number }
  | { change: 'voided' | 'expired'; holdId: string };

export interface LimitChange {
  account: string;
  currency: string;
  minimumBalanceMinor?: number;
  netDebitCapMinor?: number;
}

export interface AccountChange {
  account: string;
  change: 'opened' | 'frozen' | 'unfrozen' | 'closed';
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
  code?: string;
  /** Number of the entry that the command posted. */
  entry?: number;
  /** Who commanded it: `operator:<name>`; absent for other services. */
  by?: string;
}

export interface LedgerAlarm {
  alarm: 'limit_passed' | 'cap_passed' | 'account_unknown' | 'account_frozen' | 'account_closed' | 'hold_missing';
  account: string;
  currency: string;
  ref: string;
}
