import type { PartySettlement } from '@tongbao/contracts';
import { sumMinor } from '@tongbao/money';
import { collectionIdOf, payoutIdOf } from './payout.js';

/** Money that a settlement moves between the hub and a party: by the bank, or out of what the party has prefunded. */
export interface SettlementMove {
  kind: 'payout' | 'collection' | 'draw';
  /** Of the payout, collection or draw. */
  id: string;
  party: string;
  /** Positive, whichever way it goes. */
  amountMinor: number;
}

/** What is moved for a party: one payout, one collection, or, gross, both. */
export function movesOf(settlementId: string, row: PartySettlement): SettlementMove[] {
  const { party, legs, action, payableMinor, collectBy } = row;
  const id = payoutIdOf(settlementId, party);
  const collected = collectBy === 'liquidity' ? ('draw' as const) : ('collection' as const);
  if (!legs) {
    if (action === 'pay_out') return [{ kind: 'payout', id, party, amountMinor: payableMinor }];
    return action === 'collect' ? [{ kind: collected, id, party, amountMinor: -payableMinor }] : [];
  }
  const { received, paid } = legs;
  return [
    ...(received.action === 'pay_out' ? [{ kind: 'payout' as const, id, party, amountMinor: received.payableMinor }] : []),
    ...(paid.action === 'collect'
      ? [{ kind: collected, id: collectionIdOf(settlementId, party), party, amountMinor: paid.payableMinor }]
      : []),
  ];
}

/** What a settlement pays out and collects in all: what its approval is about. */
export const movedBy = (settlementId: string, parties: readonly PartySettlement[]): bigint =>
  sumMinor(parties.flatMap((row) => movesOf(settlementId, row)).map(({ amountMinor }) => amountMinor));
