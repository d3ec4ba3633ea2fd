import {
  account,
  type BankLineRecorded,
  type DepositEvent,
  type ParticipantEvent,
  type PaymentEvent,
  type PayoutEvent,
  type PositionEvent,
  type ReconciliationEvent,
  type SettledNet,
  type SettlementEvent,
  type SettlementPartiesSettled,
  type SettlementSettled,
  type SplitTransfer,
  type TopUpEvent,
  type Transfer,
  type WindowEvent,
  type WithdrawalEvent,
} from '@tongbao/contracts';

/** Every fact that the ledger folds, of whatever category; types that no rule names move nothing. */
export type AnyFact =
  | ParticipantEvent
  | PaymentEvent
  | TopUpEvent
  | SettlementEvent
  | PayoutEvent
  | WithdrawalEvent
  | PositionEvent
  | DepositEvent
  | ReconciliationEvent
  | WindowEvent;

/** The categories that hold the facts. */
export const ledgerFactCategories = [
  'participant',
  'payment',
  'topup',
  'settlement',
  'payout',
  'withdrawal',
  'position',
  'deposit',
  'reconciliation',
  'window',
] as const;

/** A transfer in the currency of the posting, or in one of its own. */
export interface PostedTransfer extends Transfer {
  currency?: string;
}

export interface HoldEnd {
  end: 'committed' | 'voided';
  holdId: string;
}

/** What a fact does to the books. */
export interface Posting {
  /** What the entry is about. */
  ref: string;
  currency?: string;
  transfers?: readonly PostedTransfer[];
  /** Holds that end with this fact. */
  holds?: readonly HoldEnd[];
  /** An account that begins to exist. */
  opens?: string;
  limits?: { minimumBalanceMinor?: number; netDebitCapMinor?: number };
  /** Nets that a settlement has paid. */
  settled?: readonly SettledNet[];
  /** Settlement waits for the books to have passed this fact, so that its position is journalled although it moves nothing. */
  marksPosition?: true;
}

type FactOf<T> = Extract<AnyFact, { type: T }>;
type Rules<Types extends AnyFact['type']> = { [T in Types]: (fact: FactOf<T>) => Posting };

const paymentRules = {
  PaymentCaptured: (fact) => ({
    ...paymentOf(fact),
    transfers: posted(fact.split),
    ...(fact.holdId && { holds: [{ end: 'committed', holdId: fact.holdId }] }),
  }),
  PaymentRefunded: (fact) => ({ ...paymentOf(fact), transfers: posted(fact.transfers) }),
  CaptureConflicted: (fact) => ({ ...paymentOf(fact), transfers: intoSuspense(fact, 'conflicting-capture') }),
  ConflictResolved: (fact) => ({
    ...paymentOf(fact),
    transfers: fact.transfers,
    ...(fact.holdId && { holds: [{ end: fact.resolution === 'accepted' ? 'committed' : 'voided', holdId: fact.holdId }] }),
  }),
  LateCaptureFound: (fact) => ({ ...paymentOf(fact), transfers: intoSuspense(fact, 'late-capture') }),
  LateCaptureRefunded: (fact) => ({
    ...paymentOf(fact),
    transfers: [transfer(account.suspense, account.provider(fact.provider), fact.amountMinor, 'late-capture-refund')],
  }),
  DisputeOpened: (fact) => ({ ...paymentOf(fact), transfers: posted(fact.transfers) }),
  DisputeClosed: (fact) => ({ ...paymentOf(fact), transfers: posted(fact.transfers) }),
  PaymentDeclined: endedWithoutMoney,
  PaymentExpired: endedWithoutMoney,
  PaymentCancelled: endedWithoutMoney,
} satisfies Partial<Rules<PaymentEvent['type']>>;

const topUpRules = {
  TopUpCaptured: (fact) => ({
    ref: fact.topUpId,
    currency: fact.currency,
    transfers: [transfer(account.provider(fact.provider), account.wallet(fact.userId), fact.amountMinor, 'top-up')],
  }),
  TopUpConflicted: (fact) => ({ ref: fact.topUpId, currency: fact.currency, transfers: intoSuspense(fact, 'conflicting-top-up') }),
} satisfies Partial<Rules<TopUpEvent['type']>>;

const payoutRules = {
  PayoutInstructed: (fact) =>
    fact.direction === 'collection'
      ? payoutOf(fact)
      : {
          ...payoutOf(fact),
          transfers: [transfer(fact.party, account.transit(fact.payoutId), fact.amountMinor, 'payout')],
          ...(fact.holdId && { holds: [{ end: 'committed', holdId: fact.holdId }] }),
        },
  PayoutConfirmed: (fact) => ({
    ...payoutOf(fact),
    transfers: [
      fact.direction === 'payout'
        ? transfer(account.transit(fact.payoutId), account.bank(fact.bank), fact.amountMinor, 'payout')
        : transfer(account.bank(fact.bank), fact.party, fact.amountMinor, 'collection'),
    ],
  }),
  PayoutFailed: (fact) =>
    fact.direction === 'collection'
      ? payoutOf(fact)
      : { ...payoutOf(fact), transfers: [transfer(account.transit(fact.payoutId), fact.party, fact.amountMinor, 'payout-failed')] },
  PayoutReturned: (fact) => ({
    ...payoutOf(fact),
    transfers: [
      fact.direction === 'payout'
        ? transfer(account.bank(fact.bank), fact.party, fact.amountMinor, 'payout-returned')
        : transfer(fact.party, account.bank(fact.bank), fact.amountMinor, 'collection-returned'),
    ],
  }),
  PayoutCarried: (fact) => ({ ...payoutOf(fact), ...(fact.holdId && { holds: [{ end: 'voided', holdId: fact.holdId }] }) }),
} satisfies Partial<Rules<PayoutEvent['type']>>;

/** Money that leaves by the bank from a wallet, from liquidity, or from the hub's fees. */
const withdrawalRules = {
  WithdrawalInstructed: (fact) => ({
    ...withdrawalOf(fact),
    transfers: [transfer(fact.account, account.transit(fact.withdrawalId), fact.amountMinor, withdrawalKind(fact))],
    ...(fact.holdId && { holds: [{ end: 'committed', holdId: fact.holdId }] }),
  }),
  WithdrawalConfirmed: (fact) => ({
    ...withdrawalOf(fact),
    transfers: [transfer(account.transit(fact.withdrawalId), account.bank(fact.bank), fact.amountMinor, withdrawalKind(fact))],
  }),
  WithdrawalFailed: (fact) => ({
    ...withdrawalOf(fact),
    transfers: [transfer(account.transit(fact.withdrawalId), fact.account, fact.amountMinor, `${withdrawalKind(fact)}-failed`)],
  }),
  WithdrawalReturned: (fact) => ({
    ...withdrawalOf(fact),
    transfers: [transfer(account.bank(fact.bank), fact.account, fact.amountMinor, `${withdrawalKind(fact)}-returned`)],
  }),
  WithdrawalCancelled: (fact) => ({ ...withdrawalOf(fact), ...(fact.holdId && { holds: [{ end: 'voided', holdId: fact.holdId }] }) }),
} satisfies Partial<Rules<WithdrawalEvent['type']>>;

const positionRules = {
  ReserveWithheld: (fact) => ({
    ref: fact.settlementId,
    currency: fact.currency,
    transfers: [transfer(fact.party, account.reserve(fact.party), fact.amountMinor, 'reserve')],
  }),
  ReserveReleased: (fact) => ({
    ref: fact.settlementId,
    currency: fact.currency,
    transfers: [transfer(account.reserve(fact.party), fact.party, fact.amountMinor, 'reserve-released')],
  }),
  LiquidityReceived: (fact) => ({
    ref: fact.depositId,
    currency: fact.currency,
    transfers: [transfer(account.bank(fact.bank), account.liquidity(fact.party), fact.amountMinor, 'liquidity')],
  }),
  LiquidityDrawn: (fact) => ({
    ref: fact.settlementId,
    currency: fact.currency,
    transfers: [transfer(account.liquidity(fact.party), fact.party, fact.amountMinor, 'liquidity-drawn')],
    holds: [{ end: 'committed', holdId: fact.holdId }],
  }),
  ObligationPaid: (fact) => ({
    ref: fact.settlementId,
    currency: fact.currency,
    transfers: [transfer(fact.creditor, fact.party, fact.amountMinor, 'obligation-paid')],
  }),
  CurrencyExchanged: (fact) => ({
    ref: fact.exchangeId,
    currency: fact.currency,
    transfers: [
      transfer(fact.party, account.fx, fact.amountMinor, 'exchange-sold'),
      { ...transfer(account.fx, fact.party, fact.bought.amountMinor, 'exchange-bought'), currency: fact.bought.currency },
    ],
    ...(fact.holdId && {
      holds: [fact.fundsHoldId, fact.holdId].flatMap((holdId) => (holdId ? [{ end: 'committed', holdId } as const] : [])),
    }),
  }),
  // Its settlement gives the windows back once the books are as far as this, also where there was nothing to release.
  ExchangeFundsReleased: (fact) => ({
    ref: fact.exchangeId,
    currency: fact.currency,
    holds: [{ end: 'voided', holdId: fact.holdId }],
    marksPosition: true,
  }),
  ExchangeCarried: (fact) => ({
    ref: fact.exchangeId,
    currency: fact.currency,
    ...(fact.holdId && { holds: [{ end: 'voided', holdId: fact.holdId }] }),
  }),
  DebtWrittenOff: (fact) => ({
    ref: fact.writeOffId,
    currency: fact.currency,
    transfers: [transfer(account.losses, fact.party, fact.amountMinor, 'write-off')],
  }),
} satisfies Partial<Rules<PositionEvent['type']>>;

const depositRules = {
  LiquidityAssigned: (fact) => ({
    ref: fact.depositId,
    currency: fact.currency,
    transfers: [transfer(account.suspense, account.liquidity(fact.party), fact.amountMinor, 'liquidity-assigned')],
  }),
} satisfies Partial<Rules<DepositEvent['type']>>;

const reconciliationRules = {
  BankLineRecorded: (fact) => ({ ref: fact.lineId, currency: fact.currency, transfers: bankLineTransfers(fact) }),
  ProviderFeeBilled: (fact) => ({
    ...billLineOf(fact),
    transfers: [transfer(account.providerFees, account.provider(fact.provider), fact.amountMinor, 'provider-fee')],
  }),
  ProviderFeeReturned: (fact) => ({
    ...billLineOf(fact),
    transfers: [transfer(account.provider(fact.provider), account.providerFees, fact.amountMinor, 'provider-fee-returned')],
  }),
  BankLineExplained: (fact) => ({ ref: fact.lineId, currency: fact.currency, transfers: fact.transfers }),
  BreakCorrected: (fact) => ({ ref: fact.breakId, currency: fact.currency, transfers: fact.transfers }),
} satisfies Partial<Rules<ReconciliationEvent['type']>>;

const otherRules = {
  ParticipantRegistered: (fact) => ({ ref: fact.party, opens: fact.party }),
  LimitsSet: (fact) => ({
    ref: fact.party,
    currency: fact.currency,
    limits: {
      ...(fact.minimumBalanceMinor !== undefined && { minimumBalanceMinor: fact.minimumBalanceMinor }),
      ...(fact.netDebitCapMinor !== undefined && { netDebitCapMinor: fact.netDebitCapMinor }),
    },
  }),
  SettlementPartiesSettled: (fact) => settledPosting(fact),
  SettlementSettled: (fact) => settledPosting(fact),
  WindowClosed: (fact) => ({ ref: fact.windowId, marksPosition: true }),
} satisfies Partial<Rules<AnyFact['type']>>;

/** How each fact is posted: one row a fact. */
export const postingRules = {
  ...paymentRules,
  ...topUpRules,
  ...payoutRules,
  ...withdrawalRules,
  ...positionRules,
  ...depositRules,
  ...reconciliationRules,
  ...otherRules,
};

export type PostedFact = FactOf<keyof typeof postingRules>;

const rules = new Map<string, (fact: never) => Posting>(Object.entries(postingRules));

/** What a fact does to the books; `undefined` for one that does nothing to them. */
export function postingOf(fact: AnyFact): Posting | undefined {
  // The table's type ties each row to its fact; picked by the fact's own type, the row takes this fact.
  return rules.get(fact.type)?.(fact as never);
}

const transfer = (from: string, to: string, amountMinor: number, kind: string): Transfer => ({ from, to, amountMinor, kind });

/** In the direction of the amount's sign. */
const signed = (from: string, to: string, amountMinor: number, kind: string): Transfer =>
  amountMinor < 0 ? transfer(to, from, -amountMinor, kind) : transfer(from, to, amountMinor, kind);

const settledPosting = (fact: SettlementPartiesSettled | SettlementSettled): Posting => ({
  ref: fact.settlementId,
  settled: fact.parties
    .filter(({ netMinor }) => netMinor !== 0)
    .map(({ party, netMinor }) => ({ party, currency: fact.currency, netMinor })),
});

const paymentOf = (fact: { paymentId: string; currency: string }) => ({ ref: fact.paymentId, currency: fact.currency });

const payoutOf = (fact: { payoutId: string; currency: string }) => ({ ref: fact.payoutId, currency: fact.currency });

const withdrawalOf = (fact: { withdrawalId: string; currency: string }) => ({ ref: fact.withdrawalId, currency: fact.currency });

const withdrawalKind = (fact: { account: string }): string =>
  fact.account === account.fees ? 'fee-sweep' : fact.account.startsWith('liquidity:') ? 'liquidity-withdrawal' : 'wallet-withdrawal';

/** About the payment, where there is one: whoever asks for its entries sees what it cost. */
const billLineOf = (fact: { billId: string; paymentId?: string; currency: string }) => ({
  ref: fact.paymentId ?? fact.billId,
  currency: fact.currency,
});

/** What a platform's own merchant account took is on its statement, not in the books. */
const posted = (split: readonly SplitTransfer[]): Transfer[] => split.filter(({ external }) => !external);

const intoSuspense = (fact: { provider: string; amountMinor: number }, kind: string): Transfer[] => [
  transfer(account.provider(fact.provider), account.suspense, fact.amountMinor, kind),
];

function endedWithoutMoney(fact: { paymentId: string; holdId?: string }): Posting {
  return { ref: fact.paymentId, ...(fact.holdId && { holds: [{ end: 'voided', holdId: fact.holdId }] }) };
}

function bankLineTransfers({ bank, match, amountMinor }: BankLineRecorded): Transfer[] {
  switch (match.kind) {
    case 'payout':
      return [];
    case 'provider_payout':
      return [signed(account.bank(bank), account.provider(match.provider), amountMinor, 'provider-payout')];
    case 'bank_fee':
      return [signed(account.bank(bank), account.bankFees, amountMinor, 'bank-fee')];
    case 'unmatched':
      return [signed(account.bank(bank), account.suspense, amountMinor, 'unmatched-bank-line')];
    default:
      return match satisfies never;
  }
}
