import type { SettlementEvent } from '@tongbao/contracts';
import type { CalculatedAmounts } from './settlement.calculate.js';

/** Characters of JSON that the rows of one event come to: far below the 1 MiB that the store takes in one append, and the topics in one message. */
export const fullAtCharacters = 400_000;

/** Of what is settled less: each of its rows becomes a longer one in an event of the ledger's journal that may be well filled already. */
export const settledAtOnceCharacters = 80_000;

/** What of a calculation is written so far, in slices. */
export interface WrittenSlices {
  count: number;
  /** Of the bilateral view; of the other rows the settlement itself has those that are written. */
  obligations: number;
}

interface Written {
  parties: readonly { party: string }[];
  direct: readonly unknown[];
  slices: WrittenSlices;
}

/**
 * What of a calculation is still to be written. Whoever comes after the last party that is written is: what a party gets follows from nothing but what concerns that
 * party, so it does not matter that others were calculated at another moment. Obligations are those of windows that are closed: always the same ones.
 */
export function unwritten({ parties, obligations, direct = [] }: CalculatedAmounts, { slices, ...written }: Written): CalculatedAmounts {
  const last = written.parties.at(-1)?.party;
  return {
    parties: last === undefined ? parties : parties.filter(({ party }) => party > last),
    obligations: obligations.slice(slices.obligations),
    direct: direct.slice(written.direct.length),
  };
}

/** In their order; the last one is what the event that ends a calculation has. What is small is one. */
export function slicesOf(
  { parties, obligations, direct = [] }: CalculatedAmounts,
  characters: number,
): { slices: CalculatedAmounts[]; last: CalculatedAmounts } {
  const slices: CalculatedAmounts[] = [];
  let last: Required<CalculatedAmounts> = { parties: [], obligations: [], direct: [] };
  let filled = 0;
  const add = <Row>(row: Row, rowsOf: (slice: typeof last) => Row[]) => {
    const length = JSON.stringify(row).length + 1;
    if (filled > 0 && filled + length > characters) {
      slices.push(withoutNothing(last));
      last = { parties: [], obligations: [], direct: [] };
      filled = 0;
    }
    rowsOf(last).push(row);
    filled += length;
  };
  for (const row of parties) add(row, (slice) => slice.parties);
  for (const row of obligations) add(row, (slice) => slice.obligations);
  for (const row of direct) add(row, (slice) => slice.direct);
  return { slices, last: withoutNothing(last) };
}

const withoutNothing = ({ parties, obligations, direct }: Required<CalculatedAmounts>): CalculatedAmounts => ({
  parties,
  obligations,
  ...(direct.length > 0 && { direct }),
});

/** As many of the first rows as come to so many characters, and one at least. */
export function firstRows<Row>(rows: readonly Row[], characters: number): Row[] {
  let filled = 0;
  const end = rows.findIndex((row, index) => {
    filled += JSON.stringify(row).length + 1;
    return index > 0 && filled > characters;
  });
  return end < 0 ? [...rows] : rows.slice(0, end);
}

/** Of events that are written one after another, those that one append takes. */
export const firstEvents = (events: readonly SettlementEvent[]): SettlementEvent[] => firstRows(events, fullAtCharacters);
