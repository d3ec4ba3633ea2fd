import { proposalIdIn, type BankLineExplanationEvent, type BankLineRecorded } from '@tongbao/contracts';
import type { ReconciliationRows } from './reconciliation.rows.js';

/** Lines that a provider paid, and those that nobody could explain; the others are settlement's. */
export function foldBankLine(event: BankLineRecorded, position: bigint, rows: ReconciliationRows): void {
  const { bank, lineId, amountMinor, currency, reference, bookedAt, match } = event;
  if (match.kind !== 'provider_payout' && match.kind !== 'unmatched') return;
  rows.put('bankLines', {
    ...{ bank, lineId, amountMinor: BigInt(amountMinor), currency, reference, bookedAt, position, status: 'open' },
    provider: match.kind === 'provider_payout' ? match.provider : null,
    reason: match.kind === 'unmatched' ? match.reason : null,
    ...{ proposal: null, account: null, note: null, explainedBy: null, explainedAt: null },
  });
}

export async function foldExplanation(event: BankLineExplanationEvent, rows: ReconciliationRows): Promise<void> {
  const row = await rows.require('bankLines', event.bank, event.lineId);
  switch (event.type) {
    case 'BankLineExplanationProposed': {
      const { account, note, by, proposedAt: at } = event;
      rows.put('bankLines', { ...row, proposal: { proposalId: proposalIdIn(event), account, note, by, at } });
      return;
    }
    case 'BankLineExplanationRejected':
      rows.put('bankLines', { ...row, proposal: null });
      return;
    case 'BankLineExplained': {
      const { account, note, by: explainedBy, explainedAt } = event;
      rows.put('bankLines', { ...row, status: 'explained', proposal: null, account, note, explainedBy, explainedAt });
      return;
    }
    case 'BankLineClaimed':
      // It is assigned by what follows on the deposit's own stream.
      return;
    default:
      event satisfies never;
  }
}

/** Somebody found out on another way that it is a party's prefunded money. */
export async function foldAssignedDeposit(event: { bank: string; lineId: string }, rows: ReconciliationRows): Promise<void> {
  const row = await rows.get('bankLines', event.bank, event.lineId);
  if (row) rows.put('bankLines', { ...row, status: 'assigned', proposal: null });
}
