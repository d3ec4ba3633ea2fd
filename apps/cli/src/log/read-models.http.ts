import type { JournalTransfer } from '@tongbao/contracts';
import { Refused, type HubClient } from '../hub-client.js';
import type { AccountRow, EntryRow, ReadModels } from './read-models.js';

/** What `GET /v1/ledger/accounts` has of each; absent = none. */
interface AccountSummary {
  account: string;
  currency: string;
  status: string;
  postedMinor: number;
  heldMinor: number;
  netMinor: number;
  minimumBalanceMinor?: number;
  netDebitCapMinor?: number;
  entries: number;
  revision: number;
  changedAt: string;
}

/** What `GET /v1/ledger/entries/{number}` has. Its `position` is that of the answer. */
interface EntryView {
  number: number;
  revision: number;
  kind: string;
  ref: string;
  transfers: JournalTransfer[];
  corrects?: number;
  correctedBy?: number[];
  note?: string;
  postedAt: string;
}

const pageSize = 500;

/** The rows as the finance API shows them to an operator. */
export class HttpReadModels implements ReadModels {
  /** Each is a request of its own; so many are under way at once. */
  readonly entriesAtOnce = 32;

  constructor(private readonly hub: HubClient) {}

  async behind(position: bigint): Promise<string | undefined> {
    try {
      await this.hub.get('/v1/ledger/accounts', { limit: 1, atLeast: String(position) });
      return undefined;
    } catch (error) {
      if (error instanceof Refused && error.code === 'unavailable') return error.detail;
      throw error;
    }
  }

  async entries(begin: number, end: number): Promise<EntryRow[]> {
    const numbers = Array.from({ length: end - begin }, (_, at) => begin + at);
    const rows = await Promise.all(numbers.map((number) => this.#entry(number)));
    return rows.filter((row) => row !== undefined);
  }

  async entriesFrom(begin: number): Promise<number[]> {
    return (await this.entries(begin, begin + 1)).map(({ number }) => number);
  }

  async *accounts(): AsyncGenerator<readonly AccountRow[]> {
    let cursor: string | undefined;
    do {
      const page: { items: AccountSummary[]; next?: string } = await this.hub.get('/v1/ledger/accounts', { limit: pageSize, cursor });
      yield page.items.map(accountRow);
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** The command's context closes the connection. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #entry(number: number): Promise<EntryRow | undefined> {
    try {
      return entryRow(await this.hub.get<EntryView>(`/v1/ledger/entries/${number}`));
    } catch (error) {
      if (error instanceof Refused && error.code === 'entry_not_found') return undefined;
      throw error;
    }
  }
}

const decimalOrNull = (amount: number | undefined): string | null => (amount === undefined ? null : String(amount));

const accountRow = ({ postedMinor, heldMinor, netMinor, minimumBalanceMinor, netDebitCapMinor, ...row }: AccountSummary): AccountRow => ({
  ...row,
  postedMinor: String(postedMinor),
  heldMinor: String(heldMinor),
  netMinor: String(netMinor),
  minimumBalanceMinor: decimalOrNull(minimumBalanceMinor),
  netDebitCapMinor: decimalOrNull(netDebitCapMinor),
});

const entryRow = ({ number, revision, kind, ref, transfers, corrects, correctedBy, note, postedAt }: EntryView): EntryRow => ({
  ...{ number, revision, kind, ref, transfers, postedAt },
  corrects: corrects ?? null,
  correctedBy: correctedBy ?? [],
  note: note ?? null,
});
