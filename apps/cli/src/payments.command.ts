import type { JournalTransfer, PaymentEvent } from '@tongbao/contracts';
import { formatMinor } from '@tongbao/money';
import type { StoredEvent } from '@tongbao/event-store';
import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { toPaymentId } from './payment-reference.js';
import { textTable } from './text-table.js';

interface Payment {
  paymentId: string;
  platformId: string;
  orderId: string;
  status: string;
  amountMinor: number;
  refundedMinor: number;
  currency: string;
  code?: string;
  attempts: { attempt: number; provider: string; status: string; code?: string; action?: { kind: string; value: string } }[];
  refunds: { refundId: string; amountMinor: number; status: string; code?: string }[];
  split: { from: string; to: string; amountMinor: number; kind: string; refundable: boolean; external?: true }[];
  settlements: { settlementId: string; windowId: string }[];
}

interface Entry {
  number: number;
  kind: string;
  ref: string;
  postedAt: string;
  transfers: JournalTransfer[];
}

interface Delivery {
  deliveryId: string;
  endpointId: string;
  type: string;
  state: string;
  attempts: number;
  createdAt: string;
  lastStatus?: number;
  lastError?: string;
}

export interface Story {
  payment: Payment;
  events: StoredEvent<PaymentEvent>[];
  entries: Entry[];
  deliveries: Delivery[];
}

export function addPaymentsCommands(program: Command, runs: Runner): void {
  program
    .command('payments')
    .description('payments')
    .command('show <payment>')
    .description("one payment's whole story, by its id or by platform/order: events, attempts, split, ledger entries, webhooks")
    .action(runs(showPayment));
}

async function showPayment(context: CommandContext, reference: string): Promise<ExitCode> {
  const paymentId = toPaymentId(reference);
  const hub = context.hub('auditor');
  const payment = await hub.get<Payment>(`/v1/payments/${paymentId}`);
  const [events, entries, deliveries] = await Promise.all([
    context.store().read<PaymentEvent>(`payment-${paymentId}`),
    hub.list<Entry>('/v1/ledger/entries', { ref: paymentId }),
    hub.list<Delivery>('/v1/deliveries', { subject: paymentId }),
  ]);
  const story: Story = { payment, events, entries, deliveries };
  context.show(story, () => storyText(story));
  return exitCodes.ok;
}

/** A payment's story for people, part by part; a part with nothing in it is left out. */
export function storyText({ payment, events, entries, deliveries }: Story): string {
  const { currency } = payment;
  const amount = { title: currency, align: 'right' as const };
  const parts: [title: string, text: string][] = [
    [
      'Events',
      tableOf(
        ['at', 'revision', 'event', 'by', 'what'],
        events.map((each) => [each.createdAt.toISOString(), each.revision, each.event.type, each.metadata.actor, noteOf(each.event)]),
      ),
    ],
    [
      'Attempts',
      tableOf(
        ['attempt', 'provider', 'status', 'why'],
        payment.attempts.map((each) => [each.attempt, each.provider, each.status, each.code ?? each.action?.value]),
      ),
    ],
    [
      'Split',
      tableOf(
        ['from', 'to', amount, 'kind', 'refundable'],
        payment.split.map((each) => [
          each.from,
          each.to,
          formatMinor(each.amountMinor, currency),
          `${each.kind}${each.external ? ' (external)' : ''}`,
          each.refundable ? 'yes' : 'no',
        ]),
      ),
    ],
    [
      'Refunds',
      tableOf(
        ['refund', amount, 'status', 'why'],
        payment.refunds.map((each) => [each.refundId, formatMinor(each.amountMinor, currency), each.status, each.code]),
      ),
    ],
    [
      'Ledger entries',
      tableOf(
        ['entry', 'posted', 'from', 'to', amount, 'kind'],
        entries.flatMap(({ number, postedAt, transfers }) =>
          transfers.map((each) => [number, postedAt, each.from, each.to, formatMinor(each.amountMinor, each.currency), each.kind]),
        ),
      ),
    ],
    [
      'Settled in',
      tableOf(
        ['settlement', 'window'],
        payment.settlements.map(({ settlementId, windowId }) => [settlementId, windowId]),
      ),
    ],
    [
      'Webhooks',
      tableOf(
        ['webhook', 'type', 'state', 'attempts', 'last answer'],
        deliveries.map((each) => [each.deliveryId, each.type, each.state, each.attempts, each.lastStatus ?? each.lastError]),
      ),
    ],
  ];
  const filled = parts.filter(([, text]) => text !== '').map(([title, text]) => `${title}\n${text}`);
  return [headline(payment), ...filled].join('\n\n');
}

const telling = ['attempt', 'provider', 'code', 'reason', 'refundId', 'settlementId', 'windowId', 'holdId'];

/** What distinguishes an event, in few words; `events show payment-<id>` shows all of it. */
function noteOf(event: PaymentEvent): string {
  const amount = 'amountMinor' in event ? [`${formatMinor(event.amountMinor, event.currency)} ${event.currency}`] : [];
  const fields = Object.entries(event).filter(([name]) => telling.includes(name));
  return [...amount, ...fields.map(([name, value]) => `${name} ${String(value)}`)].join(', ');
}

function headline({ paymentId, platformId, orderId, status, code, amountMinor, refundedMinor, currency }: Payment): string {
  const refunded = refundedMinor > 0 ? `, ${formatMinor(refundedMinor, currency)} refunded` : '';
  return `${paymentId}  ${platformId}/${orderId}  ${status}${code ? ` (${code})` : ''}  ${formatMinor(amountMinor, currency)} ${currency}${refunded}`;
}

function tableOf(columns: (string | { title: string; align: 'right' })[], rows: (string | number | undefined)[][]): string {
  if (rows.length === 0) return '';
  return textTable(
    columns.map((column) => (typeof column === 'string' ? { title: column } : column)),
    rows,
  );
}
