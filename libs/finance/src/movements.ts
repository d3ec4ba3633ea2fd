import type { PaymentEvent } from '@tongbao/contracts';
import type { DomainEvent } from '@tongbao/event-store';
import type { FactTransfer } from '@tongbao/settlement';
import type { Cause } from './finance.tables.js';

/** Money that a fact of a payment moves, with what finance tells payments apart by. */
export interface PaymentFact {
  cause: Exclude<Cause, 'entry'>;
  currency: string;
  platform: string;
  provider: string;
  transfers: readonly FactTransfer[];
  /** What came in from payers, or went back to them. */
  captured?: number;
  refunded?: number;
}

type MoneyEvent = Extract<PaymentEvent, { type: (typeof moneyEvents)[number] }>;

const moneyEvents = ['PaymentCaptured', 'PaymentRefunded', 'ConflictResolved', 'DisputeOpened', 'DisputeClosed'] as const;

/** True for what is counted when the fact comes, and so not again when the ledger posts it: only the fact names the platform and the provider. */
export const isCountedAsFact = (kind: string): boolean => moneyEvents.some((each) => each === kind);

const isMoneyEvent = (event: DomainEvent): event is MoneyEvent => isCountedAsFact(event.type);

export function paymentFactOf(event: DomainEvent): PaymentFact | undefined {
  if (!isMoneyEvent(event)) return undefined;
  const { currency, platformId: platform } = event;
  switch (event.type) {
    case 'PaymentCaptured': {
      const { provider, split: transfers, amountMinor: captured } = event;
      return { cause: 'payment', currency, platform, provider, transfers, captured };
    }
    case 'ConflictResolved': {
      const { provider, transfers, amountMinor, resolution } = event;
      return { cause: 'payment', currency, platform, provider, transfers, ...(resolution === 'accepted' && { captured: amountMinor }) };
    }
    case 'PaymentRefunded': {
      const { transfers, amountMinor: refunded } = event;
      return { cause: 'refund', currency, platform, provider: providerIn(transfers), transfers, refunded };
    }
    case 'DisputeOpened':
    case 'DisputeClosed':
      return { cause: 'dispute', currency, platform, provider: providerIn(event.transfers), transfers: event.transfers };
    default:
      return event satisfies never;
  }
}

const providerPrefix = 'provider:';

/** Where the money came from and goes back to: `wallet` for a wallet, as in a capture; empty where no transfer tells. */
export function providerIn(transfers: readonly FactTransfer[]): string {
  for (const { from, to } of transfers) {
    for (const name of [from, to]) {
      if (name.startsWith(providerPrefix)) return name.slice(providerPrefix.length);
      if (name.startsWith('user:')) return 'wallet';
    }
  }
  return '';
}

/** Accounts of which there may be any number are taken together. */
export function nodeOf(account: string): string {
  const kind = manyOfAKind.find((prefix) => account.startsWith(prefix));
  return kind ? `${kind}*` : account;
}

const manyOfAKind = ['user:', 'transit:', 'dispute:'];
