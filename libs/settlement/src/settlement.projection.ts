import type { StoredEvent } from '@tongbao/event-store';
import type { Projection, RowRef, Rows } from '@tongbao/read-model';
import { foldBankFact } from './bank.fold.js';
import { foldAssignment } from './assignment.fold.js';
import {
  isAssignmentFact,
  isCalendarFact,
  isFxQuoteFact,
  isModelFact,
  isJournalFact,
  isLogFact,
  isParticipantFact,
  isPositionFact,
  isSettlementFact,
  isWindowFact,
} from './facts.js';
import { foldFxQuote } from './fx.fold.js';
import { foldCalendar, foldModel } from './model.fold.js';
import { foldParticipant } from './payee.fold.js';
import { foldPosition } from './position.fold.js';
import { foldCheckpoint, foldSettlement } from './settlement.fold.js';
import { SettlementRows } from './settlement.rows.js';
import { settlementTables } from './settlement.tables.js';
import { moneyFactOf, sidesOf } from './sides.js';
import { foldStatement } from './statement.fold.js';
import { foldJournal, foldTransfers, foldWindow } from './windows.fold.js';

/** What settlement folds: its own streams, and the facts of others that make nets. */
export const settlementCategories = [
  'payment',
  'window',
  'model',
  'assignment',
  'calendar',
  'fxquote',
  'settlement',
  'payout',
  'position',
  'withdrawal',
  'bank',
  'deposit',
  'instruction',
  'payoutrun',
  'bankfile',
  'reconciliation',
  'journal',
  'participant',
  'log',
] as const;

/** Windows, nets, settlements, payouts, the bank, and every party's statement. */
export const settlementProjection: Projection = {
  name: 'settlement',
  version: 7,
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
  if (isSettlementFact(stored)) return foldSettlement(stored.event, position, rows);
  if (isPositionFact(stored)) return foldPosition(stored, rows);
  if (isWindowFact(stored)) return foldWindow(stored.event, position, rows);
  if (isModelFact(stored)) return foldModel(stored.event, position, rows);
  if (isAssignmentFact(stored)) return foldAssignment(stored.event, rows);
  if (isCalendarFact(stored)) {
    foldCalendar(stored.event, rows);
    return;
  }
  if (isParticipantFact(stored)) return foldParticipant(stored.event, rows);
  if (isFxQuoteFact(stored)) return foldFxQuote(stored.event, position, rows);
  if (isLogFact(stored)) return foldCheckpoint(stored.event, rows);
  await foldBankFact(stored, rows);
}

/** The rows that most events read: those of a payment's parties. What their windows hold is asked for as it comes up, and is warm after that. */
function* touches({ event }: StoredEvent): Iterable<RowRef> {
  const fact = moneyFactOf(event);
  if (!fact) return;
  for (const { party } of sidesOf(fact.transfers)) {
    const key = [party, fact.currency];
    yield { table: 'positions', key };
    yield { table: 'partyModels', key };
  }
}
