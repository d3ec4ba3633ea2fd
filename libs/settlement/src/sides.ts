import { isMoneyFactKind, isParty, type BankLineExplained, type MoneyFactKind, type Party, type PaymentEvent } from '@tongbao/contracts';
import type { DomainEvent } from '@tongbao/event-store';
import { sumMinor, toSafeInteger } from '@tongbao/money';

/** A transfer as facts carry it; an external one was collected by the platform's own merchant account and is neither posted nor netted. */
export interface FactTransfer {
  from: string;
  to: string;
  amountMinor: number;
  kind: string;
  external?: true;
}

/** A fact of a payment, or of a line of our bank that turned out to be a party's, that moves money between parties. */
export interface MoneyFact {
  /** The event's type; the ledger's entry for it bears the same. */
  kind: MoneyFactKind;
  /** Of a line of our bank, its own id. */
  paymentId: string;
  currency: string;
  transfers: readonly FactTransfer[];
}

/** What a party has of a transfer: positive, it received; negative, it paid. */
export interface Side {
  party: Party;
  amountMinor: number;
  kind: string;
  counterparty: string;
  external?: true;
}

/** What of an event the windows net, or undefined. A conflict counts from when an operator accepts it: its split is posted then. */
export function moneyFactOf(event: DomainEvent): MoneyFact | undefined {
  if (!isMoneyFact(event)) return undefined;
  if (event.type === 'BankLineExplained') {
    const { type: kind, bank, lineId, currency, transfers } = event;
    return { kind, paymentId: `${bank}:${lineId}`, currency, transfers };
  }
  const { type: kind, paymentId, currency } = event;
  switch (event.type) {
    case 'PaymentRefunded':
    case 'DisputeOpened':
    case 'DisputeClosed':
      return { kind, paymentId, currency, transfers: event.transfers };
    case 'ConflictResolved':
      return event.resolution === 'accepted' ? { kind, paymentId, currency, transfers: event.split } : undefined;
    default:
      return { kind, paymentId, currency, transfers: event.split };
  }
}

const isMoneyFact = (event: DomainEvent): event is Extract<PaymentEvent | BankLineExplained, { type: MoneyFactKind }> =>
  isMoneyFactKind(event.type);

/** Both sides of each transfer, where they are a party's. */
export function* sidesOf(transfers: Iterable<FactTransfer>): Generator<Side> {
  for (const { from, to, amountMinor, kind, external } of transfers) {
    // The ledger drops these, too: both count the same sides.
    if (from === to || amountMinor === 0) continue;
    if (isParty(from)) yield { party: from, amountMinor: -amountMinor, kind, counterparty: to, ...(external && { external }) };
    if (isParty(to)) yield { party: to, amountMinor, kind, counterparty: from, ...(external && { external }) };
  }
}

/** The sides that count for a window: all but those of external transfers. */
export function* nettedSidesOf(transfers: Iterable<FactTransfer>): Generator<Side> {
  for (const side of sidesOf(transfers)) if (!side.external) yield side;
}

/** One net for each party, in the order in which they appear. */
export function netsByParty(sides: Iterable<Side>): { party: Party; netMinor: number }[] {
  const amounts = new Map<Party, number[]>();
  for (const { party, amountMinor } of sides) {
    const known = amounts.get(party);
    if (known) known.push(amountMinor);
    else amounts.set(party, [amountMinor]);
  }
  return [...amounts].map(([party, parts]) => ({ party, netMinor: toSafeInteger(sumMinor(parts)) }));
}
