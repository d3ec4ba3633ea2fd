import { account } from '@tongbao/contracts';
import type {
  AssignmentEvent,
  BankLineRecorded,
  CalendarEvent,
  DisputeClosed,
  DisputeOpened,
  ModelEvent,
  ParticipantEvent,
  PaymentEvent,
  PayoutEvent,
  PositionEvent,
  SettlementEvent,
  WindowEvent,
  EntriesPosted,
  JournalEntry,
  PaymentCaptured,
  PaymentRefunded,
  SplitTransfer,
} from '@tongbao/contracts';
import type { DomainEvent, StoredEvent } from '@tongbao/event-store';
import { isBankLineFact, isPositionFact } from '../src/facts.js';
import { positionTransfers } from '../src/position.transfers.js';
import { moneyFactOf } from '../src/sides.js';

/** Everything that settlement folds. */
export type Fact =
  | PaymentEvent
  | WindowEvent
  | ModelEvent
  | AssignmentEvent
  | CalendarEvent
  | SettlementEvent
  | PayoutEvent
  | PositionEvent
  | BankLineRecorded
  | ParticipantEvent
  | EntriesPosted;

/** `A 30.00 to B` in cents, as a transfer of a split. */
export const transfer = (from: string, to: string, amountMinor: number, kind = 'share'): SplitTransfer => ({
  from,
  to,
  amountMinor,
  kind,
  refundable: true,
});

export const captured = (paymentId: string, split: SplitTransfer[], currency = 'USD'): PaymentCaptured => ({
  type: 'PaymentCaptured',
  paymentId,
  platformId: 'A',
  orderId: paymentId,
  attempt: 1,
  provider: 'alipay',
  providerRef: paymentId,
  amountMinor: split[0]?.amountMinor ?? 0,
  currency,
  split,
  expectedProviderFeeMinor: 0,
  capturedAt: '2026-01-01T00:00:00Z',
});

export const refunded = (paymentId: string, transfers: SplitTransfer[], currency = 'USD'): PaymentRefunded => ({
  type: 'PaymentRefunded',
  paymentId,
  platformId: 'A',
  orderId: paymentId,
  refundId: 'r1',
  amountMinor: transfers[0]?.amountMinor ?? 0,
  currency,
  refundedMinor: transfers[0]?.amountMinor ?? 0,
  providerRef: paymentId,
  transfers,
  refundedAt: '2026-01-02T00:00:00Z',
});

/** Money of a payment that is withheld, or comes back. */
export const disputed = (paymentId: string, transfers: SplitTransfer[], currency = 'USD'): DisputeOpened => ({
  type: 'DisputeOpened',
  paymentId,
  platformId: 'A',
  orderId: paymentId,
  disputeId: 'd1',
  amountMinor: transfers[0]?.amountMinor ?? 0,
  currency,
  reason: 'not_received',
  transfers,
  openedAt: '2026-01-02T00:00:00Z',
});

export const disputeEnded = (
  paymentId: string,
  outcome: DisputeClosed['outcome'],
  transfers: SplitTransfer[],
  currency = 'USD',
): DisputeClosed => ({
  type: 'DisputeClosed',
  paymentId,
  platformId: 'A',
  orderId: paymentId,
  disputeId: 'd1',
  outcome,
  lostMinor: 0,
  currency,
  transfers,
  closedAt: '2026-01-03T00:00:00Z',
});

/** The three examples of the splits, in cents. */
export const example1 = (paymentId: string): PaymentCaptured =>
  captured(paymentId, [
    transfer('provider:alipay', 'platform:A', 1_000, 'purchase'),
    transfer('platform:A', 'hub:fees', 100, 'platform-service-fee'),
    transfer('platform:B', 'hub:fees', 50, 'payment-handling-fee'),
  ]);

export const example2 = (paymentId: string): PaymentCaptured =>
  captured(paymentId, [
    transfer('provider:alipay', 'platform:A', 3_000, 'purchase'),
    transfer('platform:A', 'platform:B', 2_400, 'owner-share'),
    transfer('platform:B', 'hub:fees', 30, 'hub-fee'),
    transfer('platform:B', 'creator:K', 1_659, 'creator-share'),
  ]);

export const example3 = (paymentId: string): PaymentCaptured =>
  captured(paymentId, [
    transfer('provider:alipay', 'platform:B', 5_000, 'purchase'),
    transfer('platform:B', 'platform:A', 4_000, 'owner-share'),
    transfer('platform:A', 'hub:fees', 50, 'hub-fee'),
  ]);

/** What the ledger would post for facts: one entry each, without external transfers. */
export function postedFor(
  facts: readonly { event: DomainEvent; position: bigint }[],
  sourcePosition: bigint,
  firstEntry: number,
): EntriesPosted {
  const entries = facts.flatMap(({ event, position }): JournalEntry[] => {
    const fact = moneyFactOf(event);
    const moved = fact ? [{ ...fact, ref: fact.paymentId }] : [...positionMoves(event), ...lineMoves(event)];
    return moved.map(({ currency, ref, transfers: all }) => {
      const posted = all.filter(({ external }) => !external);
      const transfers = posted.map(({ from, to, amountMinor, kind }) => ({ from, to, amountMinor, currency, kind }));
      return { kind: event.type, ref, position: String(position), transfers };
    });
  });
  return { ...emptyBatch, sourcePosition: String(sourcePosition), firstEntry, entries };
}

/** Of a line of the bank, only that it is in the books: all of them as if nobody knew what they are. */
function lineMoves(event: DomainEvent) {
  const stored: StoredEvent = { event, stream: '', revision: 0, position: 0n, id: '', metadata: {}, createdAt: new Date(0) };
  if (!isBankLineFact(stored)) return [];
  const { bank, lineId: ref, amountMinor, currency } = stored.event;
  const [from, to] = amountMinor > 0 ? [account.bank(bank), account.suspense] : [account.suspense, account.bank(bank)];
  return [{ currency, ref, transfers: [{ from, to, amountMinor: Math.abs(amountMinor), kind: 'bank-line', external: false }] }];
}

function positionMoves(event: DomainEvent) {
  const stored: StoredEvent = { event, stream: '', revision: 0, position: 0n, id: '', metadata: {}, createdAt: new Date(0) };
  return isPositionFact(stored) ? positionTransfers(stored.event) : [];
}

/** An operator's entry: no fact but the journal's own. */
export const corrected = (sourcePosition: bigint, from: string, to: string, amountMinor: number, currency = 'USD'): EntriesPosted => ({
  ...emptyBatch,
  sourcePosition: String(sourcePosition),
  entries: [{ kind: 'PostEntry', ref: 'corr_1', transfers: [{ from, to, amountMinor, currency, kind: 'correction' }], corrects: 1 }],
});

export const emptyBatch: EntriesPosted = {
  type: 'EntriesPosted',
  epoch: 1,
  sourcePosition: '0',
  firstEntry: 1,
  entries: [],
  holds: [],
  limits: [],
  accounts: [],
  outcomes: [],
  alarms: [],
  postedAt: '2026-01-01T00:00:00Z',
};

/** A log without a store: gives events their places. Positions leave gaps, as the store's do. */
export class MemoryLog {
  readonly events: StoredEvent[] = [];
  readonly #revisions = new Map<string, number>();

  append<E extends DomainEvent>(stream: string, event: E): StoredEvent<E> {
    const revision = (this.#revisions.get(stream) ?? -1) + 1;
    this.#revisions.set(stream, revision);
    const position = BigInt(this.events.length + 1) * 10n;
    const createdAt = new Date(Date.UTC(2026, 0, 1) + this.events.length * 1_000);
    const stored = { event, stream, revision, position, id: `e${position}`, metadata: {}, createdAt };
    this.events.push(stored);
    return stored;
  }
}
