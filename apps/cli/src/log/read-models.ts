import type { JournalTransfer } from '@tongbao/contracts';

/** Row of an account in a currency; amounts as decimals. What a source does not show is undefined. */
export interface AccountRow {
  readonly account: string;
  readonly currency: string;
  readonly status?: string | undefined;
  readonly postedMinor: string;
  readonly heldMinor: string;
  readonly netMinor: string;
  readonly debitedMinor?: string | undefined;
  readonly payoutHeldMinor?: string | undefined;
  readonly minimumBalanceMinor: string | null;
  readonly netDebitCapMinor: string | null;
  readonly entries: number;
  readonly revision: number;
  readonly changedAt: string;
}

/** Row of an entry. What a source does not show is undefined. */
export interface EntryRow {
  readonly number: number;
  readonly revision: number;
  readonly kind: string;
  readonly ref: string;
  /** Log position of the fact, decimal. */
  readonly position?: string | null | undefined;
  readonly transfers: readonly JournalTransfer[];
  readonly corrects: number | null;
  readonly correctedBy: readonly number[];
  readonly note: string | null;
  readonly postedAt: string;
}

/** The rows that queries read, from wherever they are asked for. */
export interface ReadModels {
  /** How many entries it is good to ask for at once. */
  readonly entriesAtOnce: number;
  /** Waits until they reflect the log up to a position. @returns why they do not; undefined when they do */
  behind(position: bigint): Promise<string | undefined>;
  /** Those from `begin` to before `end` that there are, in their order. */
  entries(begin: number, end: number): Promise<EntryRow[]>;
  /** Numbers of entries from one on, a few of them. */
  entriesFrom(begin: number): Promise<number[]>;
  /** All, by name and currency. They may go on while they are read. */
  accounts(): AsyncIterable<readonly AccountRow[]>;
  close(): Promise<void>;
}
