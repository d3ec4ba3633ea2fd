import { canonicalBytes, parseCanonical } from './canonical-json.js';
import type { Opening } from './commitment.js';
import { asLeaf, checkOpening, parseLeaf } from './journal-leaf.parse.js';
import type { JournalLeaf } from './journal-leaf.js';
import { LogRefused, type LogRefusal } from './log-refused.js';
import { leafHash } from './merkle.js';
import { formatReceipt, openReceipt, parseReceipt, type Receipt, type ReceiptResult, type Trust } from './receipt.js';

/**
 * A receipt for an entry of the journal: a tlog-proof whose `extra` is the canonical JSON of `{ leaf, openings }`, so that it can be checked with
 * nothing but the keys. The proof vouches for the leaf, and the leaf's commitments for the openings.
 */
export interface JournalReceipt extends Omit<Receipt, 'extra' | 'index'> {
  /** As `leafOf` gives it. */
  readonly leaf: Uint8Array;
  /** What whoever gets the receipt may know. */
  readonly openings: readonly Opening[];
}

export type JournalReceiptResult =
  | ((ReceiptResult & { valid: true }) & { readonly leaf: JournalLeaf; readonly openings: readonly Opening[] })
  | { readonly valid: false; readonly failure: LogRefusal; readonly detail: string };

export function formatJournalReceipt({ leaf: bytes, openings, proof, checkpoint }: JournalReceipt): string {
  const leaf = parseLeaf(bytes);
  return formatReceipt({ extra: canonicalBytes({ leaf, openings }), index: leaf.entry, proof, checkpoint });
}

/** Checks a receipt, the leaf in it, and all that is opened of the leaf, without asking anybody. */
export function verifyJournalReceipt(receipt: string, trust: Trust): JournalReceiptResult {
  try {
    const { leaf, openings } = parseExtra(parseReceipt(receipt).extra);
    const opened = openReceipt(receipt, leafHash(canonicalBytes(leaf)), trust);
    if (leaf.entry !== opened.index) throw new LogRefused('leaf_entry', `entry ${leaf.entry} stands at ${opened.index}`);
    const wrong = openings.find((opening) => !checkOpening(leaf, opening));
    if (wrong) throw new LogRefused('opening_wrong', `what is said of ${wrong.field} is not what the leaf hides there`);
    return { valid: true, ...opened, leaf, openings };
  } catch (error) {
    if (error instanceof LogRefused) return { valid: false, failure: error.code, detail: error.message };
    throw error;
  }
}

function parseExtra(extra: Uint8Array = new Uint8Array()): { leaf: JournalLeaf; openings: readonly Opening[] } {
  const value = parseCanonical(extra, 'receipt_extra');
  if (!('leaf' in value) || !('openings' in value) || !areOpenings(value.openings)) {
    throw new LogRefused('receipt_extra', 'the extra of a receipt has the leaf and its openings');
  }
  return { leaf: asLeaf(value.leaf), openings: value.openings };
}

const areOpenings = (value: unknown): value is readonly Opening[] => Array.isArray(value) && value.every(isOpening);

const isOpening = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'field' in value &&
  typeof value.field === 'string' &&
  'value' in value &&
  typeof value.value === 'string' &&
  'salt' in value &&
  typeof value.salt === 'string';
