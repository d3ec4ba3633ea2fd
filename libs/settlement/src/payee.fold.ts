import type { BankAccountApproved, ParticipantEvent, PayeeAccount } from '@tongbao/contracts';
import { payoutAccountOf, type PayoutAccount } from './payout.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';

/** Who the parties are, and where they are paid. Limits, keys and suspensions are the ledger's and the payment service's affair. */
export async function foldParticipant(event: ParticipantEvent, rows: SettlementRows): Promise<void> {
  const { party } = event;
  const known = (await rows.get('payees', party)) ?? { party, name: party, account: null, next: null };
  switch (event.type) {
    case 'ParticipantRegistered':
      rows.put('payees', { ...known, name: event.name });
      return;
    case 'BankAccountSet':
      rows.put('payees', { ...known, account: accountOf(event), next: null });
      return;
    case 'BankAccountApproved': {
      const { proposalId, approvedAt, inForceAt } = event;
      const next = { proposalId, account: accountOf(event), inForceAt };
      rows.put('payees', { ...known, account: accountInForce(known, approvedAt), next });
      return;
    }
    case 'BankAccountChangeStopped':
      rows.put('payees', known.next?.proposalId === event.proposalId ? { ...known, next: null } : known);
      return;
    default:
      return;
  }
}

/** Where a party is paid at a time; null while it has named nothing that another person has approved. */
export const accountInForce = ({ account, next }: Pick<RowOf<'payees'>, 'account' | 'next'>, at: string): PayeeAccount | null =>
  next && next.inForceAt <= at ? next.account : account;

/** An account as a payout goes to it. */
export function toPayoutAccount({ accountNumber, holder, bic, clearing, mandate }: PayeeAccount): PayoutAccount {
  const route = { ...(bic !== undefined && { bic }), ...(clearing && { clearing }), ...(mandate && { mandate }) };
  return payoutAccountOf({ accountNumber, holder, ...(Object.keys(route).length > 0 && { route }) });
}

const accountOf = ({ bank, accountNumber, holder, bic, clearing, mandate }: PayeeAccount | BankAccountApproved): PayeeAccount => ({
  bank,
  accountNumber,
  holder,
  ...(bic !== undefined && { bic }),
  ...(clearing && { clearing }),
  ...(mandate && { mandate }),
});
