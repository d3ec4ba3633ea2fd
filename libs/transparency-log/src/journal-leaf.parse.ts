import { parseCanonical } from './canonical-json.js';
import { commit, type Commitment, type Opening } from './commitment.js';
import type { Hidden, JournalLeaf, LeafTransfer } from './journal-leaf.js';
import { LogRefused } from './log-refused.js';

/** What must hold of the members of an object, and which of them may be missing. */
interface Shape {
  readonly members: Readonly<Record<string, (value: unknown) => boolean>>;
  readonly optional?: readonly string[];
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isCommitment = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);
const isClearOrHidden = (value: unknown): boolean => isString(value) || has(hiddenShape, value);

const hiddenShape: Shape = { members: { class: isString, commitment: isCommitment } };

const transferShape: Shape = {
  members: {
    from: isClearOrHidden,
    to: isClearOrHidden,
    amountMinor: isCount,
    currency: isString,
    kind: isClearOrHidden,
  },
};

const leafShape: Shape = {
  members: {
    v: (value) => value === 1,
    entry: isCount,
    kind: isClearOrHidden,
    postedAt: isString,
    position: isString,
    by: isClearOrHidden,
    ref: isCommitment,
    note: isCommitment,
    corrects: isCount,
    transfers: (value) => Array.isArray(value) && value.every((each) => has(transferShape, each)),
  },
  optional: ['position', 'note', 'corrects'],
};

function has({ members, optional = [] }: Shape, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(value);
  const known = entries.every(([name, member]) => Object.hasOwn(members, name) && members[name]?.(member));
  return known && Object.keys(members).every((name) => optional.includes(name) || Object.hasOwn(value, name));
}

const isLeaf = (value: unknown): value is JournalLeaf => has(leafShape, value);

/** A leaf from its bytes. @throws LogRefused `leaf_malformed` for what is no leaf of version 1, or not its canonical form */
export const parseLeaf = (bytes: Uint8Array): JournalLeaf => asLeaf(parseCanonical(bytes, 'leaf_malformed'));

/** What was read is a leaf. @throws LogRefused `leaf_malformed` */
export function asLeaf(value: unknown): JournalLeaf {
  if (!isLeaf(value)) throw new LogRefused('leaf_malformed', 'this is not a leaf of version 1');
  return value;
}

/** True when the opening shows what a field of this leaf hides. */
export function checkOpening(leaf: JournalLeaf, { field, value, salt }: Opening): boolean {
  const bytes = Buffer.from(salt, 'base64url');
  return bytes.length === 32 && bytes.toString('base64url') === salt && commitmentAt(leaf, field) === commit(bytes, value);
}

function commitmentAt(leaf: JournalLeaf, field: string): Commitment | undefined {
  switch (field) {
    case 'ref':
    case 'note':
      return leaf[field];
    case 'kind':
    case 'by':
      return hiddenIn(leaf[field]);
    default: {
      const [, n, side] = /^transfers\/(0|[1-9]\d*)\/(from|to|kind)$/.exec(field) ?? [];
      // The pattern lets nothing else through.
      return hiddenIn(leaf.transfers[Number(n)]?.[side as keyof Pick<LeafTransfer, 'from' | 'to' | 'kind'>]);
    }
  }
}

const hiddenIn = (value: string | Hidden | undefined): Commitment | undefined => (typeof value === 'object' ? value.commitment : undefined);
