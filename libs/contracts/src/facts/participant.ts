/** Facts of a `participant-<party>` stream, such as `participant-platform:A`. Written by payment; folded by ledger and settlement. */
export type ParticipantEvent =
  | ParticipantRegistered
  | ParticipantSuspended
  | ParticipantReinstated
  | ApiKeyIssued
  | ApiKeyRevoked
  | LimitsSet
  | VelocityLimitsSet
  | BankAccountSet;

export interface ParticipantRegistered {
  type: 'ParticipantRegistered';
  /** `platform:<id>` or `creator:<id>`: the party's name and its account. */
  party: string;
  kind: 'platform' | 'creator';
  id: string;
  name: string;
  /** Currencies that a platform may sell in; empty for a creator. */
  currencies: string[];
  /** Providers (and `wallet`) that a platform may use; empty for a creator. */
  methods: string[];
}

export interface ParticipantSuspended {
  type: 'ParticipantSuspended';
  party: string;
  reason: string;
}

export interface ParticipantReinstated {
  type: 'ParticipantReinstated';
  party: string;
}

/** The key itself is told once and never stored: only its HMAC-SHA-256. */
export interface ApiKeyIssued {
  type: 'ApiKeyIssued';
  party: string;
  keyId: string;
  keyHash: string;
}

export interface ApiKeyRevoked {
  type: 'ApiKeyRevoked';
  party: string;
  keyId: string;
}

/** Absent = no limit. */
export interface LimitsSet {
  type: 'LimitsSet';
  party: string;
  currency: string;
  /** How far the balance may fall by commands: 0, or minus the credit limit. */
  minimumBalanceMinor?: number;
  /** How far the net since the last settlement may fall, as a positive amount. */
  netDebitCapMinor?: number;
}

/** How much may happen in a time at this platform: per user, per method, or in all. */
export interface VelocityLimitsSet {
  type: 'VelocityLimitsSet';
  party: string;
  limits: VelocityLimit[];
}

export interface VelocityLimit {
  scope: 'user' | 'method' | 'platform';
  windowSeconds: number;
  currency?: string;
  maxCount?: number;
  maxAmountMinor?: number;
}

/** Where a party is paid out to. */
export interface BankAccountSet {
  type: 'BankAccountSet';
  party: string;
  bank: string;
  accountNumber: string;
  holder: string;
}
