import type { BankLineRecorded } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { foldBankFile, foldInstruction, foldPayoutRun } from './bank-file.fold.js';
import {
  isBankFact,
  isBankFileFact,
  isBankLineFact,
  isDepositFact,
  isInstructionFact,
  isPayoutFact,
  isPayoutRunFact,
  isWithdrawalFact,
} from './facts.js';
import { cashOf, foldBankPause, foldDeposit, foldPayout, foldWithdrawal, putPayout, putWithdrawal } from './payout.fold.js';
import type { SettlementRows } from './settlement.rows.js';
import { isWithdrawalId } from './withdrawal.js';

/** What goes out and comes in by the bank; nothing of what is no such fact. */
export async function foldBankFact(stored: StoredEvent, rows: SettlementRows): Promise<void> {
  const { position } = stored;
  if (isPayoutFact(stored)) return foldPayout(stored, rows);
  if (isWithdrawalFact(stored)) return foldWithdrawal(stored, rows);
  if (isBankLineFact(stored)) return foldBankLine(stored.event, position, rows);
  if (isInstructionFact(stored)) return foldInstruction(stored.event, position, rows);
  if (isPayoutRunFact(stored)) return foldPayoutRun(stored.event, position, rows);
  if (isBankFileFact(stored)) return foldBankFile(stored.event, position, rows);
  if (isDepositFact(stored)) return foldDeposit(stored.event, rows);
  if (isBankFact(stored)) foldBankPause(stored.event, rows);
}

/**
 * The bank's statement. A payout leaves transit with its line and not with its confirmation, which is written a moment before: cash and transit fall
 * together, so what is left to be used is never overstated in between.
 */
async function foldBankLine(event: BankLineRecorded, position: bigint, rows: SettlementRows): Promise<void> {
  const { bank, sequence, lineId, currency, reference, accountNumber = null, key = null, match, bookedAt } = event;
  const amountMinor = BigInt(event.amountMinor);
  rows.put('bankLines', { bank, sequence, lineId, amountMinor, currency, reference, accountNumber, key, match, bookedAt });
  const cash = await cashOf(rows, bank, currency);
  rows.put('bankCash', { ...cash, cashMinor: cash.cashMinor + amountMinor });
  if (match.kind !== 'payout' || amountMinor > 0n) return;
  if (isWithdrawalId(match.payoutId)) {
    const withdrawal = await rows.require('withdrawals', match.payoutId);
    if (withdrawal.inTransit && withdrawal.lineId === lineId) await putWithdrawal(withdrawal, { ...withdrawal, inTransit: false }, rows);
    return;
  }
  const payout = await rows.require('payouts', match.payoutId);
  if (payout.inTransit && payout.lineId === lineId) await putPayout(payout, { ...payout, inTransit: false }, rows);
}
