import { signed } from './iso-values.js';
import type { EntryDetail, StatementEntry } from './statement.js';

/** Money that one transaction has moved on the account. */
export interface Movement {
  readonly entry: StatementEntry;
  /** `undefined`: the entry as a whole. */
  readonly detail: EntryDetail | undefined;
  /** Positive: came in; negative: went out. */
  readonly amountMinor: number;
  readonly currency: string;
  /** As the payer gave it; a bank's `NOTPROVIDED` is none. */
  readonly endToEndId: string | undefined;
}

export type Expansion = { readonly movements: readonly Movement[]; readonly trouble?: 'details_without_amount' | 'details_differ' };

/**
 * An entry as the transactions that it is made of. Their sum is always the entry's amount: where the bank's details do not come to it, or lack amounts, the
 * entry stays whole, and `trouble` says why.
 */
export function expand(entry: StatementEntry): Expansion {
  const { details } = entry;
  const total = signed(entry.amountMinor, entry.direction);
  const [only] = details;
  if (only === undefined) return { movements: [movement(entry, undefined, total)] };
  if (details.length === 1 && only.amountMinor === undefined) return { movements: [movement(entry, only, total)] };
  const amounts = details.map(({ amountMinor, direction = entry.direction }) =>
    amountMinor === undefined ? undefined : signed(amountMinor, direction),
  );
  const whole = [movement(entry, details.length === 1 ? only : undefined, total)];
  let sum = 0n;
  const movements: Movement[] = [];
  for (const [index, amountMinor] of amounts.entries()) {
    if (amountMinor === undefined) return { movements: whole, trouble: 'details_without_amount' };
    sum += BigInt(amountMinor);
    movements.push(movement(entry, details[index], amountMinor));
  }
  return sum === BigInt(total) ? { movements } : { movements: whole, trouble: 'details_differ' };
}

/** The transactions of an entry; see `expand`. */
export const movementsOf = (entry: StatementEntry): readonly Movement[] => expand(entry).movements;

function movement(entry: StatementEntry, detail: EntryDetail | undefined, amountMinor: number): Movement {
  const given = detail?.references.endToEndId;
  const endToEndId = given === undefined || given.trim().toUpperCase() === 'NOTPROVIDED' ? undefined : given;
  return { entry, detail, amountMinor, currency: entry.currency, endToEndId };
}
