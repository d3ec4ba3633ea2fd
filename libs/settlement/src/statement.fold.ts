import { isNetted, mendsPosting, type MoneyFactKind, type PayoutEvent } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { sumMinor } from '@tongbao/money';
import { isJournalFact, isPayoutFact, isPositionFact } from './facts.js';
import { positionTransfers } from './position.transfers.js';
import type { SettlementRows } from './settlement.rows.js';
import { moneyFactOf, sidesOf, type FactTransfer } from './sides.js';
import { encodeMovement, type PartyMovement } from './statement-lines.js';

/** A chunk has so many movements: its row is written anew with every batch that adds to it, and stays small enough not to be stored out of line. */
const movementsPerChunk = 32;

type Sides = PartyMovement['sides'];

/** Each party's statement: every movement of its position, in log order, and the position that they come to. */
export async function foldStatement(stored: StoredEvent, rows: SettlementRows): Promise<void> {
  const { position, createdAt } = stored;
  for (const { currency, ref, byParty } of movementsOf(stored)) {
    for (const [party, sides] of byParty) await addMovement(party, currency, { position, at: createdAt, ref, sides }, rows);
  }
}

async function addMovement(party: string, currency: string, movement: PartyMovement, rows: SettlementRows): Promise<void> {
  const position = (await rows.get('positions', party, currency)) ?? { party, currency, balanceMinor: 0n, movements: 0 };
  const chunk = Math.floor(position.movements / movementsPerChunk);
  const isFirst = position.movements % movementsPerChunk === 0;
  const known = isFirst ? undefined : await rows.require('statementChunks', party, currency, chunk);
  rows.put('statementChunks', {
    party,
    currency,
    chunk,
    openingMinor: known?.openingMinor ?? position.balanceMinor,
    firstPosition: known?.firstPosition ?? movement.position,
    lines: (known?.lines ?? '') + encodeMovement(movement),
  });
  const effect = sumMinor(movement.sides.map(({ external, amountMinor }) => (external ? 0 : amountMinor)));
  rows.put('positions', { ...position, balanceMinor: position.balanceMinor + effect, movements: position.movements + 1 });
}

interface Movements {
  currency: string;
  ref: string;
  byParty: Map<string, Sides>;
}

function* movementsOf(stored: StoredEvent): Generator<Movements> {
  const fact = moneyFactOf(stored.event);
  if (fact) {
    yield { currency: fact.currency, ref: fact.paymentId, byParty: sidesByParty(fact.transfers, prefixOf[fact.kind] ?? '') };
  } else if (isPositionFact(stored)) {
    for (const { currency, ref, transfers } of positionTransfers(stored.event))
      yield { currency, ref, byParty: sidesByParty(transfers, '') };
  } else if (isPayoutFact(stored)) {
    const { party, currency, payoutId: ref, bank } = stored.event;
    const side = payoutSide(stored.event);
    if (side) yield { currency, ref, byParty: new Map([[party, [{ ...side, counterparty: `bank:${bank}` }]]]) };
  } else if (isJournalFact(stored)) {
    for (const entry of stored.event.entries) {
      if (entry.position !== undefined || !isNetted(entry)) continue;
      // What mends the posting of a fact, the statement has had with the fact.
      const own = entry.transfers.filter((transfer) => !mendsPosting(entry, transfer));
      for (const [currency, transfers] of Map.groupBy(own, (transfer) => transfer.currency)) {
        yield { currency, ref: entry.ref, byParty: sidesByParty(transfers, '') };
      }
    }
  }
}

const prefixOf: Partial<Record<MoneyFactKind, string>> = {
  PaymentRefunded: 'refund:',
  DisputeOpened: 'dispute:',
  DisputeClosed: 'dispute:',
};

function sidesByParty(transfers: readonly FactTransfer[], prefix: string): Map<string, Sides> {
  const byParty = new Map<string, Sides>();
  for (const { party, kind, counterparty, amountMinor, external } of sidesOf(transfers)) {
    const side = { kind: prefix + kind, counterparty, amountMinor, ...(external && { external }) };
    const known = byParty.get(party);
    if (known) known.push(side);
    else byParty.set(party, [side]);
  }
  return byParty;
}

/** What a payout's fact does to its party's position; as the ledger posts it. */
function payoutSide({ type, direction, amountMinor }: PayoutEvent): { kind: string; amountMinor: number } | undefined {
  if (direction === 'collection') {
    if (type === 'PayoutConfirmed') return { kind: 'collection', amountMinor };
    return type === 'PayoutReturned' ? { kind: 'collection-returned', amountMinor: -amountMinor } : undefined;
  }
  switch (type) {
    case 'PayoutInstructed':
      return { kind: 'payout', amountMinor: -amountMinor };
    case 'PayoutFailed':
      return { kind: 'payout-failed', amountMinor };
    case 'PayoutReturned':
      return { kind: 'payout-returned', amountMinor };
    default:
      return undefined;
  }
}
