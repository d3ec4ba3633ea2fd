import type { StoredEvent } from '@tongbao/event-store';
import type { Projection, Rows } from '@tongbao/read-model';
import { foldAssignedDeposit, foldBankLine, foldExplanation } from './bank-lines.fold.js';
import { foldBill, foldPayoutMatch, foldRun, foldTerms } from './bills.fold.js';
import { foldBreak } from './breaks.fold.js';
import {
  isAssignedDeposit,
  isBankLineFact,
  isBillFact,
  isBreakFact,
  isExplanationFact,
  isPayoutMatchFact,
  isRunFact,
  isTermsFact,
} from './facts.js';
import { ReconciliationRows } from './reconciliation.rows.js';
import { reconciliationTables } from './reconciliation.tables.js';

/** Its own facts; checkpoints of the transparency log and windows only to know where in the log an hour begins. No payments: those are read when they are compared. */
export const reconciliationCategories = ['reconciliation', 'deposit', 'log', 'window'] as const;

/** Bills, runs, breaks, and lines of our bank statements that wait to be explained. */
export const reconciliationProjection: Projection = {
  name: 'reconciliation',
  version: 2,
  categories: reconciliationCategories,
  tables: reconciliationTables,
  *touches({ createdAt }) {
    yield { table: 'timeMarks', key: [hourOf(createdAt)] };
  },
  async apply(stored: StoredEvent, rows: Rows): Promise<void> {
    const typed = new ReconciliationRows(rows);
    await foldFact(stored, typed);
    await markTime(stored, typed);
  },
};

async function foldFact(stored: StoredEvent, rows: ReconciliationRows): Promise<void> {
  const { position } = stored;
  if (isTermsFact(stored)) foldTerms(stored.event, rows);
  else if (isBillFact(stored)) await foldBill(stored.event, position, rows);
  else if (isRunFact(stored)) await foldRun(stored.event, position, rows);
  else if (isBreakFact(stored)) await foldBreak(stored.event, position, rows);
  else if (isPayoutMatchFact(stored)) await foldPayoutMatch(stored.event, rows);
  else if (isBankLineFact(stored)) foldBankLine(stored.event, position, rows);
  else if (isExplanationFact(stored)) await foldExplanation(stored.event, rows);
  else if (isAssignedDeposit(stored)) await foldAssignedDeposit(stored.event, rows);
}

const hourOf = (at: Date): string => at.toISOString().slice(0, 13);

/** The first of each hour: all that was written in the hour after it has a later place. */
async function markTime({ createdAt, position }: StoredEvent, rows: ReconciliationRows): Promise<void> {
  const hour = hourOf(createdAt);
  if (!(await rows.get('timeMarks', hour))) rows.put('timeMarks', { hour, position, at: createdAt.toISOString() });
}
