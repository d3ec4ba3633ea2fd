import type { AmountMinor, Code, CurrencyCode, HubId, PartyName, Timestamp } from '../values.js';
import type { FxRounding } from './fx-quote.js';
import type { ReleasedReserve } from './settlement.js';

/**
 * Facts of a `position-<party>` stream: what changes the position of a party beside payments and payouts. Written by settlement; folded by ledger.
 * None of them counts in the party's net.
 */
export type PositionEvent =
  | ReserveWithheld
  | ReserveReleased
  | LiquidityReceived
  | LiquidityDrawRequested
  | LiquidityDrawn
  | LiquidityDrawRefused
  | ObligationDue
  | ObligationReported
  | ObligationReportRejected
  | ObligationPaid
  | ObligationCarried
  | ExchangeFundsRequested
  | ExchangeFundsHeld
  | ExchangeFundsRefused
  | ExchangeFundsReleased
  | ExchangeRequested
  | ExchangeRefused
  | CurrencyExchanged
  | ExchangeCarried
  | DebtWrittenOff;

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
  /** What it is made of. */
  releases?: ReleasedReserve[];
}

/** The party has funded its prefunded account: a line of our bank statement, matched as `payout` of this deposit. Bank to `liquidity:<party>`. */
export interface LiquidityReceived extends PositionReference {
  type: 'LiquidityReceived';
  depositId: HubId;
  bank: string;
  lineId: string;
}

interface DrawReference extends PositionReference {
  /** As a payout's id. */
  drawId: HubId;
  settlementId: HubId;
  holdId: HubId;
}

/** A settlement collects what the party owes from its prefunded account: the ledger is asked to hold it there. */
export interface LiquidityDrawRequested extends DrawReference {
  type: 'LiquidityDrawRequested';
}

/** `liquidity:<party>` to party, committing the hold. */
export interface LiquidityDrawn extends DrawReference {
  type: 'LiquidityDrawn';
}

/** The ledger refused the hold: the debt is carried. */
export interface LiquidityDrawRefused extends DrawReference {
  type: 'LiquidityDrawRefused';
  code: Code;
  /** The model that it is carried to. */
  model: string;
}

/** `party` owes `creditor` by a bilateral settlement. */
interface ObligationReference extends PositionReference {
  obligationId: HubId;
  settlementId: HubId;
  creditor: PartyName;
}

/** From here on the debtor is to pay the creditor directly: the settlement can no longer be aborted. */
export interface ObligationDue extends ObligationReference {
  type: 'ObligationDue';
}

/** Somebody says what has become of it. Nothing has effect before another person has confirmed that. */
export interface ObligationReported extends ObligationReference {
  type: 'ObligationReported';
  /** `paid`: by the debtor; `carried`: the hub takes it back into both parties' next settlements. */
  outcome: 'paid' | 'carried';
  by: string;
  /** What says so. */
  note: string;
}

/** What was reported is not so: it is due again. */
export interface ObligationReportRejected extends ObligationReference {
  type: 'ObligationReportRejected';
  by: string;
  note: string;
}

/** The party paid what it owes another one directly to it: the other's position falls, its own rises. */
export interface ObligationPaid extends PositionReference {
  type: 'ObligationPaid';
  settlementId: HubId;
  creditor: PartyName;
  obligationId?: HubId;
  reportedBy?: string;
  /** Another person, or the creditor itself. */
  confirmedBy?: string;
  note?: string;
}

/** Taken back into the settlements with the hub: the debtor owes the hub, and the hub the creditor, so much more in the next ones. */
export interface ObligationCarried extends ObligationReference {
  type: 'ObligationCarried';
  debtorModel: string;
  creditorModel: string;
  reportedBy: string;
  confirmedBy: string;
  note: string;
}

interface ExchangeReference extends PositionReference {
  exchangeId: HubId;
  settlementId: HubId;
}

interface ExchangeFundsReference extends ExchangeReference {
  holdId: HubId;
}

/**
 * A rate is locked: the ledger is asked to hold what is sold on the party's account, so that nothing else takes it before the exchange. Written again when it
 * is asked again after a refusal.
 */
export interface ExchangeFundsRequested extends ExchangeFundsReference {
  type: 'ExchangeFundsRequested';
}

/** Nothing but the exchange takes it any more. */
export interface ExchangeFundsHeld extends ExchangeFundsReference {
  type: 'ExchangeFundsHeld';
}

/** The party does not have it: nothing is exchanged. Asked again when money of the currency has come in. */
export interface ExchangeFundsRefused extends ExchangeFundsReference {
  type: 'ExchangeFundsRefused';
  code: Code;
}

/** The settlement is aborted: voids the hold. Written once more where the ledger's answer came only then. */
export interface ExchangeFundsReleased extends ExchangeFundsReference {
  type: 'ExchangeFundsReleased';
}

/**
 * What is sold is held, and the settlement pays, at the rate that was locked: the ledger is asked to hold what is bought on hub:fx, which it refuses while cash
 * of that currency would not cover clients' money. Written again when it is asked again after a refusal.
 */
export interface ExchangeRequested extends ExchangeReference {
  type: 'ExchangeRequested';
  /** Of what is bought. */
  holdId: HubId;
  /** Of what is sold. */
  fundsHoldId?: HubId;
  bought: { amountMinor: AmountMinor; currency: CurrencyCode };
  rate: string;
  quoteId: HubId;
  rounding: FxRounding;
}

/** The ledger refused the hold; asked again when money has come in. */
export interface ExchangeRefused extends ExchangeReference {
  type: 'ExchangeRefused';
  holdId: HubId;
  code: Code;
}

/**
 * Money of the party in one currency (`amountMinor`) becomes money in another one, at a rate that was locked. Both over hub:fx, in one entry; commits both
 * holds.
 */
export interface CurrencyExchanged extends ExchangeReference {
  type: 'CurrencyExchanged';
  bought: { amountMinor: AmountMinor; currency: CurrencyCode };
  /** Units of the bought currency for one of the sold, decimal. */
  rate: string;
  quoteId?: HubId;
  rounding?: FxRounding;
  /** Of what is bought. */
  holdId?: HubId;
  /** Of what is sold. */
  fundsHoldId?: HubId;
}

/** Given up in this settlement before anything was exchanged: the amount is carried to the next one, in its own currency. */
export interface ExchangeCarried extends ExchangeReference {
  type: 'ExchangeCarried';
  model: string;
  by: string;
  /** Of what would have been sold, where it is held: voided. */
  holdId?: HubId;
}

/** The hub gives up what a party owes. hub:losses to party. */
export interface DebtWrittenOff extends PositionReference {
  type: 'DebtWrittenOff';
  writeOffId: HubId;
  by: string;
  note: string;
}
