import { isClientMoney, type EntriesPosted, type JournalEntry } from '@tongbao/contracts';

/** These bring cover, or money to a party, whatever they move. */
const always: ReadonlySet<string> = new Set(['ObligationPaid', 'CurrencyExchanged', 'ReserveReleased']);
/** These do where money comes to a bank, or leaves what clients have. Payments are none of them: of those there are too many. */
const someOf: ReadonlySet<string> = new Set(['BankLineRecorded', 'BankLineExplained', 'PostEntry', 'ReverseEntry', 'CommitHold']);

/**
 * Currencies in which clients' money may be covered since these entries. It is the entries that count, and not the facts that they post: what the ledger refused
 * before it had them is asked for again, also where that was asked for after the fact.
 */
export const coverGainedBy = ({ entries }: EntriesPosted): ReadonlySet<string> => new Set(entries.flatMap(gainedBy));

function gainedBy({ kind, transfers }: JournalEntry): string[] {
  if (!always.has(kind) && !someOf.has(kind)) return [];
  const brings = ({ from, to }: { from: string; to: string }) =>
    always.has(kind) || (isBank(from) && !isBank(to)) || (isClientMoney(from) && !isClientMoney(to));
  return transfers.filter(brings).map(({ currency }) => currency);
}

/** A bank's balance is what it owes the hub: it falls when money comes in. */
const isBank = (account: string): boolean => account.startsWith('bank:');
