import type { AmountMinor, Count, CurrencyCode, HubId, Minor, PartyName, Timestamp } from '../values.js';

/**
 * Facts of an `fxquote-<FROM>_<TO>` stream, such as `fxquote-CNY_USD`: what the hub gives of one currency for another, quote after quote. The newest
 * one counts until it expires or is withdrawn. Written by settlement.
 */
export type FxQuoteEvent = FxQuoted | FxQuoteWithdrawn;

/** Units of the bought currency for one unit of the sold one (dollars for one yuan, not cents for a fen): `rateUnits` / 10^`rateScale`, exactly. */
export interface FxRate {
  rateUnits: Count;
  /** @maximum 10 */
  rateScale: Count;
}

export interface FxQuoted extends FxRate {
  type: 'FxQuoted';
  quoteId: HubId;
  /** What parties sell by it, and what they get. */
  from: CurrencyCode;
  to: CurrencyCode;
  quotedAt: Timestamp;
  /** Nothing is locked by it from then on. */
  expiresAt: Timestamp;
  by: string;
  /** Where the rate comes from: a bank's offer, a published fixing. */
  source: string;
}

/** Nothing is locked by it from here on; what is locked stays so. An older quote does not count again. */
export interface FxQuoteWithdrawn {
  type: 'FxQuoteWithdrawn';
  quoteId: HubId;
  from: CurrencyCode;
  to: CurrencyCode;
  by: string;
  reason: string;
}

/** What a party of a settlement gets in another currency for its payout, come what may of rates after that. */
export interface LockedRate extends FxRate {
  party: PartyName;
  exchangeId: HubId;
  quoteId: HubId;
  /** Who had recorded the quote. */
  quotedBy: string;
  /** Of the settlement's currency. */
  soldMinor: AmountMinor;
  bought: { amountMinor: AmountMinor; currency: CurrencyCode };
  rounding: FxRounding;
}

/** What the sold amount comes to by the rate, less what is bought, in minor units of the bought currency: numerator / denominator, half a unit at most. */
export interface FxRounding {
  numerator: Minor;
  denominator: Count;
}
