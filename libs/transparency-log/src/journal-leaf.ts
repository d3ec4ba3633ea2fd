import type { KeyObject } from 'node:crypto';
import type { EntriesPosted, JournalEntry } from '@tongbao/contracts';
import { commit, saltOf, type Commitment, type Opening } from './commitment.js';

/** An entry of the journal with what its leaf says besides. */
export interface NumberedEntry extends JournalEntry {
  /** Its number, which is the index of its leaf. */
  readonly entry: number;
  /** Of its batch. */
  readonly postedAt: string;
  /** Who posted it: `fact`, `service`, or `operator:<name>`. */
  readonly by: string;
}

/** What a leaf hides: what sort of thing it is, and the commitment to all of it. */
export interface Hidden {
  readonly class: string;
  readonly commitment: Commitment;
}

/**
 * The leaf of an entry, version 1; its bytes are the canonical JSON (RFC 8785) of this, in UTF-8. It never changes: a new need is a new version.
 * A text that stands for itself is in clear; what could lead to a person is an object with a commitment.
 */
export interface JournalLeaf {
  readonly v: 1;
  readonly entry: number;
  /** The fact or command that it posts. */
  readonly kind: string | Hidden;
  readonly postedAt: string;
  /** Place in the hub's log of the fact that it posts; decimal. */
  readonly position?: string;
  readonly by: string | Hidden;
  /** What it is about. */
  readonly ref: Commitment;
  /** An operator's reason. */
  readonly note?: Commitment;
  /** Number of the entry that it corrects. */
  readonly corrects?: number;
  readonly transfers: readonly LeafTransfer[];
}

export interface LeafTransfer {
  readonly from: string | Hidden;
  readonly to: string | Hidden;
  readonly amountMinor: number;
  readonly currency: string;
  readonly kind: string | Hidden;
}

/** The entries of a journal event, numbered. */
export function numberedEntries(event: EntriesPosted): NumberedEntry[] {
  const commands = new Map(event.outcomes.flatMap(({ entry, by }) => (entry === undefined ? [] : [[entry, by ?? 'service'] as const])));
  let command = 'service';
  return event.entries.map((each, at) => {
    const entry = event.firstEntry + at;
    // Of linked commands the outcome names the first entry; the others follow it.
    command = commands.get(entry) ?? command;
    return { ...each, entry, postedAt: event.postedAt, by: each.position === undefined ? command : 'fact' };
  });
}

/** Accounts that belong to no person: the hub's own, providers, banks, platforms, and what is held back or prefunded of a platform. */
const clearAccount =
  /^(?:(?:hub|provider|bank|platform)(?::[A-Za-z0-9_.-]{1,70}){1,2}|(?:reserve|liquidity):platform:[A-Za-z0-9_.-]{1,64})$/;
/** A word, as kinds are; free text, which an operator may have typed, is none. */
const clearWord = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const classes = ['user', 'creator', 'transit', 'dispute', 'reserve', 'liquidity'];

const isClearActor = (by: string): boolean => by === 'fact' || by === 'service';
const classOfAccount = (account: string): string => classes.find((each) => account.startsWith(`${each}:`)) ?? 'other';

/** Makes what stands in a leaf for a value of a field. */
interface Fields {
  account(field: string, name: string): string | Hidden;
  word(field: string, word: string): string | Hidden;
  actor(by: string): string | Hidden;
  secret(field: string, value: string): Commitment;
}

/** `secret` is called for every field that is hidden, in the order in which they stand in `leafObject`. */
const fieldsBy = (secret: Fields['secret']): Fields => ({
  secret,
  account: (field, name) => (clearAccount.test(name) ? name : { class: classOfAccount(name), commitment: secret(field, name) }),
  word: (field, word) => (clearWord.test(word) ? word : { class: 'text', commitment: secret(field, word) }),
  actor: (by) => (isClearActor(by) ? by : { class: by.startsWith('operator:') ? 'operator' : 'other', commitment: secret('by', by) }),
});

/** Members stand in the order of canonical JSON, and what is undefined is left out of it. */
function leafObject({ entry, position, corrects, note, ...of }: NumberedEntry, fields: Fields): JournalLeaf {
  const kind = fields.word('kind', of.kind);
  const by = fields.actor(of.by);
  const ref = fields.secret('ref', of.ref);
  const hiddenNote = note === undefined ? undefined : fields.secret('note', note);
  const transfers = of.transfers.map((transfer, n): LeafTransfer => {
    const from = fields.account(`transfers/${n}/from`, transfer.from);
    const to = fields.account(`transfers/${n}/to`, transfer.to);
    const { amountMinor, currency } = transfer;
    return { amountMinor, currency, from, kind: fields.word(`transfers/${n}/kind`, transfer.kind), to };
  });
  return { by, corrects, entry, kind, note: hiddenNote, position, postedAt: of.postedAt, ref, transfers, v: 1 };
}

/**
 * The bytes of an entry's leaf. At most 100 transfers make fewer than 65,535 of them.
 * @param key as `commitmentKey` gives it
 */
export function leafOf(entry: NumberedEntry, key: KeyObject): Uint8Array {
  const secret: Fields['secret'] = (field, value) => commit(saltOf(key, entry.entry, field), value);
  // Every payment costs a leaf: to sort its members, which are sorted, would take half of the time.
  return Buffer.from(JSON.stringify(leafObject(entry, fieldsBy(secret))));
}

/** What the leaf of an entry hides, field by field: each can be shown alone. */
export function openings(entry: NumberedEntry, key: KeyObject): Opening[] {
  const found: Opening[] = [];
  const secret: Fields['secret'] = (field, value) => {
    found.push({ field, value: value.toWellFormed(), salt: saltOf(key, entry.entry, field).toString('base64url') });
    return '';
  };
  leafObject(entry, fieldsBy(secret));
  return found;
}
