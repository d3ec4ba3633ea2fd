import type { ParticipantEvent } from '@tongbao/contracts';
import { load, type EventStore, type Fold } from '@tongbao/event-store';
import { accountInForce, anyCurrency, toPayoutAccount } from './payee.accounts.js';
import { accountOf } from './payee.fold.js';
import type { PayoutAccount } from './payout.js';
import type { RowOf } from './settlement.rows.js';

/** Where a party is paid, and which accounts it has ended, as its own stream tells it; by currency. */
type PayeePlaces = ReadonlyMap<string, Place>;

interface Place extends Pick<RowOf<'payeeAccounts'>, 'account' | 'next'> {
  ended: ReadonlySet<string>;
}

const nowhere: Place = { account: null, next: null, ended: new Set() };

export const payeeFold: Fold<PayeePlaces, ParticipantEvent> = { initial: new Map(), evolve };

function evolve(places: PayeePlaces, event: ParticipantEvent): PayeePlaces {
  switch (event.type) {
    case 'BankAccountSet':
      return new Map(places).set(anyCurrency, { ...nowhere, account: accountOf(event) });
    case 'BankAccountApproved': {
      const { currency = anyCurrency, proposalId, approvedAt, inForceAt } = event;
      const known = places.get(currency) ?? nowhere;
      const next = { proposalId, account: accountOf(event), inForceAt };
      // Somebody has verified it anew.
      const ended = new Set([...known.ended].filter((accountNumber) => accountNumber !== event.accountNumber));
      return new Map(places).set(currency, { account: accountInForce(known, approvedAt), next, ended });
    }
    case 'BankAccountChangeStopped': {
      const { currency = anyCurrency, proposalId } = event;
      const known = places.get(currency) ?? nowhere;
      return known.next?.proposalId === proposalId ? new Map(places).set(currency, { ...known, next: null }) : places;
    }
    case 'BankAccountEnded': {
      const { ended } = places.get(event.currency) ?? nowhere;
      return new Map(places).set(event.currency, { ...nowhere, ended: new Set(ended).add(event.accountNumber) });
    }
    default:
      return places;
  }
}

/**
 * Where money that was asked for to an account goes instead, since that has been ended.
 * @returns undefined where the account has not been ended; null where the party has no other one for the currency
 */
export function insteadOf(accountNumber: string, places: PayeePlaces, currency: string, at: string): PayoutAccount | null | undefined {
  const own = places.get(currency) ?? nowhere;
  if (!own.ended.has(accountNumber)) return undefined;
  const account = accountInForce(own, at) ?? accountInForce(places.get(anyCurrency) ?? nowhere, at);
  if (!account) return null;
  // The same one may serve all currencies.
  return account.accountNumber === accountNumber ? undefined : toPayoutAccount(account);
}

/** By the party's own stream: whoever was told that an account is ended is sure of it. */
export async function accountInstead(
  store: EventStore,
  party: string,
  { accountNumber, currency }: { accountNumber: string; currency: string },
  at: string,
): Promise<{ account?: PayoutAccount | null }> {
  const { state } = await load(store, `participant-${party}`, payeeFold);
  const account = insteadOf(accountNumber, state, currency, at);
  return account === undefined ? {} : { account };
}
