import type {
  EntriesPosted,
  JournalEntry,
  ParticipantEvent,
  PaymentEvent,
  PayoutEvent,
  PositionEvent,
  ReconciliationEvent,
  SettlementEvent,
  SplitTransfer,
  WindowEvent,
} from '@tongbao/contracts';

export type Fact =
  PaymentEvent | WindowEvent | SettlementEvent | PayoutEvent | PositionEvent | ReconciliationEvent | ParticipantEvent | EntriesPosted;

export const transfer = (from: string, to: string, amountMinor: number, kind: string): SplitTransfer => ({
  from,
  to,
  amountMinor,
  kind,
  refundable: true,
});

/** A fact that names its payment. */
export type OfPayment = Extract<PaymentEvent, { paymentId: string }>;

/** What a payment is about. */
export interface PaymentTerms {
  paymentId: string;
  platformId: string;
  provider: string;
  currency: string;
  split: SplitTransfer[];
}

const referenceOf = ({ paymentId, platformId, currency }: PaymentTerms) => ({ paymentId, platformId, orderId: paymentId, currency });

export function captured(terms: PaymentTerms): OfPayment {
  const { provider, split } = terms;
  return {
    type: 'PaymentCaptured',
    ...referenceOf(terms),
    attempt: 1,
    provider,
    providerRef: terms.paymentId,
    amountMinor: split[0]?.amountMinor ?? 0,
    split,
    expectedProviderFeeMinor: 0,
    capturedAt: '2026-01-01T00:00:00Z',
  };
}

/** All of it back, or a part of each transfer. */
export function refunded(terms: PaymentTerms, share = 1): OfPayment {
  const transfers = reversed(terms.split, share);
  const amountMinor = transfers[0]?.amountMinor ?? 0;
  return {
    type: 'PaymentRefunded',
    ...referenceOf(terms),
    refundId: `ref_${terms.paymentId}`,
    amountMinor,
    refundedMinor: amountMinor,
    providerRef: terms.paymentId,
    transfers,
    refundedAt: '2026-01-02T00:00:00Z',
  };
}

export function disputed(terms: PaymentTerms, disputeId: string): OfPayment {
  const transfers = reversed(terms.split, 1).map((each) => ({
    ...each,
    to: each.to.startsWith('provider:') ? `dispute:${disputeId}` : each.to,
  }));
  const amountMinor = transfers[0]?.amountMinor ?? 0;
  return {
    type: 'DisputeOpened',
    ...referenceOf(terms),
    disputeId,
    amountMinor,
    reason: 'fraud',
    transfers,
    openedAt: '2026-01-02T00:00:00Z',
  };
}

export function disputeLost(terms: PaymentTerms, disputeId: string): OfPayment {
  const amountMinor = terms.split[0]?.amountMinor ?? 0;
  return {
    type: 'DisputeClosed',
    ...referenceOf(terms),
    disputeId,
    outcome: 'lost',
    lostMinor: amountMinor,
    transfers: [transfer(`dispute:${disputeId}`, `provider:${terms.provider}`, amountMinor, 'dispute-lost')],
    closedAt: '2026-01-03T00:00:00Z',
  };
}

const lateFields = (terms: PaymentTerms, amountMinor: number) => ({
  ...referenceOf(terms),
  attempt: 2,
  provider: terms.provider,
  providerRef: `${terms.paymentId}-2`,
  amountMinor,
});

export const lateCapture = (terms: PaymentTerms, amountMinor: number): OfPayment => ({
  ...lateFields(terms, amountMinor),
  type: 'LateCaptureFound',
});

export const lateRefunded = (terms: PaymentTerms, amountMinor: number): OfPayment => ({
  ...lateFields(terms, amountMinor),
  type: 'LateCaptureRefunded',
});

const reversed = (split: readonly SplitTransfer[], share: number): SplitTransfer[] =>
  split.map(({ from, to, amountMinor, ...rest }) => ({ ...rest, from: to, to: from, amountMinor: Math.floor(amountMinor * share) }));

export interface PayoutTerms {
  payoutId: string;
  party: string;
  direction: 'payout' | 'collection';
  amountMinor: number;
  currency: string;
}

export function payoutFact(
  type: 'PayoutRequested' | 'PayoutInstructed' | 'PayoutConfirmed' | 'PayoutFailed',
  terms: PayoutTerms,
): PayoutEvent {
  const reference = { ...terms, settlementId: 'stl_1', bank: 'sandbox' };
  const account = { accountNumber: 'acc', holder: 'x' };
  switch (type) {
    case 'PayoutRequested':
      return { type, ...reference, ...account, requestedAt: '2026-01-01T00:00:00.000Z' };
    case 'PayoutInstructed':
      return { type, ...reference, ...account, attempt: 1 };
    case 'PayoutConfirmed':
      return { type, ...reference, lineId: `line_${terms.payoutId}` };
    case 'PayoutFailed':
      return { type, ...reference, code: 'account_closed' };
  }
}

const emptyBatch: EntriesPosted = {
  type: 'EntriesPosted',
  epoch: 1,
  sourcePosition: '0',
  firstEntry: 0,
  entries: [],
  holds: [],
  limits: [],
  accounts: [],
  outcomes: [],
  alarms: [],
  postedAt: '2026-01-01T00:00:00.000Z',
};

export const posted = (firstEntry: number, entries: JournalEntry[], sourcePosition: bigint, at: Date): EntriesPosted => ({
  ...emptyBatch,
  firstEntry,
  entries,
  sourcePosition: String(sourcePosition),
  postedAt: at.toISOString(),
});
