import { list, Sums, text, type Json } from './record.js';

const clients = /^(platform|creator|user|liquidity|transit|reserve|dispute):/;
const cash = /^(provider|bank):/;

/** What clients are owed, and the money that is there for it, by currency, after each transfer. */
export class ClientMoney {
  readonly #owed = new Sums();
  readonly #cash = new Sums();

  changed(account: string, currency: string, before: bigint, after: bigint): void {
    if (clients.test(account)) this.#owed.add(currency, positive(after) - positive(before));
    if (cash.test(account)) this.#cash.add(currency, before - after);
  }

  /** Money that leaves for one client must not be another's. */
  uncovered(entry: Json): string[] {
    const currencies = new Set(list(entry, 'transfers').map((transfer) => text(transfer, 'currency')));
    return [...currencies].flatMap((currency) => {
      const [owed, there] = [this.#owed.get(currency), this.#cash.get(currency)];
      return owed <= there
        ? []
        : [`${text(entry, 'kind')} of ${text(entry, 'ref')}: clients are owed ${owed} ${currency} and ${there} are there`];
    });
  }
}

const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n);
