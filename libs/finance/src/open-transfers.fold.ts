import type { PayoutEvent, PositionEvent, WithdrawalEvent } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import type { FinanceRows } from './finance.rows.js';
import type { RowOf } from './finance.tables.js';

/** Facts of transfers by the bank, and of what platforms pay each other directly. */
export type TransferFact = PayoutEvent | WithdrawalEvent | PositionEvent;

/** After these nothing of it is to come any more. A payout that came back is open again. */
const ends: ReadonlySet<string> = new Set([
  'PayoutConfirmed',
  'PayoutCarried',
  'WithdrawalConfirmed',
  'WithdrawalCancelled',
  'WithdrawalReturned',
]);

/** A transfer is open from when it is asked for until its money is through, or it is given up. */
export async function foldTransfer({ event, createdAt }: StoredEvent<TransferFact>, rows: FinanceRows): Promise<void> {
  if (event.type === 'PayoutLineRefused' || event.type === 'WithdrawalLineRefused') return;
  if ('payoutId' in event) {
    const { payoutId: id, settlementId, party: account, direction } = event;
    return putTransfer({ ...termsOf(event), id, settlementId, account, direction }, event.type, createdAt, rows);
  }
  if ('withdrawalId' in event) {
    const { withdrawalId: id, account } = event;
    return putTransfer({ ...termsOf(event), id, settlementId: null, account, direction: 'withdrawal' }, event.type, createdAt, rows);
  }
  foldObligation(event, createdAt, rows);
}

async function putTransfer(
  transfer: Omit<RowOf<'openTransfers'>, 'status' | 'since'>,
  type: string,
  at: Date,
  rows: FinanceRows,
): Promise<void> {
  if (ends.has(type)) {
    rows.delete('openTransfers', transfer.id);
    return;
  }
  const known = await rows.get('openTransfers', transfer.id);
  rows.put('openTransfers', { ...transfer, status: statusAfter(type), since: known?.since ?? at.toISOString() });
}

const termsOf = ({ amountMinor, currency }: { amountMinor: number; currency: string }) => ({ amountMinor: BigInt(amountMinor), currency });

/** `awaiting_funds` after PayoutAwaitingFunds. */
const statusAfter = (type: string): string =>
  type
    .replace(/^(Payout|Withdrawal)/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toLowerCase();

function foldObligation(event: PositionEvent, at: Date, rows: FinanceRows): void {
  if (event.type === 'ObligationDue') {
    const { obligationId, settlementId, party: debtor, creditor } = event;
    rows.put('dueObligations', { ...termsOf(event), obligationId, settlementId, debtor, creditor, since: at.toISOString() });
  } else if (event.type === 'ObligationPaid' || event.type === 'ObligationCarried') {
    if (event.obligationId !== undefined) rows.delete('dueObligations', event.obligationId);
  }
}
