import { proposalIdIn, type BankEvent, type DepositEvent, type PayoutEvent, type WithdrawalEvent } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { carryBack } from './carry.fold.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';

/** Payouts and collections, and the part of the cash at the bank that is on its way out with them. */
export async function foldPayout({ event, position, createdAt }: StoredEvent<PayoutEvent>, rows: SettlementRows): Promise<void> {
  const { payoutId, party, currency, direction } = event;
  const amountMinor = BigInt(event.amountMinor);
  if (event.type === 'PayoutRequested') {
    const { settlementId, bank, accountNumber, holder, route = null, requestedAt } = event;
    const terms = { payoutId, settlementId, party, direction, amountMinor, currency, bank, accountNumber, holder, route, requestedAt };
    const { attempt = 0, lineId = null, inTransit = false, instructedAt = null } = (await rows.get('payouts', payoutId)) ?? {};
    const asked = { status: 'requested', code: null, note: null, requestedPosition: position };
    rows.put('payouts', { ...terms, ...asked, attempt, lineId, inTransit, instructedAt });
    return;
  }
  const payout = await rows.require('payouts', payoutId);
  if (event.type === 'PayoutCarried')
    await carryBack({ model: event.model, currency }, event, direction === 'payout' ? amountMinor : -amountMinor, rows);
  await putPayout(payout, payoutAfter(payout, event, createdAt.toISOString()), rows);
}

function payoutAfter(payout: RowOf<'payouts'>, event: Exclude<PayoutEvent, { type: 'PayoutRequested' }>, at: string): RowOf<'payouts'> {
  switch (event.type) {
    case 'PayoutHeld':
      return { ...payout, status: 'held', code: null };
    case 'PayoutRefused':
      return { ...payout, status: 'refused', code: event.code };
    case 'PayoutAwaitingProof':
      return { ...payout, status: 'awaiting_proof' };
    case 'PayoutAwaitingFunds':
      return { ...payout, status: 'awaiting_funds' };
    case 'PayoutAwaitingAccount':
      return { ...payout, status: 'awaiting_account' };
    case 'PayoutInstructed': {
      const inTransit = payout.direction === 'payout';
      const { accountNumber, holder, route = null } = event;
      return {
        ...payout,
        accountNumber,
        holder,
        route,
        status: 'instructed',
        attempt: event.attempt,
        code: null,
        inTransit,
        instructedAt: at,
      };
    }
    case 'PayoutConfirmed':
      return { ...payout, status: 'confirmed', lineId: event.lineId };
    case 'PayoutFailed':
      return { ...payout, status: 'failed', code: event.code, note: event.note ?? null, inTransit: false };
    case 'PayoutReturned':
      return { ...payout, status: 'returned' };
    case 'PayoutCarried':
      return { ...payout, status: 'carried' };
    // Its lines tell.
    case 'PayoutLineRefused':
      return payout;
    default:
      return event satisfies never;
  }
}

/** The one that serves instead of one that was ended; the first release did not say any. */
const accountAfter = (
  { accountNumber: asked, holder: askedHolder, route: askedRoute }: RowOf<'withdrawals'>,
  { accountNumber, holder, route }: Extract<WithdrawalEvent, { type: 'WithdrawalInstructed' }>,
): Pick<RowOf<'withdrawals'>, 'accountNumber' | 'holder' | 'route'> =>
  accountNumber === undefined || holder === undefined
    ? { accountNumber: asked, holder: askedHolder, route: askedRoute }
    : { accountNumber, holder, route: route ?? null };

/** Withdrawals, and the part of the cash at the bank that is on its way out with them. */
export async function foldWithdrawal({ event, position, createdAt }: StoredEvent<WithdrawalEvent>, rows: SettlementRows): Promise<void> {
  const { withdrawalId } = event;
  if (event.type === 'WithdrawalRequested') {
    const { account, amountMinor, currency, bank, accountNumber, holder, route = null, requestedBy, requestedAt } = event;
    const known = await rows.get('withdrawals', withdrawalId);
    const { attempt = 0, lineId = null, inTransit = false, instructedAt = null, approvedBy = null } = known ?? {};
    rows.put('withdrawals', {
      ...{
        withdrawalId,
        account,
        amountMinor: BigInt(amountMinor),
        currency,
        bank,
        accountNumber,
        holder,
        route,
        requestedBy,
        requestedAt,
      },
      ...{ status: 'requested', code: null, note: null, requestedPosition: position },
      ...{ attempt, lineId, inTransit, instructedAt, approvedBy },
    });
    return;
  }
  const withdrawal = await rows.require('withdrawals', withdrawalId);
  await putWithdrawal(withdrawal, withdrawalAfter(withdrawal, event, createdAt.toISOString()), rows);
}

function withdrawalAfter(
  withdrawal: RowOf<'withdrawals'>,
  event: Exclude<WithdrawalEvent, { type: 'WithdrawalRequested' }>,
  at: string,
): RowOf<'withdrawals'> {
  switch (event.type) {
    case 'WithdrawalHeld':
      return { ...withdrawal, status: 'held', code: null };
    case 'WithdrawalRefused':
      return { ...withdrawal, status: 'refused', code: event.code };
    case 'WithdrawalApproved':
      return { ...withdrawal, approvedBy: event.by };
    case 'WithdrawalAwaitingFunds':
      return { ...withdrawal, status: 'awaiting_funds' };
    case 'WithdrawalAwaitingAccount':
      return { ...withdrawal, status: 'awaiting_account' };
    case 'WithdrawalInstructed':
      return {
        ...withdrawal,
        ...accountAfter(withdrawal, event),
        status: 'instructed',
        attempt: event.attempt,
        code: null,
        inTransit: true,
        instructedAt: at,
      };
    case 'WithdrawalConfirmed':
      return { ...withdrawal, status: 'confirmed', lineId: event.lineId };
    case 'WithdrawalFailed':
      return { ...withdrawal, status: 'failed', code: event.code, note: event.note ?? null, inTransit: false };
    case 'WithdrawalReturned':
      return { ...withdrawal, status: 'returned' };
    case 'WithdrawalCancelled':
      return { ...withdrawal, status: 'cancelled', note: event.reason };
    // Its lines tell.
    case 'WithdrawalLineRefused':
      return withdrawal;
    default:
      return event satisfies never;
  }
}

/** Puts the payout, and keeps the bank's amount in transit to it. */
export async function putPayout(before: RowOf<'payouts'>, after: RowOf<'payouts'>, rows: SettlementRows): Promise<void> {
  rows.put('payouts', after);
  if (before.inTransit !== after.inTransit) await moveTransit(after, rows);
}

/** As `putPayout`. */
export async function putWithdrawal(before: RowOf<'withdrawals'>, after: RowOf<'withdrawals'>, rows: SettlementRows): Promise<void> {
  rows.put('withdrawals', after);
  if (before.inTransit !== after.inTransit) await moveTransit(after, rows);
}

async function moveTransit(
  { bank, currency, inTransit, amountMinor }: Pick<RowOf<'payouts'>, 'bank' | 'currency' | 'inTransit' | 'amountMinor'>,
  rows: SettlementRows,
): Promise<void> {
  const cash = await cashOf(rows, bank, currency);
  rows.put('bankCash', { ...cash, transitMinor: cash.transitMinor + (inTransit ? amountMinor : -amountMinor) });
}

export async function cashOf(rows: SettlementRows, bank: string, currency: string): Promise<RowOf<'bankCash'>> {
  return (await rows.get('bankCash', bank, currency)) ?? { bank, currency, cashMinor: 0n, transitMinor: 0n };
}

/** Whether a bank is paused, by whom and why. */
export function foldBankPause(event: BankEvent, rows: SettlementRows): void {
  const { bank } = event;
  if (event.type === 'PayoutsResumed') rows.put('banks', { bank, pausedBy: null, pausedAt: null, reason: null });
  else rows.put('banks', { bank, pausedBy: event.by, pausedAt: event.pausedAt, reason: event.reason });
}

/** Whose money a line in suspense is said to be. */
export async function foldDeposit(event: DepositEvent, rows: SettlementRows): Promise<void> {
  const { depositId } = event;
  if (event.type === 'LiquidityAssignmentProposed') {
    const { bank, lineId, party, amountMinor, currency, by, note } = event;
    const what = { depositId, bank, lineId, party, amountMinor: BigInt(amountMinor), currency };
    rows.put('deposits', { ...what, status: 'proposed', proposalId: proposalIdIn(event), proposedBy: by, note, decidedBy: null });
    return;
  }
  const deposit = await rows.require('deposits', depositId);
  const status = event.type === 'LiquidityAssigned' ? 'assigned' : 'rejected';
  rows.put('deposits', { ...deposit, status, decidedBy: event.by });
}
