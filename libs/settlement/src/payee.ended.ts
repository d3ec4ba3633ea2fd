import type { ParticipantEvent, PayeeAccount } from '@tongbao/contracts';
import { load, type EventStore, type Fold } from '@tongbao/event-store';
import { accountInForce, anyCurrency, toPayoutAccount } from './payee.accounts.js';
import { accountOf } from './payee.fold.js';
import type { PayoutAccount } from './payout.js';
import type { RowOf } from './settlement.rows.js';

/** Where a party is paid, and which accounts it has ended, as its own stream tells it; by currency. */
type PayeePlaces = ReadonlyMap<string, Place>;

interface Place extends Pick<RowOf<'payeeAccounts'>, 'account' | 'next'> {
  /** Also one that was approved anew: it may still cool, or be stopped. */
  ended: ReadonlySet<string>;
  endedLast: PayeeAccount | null;
}

const nowhere: Place = { account: null, next: null, ended: new Set(), endedLast: null };

export const payeeFold: Fold<PayeePlaces, ParticipantEvent> = { initial: new Map(), evolve };

function evolve(places: PayeePlaces, event: ParticipantEvent): PayeePlaces {
  switch (event.type) {
    case 'BankAccountSet':
      return new Map(places).set(anyCurrency, { ...nowhere, account: accountOf(event) });
    case 'BankAccountApproved': {
      const { currency = anyCurrency, proposalId, approvedAt, inForceAt } = event;
      const known = places.get(currency) ?? nowhere;
      const next = { proposalId, account: accountOf(event), inForceAt };
      return new Map(places).set(currency, { ...known, account: accountInForce(known, approvedAt), next });
    }
    case 'BankAccountChangeStopped': {
      const { currency = anyCurrency, proposalId } = event;
      const known = places.get(currency) ?? nowhere;
      return known.next?.proposalId === proposalId ? new Map(places).set(currency, { ...known, next: null }) : places;
    }
    case 'BankAccountEnded': {
      const { currency, accountNumber, endedAt } = event;
      const known = places.get(currency) ?? nowhere;
      const ended = new Set(known.ended).add(accountNumber);
      return new Map(places).set(currency, { ...nowhere, ended, endedLast: accountInForce(known, endedAt) ?? known.endedLast });
    }
    default:
      return places;
  }
}

/**
 * Where money that was asked for to an account goes instead, since that has been ended: what is in force by now, be it the same one, approved anew.
 * @returns undefined where the account has not been ended; null where nothing is in force for the currency
 */
export function insteadOf(accountNumber: string, places: PayeePlaces, currency: string, at: string): PayoutAccount | null | undefined {
  const own = places.get(currency) ?? nowhere;
  if (!own.ended.has(accountNumber)) return undefined;
  const account = accountInForce(own, at) ?? accountInForce(places.get(anyCurrency) ?? nowhere, at);
  // The same number may be reached another way by now.
  return account && toPayoutAccount(account);
}

/** The account that a party was paid to last in a currency, where that has been ended: what is asked for to it waits until there is another one. */
export async function endedAccount(store: EventStore, party: string, currency: string): Promise<PayoutAccount | undefined> {
  const { state } = await load(store, participantStream(party), payeeFold);
  const account = state.get(currency)?.endedLast;
  return account ? toPayoutAccount(account) : undefined;
}

const participantStream = (party: string): string => `participant-${party}`;

/** By the party's own stream: whoever was told that an account is ended is sure of it. */
export async function accountInstead(
  store: EventStore,
  party: string,
  { accountNumber, currency }: { accountNumber: string; currency: string },
  at: string,
): Promise<{ account?: PayoutAccount | null }> {
  const { state } = await load(store, participantStream(party), payeeFold);
  const account = insteadOf(accountNumber, state, currency, at);
  return account === undefined ? {} : { account };
}
