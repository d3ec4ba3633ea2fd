import { account, type PaymentEvent, type TopUpEvent } from '@tongbao/contracts';
import { idOf, type StoredEvent } from '@tongbao/event-store';
import { sumMinor } from '@tongbao/money';
import { drizzleOver, type Projection, type Rows, type SqlClient } from '@tongbao/read-model';
import type { Page } from '@tongbao/service';
import { toPage } from '@tongbao/service';
import { and, asc, count, desc, eq, gt, gte, isNotNull, like, lt, lte, min, or, type SQL } from 'drizzle-orm';
import { bigint, boolean, index, integer, pgSchema, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('payment');

/** One row a payment: to list and search, and as the durable timers of its reactor (`dueAt`). */
export const payments = schema.table(
  'payments',
  {
    paymentId: text('payment_id').primaryKey(),
    platformId: text('platform_id').notNull(),
    orderId: text('order_id').notNull(),
    userId: text('user_id').notNull(),
    status: text('status').notNull(),
    amountMinor: bigint('amount_minor', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull(),
    provider: text('provider').notNull(),
    refundedMinor: bigint('refunded_minor', { mode: 'bigint' }).notNull(),
    /** In disputes that are open. */
    disputedMinor: bigint('disputed_minor', { mode: 'bigint' }).notNull(),
    /** What disputes have cost. */
    lostMinor: bigint('lost_minor', { mode: 'bigint' }).notNull(),
    attempts: integer('attempts').notNull(),
    code: text('code'),
    requestedAt: text('requested_at').notNull(),
    expiresAt: text('expires_at').notNull(),
    capturedAt: text('captured_at'),
    isHeld: boolean('is_held').notNull(),
    /** Refunds, closings and stray money that a provider has not answered for. */
    openCalls: integer('open_calls').notNull(),
    settlements: integer('settlements').notNull(),
    /** When the reactor looks at it again, if nothing happens before; null when nothing can happen by itself. */
    dueAt: text('due_at'),
    position: bigint('position', { mode: 'bigint' }).notNull(),
  },
  (table) => [
    index('payments_by_platform').on(table.platformId, table.requestedAt, table.paymentId),
    index('payments_by_time').on(table.requestedAt, table.paymentId),
    index('payments_due').on(table.dueAt),
  ],
);

export const topUps = schema.table(
  'top_ups',
  {
    topUpId: text('top_up_id').primaryKey(),
    platformId: text('platform_id').notNull(),
    userId: text('user_id').notNull(),
    status: text('status').notNull(),
    amountMinor: bigint('amount_minor', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull(),
    dueAt: text('due_at'),
    position: bigint('position', { mode: 'bigint' }).notNull(),
  },
  (table) => [index('top_ups_due').on(table.dueAt)],
);

type PaymentRow = typeof payments.$inferInsert;
type TopUpRow = typeof topUps.$inferInsert;

/** How long an answer may be outstanding before the reactor asks, in milliseconds: longer than any provider's timeout that makes sense. */
const answerDueMs = 15_000;

export const paymentProjection: Projection = {
  name: 'payment',
  version: 2,
  categories: ['payment', 'topup'],
  tables: { payments, topUps },
  *touches({ event, stream }) {
    if (event.type === 'PaymentRequested' || event.type === 'TopUpRequested') return;
    yield stream.startsWith('payment-') ? { table: 'payments', key: [idOf(stream)] } : { table: 'topUps', key: [idOf(stream)] };
  },
  async apply(stored, rows) {
    if (stored.stream.startsWith('payment-')) await applyPayment(stored, rows);
    else await applyTopUp(stored, rows);
  },
};

async function applyPayment(stored: StoredEvent, rows: Rows): Promise<void> {
  const event = stored.event as PaymentEvent;
  const before = event.type === 'PaymentRequested' ? undefined : await rows.get<PaymentRow>('payments', [idOf(stored.stream)]);
  const after = event.type === 'PaymentRequested' ? requestedRow(event) : before && changedRow(before, event);
  if (!after) throw new Error(`${stored.stream} has ${event.type} before its request`);
  rows.put('payments', { ...after, dueAt: dueAt(after, stored.createdAt), position: stored.position });
}

const requestedRow = (event: Extract<PaymentEvent, { type: 'PaymentRequested' }>): PaymentRow => ({
  paymentId: event.paymentId,
  platformId: event.platformId,
  orderId: event.orderId,
  userId: event.payer.userId,
  status: 'requested',
  amountMinor: BigInt(event.amountMinor),
  currency: event.currency,
  provider: event.method.provider,
  refundedMinor: 0n,
  disputedMinor: 0n,
  lostMinor: 0n,
  attempts: 0,
  code: null,
  requestedAt: event.requestedAt,
  expiresAt: event.expiresAt,
  capturedAt: null,
  isHeld: false,
  openCalls: 0,
  settlements: 0,
  dueAt: null,
  position: 0n,
});

function changedRow(row: PaymentRow, event: PaymentEvent): PaymentRow {
  const resting = row.isHeld ? 'reserved' : 'requested';
  switch (event.type) {
    case 'FundsReserved':
      return { ...row, status: 'reserved', isHeld: true };
    case 'FundsRefused':
      return { ...row, code: event.code };
    case 'AttemptStarted':
      return { ...row, status: 'pending', provider: event.method.provider, attempts: event.attempt, code: null };
    case 'PayerActionRequired':
      return { ...row, status: 'pending', code: 'action_required' };
    case 'AttemptOutcomeUnknown':
      return { ...row, status: 'unknown', code: 'unknown' };
    case 'AttemptDeclined':
      return { ...row, status: resting, code: event.code };
    case 'AttemptCloseRequested':
      return { ...row, code: 'closing' };
    case 'AttemptClosed':
      return { ...row, status: resting, code: null };
    case 'PaymentAuthorized':
      return { ...row, status: 'authorized', code: null };
    case 'CaptureRequested':
      return { ...row, code: 'capturing' };
    case 'PaymentCaptured':
      return { ...row, status: 'captured', provider: event.provider, capturedAt: event.capturedAt, code: null };
    case 'PaymentDeclined':
      return { ...row, status: 'declined', code: event.code };
    case 'PaymentExpired':
      return { ...row, status: 'expired', code: null };
    case 'PaymentCancelled':
      return { ...row, status: 'cancelled', code: null };
    case 'CaptureConflicted':
      return { ...row, status: 'conflicted', code: null };
    case 'ConflictResolved':
      return event.resolution === 'accepted'
        ? { ...row, status: 'captured', code: null }
        : { ...row, status: 'declined', code: 'conflict_refunded', openCalls: row.openCalls + 1 };
    case 'LateCaptureFound':
    case 'RefundRequested':
      return { ...row, openCalls: row.openCalls + 1 };
    case 'LateCaptureRefunded':
    case 'RefundDeclined':
      return { ...row, openCalls: row.openCalls - 1 };
    case 'RefundOutcomeUnknown':
      return row;
    case 'DisputeOpened':
      return { ...row, disputedMinor: row.disputedMinor + BigInt(event.amountMinor) };
    case 'DisputeClosed': {
      // All that was in it leaves the dispute's account, one way or the other.
      const ended = event.transfers.filter(({ from }) => from === account.dispute(event.disputeId)).map(({ amountMinor }) => amountMinor);
      return { ...row, disputedMinor: row.disputedMinor - sumMinor(ended), lostMinor: row.lostMinor + BigInt(event.lostMinor) };
    }
    case 'PaymentRefunded': {
      const refundedMinor = BigInt(event.refundedMinor);
      return { ...row, refundedMinor, status: refundedMinor === row.amountMinor ? 'refunded' : row.status, openCalls: row.openCalls - 1 };
    }
    case 'PaymentSettled':
      return { ...row, settlements: row.settlements + 1 };
    case 'PaymentRequested':
      throw new Error(`${row.paymentId} is requested twice`);
    default:
      return event satisfies never;
  }
}

/** A payer who was sent to a page is given until the expiry, but asked about now and then: a notification can be lost. */
const payerDueMs = 60_000;

function dueAt(row: PaymentRow, at: Date): string | null {
  const after = (milliseconds: number) => new Date(at.getTime() + milliseconds).toISOString();
  if (row.openCalls > 0) return after(answerDueMs);
  switch (row.status) {
    case 'requested':
    case 'reserved':
      return row.expiresAt;
    case 'pending':
      return row.code === 'action_required' ? earlier(after(payerDueMs), row.expiresAt) : after(answerDueMs);
    case 'unknown':
      return after(answerDueMs);
    case 'authorized':
      return row.code === null ? row.expiresAt : after(answerDueMs);
    default:
      return null;
  }
}

const earlier = (a: string, b: string): string => (a < b ? a : b);

async function applyTopUp(stored: StoredEvent, rows: Rows): Promise<void> {
  const event = stored.event as TopUpEvent;
  const { position, createdAt } = stored;
  const due = new Date(createdAt.getTime() + answerDueMs).toISOString();
  if (event.type === 'TopUpRequested') {
    const { topUpId, platformId, userId, amountMinor, currency } = event;
    rows.put('topUps', {
      topUpId,
      platformId,
      userId,
      status: 'pending',
      amountMinor: BigInt(amountMinor),
      currency,
      dueAt: due,
      position,
    });
    return;
  }
  const row = await rows.get<TopUpRow>('topUps', [idOf(stored.stream)]);
  if (!row) throw new Error(`${stored.stream} has ${event.type} before its request`);
  const status = { TopUpOutcomeUnknown: 'unknown', TopUpCaptured: 'captured', TopUpDeclined: 'declined', TopUpConflicted: 'conflicted' }[
    event.type
  ];
  rows.put('topUps', { ...row, status, dueAt: status === 'unknown' ? due : null, position });
}

export interface PaymentFilter {
  platform?: string;
  status?: string;
  from?: string;
  to?: string;
  /** Only those with a dispute that is open. */
  disputed?: string;
}

export interface PaymentSummary {
  paymentId: string;
  platformId: string;
  orderId: string;
  userId: string;
  status: string;
  amountMinor: number;
  refundedMinor: number;
  /** In disputes that are open. */
  disputedMinor: number;
  /** What disputes have cost. */
  lostMinor: number;
  currency: string;
  provider: string;
  requestedAt: string;
  capturedAt: string | null;
}

/** Queries over the live tables. */
export class PaymentQueries {
  readonly #database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  /** Payments by time of request, newest first. */
  async list(filter: PaymentFilter, limit: number, after: string[] | undefined): Promise<Page<PaymentSummary>> {
    const [time, id] = after ?? [];
    const conditions: (SQL | undefined)[] = [
      filter.platform === undefined ? undefined : eq(payments.platformId, filter.platform),
      filter.status === undefined ? undefined : eq(payments.status, filter.status),
      filter.from === undefined ? undefined : gte(payments.requestedAt, filter.from),
      filter.to === undefined ? undefined : lt(payments.requestedAt, filter.to),
      filter.disputed === 'true' ? gt(payments.disputedMinor, 0n) : undefined,
      time !== undefined && id !== undefined
        ? or(lt(payments.requestedAt, time), and(eq(payments.requestedAt, time), lt(payments.paymentId, id)))
        : undefined,
    ];
    const rows = await this.#database
      .select()
      .from(payments)
      .where(and(...conditions))
      .orderBy(desc(payments.requestedAt), desc(payments.paymentId))
      .limit(limit + 1);
    return toPage(rows, limit, (row) => [row.requestedAt, row.paymentId], toSummary);
  }

  /** Ids of the payments and top-ups whose timer is due, the oldest first. */
  async due(now: string, limit: number): Promise<{ payments: string[]; topUps: string[] }> {
    const [duePayments, dueTopUps] = await Promise.all([
      this.#database
        .select({ id: payments.paymentId })
        .from(payments)
        .where(and(isNotNull(payments.dueAt), lte(payments.dueAt, now)))
        .orderBy(asc(payments.dueAt))
        .limit(limit),
      this.#database
        .select({ id: topUps.topUpId })
        .from(topUps)
        .where(and(isNotNull(topUps.dueAt), lte(topUps.dueAt, now)))
        .orderBy(asc(topUps.dueAt))
        .limit(limit),
    ]);
    return { payments: duePayments.map(({ id }) => id), topUps: dueTopUps.map(({ id }) => id) };
  }

  /**
   * How many payments wait for a provider to say what became of a charge, or have a refund or a closing that it should have answered by now.
   * @returns since when nothing has been heard of the one that has waited longest
   */
  async unanswered(now: Date): Promise<{ count: number; since: Date | undefined }> {
    const overdue = and(gt(payments.openCalls, 0), lte(payments.dueAt, now.toISOString()));
    const [row] = await this.#database
      .select({ count: count(), dueAt: min(payments.dueAt) })
      .from(payments)
      .where(and(isNotNull(payments.dueAt), or(eq(payments.status, 'unknown'), overdue)));
    const since = row?.dueAt ? new Date(Date.parse(row.dueAt) - answerDueMs) : undefined;
    return { count: row?.count ?? 0, since };
  }

  /** The payment whose id begins so: providers' keys carry only the beginning. */
  async paymentIdOf(idPrefix: string): Promise<string | undefined> {
    const [row] = await this.#database
      .select({ id: payments.paymentId })
      .from(payments)
      .where(like(payments.paymentId, `pay\\_${idPrefix}%`))
      .limit(1);
    return row?.id;
  }

  async topUpIdOf(idPrefix: string): Promise<string | undefined> {
    const [row] = await this.#database
      .select({ id: topUps.topUpId })
      .from(topUps)
      .where(like(topUps.topUpId, `top\\_${idPrefix}%`))
      .limit(1);
    return row?.id;
  }
}

const toSummary = (row: typeof payments.$inferSelect): PaymentSummary => ({
  paymentId: row.paymentId,
  platformId: row.platformId,
  orderId: row.orderId,
  userId: row.userId,
  status: row.status,
  amountMinor: Number(row.amountMinor),
  refundedMinor: Number(row.refundedMinor),
  disputedMinor: Number(row.disputedMinor),
  lostMinor: Number(row.lostMinor),
  currency: row.currency,
  provider: row.provider,
  requestedAt: row.requestedAt,
  capturedAt: row.capturedAt,
});
