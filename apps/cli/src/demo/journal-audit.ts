import { isNetted, isParty, type EntriesPosted, type JournalEntry } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';

const journal = 'journal-main';
const pageSize = 500;

/** What the journal comes to for one account in one currency. */
export interface AccountSum {
  account: string;
  currency: string;
  balanceMinor: bigint;
  /** Of a party: what payments and corrections moved. The rest of its balance are payouts and collections. */
  earnedMinor: bigint;
}

/** The books added up once more, from the journal itself and by nothing of the hub's own code. */
export class JournalAudit {
  readonly #sums = new Map<string, AccountSum>();
  #entries = 0;

  get entries(): number {
    return this.#entries;
  }

  get accounts(): AccountSum[] {
    return [...this.#sums.values()];
  }

  balanceOf(account: string, currency: string): bigint {
    return this.#sums.get(`${currency} ${account}`)?.balanceMinor ?? 0n;
  }

  earnedBy(party: string, currency: string): bigint {
    return this.#sums.get(`${currency} ${party}`)?.earnedMinor ?? 0n;
  }

  add(event: EntriesPosted): void {
    for (const entry of event.entries) this.#post(entry);
    this.#entries += event.entries.length;
  }

  #post(entry: JournalEntry): void {
    for (const { from, to, amountMinor, currency } of entry.transfers) {
      this.#move(from, currency, -BigInt(amountMinor), isNetted(entry));
      this.#move(to, currency, BigInt(amountMinor), isNetted(entry));
    }
  }

  #move(account: string, currency: string, amount: bigint, netted: boolean): void {
    const key = `${currency} ${account}`;
    const sum = this.#sums.get(key) ?? { account, currency, balanceMinor: 0n, earnedMinor: 0n };
    this.#sums.set(key, sum);
    sum.balanceMinor += amount;
    if (netted && isParty(account)) sum.earnedMinor += amount;
  }
}

/** Reads the whole journal from the event store. */
export async function auditJournal(store: EventStore): Promise<JournalAudit> {
  const audit = new JournalAudit();
  for (let from = 0; ; from += pageSize) {
    const page = await store.read<EntriesPosted>(journal, { from, limit: pageSize });
    for (const { event } of page) audit.add(event);
    if (page.length < pageSize) return audit;
  }
}
