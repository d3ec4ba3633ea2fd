import { toSafeInteger } from '@tongbao/money';
import type { PartyLine } from '@tongbao/settlement';

/** What stands above the lines of a party's statement. Amounts are positions: positive, the hub owes the party. */
export interface StatementHead {
  party: string;
  /** As it is registered. */
  name: string;
  currency: string;
  /** The period as it was asked for, in UTC; null where it has no end on that side. */
  from: string | null;
  to: string | null;
  /** The lines are those of the facts at `afterPosition` < position <= `throughPosition` of the log. */
  afterPosition: bigint;
  throughPosition: bigint;
  openingMinor: number;
  closingMinor: number;
}

/** A line and what the position is after it. */
export interface StatementLine extends PartyLine {
  balanceMinor: number;
}

/** All lines of a kind. External ones move nothing. */
export interface KindTotal {
  kind: string;
  lines: number;
  creditMinor: number;
  debitMinor: number;
  external?: true;
}

/** What a line does to the position. */
export const effectOf = ({ external, amountMinor }: PartyLine): bigint => (external ? 0n : BigInt(amountMinor));

/** Adds lines up by their kinds. */
export class KindTotals {
  readonly #totals = new Map<string, { kind: string; external: boolean; lines: number; credit: bigint; debit: bigint }>();

  add({ kind, amountMinor, ...line }: PartyLine): void {
    const external = line.external === true;
    const key = `${kind}\n${external ? 'external' : ''}`;
    const total = this.#totals.get(key) ?? { kind, external, lines: 0, credit: 0n, debit: 0n };
    total.lines += 1;
    if (amountMinor >= 0) total.credit += BigInt(amountMinor);
    else total.debit -= BigInt(amountMinor);
    this.#totals.set(key, total);
  }

  /** By kind. Without the external ones, credits less debits are what the position has changed by. */
  list(): KindTotal[] {
    return [...this.#totals]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { kind, external, lines, credit, debit }]) => ({
        ...{ kind, lines, creditMinor: toSafeInteger(credit), debitMinor: toSafeInteger(debit) },
        ...(external && { external: true as const }),
      }));
  }
}

export const totalsOf = (lines: Iterable<PartyLine>): KindTotal[] => {
  const totals = new KindTotals();
  for (const line of lines) totals.add(line);
  return totals.list();
};
