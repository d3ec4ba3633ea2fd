import type { CommandOutcome } from '@tongbao/contracts';
import type { Limits } from './balances.js';
import { Books, type AccountDetails, type AccountStatus, type Hold, type Memory, type RememberedOutcome } from './books.js';

/**
 * Of the parts below and of what a fold makes of the journal. Raise it with every change of either: what an older version wrote is passed over, and the
 * books are folded from the journal's start, once.
 */
export const snapshotVersion = 2;

/** Most of a snapshot, so without names. `ref` is 0 where it is the subject. */
type OutcomeRow = readonly [
  commandId: string,
  contentHash: string,
  command: string,
  subject: string,
  result: CommandOutcome['result'],
  ref?: string | 0 | null,
  entry?: number | null,
  code?: string | null,
  purpose?: string | null,
  by?: string | null,
  index?: number | null,
];

/** Amounts inside what a double tells exactly are numbers, others decimal. */
type Amount = number | string;

/** A part of the books or a piece of one, as JSON. */
export type Part =
  | {
      part: 'balances';
      currency: string;
      rows: (readonly [account: string, posted: Amount, held: Amount, payoutHeld: Amount, net: Amount])[];
    }
  | { part: 'limits'; currency: string; rows: (readonly [account: string, minimumBalance: Amount | null, netDebitCap: Amount | null])[] }
  | { part: 'statuses'; rows: (readonly [account: string, status: AccountStatus])[] }
  | { part: 'details'; rows: (readonly [account: string, details: AccountDetails])[] }
  | { part: 'holds'; rows: Hold[] }
  | { part: 'endedHolds'; rows: string[] }
  | { part: 'outcomes'; rows: OutcomeRow[] }
  | { part: 'corrections'; rows: (readonly [entry: number, correction: 'reversed' | 'corrected'])[] }
  /** Of journal event after journal event, how many entries later than the one before it each begins. */
  | { part: 'firstEntries'; rows: number[] };

/** Books at a revision, as they were however they go on. */
export interface FrozenBooks {
  readonly revision: number;
  readonly nextEntry: number;
  readonly sourcePosition: bigint;
  readonly epoch: number;
  /** Each a `Part` in JSON of hardly more than so many characters. To be read once, at any pace, before `thaw`. */
  texts(characters: number): Generator<string>;
  thaw(): void;
}

/**
 * Freezes books to which from now on only `adopt` is done: balances, of which there may be millions, are copied when they change; the rest is listed here
 * and now.
 * @throws Error for books without a journal event
 */
export function freeze(books: Books): FrozenBooks {
  const { revision, nextEntry, sourcePosition, epoch } = books;
  if (revision === undefined) throw new Error('there is nothing in the books');
  const { currencies, statuses, details, holds, endedHolds, outcomes, corrections, firstEntries } = books.parts;
  const ofCurrencies = [...currencies].flatMap(([currency, book]) => [
    { head: { part: 'balances', currency }, rows: balanceRows(book.freeze()) },
    { head: { part: 'limits', currency }, rows: limitRows([...book.limited()]) },
  ]);
  const parts: { head: object; rows: Iterable<unknown> }[] = [
    ...ofCurrencies,
    { head: { part: 'statuses' }, rows: [...statuses] },
    { head: { part: 'details' }, rows: [...details] },
    { head: { part: 'holds' }, rows: [...holds.values()] },
    { head: { part: 'endedHolds' }, rows: [...endedHolds] },
    { head: { part: 'outcomes' }, rows: outcomeRows([...outcomes.values()]) },
    { head: { part: 'corrections' }, rows: [...corrections] },
    { head: { part: 'firstEntries' }, rows: differences(firstEntries, firstEntries.length) },
  ];
  return {
    revision,
    nextEntry,
    sourcePosition,
    epoch,
    *texts(characters) {
      for (const { head, rows } of parts) yield* piecesOf(head, rows, characters);
    },
    thaw() {
      for (const book of currencies.values()) book.thaw();
    },
  };
}

/** Puts books together again. */
export class Thawing {
  readonly #books: Books;

  constructor(memory?: Memory) {
    this.#books = new Books(memory);
  }

  /** Pieces of a part in the order in which they were written. */
  add(piece: Part): void {
    const { statuses, details, holds, endedHolds, outcomes, corrections, firstEntries, expiries } = this.#books.parts;
    switch (piece.part) {
      case 'balances': {
        const book = this.#books.currency(piece.currency);
        for (const [account, posted, held, payoutHeld, net] of piece.rows)
          book.restore(account, { posted: BigInt(posted), held: BigInt(held), payoutHeld: BigInt(payoutHeld), net: BigInt(net) });
        return;
      }
      case 'limits':
        this.#limit(piece);
        return;
      case 'statuses':
        for (const [account, status] of piece.rows) statuses.set(account, status);
        return;
      case 'details':
        for (const [account, what] of piece.rows) details.set(account, what);
        return;
      case 'holds':
        for (const hold of piece.rows) {
          holds.set(hold.holdId, hold);
          if (hold.status === 'placed' && hold.expiresAt) expiries.add(hold.holdId, Date.parse(hold.expiresAt));
        }
        return;
      case 'endedHolds':
        for (const holdId of piece.rows) endedHolds.add(holdId);
        return;
      case 'outcomes':
        for (const row of piece.rows) outcomes.set(row[0], outcomeOf(row));
        return;
      case 'corrections':
        for (const [entry, correction] of piece.rows) corrections.set(entry, correction);
        return;
      case 'firstEntries':
        for (const difference of piece.rows) firstEntries.push((firstEntries.at(-1) ?? 0) + difference);
        return;
      default:
        throw new Error(`unknown part ${String((piece satisfies never as { part: unknown }).part)}`);
    }
  }

  /** @throws Error when what was added are no whole books */
  finish(at: Pick<FrozenBooks, 'revision' | 'nextEntry' | 'sourcePosition' | 'epoch'>): Books {
    const sums = new Map<string, bigint>();
    for (const { currency, balance } of this.#books.balances()) sums.set(currency, (sums.get(currency) ?? 0n) + balance.posted);
    const unbalanced = [...sums].find(([, sum]) => sum !== 0n);
    if (unbalanced) throw new Error(`the balances of ${unbalanced[0]} sum to ${unbalanced[1]}`);
    if (this.#books.revision !== at.revision) throw new Error(`the books end at event ${this.#books.revision ?? 'none'}`);
    this.#books.goOn(at);
    return this.#books;
  }

  #limit({ currency, rows }: Extract<Part, { part: 'limits' }>): void {
    const book = this.#books.currency(currency);
    for (const [account, minimumBalance, netDebitCap] of rows) {
      book.restoreLimits(account, {
        ...(minimumBalance !== null && { minimumBalance: BigInt(minimumBalance) }),
        ...(netDebitCap !== null && { netDebitCap: BigInt(netDebitCap) }),
      });
    }
  }
}

/** Each an `OutcomeRow`, as JSON has it. */
function* outcomeRows(outcomes: readonly RememberedOutcome[]): Generator<readonly unknown[]> {
  for (const { commandId, contentHash, command, subject, result, ref, entry, code, purpose, by, index, balances, ...none } of outcomes) {
    balances satisfies undefined;
    none satisfies Record<string, never>;
    const row = [commandId, contentHash, command, subject, result, ref === subject ? 0 : ref, entry, code, purpose, by, index];
    yield row.slice(0, row.findLastIndex((each) => each !== undefined) + 1);
  }
}

function outcomeOf([
  commandId,
  contentHash,
  command,
  subject,
  result,
  ref,
  entry,
  code,
  purpose,
  by,
  index,
]: OutcomeRow): RememberedOutcome {
  const outcome: RememberedOutcome = { commandId, contentHash, command, subject, result };
  if (ref !== undefined && ref !== null) outcome.ref = ref === 0 ? subject : ref;
  if (entry !== undefined && entry !== null) outcome.entry = entry;
  if (code) outcome.code = code;
  if (purpose !== undefined && purpose !== null) outcome.purpose = purpose;
  if (by !== undefined && by !== null) outcome.by = by;
  if (index !== undefined && index !== null) outcome.index = index;
  return outcome;
}

function* piecesOf(head: object, rows: Iterable<unknown>, characters: number): Generator<string> {
  const opening = `${JSON.stringify(head).slice(0, -1)},"rows":[`;
  let text = '';
  for (const row of rows) {
    text += text === '' ? opening : ',';
    text += JSON.stringify(row);
    if (text.length < characters) continue;
    yield `${text}]}`;
    text = '';
  }
  if (text !== '') yield `${text}]}`;
}

const amountOf = (amount: bigint): Amount => {
  const number = Number(amount);
  return Number.isSafeInteger(number) ? number : String(amount);
};

function* balanceRows(balances: Iterable<[string, { posted: bigint; held: bigint; payoutHeld: bigint; net: bigint }]>) {
  for (const [account, { posted, held, payoutHeld, net }] of balances)
    yield [account, amountOf(posted), amountOf(held), amountOf(payoutHeld), amountOf(net)];
}

const limitRows = (limits: readonly (readonly [string, Limits])[]) =>
  limits.map(([account, { minimumBalance, netDebitCap }]) => [
    account,
    minimumBalance === undefined ? null : amountOf(minimumBalance),
    netDebitCap === undefined ? null : amountOf(netDebitCap),
  ]);

/** A list that only grows, as long as it was. */
function* differences(numbers: readonly number[], length: number): Generator<number> {
  let before = 0;
  for (let index = 0; index < length; index += 1) {
    const number = numbers[index] ?? before;
    yield number - before;
    before = number;
  }
}
