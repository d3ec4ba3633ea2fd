import type { JournalEntry, JournalTransfer } from '@tongbao/contracts';
import type { DomainEvent, StoredEvent } from '@tongbao/event-store';
import { posted, type Fact } from './facts.js';
import type { MemoryLog } from './memory-log.js';

/** The ledger, as far as these specs need one: posts every fact once, in the order of the log, and what operators ask for. */
export class BookKeeper {
  #entries = 0;
  #through = 0n;

  constructor(private readonly log: MemoryLog) {}

  /** Posts what has happened since it was last asked to, and entries of its own, in one batch. */
  post(at: Date, own: Omit<JournalEntry, 'position'>[] = []): void {
    const facts = this.log.events.filter(({ position }) => position > this.#through);
    this.#through = this.log.last;
    const entries = [...facts.flatMap(entriesOf), ...own];
    if (entries.length === 0) return;
    this.log.append('journal-main', posted(this.#entries, entries, this.#through, at), at);
    this.#through = this.log.last;
    this.#entries += entries.length;
  }
}

function entriesOf({ event, position }: StoredEvent): JournalEntry[] {
  const entry = entryOf(event);
  return entry ? [{ kind: event.type, position: String(position), ...entry }] : [];
}

function entryOf(stored: DomainEvent): Pick<JournalEntry, 'ref' | 'transfers'> | undefined {
  // Only these specs write to the log.
  const event = stored as Fact;
  const move = (from: string, to: string, amountMinor: number, currency: string, kind: string): JournalTransfer[] => [
    { from, to, amountMinor, currency, kind },
  ];
  switch (event.type) {
    case 'PaymentCaptured':
      return { ref: event.paymentId, transfers: inBooks(event.split, event.currency) };
    case 'PaymentRefunded':
    case 'DisputeOpened':
    case 'DisputeClosed':
      return { ref: event.paymentId, transfers: inBooks(event.transfers, event.currency) };
    case 'LateCaptureFound':
      return {
        ref: event.paymentId,
        transfers: move(`provider:${event.provider}`, 'hub:suspense', event.amountMinor, event.currency, 'late-capture'),
      };
    case 'LateCaptureRefunded':
      return {
        ref: event.paymentId,
        transfers: move('hub:suspense', `provider:${event.provider}`, event.amountMinor, event.currency, 'late-capture-refund'),
      };
    case 'PayoutInstructed':
      return {
        ref: event.payoutId,
        transfers: move(event.party, `transit:${event.payoutId}`, event.amountMinor, event.currency, 'payout'),
      };
    case 'PayoutConfirmed':
      return {
        ref: event.payoutId,
        transfers:
          event.direction === 'payout'
            ? move(`transit:${event.payoutId}`, 'bank:sandbox', event.amountMinor, event.currency, 'payout')
            : move('bank:sandbox', event.party, event.amountMinor, event.currency, 'collection'),
      };
    case 'PayoutFailed':
      return {
        ref: event.payoutId,
        transfers: move(`transit:${event.payoutId}`, event.party, event.amountMinor, event.currency, 'payout-failed'),
      };
    case 'ProviderFeeBilled':
      return {
        ref: event.billId,
        transfers: move('hub:provider-fees', `provider:${event.provider}`, event.amountMinor, event.currency, 'provider-fee'),
      };
    case 'BankLineRecorded':
      return {
        ref: event.lineId,
        transfers:
          event.match.kind === 'bank_fee'
            ? move('hub:bank-fees', 'bank:sandbox', -event.amountMinor, event.currency, 'bank-fee')
            : move('bank:sandbox', 'hub:suspense', event.amountMinor, event.currency, 'unmatched-bank-line'),
      };
    default:
      return undefined;
  }
}

const inBooks = (split: readonly (Omit<JournalTransfer, 'currency'> & { external?: true })[], currency: string): JournalTransfer[] =>
  split.filter(({ external }) => !external).map(({ from, to, amountMinor, kind }) => ({ from, to, amountMinor, currency, kind }));
