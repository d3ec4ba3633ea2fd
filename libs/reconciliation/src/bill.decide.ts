import type { BillImported, BillReceived } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import type { BillState } from './bill.js';
import type { BillEvent } from './facts.js';

/** What a reading of the file came to. */
export type ReadBill = Omit<BillImported, 'type' | 'billId' | 'provider' | 'bill' | 'day' | 'importedAt'>;

export type BillCommand =
  | { type: 'ReceiveBill'; received: Omit<BillReceived, 'type'> }
  | { type: 'RecordImport'; read: ReadBill; now: string }
  | { type: 'AcceptBill'; by: string; note: string; now: string };

export type BillRefusal = 'not_found' | 'already_exists' | 'state_conflict' | 'four_eyes';

export type BillDecision = Decision<BillEvent, BillRefusal>;

/** Refusals in their order: not_found, already_exists, state_conflict, four_eyes. What is done already is done. */
export function decideBill(command: BillCommand, state: BillState): BillDecision {
  if (command.type === 'ReceiveBill') return receive(command.received, state);
  if (state.status === 'none') return { refused: 'not_found' };
  const { billId, provider, bill, day } = state.received;
  const reference = { billId, provider, bill, day };
  switch (command.type) {
    case 'RecordImport': {
      if (state.status !== 'received') return { events: [] };
      return { events: [{ type: 'BillImported', ...reference, ...command.read, importedAt: command.now }] };
    }
    case 'AcceptBill': {
      const { by, note, now } = command;
      if (state.status !== 'unfit') return { refused: 'state_conflict' };
      if (by === state.received.by) return { refused: 'four_eyes' };
      return { events: [{ type: 'BillAccepted', ...reference, by, note, acceptedAt: now }] };
    }
    default:
      return command satisfies never;
  }
}

/** The id is made of the content and of what it is given as: what may differ is the payout's amount, which is nobody's to change. */
function receive(received: Omit<BillReceived, 'type'>, state: BillState): BillDecision {
  if (state.status === 'none') return { events: [{ type: 'BillReceived', ...received }] };
  const [before, now] = [state.received.payout, received.payout];
  const isSame = before?.amountMinor === now?.amountMinor && before?.currency === now?.currency;
  return isSame ? { events: [] } : { refused: 'already_exists' };
}
