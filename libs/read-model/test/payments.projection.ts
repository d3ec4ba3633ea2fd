import { bigint, index, integer, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { DomainEvent, StoredEvent } from '@tongbao/event-store';
import type { Projection, Rows } from '../src/index.js';

export interface PaymentEvent extends DomainEvent {
  type: 'Requested' | 'Captured' | 'Forgotten';
  payment: string;
  platform: string;
  day: number;
  amountMinor: string;
}

interface PaymentRow {
  id: string;
  status: string;
  amount: bigint;
  steps: string[];
  updatedAt: string;
}

interface DayRow {
  platform: string;
  day: number;
  payments: number;
  total: bigint;
}

/** Payments by id and totals by platform and day: a simple key, a composite one, updates, and deletes. */
export function tablesIn(schema: string) {
  const { table } = pgSchema(schema);
  const payments = table(
    'payments',
    {
      id: text('id').primaryKey(),
      status: text('status').notNull(),
      amount: bigint('amount_minor', { mode: 'bigint' }).notNull(),
      steps: jsonb('steps').$type<string[]>().notNull(),
      note: text('note'),
      updatedAt: timestamp('updated_at', { withTimezone: true, mode: 'string' }).notNull(),
    },
    (columns) => [index().on(columns.status, columns.updatedAt.desc())],
  );
  const days = table(
    'days',
    {
      platform: text('platform').notNull(),
      day: integer('day').notNull(),
      payments: integer('payments').notNull(),
      total: bigint('total_minor', { mode: 'bigint' }).notNull(),
    },
    (columns) => [primaryKey({ columns: [columns.platform, columns.day] })],
  );
  return { payments, days };
}

export interface TestProjection extends Projection {
  tables: ReturnType<typeof tablesIn>;
}

export function paymentsProjection(name: string, version = 1): TestProjection {
  return {
    name,
    version,
    categories: ['payment'],
    tables: tablesIn(name),
    *touches({ event }) {
      const { payment, platform, day } = event as PaymentEvent;
      yield { table: 'payments', key: [payment] };
      yield { table: 'days', key: [platform, day] };
    },
    apply: foldPayment,
  };
}

async function foldPayment({ event, createdAt }: StoredEvent, rows: Rows): Promise<void> {
  const { type, payment, platform, day, amountMinor } = event as PaymentEvent;
  const before = await rows.get<PaymentRow>('payments', [payment]);
  const steps = [...(before?.steps ?? []), type];
  if (type === 'Forgotten') rows.delete('payments', [payment]);
  else rows.put('payments', { id: payment, status: type, amount: BigInt(amountMinor), steps, updatedAt: createdAt.toISOString() });
  if (type !== 'Captured') return;
  const dayRow = (await rows.get<DayRow>('days', [platform, day])) ?? { platform, day, payments: 0, total: 0n };
  rows.put('days', { ...dayRow, payments: dayRow.payments + 1, total: dayRow.total + BigInt(amountMinor) });
}

export const paymentEvent = (payment: string, type: PaymentEvent['type'] = 'Requested', amountMinor = '100'): PaymentEvent => ({
  type,
  payment,
  platform: `platform_${payment.length % 3}`,
  day: payment.charCodeAt(0) % 5,
  amountMinor,
});
