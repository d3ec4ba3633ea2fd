import type { StoredEvent } from '@tongbao/event-store';
import type { Projection, RowRef, Rows } from '@tongbao/read-model';
import { foldBankLine, foldParticipant } from './bank.fold.js';
import { isBankLineFact, isJournalFact, isLogFact, isParticipantFact, isPayoutFact, isSettlementFact, isWindowFact } from './facts.js';
import { foldCheckpoint, foldPayout, foldSettlement } from './settlement.fold.js';
import { SettlementRows } from './settlement.rows.js';
import { settlementTables } from './settlement.tables.js';
import { moneyFactOf, sidesOf } from './sides.js';
import { foldStatement } from './statement.fold.js';
import { foldJournal, foldTransfers, foldWindow } from './windows.fold.js';

/** What settlement folds: its own streams, and the facts of others that make nets. */
export const settlementCategories = [
  'payment',
  'window',
  'settlement',
  'payout',
  'reconciliation',
  'journal',
  'participant',
  'log',
] as const;

/** Windows, nets, settlements, payouts, the bank, and every party's statement. */
export const settlementProjection: Projection = {
  name: 'settlement',
  version: 2,
  categories: settlementCategories,
  tables: settlementTables,
  touches,
  async apply(stored: StoredEvent, rows: Rows): Promise<void> {
    const typed = new SettlementRows(rows);
    await foldFact(stored, typed);
    await foldStatement(stored, typed);
  },
};

async function foldFact(stored: StoredEvent, rows: SettlementRows): Promise<void> {
  const { position } = stored;
  const fact = moneyFactOf(stored.event);
  if (fact) return foldTransfers(fact.currency, fact.transfers, position, rows);
  if (isJournalFact(stored)) return foldJournal(stored, rows);
  if (isPayoutFact(stored)) return foldPayout(stored.event, position, rows);
  if (isBankLineFact(stored)) return foldBankLine(stored.event, position, rows);
  if (isSettlementFact(stored)) return foldSettlement(stored.event, position, rows);
  if (isWindowFact(stored)) return foldWindow(stored.event, position, rows);
  if (isParticipantFact(stored)) return foldParticipant(stored.event, rows);
  if (isLogFact(stored)) return foldCheckpoint(stored.event, rows);
}

/** The rows that most events read: a payment's parties. What their windows hold is asked for as it comes up, and is warm after that. */
function* touches({ event }: StoredEvent): Iterable<RowRef> {
  const fact = moneyFactOf(event);
  if (!fact) return;
  for (const { party } of sidesOf(fact.transfers)) yield { table: 'positions', key: [party, fact.currency] };
}
