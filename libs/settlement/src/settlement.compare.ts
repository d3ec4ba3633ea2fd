import type { SettlementMismatched } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import type { PartyAmounts } from './settlement.calculate.js';

/** What a party's sides come to in a window, by the facts and by the ledger. */
export interface PartyNet extends PartyAmounts {
  ledgerMinor: bigint;
  ledgerSides: number;
  /** Sides of the ledger that mend the posting of a fact: there are more or fewer of them than of the fact's own. */
  mendedSides: number;
}

/** The parties whose net by the facts is not the ledger's movement of the same facts; none when the books agree. */
export function differencesOf(nets: readonly PartyNet[]): SettlementMismatched['differences'] {
  const totals = new Map<string, { net: bigint; ledger: bigint; sides: number; ledgerSides: number; mended: number }>();
  for (const { party, receivedMinor, paidMinor, sides, ledgerMinor, ledgerSides, mendedSides } of nets) {
    const total = totals.get(party) ?? { net: 0n, ledger: 0n, sides: 0, ledgerSides: 0, mended: 0 };
    totals.set(party, {
      net: total.net + receivedMinor - paidMinor,
      ledger: total.ledger + ledgerMinor,
      sides: total.sides + sides,
      ledgerSides: total.ledgerSides + ledgerSides,
      mended: total.mended + mendedSides,
    });
  }
  return [...totals]
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .filter(([, { net, ledger, sides, ledgerSides, mended }]) => net !== ledger || (sides !== ledgerSides && mended === 0))
    .map(([party, { net, ledger, sides, ledgerSides }]) => ({
      party,
      netMinor: toSafeInteger(net),
      ledgerMinor: toSafeInteger(ledger),
      sides,
      ledgerSides,
    }));
}
