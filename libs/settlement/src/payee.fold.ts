import type { BankAccountApproved, ParticipantEvent, PayeeAccount } from '@tongbao/contracts';
import { accountInForce, anyCurrency } from './payee.accounts.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';

/** Who the parties are, and where they are paid. Limits, keys and suspensions are the ledger's and the payment service's affair. */
export async function foldParticipant(event: ParticipantEvent, rows: SettlementRows): Promise<void> {
  const { party } = event;
  switch (event.type) {
    case 'ParticipantRegistered':
      rows.put('payees', { party, name: event.name });
      return;
    case 'BankAccountSet':
      rows.put('payeeAccounts', { party, currency: anyCurrency, account: accountOf(event), next: null });
      return;
    case 'BankAccountApproved': {
      const { proposalId, approvedAt, inForceAt } = event;
      const known = await knownAccount(event, rows);
      const next = { proposalId, account: accountOf(event), inForceAt };
      rows.put('payeeAccounts', { ...known, account: accountInForce(known, approvedAt), next });
      return;
    }
    case 'BankAccountChangeStopped': {
      const known = await knownAccount(event, rows);
      if (known.next?.proposalId === event.proposalId) rows.put('payeeAccounts', { ...known, next: null });
      return;
    }
    case 'BankAccountEnded':
      rows.put('payeeAccounts', { party, currency: event.currency, account: null, next: null });
      return;
    default:
      return;
  }
}

async function knownAccount(
  { party, currency = anyCurrency }: { party: string; currency?: string },
  rows: SettlementRows,
): Promise<RowOf<'payeeAccounts'>> {
  return (await rows.get('payeeAccounts', party, currency)) ?? { party, currency, account: null, next: null };
}

export const accountOf = ({ bank, accountNumber, holder, bic, clearing, mandate }: PayeeAccount | BankAccountApproved): PayeeAccount => ({
  bank,
  accountNumber,
  holder,
  ...(bic !== undefined && { bic }),
  ...(clearing && { clearing }),
  ...(mandate && { mandate }),
});
