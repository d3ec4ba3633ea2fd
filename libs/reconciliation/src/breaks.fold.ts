import { proposalIdIn, type BreakChanged, type BreakEvent, type BreakFound } from '@tongbao/contracts';
import { contentIn, differenceOf } from './break.js';
import type { BreakComment } from './reconciliation.tables.js';
import type { ReconciliationRows, RowOf } from './reconciliation.rows.js';

export async function foldBreak(event: BreakEvent, position: bigint, rows: ReconciliationRows): Promise<void> {
  const known = await rows.get('breaks', event.breakId);
  if (event.type === 'BreakFound') {
    rows.put('breaks', {
      ...newBreak(position),
      ...known,
      ...foundIn(event),
      status: 'open',
      proposal: null,
      closing: null,
      explainedBy: null,
    });
    return;
  }
  if (!known) throw new Error(`breaks has no row ${event.breakId}`);
  rows.put('breaks', after(known, event));
}

function after(row: RowOf<'breaks'>, event: Exclude<BreakEvent, BreakFound>): RowOf<'breaks'> {
  switch (event.type) {
    case 'BreakChanged':
      return { ...row, ...foundIn(event), foundAt: row.foundAt, proposal: null };
    case 'BreakExplained': {
      const { runId, day, explainedAt: at } = event;
      return { ...row, status: 'explained', proposal: null, explainedBy: day, closing: { by: 'hub', at, runId, day } };
    }
    case 'BreakAssigned':
      return { ...row, owner: event.owner };
    case 'BreakCommented':
      return commented(row, { text: event.text, by: event.by, at: event.commentedAt });
    case 'BreakResolved': {
      const { note, by, resolvedAt: at } = event;
      return { ...row, status: 'resolved', proposal: null, closing: { by, at, note } };
    }
    case 'BreakCorrectionProposed': {
      const { currency, transfers, note, by, proposedAt } = event;
      return { ...row, proposal: { proposalId: proposalIdIn(event), currency, transfers, note, by, proposedAt } };
    }
    case 'BreakCorrectionRejected':
      return commented({ ...row, proposal: null }, { text: event.note, by: event.by, at: event.rejectedAt });
    case 'BreakCorrected': {
      const { currency, transfers, note, proposedBy, by, correctedAt: at } = event;
      return { ...row, status: 'corrected', proposal: null, closing: { by, at, note, proposedBy, currency, transfers } };
    }
    default:
      return event satisfies never;
  }
}

const commented = (row: RowOf<'breaks'>, comment: BreakComment): RowOf<'breaks'> => ({ ...row, comments: [...row.comments, comment] });

function foundIn(event: BreakFound | BreakChanged) {
  const { ourKey = null, providerRef = null, paymentKey = null, paymentId = null, extra = null, ...content } = contentIn(event);
  const [first] = content.differences;
  const said = content.says[0];
  const currency = first?.currency ?? said?.currency ?? '';
  const whole = differenceOf(event).get(currency) ?? 0;
  // A fee differs though the amount does not; a status moves the whole.
  const differenceMinor = first ? first.amountMinor || -first.feeMinor : whole;
  const { runId, foundAt } = event;
  return {
    ...content,
    ourKey,
    providerRef,
    paymentKey,
    paymentId,
    extra,
    currency,
    differenceMinor: BigInt(differenceMinor),
    runId,
    foundAt,
  };
}

const newBreak = (position: bigint) => ({ owner: null, comments: [], position });
