import type { BankLineRecorded, ParticipantEvent } from '@tongbao/contracts';
import { cashOf, putPayout } from './settlement.fold.js';
import type { SettlementRows } from './settlement.rows.js';

/**
 * The bank's statement. A payout leaves transit with its line and not with its confirmation, which is written a moment before: cash and transit fall
 * together, so what is left to be used is never overstated in between.
 */
export async function foldBankLine(event: BankLineRecorded, position: bigint, rows: SettlementRows): Promise<void> {
  const { bank, sequence, lineId, currency, reference, match, bookedAt } = event;
  const amountMinor = BigInt(event.amountMinor);
  rows.put('bankLines', { bank, sequence, lineId, amountMinor, currency, reference, match, bookedAt });
  const cash = await cashOf(rows, bank, currency);
  const lastIncoming = amountMinor > 0n ? position : cash.lastIncoming;
  rows.put('bankCash', { ...cash, cashMinor: cash.cashMinor + amountMinor, lastIncoming });
  if (match.kind !== 'payout' || amountMinor > 0n) return;
  const payout = await rows.require('payouts', match.payoutId);
  if (payout.inTransit && payout.lineId === lineId) await putPayout(payout, { ...payout, inTransit: false }, rows);
}

/** Who the parties are, and where they are paid. Limits, keys and suspensions are the ledger's and the payment service's affair. */
export async function foldParticipant(event: ParticipantEvent, rows: SettlementRows): Promise<void> {
  if (event.type !== 'ParticipantRegistered' && event.type !== 'BankAccountSet') return;
  const { party } = event;
  const known = (await rows.get('payees', party)) ?? { party, name: party, bank: null, accountNumber: null, holder: null };
  if (event.type === 'ParticipantRegistered') rows.put('payees', { ...known, name: event.name });
  else rows.put('payees', { ...known, bank: event.bank, accountNumber: event.accountNumber, holder: event.holder });
}
