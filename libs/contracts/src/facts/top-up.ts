import type { PaymentMethod } from './payment.js';

/** Facts of a `topup-<topUpId>` stream. Written by payment; TopUpCaptured and TopUpConflicted are folded by ledger. */
export type TopUpEvent = TopUpRequested | TopUpOutcomeUnknown | TopUpCaptured | TopUpDeclined | TopUpConflicted;

export interface TopUpRequested {
  type: 'TopUpRequested';
  topUpId: string;
  platformId: string;
  userId: string;
  amountMinor: number;
  currency: string;
  method: PaymentMethod;
  providerKey: string;
  requestedAt: string;
}

export interface TopUpOutcomeUnknown {
  type: 'TopUpOutcomeUnknown';
  reason: string;
}

/** Money for a wallet came in: provider to `user:<id>:wallet`. */
export interface TopUpCaptured {
  type: 'TopUpCaptured';
  topUpId: string;
  userId: string;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
}

export interface TopUpDeclined {
  type: 'TopUpDeclined';
  topUpId: string;
  code: string;
}

/** The provider took another amount or currency: provider to hub:suspense, until an operator resolves it. */
export interface TopUpConflicted {
  type: 'TopUpConflicted';
  topUpId: string;
  provider: string;
  providerRef: string;
  amountMinor: number;
  currency: string;
}
