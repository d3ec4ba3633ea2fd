import { integer, optionalText, text, type Json, type Recorded } from './record.js';
import type { Settlement } from './settlements.audit.js';

/** A payout, collection or withdrawal by its own events. */
interface Order {
  id: string;
  amount: bigint;
  isCollection: boolean;
  story: string[];
  /** Of the bank, that confirm it or take it back: what they must say. */
  lines: { lineId: string; amount: bigint }[];
  problems: string[];
}

/**
 * Money that leaves by the bank or is collected: instructed and confirmed at most once each time, confirmed by a line of the bank that says the same and confirms
 * nothing else, and as the settlement said, neither left out nor added.
 */
export function auditPayouts(
  recorded: readonly Recorded[],
  settlements: ReadonlyMap<string, Settlement>,
): { problems: string[]; payouts: number } {
  const orders = ordersOf(recorded);
  const problems = [...orders.values()].flatMap((order) => [...order.problems, ...auditStory(order)]);
  return { problems: [...problems, ...auditLines(recorded, orders), ...auditAsked(orders, settlements)], payouts: orders.size };
}

function ordersOf(recorded: readonly Recorded[]): Map<string, Order> {
  const orders = new Map<string, Order>();
  for (const { type, data, stream } of recorded) {
    const id = idOf(stream);
    if (id === undefined) continue;
    const amount = integer(data, 'amountMinor');
    const order = orders.get(id) ?? { id, amount, isCollection: data['direction'] === 'collection', story: [], lines: [], problems: [] };
    orders.set(id, order);
    if (amount !== order.amount) order.problems.push(`${id} was for ${order.amount} and is for ${amount}`);
    // Says something of a line, and nothing of how far the order is.
    if (!type.endsWith('LineRefused')) order.story.push(type);
    const isReturn = type.endsWith('Returned');
    if (type.endsWith('Confirmed') || isReturn)
      order.lines.push({ lineId: text(data, 'lineId'), amount: isReturn !== order.isCollection ? amount : -amount });
  }
  return orders;
}

/** A payout goes out by its line and comes back by another; a collection the other way. */
function auditLines(recorded: readonly Recorded[], orders: ReadonlyMap<string, Order>): string[] {
  const problems: string[] = [];
  const lines = new Map<string, Json>();
  for (const { type, data } of recorded) {
    if (type !== 'BankLineRecorded') continue;
    if (lines.has(text(data, 'lineId'))) problems.push(`the bank's line ${text(data, 'lineId')} was recorded twice`);
    lines.set(text(data, 'lineId'), data);
  }
  const taken = new Map<string, string>();
  for (const { id, lines: own } of orders.values())
    for (const { lineId, amount } of own) {
      const line = lines.get(lineId);
      if (!line) problems.push(`${id} rests on the line ${lineId}, which was not recorded`);
      else if (integer(line, 'amountMinor') !== amount || optionalText(line, 'key') !== id)
        problems.push(`${id} rests on ${lineId}, of ${integer(line, 'amountMinor')} for ${String(line['key'])}, and needs ${amount}`);
      if (taken.has(lineId)) problems.push(`the bank's line ${lineId} was taken for ${taken.get(lineId) ?? ''} and for ${id}`);
      taken.set(lineId, id);
    }
  return problems;
}

function auditAsked(orders: ReadonlyMap<string, Order>, settlements: ReadonlyMap<string, Settlement>): string[] {
  const problems: string[] = [];
  const known = new Set([...settlements.values()].flatMap(exchangedIdsOf));
  for (const settlement of settlements.values())
    for (const { id, amount, isByBank } of movesOf(settlement)) {
      if (!isByBank) continue;
      known.add(id);
      const order = orders.get(id);
      if (order && order.amount !== amount) problems.push(`${id} is for ${order.amount}, the settlement says ${amount}`);
      if (settlement.isSettled && !isDone(order?.story)) problems.push(`${id} is settled and is ${order?.story.at(-1) ?? 'nowhere'}`);
    }
  const more = [...orders.keys()].filter((id) => !id.startsWith('wdr_') && !known.has(id));
  return [...problems, ...more.map((id) => `${id} is no payout of a settlement that pays`)];
}

const idOf = (stream: string): string | undefined => /^(?:payout|withdrawal)-(.+)$/.exec(stream)?.[1];

const isDone = (story: readonly string[] | undefined): boolean =>
  ['PayoutConfirmed', 'PayoutCarried', 'PayoutReturned'].includes(story?.at(-1) ?? '');

/** What is paid in another currency than it was earned in is for an amount that the settlement itself does not say. */
const isExchanged = (row: Json): boolean => row['payIn'] !== undefined;

const exchangedIdsOf = ({ settlementId, parties }: Settlement): string[] =>
  parties.filter(isExchanged).map((row) => `${settlementId}_${text(row, 'party').replace(':', '.')}`);

export interface Move {
  /** The payout's, as docs name it. */
  id: string;
  party: string;
  amount: bigint;
  direction: 'payout' | 'collection';
  isByBank: boolean;
}

/** What a settlement that pays moves. */
export function movesOf({ settlementId, parties, isPaying }: Settlement): Move[] {
  if (!isPaying) return [];
  return parties
    .filter((row) => !isExchanged(row))
    .flatMap((row) => {
      const party = text(row, 'party');
      const id = `${settlementId}_${party.replace(':', '.')}`;
      // An object, by the contract.
      const legs = row['legs'] as { received: Json; paid: Json } | undefined;
      const [credit, debit] = legs ? [legs.received, legs.paid] : [row, row];
      const owed = integer(debit, 'payableMinor');
      const isByBank = row['collectBy'] !== 'liquidity';
      const out: Move = { id, party, amount: integer(credit, 'payableMinor'), direction: 'payout', isByBank: true };
      const back: Move = { id: legs ? `collection_${id}` : id, party, amount: legs ? owed : -owed, direction: 'collection', isByBank };
      return [...(credit['action'] === 'pay_out' ? [out] : []), ...(debit['action'] === 'collect' ? [back] : [])];
    });
}

/** Money may go out again only after the bank failed or returned it. */
function auditStory({ id, story }: Order): string[] {
  const problems: string[] = [];
  let out = 0;
  let confirmed = 0;
  for (const type of story) {
    if (type.endsWith('Instructed')) out += 1;
    if (type.endsWith('Confirmed')) confirmed += 1;
    if (type.endsWith('Failed') || type.endsWith('Returned')) {
      out -= 1;
      if (type.endsWith('Returned')) confirmed -= 1;
    }
    if (out > 1) problems.push(`${id} was instructed while it was on its way: ${story.join(', ')}`);
    if (confirmed > 1) problems.push(`${id} was confirmed twice: ${story.join(', ')}`);
  }
  return problems;
}
