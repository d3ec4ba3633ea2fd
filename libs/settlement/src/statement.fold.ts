import { isNetted, type PayoutEvent } from '@tongbao/contracts';
import type { StoredEvent } from '@tongbao/event-store';
import { isJournalFact, isPayoutFact } from './facts.js';
import type { SettlementRows } from './settlement.rows.js';
import type { PartyLine } from './settlement.tables.js';
import { moneyFactOf, sidesOf, type FactTransfer } from './sides.js';

export const linesPerChunk = 100;

interface Movement {
  party: string;
  currency: string;
  line: PartyLine;
}

/** Each party's statement: every movement of its position, in log order, and the position that they come to. */
export async function foldStatement(stored: StoredEvent, rows: SettlementRows): Promise<void> {
  for (const { party, currency, line } of movementsOf(stored)) {
    const effect = line.external ? 0n : BigInt(line.amountMinor);
    const position = (await rows.get('positions', party, currency)) ?? { party, currency, balanceMinor: 0n, lines: 0 };
    const chunk = Math.floor(position.lines / linesPerChunk);
    const known = position.lines % linesPerChunk === 0 ? undefined : await rows.require('statementChunks', party, currency, chunk);
    rows.put('statementChunks', {
      party,
      currency,
      chunk,
      openingMinor: known?.openingMinor ?? position.balanceMinor,
      latestAt: known && known.latestAt > line.at ? known.latestAt : line.at,
      lines: [...(known?.lines ?? []), line],
    });
    rows.put('positions', { ...position, balanceMinor: position.balanceMinor + effect, lines: position.lines + 1 });
  }
}

function* movementsOf(stored: StoredEvent): Generator<Movement> {
  const fact = moneyFactOf(stored.event);
  if (fact) {
    const prefix = fact.kind === 'PaymentRefunded' ? 'refund:' : '';
    yield* movementsOfTransfers(stored, fact.currency, fact.transfers, fact.paymentId, prefix);
  } else if (isPayoutFact(stored)) {
    const movement = payoutMovement(stored.event);
    if (movement) {
      const { party, currency, payoutId, bank } = stored.event;
      const line = { ...placeOf(stored), ...movement, ref: payoutId, counterparty: `bank:${bank}` };
      yield { party, currency, line };
    }
  } else if (isJournalFact(stored)) {
    for (const entry of stored.event.entries) {
      if (entry.position !== undefined || !isNetted(entry)) continue;
      for (const transfer of entry.transfers) yield* movementsOfTransfers(stored, transfer.currency, [transfer], entry.ref, '');
    }
  }
}

function* movementsOfTransfers(
  stored: StoredEvent,
  currency: string,
  transfers: readonly FactTransfer[],
  ref: string,
  prefix: string,
): Generator<Movement> {
  const place = placeOf(stored);
  for (const { party, kind, counterparty, amountMinor, external } of sidesOf(transfers)) {
    yield { party, currency, line: { ...place, kind: prefix + kind, ref, counterparty, amountMinor, ...(external && { external }) } };
  }
}

/** The store's time of the fact: it stands in the log, so that a rebuild gives the same statement. */
const placeOf = ({ position, createdAt }: StoredEvent) => ({ position: String(position), at: createdAt.toISOString() });

/** What a payout's fact does to its party's position; as the ledger posts it. */
function payoutMovement({ type, direction, amountMinor }: PayoutEvent): { kind: string; amountMinor: number } | undefined {
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
