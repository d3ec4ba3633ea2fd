import type { PaymentMethod } from './payment.js';
import type { AmountMinor, Code, CurrencyCode, HubId, Id, ProviderName, Timestamp } from '../values.js';

/** Facts of a `topup-<topUpId>` stream. Written by payment; TopUpCaptured and TopUpConflicted are folded by ledger. */
export type TopUpEvent = TopUpRequested | TopUpOutcomeUnknown | TopUpCaptured | TopUpDeclined | TopUpConflicted;

export interface TopUpRequested {
  type: 'TopUpRequested';
  topUpId: HubId;
  platformId: Id;
  userId: Id;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
  method: PaymentMethod;
  providerKey: string;
  requestedAt: Timestamp;
}

export interface TopUpOutcomeUnknown {
  type: 'TopUpOutcomeUnknown';
  reason: string;
}

/** Money for a wallet came in: provider to `user:<id>:wallet`. */
export interface TopUpCaptured {
  type: 'TopUpCaptured';
  topUpId: HubId;
  userId: Id;
  provider: ProviderName;
  providerRef: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
}

export interface TopUpDeclined {
  type: 'TopUpDeclined';
  topUpId: HubId;
  code: Code;
}

/** The provider took another amount or currency: provider to hub:suspense, until an operator resolves it. */
export interface TopUpConflicted {
  type: 'TopUpConflicted';
  topUpId: HubId;
  provider: ProviderName;
  providerRef: string;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
}
