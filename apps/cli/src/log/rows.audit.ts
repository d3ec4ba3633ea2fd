import type { EntriesPosted, JournalEntry } from '@tongbao/contracts';
import type { AccountsFold, AccountState } from './accounts.fold.js';
import type { Findings } from './findings.js';
import type { AccountRow, EntryRow, ReadModels } from './read-models.js';

type ExpectedEntry = Omit<EntryRow, 'correctedBy'>;

/** The rows of entries, against the journal; in the order of the entries. */
export class EntriesAudit {
  #expected: ExpectedEntry[] = [];
  #next = 0;
  /** Which entries correct which: a later one may correct any earlier one, so these are compared at the end. */
  readonly #corrections = { expected: new Map<number, number[]>(), found: new Map<number, readonly number[]>() };
  /** Entries that cannot be read: nothing is known of their rows. */
  readonly #unread: { first: number; end: number }[] = [];
  compared = 0;

  constructor(
    private readonly rows: ReadModels,
    private readonly findings: Findings,
  ) {}

  passOver(first: number, end: number): void {
    this.#unread.push({ first, end });
  }

  async add(event: EntriesPosted, revision: number): Promise<void> {
    for (const [at, entry] of event.entries.entries()) {
      const number = event.firstEntry + at;
      // Rows are asked for by their range.
      if (number !== this.#next) await this.#compare();
      this.#next = number + 1;
      this.#expected.push(expectedOf(entry, number, revision, event.postedAt));
      const { corrects } = entry;
      if (corrects !== undefined) this.#corrections.expected.set(corrects, [...(this.#corrections.expected.get(corrects) ?? []), number]);
      if (this.#expected.length >= this.rows.entriesAtOnce) await this.#compare();
    }
  }

  /** @param size of the journal as it was read: rows of later entries may be there by now */
  async end(size: number, isInJournal: (entry: number) => Promise<boolean>): Promise<void> {
    await this.#compare();
    const { expected, found } = this.#corrections;
    for (const number of new Set([...expected.keys(), ...found.keys()])) {
      if (this.#isUnread(number)) continue;
      const known = (found.get(number) ?? []).filter((correction) => correction < size && !this.#isUnread(correction));
      this.findings.addDifferences(
        'entry_row_differs',
        `entry ${number}`,
        { correctedBy: expected.get(number) ?? [] },
        { correctedBy: known },
      );
    }
    for (const number of await this.rows.entriesFrom(size))
      if (!(await isInJournal(number))) this.findings.add({ finding: 'entry_row_extra', at: `entry ${number}` });
  }

  #isUnread(number: number): boolean {
    return this.#unread.some(({ first, end }) => number >= first && number < end);
  }

  async #compare(): Promise<void> {
    const expected = this.#expected;
    this.#expected = [];
    const [first, last] = [expected[0], expected.at(-1)];
    if (!first || !last) return;
    const found = new Map((await this.rows.entries(first.number, last.number + 1)).map((row) => [row.number, row]));
    for (const entry of expected) this.#compareRow(entry, found.get(entry.number));
  }

  #compareRow(expected: ExpectedEntry, row: EntryRow | undefined): void {
    this.compared += 1;
    const at = `entry ${expected.number}`;
    if (!row) {
      this.findings.add({ finding: 'entry_row_missing', at });
      return;
    }
    const { correctedBy, ...found } = row;
    if (correctedBy.length > 0) this.#corrections.found.set(row.number, correctedBy);
    this.findings.addDifferences(
      'entry_row_differs',
      at,
      found.position === undefined ? { ...expected, position: undefined } : expected,
      found,
    );
  }
}

const expectedOf = (entry: JournalEntry, number: number, revision: number, postedAt: string): ExpectedEntry => ({
  ...{ number, revision, postedAt },
  kind: storable(entry.kind),
  ref: storable(entry.ref),
  position: entry.position ?? null,
  transfers: entry.transfers.map(({ from, to, amountMinor, currency, kind }) => ({
    ...{ amountMinor, currency },
    ...{ from: storable(from), to: storable(to), kind: storable(kind) },
  })),
  corrects: entry.corrects ?? null,
  note: entry.note === undefined ? null : storable(entry.note),
});

/** PostgreSQL stores no NUL and no half of a surrogate pair; rows have U+FFFD in their place. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed();

/** The rows of accounts, against the balances that the journal comes to. */
export class AccountsAudit {
  readonly #seen = new Set<string>();
  /** Rows that later journal events have changed, by the revision that they say. */
  readonly #later = new Map<number, AccountRow[]>();
  compared = 0;

  constructor(
    private readonly rows: ReadModels,
    private readonly accounts: AccountsFold,
    private readonly findings: Findings,
  ) {}

  /** Reads all rows; those that are as old as the balances are compared. @returns the newest revision that one says */
  async start(): Promise<number> {
    for await (const page of this.rows.accounts()) {
      for (const row of page) {
        this.#seen.add(keyOf(row));
        if (row.revision <= this.accounts.revision) this.#compare(row);
        else this.#later.set(row.revision, [...(this.#later.get(row.revision) ?? []), row]);
      }
    }
    for (const { account, currency } of this.accounts.all())
      if (!this.#seen.has(keyOf({ account, currency })))
        this.findings.add({ finding: 'account_row_missing', at: `${account} ${currency}` });
    return Math.max(this.accounts.revision, ...this.#later.keys());
  }

  /** The balances have come to the next revision. */
  reached(revision: number): void {
    for (const row of this.#later.get(revision) ?? []) this.#compare(row);
    this.#later.delete(revision);
  }

  /** There are no more journal events. */
  end(): void {
    for (const row of [...this.#later.values()].flat()) {
      const at = `${row.account} ${row.currency}`;
      this.findings.add({
        finding: 'account_row_differs',
        at,
        field: 'revision',
        expected: `at most ${this.accounts.revision}`,
        found: row.revision,
      });
    }
  }

  #compare(row: AccountRow): void {
    this.compared += 1;
    const at = `${row.account} ${row.currency}`;
    const state = this.accounts.get(row.account, row.currency);
    if (!state) {
      this.findings.add({ finding: 'account_row_extra', at });
      return;
    }
    const expected = expectedRow(state, this.accounts.statusOf(row.account));
    // What a source does not show, or the journal says nothing of, is not compared.
    const names = Object.keys(expected).filter((name) => valueOf(row, name) !== undefined && valueOf(expected, name) !== undefined);
    const [wanted, found] = [expected, row].map((of) => Object.fromEntries(names.map((name) => [name, valueOf(of, name)])));
    this.findings.addDifferences('account_row_differs', at, wanted, found);
  }
}

const valueOf = (row: AccountRow, name: string): unknown => Reflect.get(row, name);

const keyOf = ({ account, currency }: Pick<AccountRow, 'account' | 'currency'>): string => `${currency} ${account}`;

const decimalOrNull = (amount: number | undefined): string | null => (amount === undefined ? null : String(amount));

const expectedRow = (state: AccountState, status: string | undefined): AccountRow => ({
  account: state.account,
  currency: state.currency,
  status,
  postedMinor: String(state.posted),
  heldMinor: String(state.held),
  netMinor: String(state.net),
  debitedMinor: String(state.debited),
  payoutHeldMinor: String(state.payoutHeld),
  minimumBalanceMinor: decimalOrNull(state.limits?.minimumBalanceMinor),
  netDebitCapMinor: decimalOrNull(state.limits?.netDebitCapMinor),
  entries: state.entries,
  revision: state.revision,
  changedAt: state.changedAt,
});
