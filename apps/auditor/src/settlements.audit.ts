import { auditCarries } from './carries.audit.js';
import { auditPayouts } from './payouts.audit.js';
import { auditPositions } from './positions.audit.js';
import { integer, list, Sums, text, texts, type Json, type Recorded } from './record.js';
import { auditTold } from './told.audit.js';
import { Windows } from './windows.js';

/** A settlement by its own events. */
export interface Settlement {
  settlementId: string;
  currency: string;
  windowIds: string[];
  /** Rows by party, as far as they are calculated: of very many in slices, the last of which ends the calculation. */
  parties: Json[];
  /** What platforms are to pay each other. */
  direct: Json[];
  slices: number;
  isCalculated: boolean;
  /** What is said to be settled of each party, as far as it is said. */
  settled: Json[];
  isPaying: boolean;
  isSettled: boolean;
  isMarked: boolean;
}

/**
 * Windows, settlements and payouts, computed again from the facts: each side of each transfer lies in one window, a settlement's nets are the sums of its windows, a
 * window is settled once, each payment is told once of what was settled of it, what leaves and comes in is what settlements said, and what a
 * party has in the books is what of its payments no settlement has paid.
 */
export function auditSettlements(
  recorded: readonly Recorded[],
  balances: Sums,
): {
  problems: string[];
  windows: number;
  settlements: number;
  payouts: number;
} {
  const windows = new Windows();
  const settlements = new Map<string, Settlement>();
  const problems: string[] = [];
  for (const event of recorded) {
    windows.follow(event);
    if (event.stream.startsWith('settlement-')) problems.push(...follow(event, settlements, windows));
  }
  const payouts = auditPayouts(recorded, settlements);
  const settled = [...settlements.values()].filter(({ isSettled }) => isSettled);
  return {
    problems: [
      ...windows.problems,
      ...problems,
      ...payouts.problems,
      ...auditCarries(recorded),
      ...auditTold(recorded, settlements, windows),
      ...auditPositions(recorded, settlements, windows, balances),
    ],
    windows: windows.closed.size,
    settlements: settled.length,
    payouts: payouts.payouts,
  };
}

function follow({ type, data }: Recorded, settlements: Map<string, Settlement>, windows: Windows): string[] {
  const settlementId = text(data, 'settlementId');
  if (type === 'SettlementRequested') {
    const about = { settlementId, currency: text(data, 'currency'), windowIds: texts(data, 'windowIds') };
    settlements.set(settlementId, { ...about, parties: [], direct: [], ...unsliced(), isPaying: false, isSettled: false, isMarked: false });
    return [];
  }
  const settlement = settlements.get(settlementId);
  if (!settlement) return [`${settlementId} has ${type} and was never asked for`];
  switch (type) {
    case 'SettlementPartiesCalculated': {
      const isNext = integer(data, 'slice') === BigInt(settlement.slices + 1) && !settlement.isCalculated;
      settlement.slices += 1;
      addRows(settlement, data);
      return isNext ? [] : [`${settlementId} has slice ${integer(data, 'slice')} of its calculation out of turn`];
    }
    case 'SettlementCalculated': {
      const again = settlement.isCalculated ? [`${settlementId} was calculated twice`] : [];
      settlement.isCalculated = true;
      addRows(settlement, data);
      return [...again, ...auditNets(settlement, windows)];
    }
    case 'SettlementPaying':
      settlement.isPaying = true;
      return [];
    case 'SettlementPartiesSettled':
      settlement.settled.push(...list(data, 'parties'));
      return [];
    case 'SettlementSettled': {
      const again = settlement.isSettled ? [`${settlementId} was settled twice`] : [];
      settlement.isSettled = true;
      settlement.settled.push(...list(data, 'parties'));
      const left = settlement.windowIds.filter((windowId) => windows.closed.get(windowId)?.settledBy !== settlementId);
      return [
        ...again,
        ...auditSettled(settlement),
        ...left.map((windowId) => `${settlementId} is settled and has not settled ${windowId}`),
      ];
    }
    case 'PaymentsMarked':
      settlement.isMarked = true;
      return [];
    default:
      return [];
  }
}

const unsliced = (): Pick<Settlement, 'slices' | 'isCalculated' | 'settled'> => ({ slices: 0, isCalculated: false, settled: [] });

function addRows(settlement: Settlement, data: Json): void {
  settlement.parties.push(...list(data, 'parties'));
  settlement.direct.push(...list(data, 'direct'));
}

/** Every party's net is settled as it was calculated, once. */
function auditSettled({ settlementId, parties, settled }: Settlement): string[] {
  const netsOf = (rows: readonly Json[]) => rows.map((row) => `${text(row, 'party')} ${integer(row, 'netMinor')}`).sort();
  const [calculated, said] = [netsOf(parties), netsOf(settled)];
  const isSame = calculated.length === said.length && calculated.every((each, index) => each === said[index]);
  return isSame ? [] : [`${settlementId} settles other nets than it has calculated`];
}

function auditNets({ settlementId, windowIds, parties: rows }: Settlement, windows: Windows): string[] {
  const nets = new Sums();
  const sides = new Sums();
  for (const windowId of windowIds) {
    const window = windows.closed.get(windowId);
    if (!window) return [`${settlementId} was calculated over ${windowId}, which was not closed`];
    for (const [party, amount] of window.nets.entries()) nets.add(party, amount);
    for (const [party, count] of window.sides.entries()) sides.add(party, count);
  }
  const problems: string[] = [];
  const parties = new Set<string>();
  for (const row of rows) {
    const party = text(row, 'party');
    if (parties.has(party)) problems.push(`${settlementId} has ${party} twice`);
    parties.add(party);
    if (integer(row, 'netMinor') !== nets.get(party))
      problems.push(`${settlementId}: ${party} has a net of ${integer(row, 'netMinor')}, its facts come to ${nets.get(party)}`);
    if (integer(row, 'sides') !== sides.get(party))
      problems.push(`${settlementId}: ${party} has ${integer(row, 'sides')} sides, the facts have ${sides.get(party)}`);
    const part = (name: string) => (row[name] === undefined ? 0n : integer(row, name));
    const payable = part('carriedInMinor') + part('netMinor') - part('directMinor') - part('withheldMinor') + part('releasedMinor');
    if (integer(row, 'payableMinor') !== payable)
      problems.push(`${settlementId}: the payable of ${party} is ${integer(row, 'payableMinor')}, its parts come to ${payable}`);
  }
  for (const party of nets.keys()) if (!parties.has(party)) problems.push(`${settlementId} leaves out ${party}`);
  return problems;
}
