import { categoryOf, type StoredEvent } from '@tongbao/event-store';
import type { Projection, RowRef, Rows } from '@tongbao/read-model';
import { isJournalFact } from '@tongbao/settlement';
import { foldJournal, foldPayment, touchedSums } from './finance.fold.js';
import { FinanceRows } from './finance.rows.js';
import { financeTables } from './finance.tables.js';
import { tick } from './log-clock.fold.js';
import { paymentFactOf } from './movements.js';
import { foldTransfer, type TransferFact } from './open-transfers.fold.js';

/** All that the ledger posts, and its journal: whatever has a place in the books has one in the clock of the log. */
export const financeCategories = [
  'payment',
  'topup',
  'settlement',
  'payout',
  'withdrawal',
  'position',
  'reconciliation',
  'window',
  'journal',
] as const;

/** Of each payment, and moving nothing: what finance tells does not change with them, so the clock need not. */
const movesNothing: ReadonlySet<string> = new Set(['PaymentRequested', 'AttemptStarted', 'PaymentSettled', 'PaymentSidesSettled']);

/** What went from whom to whom in each hour, what waits, and the clock of the log. Aggregates: not a row for a payment. */
export const financeProjection: Projection = {
  name: 'finance',
  version: 1,
  categories: financeCategories,
  tables: financeTables,
  minIntervalMs: 1_000,
  touches,
  async apply(stored: StoredEvent, rows: Rows): Promise<void> {
    if (movesNothing.has(stored.event.type)) return;
    const typed = new FinanceRows(rows);
    const hour = await tick(stored, typed);
    const fact = paymentFactOf(stored.event);
    if (fact) return foldPayment(fact, hour, typed);
    if (isJournalFact(stored)) return foldJournal(stored, hour, typed);
    if (isTransferFact(stored)) return foldTransfer(stored, typed);
  },
};

/** By its stream: what is new there is looked at by the ids that it carries. */
const isTransferFact = (stored: StoredEvent): stored is StoredEvent<TransferFact> => transferCategories.has(categoryOf(stored.stream));

const transferCategories: ReadonlySet<string> = new Set(['payout', 'withdrawal', 'position']);

const hourMs = 3_600_000;

/** The rows that most events read: a payment's sums. Its hour is that of the log's clock but where a clock went back. */
function* touches({ event, createdAt }: StoredEvent): Iterable<RowRef> {
  const fact = paymentFactOf(event);
  if (fact) yield* touchedSums(fact, Math.floor(createdAt.getTime() / hourMs));
}
