import type { AmountMinor, Count, CurrencyCode, HubId, Minor, PartyName, Timestamp } from '../values.js';
import type { PayeeAccount } from './payee-account.js';

/** Facts of a `participant-<party>` stream, such as `participant-platform:A`. Written by payment; folded by ledger and settlement. */
export type ParticipantEvent =
  | ParticipantRegistered
  | ParticipantSuspended
  | ParticipantReinstated
  | ApiKeyIssued
  | ApiKeyRevoked
  | PlatformKeyRegistered
  | PlatformKeyRevoked
  | LimitsSet
  | VelocityLimitsSet
  | BankAccountSet
  | BankAccountProposed
  | BankAccountApproved
  | BankAccountRejected
  | BankAccountChangeStopped
  | BankAccountEndProposed
  | BankAccountEnded;

export interface ParticipantRegistered {
  type: 'ParticipantRegistered';
  /** `platform:<id>` or `creator:<id>`: the party's name and its account. */
  party: PartyName;
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
  party: PartyName;
  reason: string;
}

export interface ParticipantReinstated {
  type: 'ParticipantReinstated';
  party: PartyName;
}

/** History: until platforms signed their requests they had API keys. Nothing is issued any more, and none of them lets anybody in. */
export interface ApiKeyIssued {
  type: 'ApiKeyIssued';
  party: PartyName;
  keyId: string;
  keyHash: string;
}

export interface ApiKeyRevoked {
  type: 'ApiKeyRevoked';
  party: PartyName;
  keyId: string;
}

/** From now on the platform's signatures by this key count, within its time. Several keys may count at once. */
export interface PlatformKeyRegistered {
  type: 'PlatformKeyRegistered';
  party: PartyName;
  /** Names the key among the platform's own: a JWK's `kid`; the RFC 7638 thumbprint where the platform chose none. */
  kid: string;
  /** The public key (RFC 8037). */
  jwk: { kty: 'OKP'; crv: 'Ed25519'; x: string };
  /** From its registration on, when absent. */
  validFrom?: Timestamp;
  /** For ever, when absent. */
  expiresAt?: Timestamp;
}

/** At once, and for good: the same key never comes back. */
export interface PlatformKeyRevoked {
  type: 'PlatformKeyRevoked';
  party: PartyName;
  kid: string;
}

/** Absent = no limit. */
export interface LimitsSet {
  type: 'LimitsSet';
  party: PartyName;
  currency: CurrencyCode;
  /** How far the balance may fall by commands: 0, or minus the credit limit. */
  minimumBalanceMinor?: Minor;
  /** How far the net since the last settlement may fall, as a positive amount. */
  netDebitCapMinor?: AmountMinor;
}

/** How much may happen in a time at this platform: per user, per method, or in all. */
export interface VelocityLimitsSet {
  type: 'VelocityLimitsSet';
  party: PartyName;
  limits: VelocityLimit[];
}

export interface VelocityLimit {
  scope: 'user' | 'method' | 'platform';
  windowSeconds: Count;
  currency?: CurrencyCode;
  maxCount?: Count;
  maxAmountMinor?: AmountMinor;
}

/** History: until bank accounts were proposed and approved, one person set them. What was set is in force at once. */
export interface BankAccountSet {
  type: 'BankAccountSet';
  party: PartyName;
  bank: string;
  accountNumber: string;
  holder: string;
}

/** Somebody wants a party to be paid out to this account. Nothing is paid to it before another person has approved it. */
export interface BankAccountProposed extends PayeeAccount {
  type: 'BankAccountProposed';
  party: PartyName;
  /** What is paid in it goes there. Absent: what is paid in any currency that has no account of its own. */
  currency?: CurrencyCode;
  proposalId: HubId;
  by: string;
  proposedAt: Timestamp;
}

/** Another person has verified the account. Until it is in force, the one before it stays so. */
export interface BankAccountApproved extends PayeeAccount {
  type: 'BankAccountApproved';
  party: PartyName;
  /** As it was proposed. */
  currency?: CurrencyCode;
  proposalId: HubId;
  by: string;
  /** How it was verified. */
  note: string;
  approvedAt: Timestamp;
  /** Where the party was paid nowhere before: at once; where it was: when the cooling time is over. */
  inForceAt: Timestamp;
}

export interface BankAccountRejected {
  type: 'BankAccountRejected';
  party: PartyName;
  /** As it was proposed. */
  currency?: CurrencyCode;
  proposalId: HubId;
  by: string;
  reason: string;
}

/** Within the cooling time: the approved change never comes into force. */
export interface BankAccountChangeStopped {
  type: 'BankAccountChangeStopped';
  party: PartyName;
  /** As it was proposed. */
  currency?: CurrencyCode;
  proposalId: HubId;
  by: string;
  reason: string;
}

/** Somebody wants a party to have no account of its own in a currency any more. Nothing changes before another person has approved it. */
export interface BankAccountEndProposed {
  type: 'BankAccountEndProposed';
  party: PartyName;
  currency: CurrencyCode;
  proposalId: HubId;
  by: string;
  reason: string;
  proposedAt: Timestamp;
}

/**
 * At once: nothing is instructed to this account any more, also nothing that was asked for before. What is paid in the currency goes to the account that serves
 * those that have none of their own; where there is none, it waits.
 */
export interface BankAccountEnded {
  type: 'BankAccountEnded';
  party: PartyName;
  currency: CurrencyCode;
  proposalId: HubId;
  /** Of what was in force. */
  accountNumber: string;
  by: string;
  /** What the approver has found. */
  note: string;
  endedAt: Timestamp;
}
