import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exchangeIdOf, fundsIdOf } from './exchange.js';
import { collectionIdOf, holdIdOf, payoutIdOf } from './payout.js';

/** As the hub makes them. */
const settlementId = 'stl_d923b43e86848275129f';
const partyName = fc.stringMatching(/^(platform|creator):[A-Za-z0-9][A-Za-z0-9_.-]{0,8}$/);
/** Names that only an end tells apart, which is what ids may not be told apart by. */
const likeness = fc.constantFrom('', '_c', '_2', '_3', '_fx', '_fxs', 's', '.c');
const parties = fc.tuple(partyName, likeness).map(([name, end]) => [name, `${name}${end}`]);

/** Everything that is named after a party of a settlement. */
function idsOf(party: string): string[] {
  const payout = payoutIdOf(settlementId, party);
  const collection = collectionIdOf(settlementId, party);
  const exchange = exchangeIdOf(settlementId, party);
  const asked = [payout, collection, exchange, fundsIdOf(exchange)];
  return [payout, collection, exchange, ...asked.flatMap((id) => [1, 2, 3, 22].map((ask) => holdIdOf(id, ask)))];
}

describe('ids of payouts, collections, exchanges and holds', () => {
  it('are of one thing each, whatever the parties are called', () => {
    fc.assert(
      fc.property(fc.array(parties, { minLength: 1, maxLength: 6 }), (names) => {
        const ids = [...new Set(names.flat())].flatMap(idsOf);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('are of one thing where one party is called like the other’s collection', () => {
    expect(collectionIdOf('s1', 'platform:A')).not.toBe(payoutIdOf('s1', 'platform:A_c'));
    expect(holdIdOf(payoutIdOf('s1', 'creator:K'), 2)).not.toBe(holdIdOf(payoutIdOf('s1', 'creator:K_2'), 1));
  });
});
