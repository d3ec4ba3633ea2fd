import type { AmountMinor, CurrencyCode, HubId, PartyName, Timestamp } from '../values.js';

/**
 * Facts of a `position-<party>` stream: what changes the position of a party beside payments and payouts. Written by settlement; folded by ledger.
 * None of them counts in the party's net.
 */
export type PositionEvent = ReserveWithheld | ReserveReleased | LiquidityReceived | ObligationPaid | CurrencyExchanged | DebtWrittenOff;

interface PositionReference {
  party: PartyName;
  amountMinor: AmountMinor;
  currency: CurrencyCode;
}

/** A settlement keeps back a part of the payable. Party to `reserve:<party>`. */
export interface ReserveWithheld extends PositionReference {
  type: 'ReserveWithheld';
  settlementId: HubId;
  /** When it is due back. */
  releaseAt: Timestamp;
}

/** `reserve:<party>` to party; in the settlement that pays it out. */
export interface ReserveReleased extends PositionReference {
  type: 'ReserveReleased';
  settlementId: HubId;
}

/** The party has funded its prefunded account: a line of our bank statement, matched as `payout` of this deposit. Bank to `liquidity:<party>`. */
export interface LiquidityReceived extends PositionReference {
  type: 'LiquidityReceived';
  depositId: HubId;
  bank: string;
  lineId: string;
}

/** The party paid what it owes another one directly to it: the other's position falls, its own rises. */
export interface ObligationPaid extends PositionReference {
  type: 'ObligationPaid';
  settlementId: HubId;
  creditor: PartyName;
}

/** Money of the party in one currency (`amountMinor`) becomes money in another one, at a rate that was locked. Both over hub:fx, in one entry. */
export interface CurrencyExchanged extends PositionReference {
  type: 'CurrencyExchanged';
  exchangeId: HubId;
  settlementId: HubId;
  bought: { amountMinor: AmountMinor; currency: CurrencyCode };
  /** Units of the bought currency for one of the sold, decimal. */
  rate: string;
}

/** The hub gives up what a party owes. hub:losses to party. */
export interface DebtWrittenOff extends PositionReference {
  type: 'DebtWrittenOff';
  writeOffId: HubId;
  by: string;
  note: string;
}
