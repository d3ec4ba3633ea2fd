import type { EntriesPosted } from '@tongbao/contracts';

/** Kinds of entries that may bring money to a bank, or take from what clients are owed: few, beside the payments. */
const kinds: ReadonlySet<string> = new Set(['BankLineRecorded', 'BankLineExplained', 'ObligationPaid', 'CurrencyExchanged', 'PostEntry']);

/**
 * Currencies in which clients' money may be covered since these entries. It is the entries that count, and not the facts that they post: what the ledger refused
 * before it had them is asked for again, also where that was asked for after the fact.
 */
export const coverGainedBy = ({ entries }: EntriesPosted): ReadonlySet<string> =>
  new Set(entries.filter(({ kind }) => kinds.has(kind)).flatMap(({ transfers }) => transfers.map(({ currency }) => currency)));
