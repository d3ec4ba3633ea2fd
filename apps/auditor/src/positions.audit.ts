import { integer, Sums, text, type Json, type Recorded } from './record.js';
import { movesOf } from './payouts.audit.js';
import type { Settlement } from './settlements.audit.js';
import { isParty } from './sides.js';
import type { Windows } from './windows.js';

/**
 * What nobody lost and nobody got twice: the books have for each party the nets that no settlement pays yet, what settlements carry on, and what they have yet to
 * move. Where money was exchanged or a debt written off, there is more to a position than this adds up, and it is left out.
 */
export function auditPositions(
  recorded: readonly Recorded[],
  settlements: ReadonlyMap<string, Settlement>,
  windows: Windows,
  balances: Sums,
): string[] {
  const expected = new Sums();
  const paying = [...settlements.values()].filter(({ isPaying }) => isPaying);
  addUnpaidNets(paying, windows, expected);
  const { moved, beyond } = endsOf(recorded);
  for (const settlement of paying) addLeft(settlement, moved, expected);
  const keys = new Set([...expected.keys(), ...balances.keys().filter(isParty)]);
  return [...keys].flatMap((key) =>
    expected.get(key) === balances.get(key) || beyond.has(key)
      ? []
      : [`${key}: the books have ${balances.get(key)}, its payments less what settlements did come to ${expected.get(key)}`],
  );
}

function addUnpaidNets(paying: readonly Settlement[], windows: Windows, expected: Sums): void {
  const paid = new Set(paying.flatMap(({ windowIds }) => windowIds));
  const unpaid = [...windows.open.values(), ...windows.closed.values()].filter(({ windowId }) => !paid.has(windowId));
  for (const { nets, currency } of unpaid) for (const [party, amount] of nets.entries()) expected.add(`${party} ${currency}`, amount);
}

/** What a settlement leaves in the books: what it carries on instead of what it has carried in, and what has not moved. */
function addLeft(settlement: Settlement, moved: ReadonlySet<string>, expected: Sums): void {
  const { parties, currency, direct } = settlement;
  const add = (party: string, amount: bigint) => expected.add(`${party} ${currency}`, amount);
  for (const row of parties) add(text(row, 'party'), integer(row, 'carriedOutMinor') - integer(row, 'carriedInMinor'));
  for (const { id, party, amount, direction } of movesOf(settlement))
    if (!moved.has(id)) add(party, direction === 'payout' ? amount : -amount);
  for (const debt of direct) {
    if (moved.has(text(debt, 'obligationId'))) continue;
    add(text(debt, 'debtor'), -integer(debt, 'amountMinor'));
    add(text(debt, 'creditor'), integer(debt, 'amountMinor'));
  }
}

/** What has moved money of a party, and parties with more to their positions than this adds up. */
function endsOf(recorded: readonly Recorded[]): { moved: Set<string>; beyond: Set<string> } {
  const moved = new Set<string>();
  const beyond = new Set<string>();
  for (const { type, data } of recorded) {
    const isPayout = data['direction'] === 'payout';
    switch (type) {
      case 'PayoutInstructed':
        if (isPayout) moved.add(text(data, 'payoutId'));
        break;
      case 'PayoutConfirmed':
        moved.add(text(data, 'payoutId'));
        break;
      case 'PayoutFailed':
      case 'PayoutReturned':
        moved.delete(text(data, 'payoutId'));
        break;
      case 'LiquidityDrawn':
        moved.add(text(data, 'drawId'));
        break;
      case 'ObligationPaid':
        moved.add(String(data['obligationId']));
        break;
      case 'CurrencyExchanged':
        beyond.add(`${text(data, 'party')} ${text(data, 'currency')}`);
        // An object, by the contract.
        beyond.add(`${text(data, 'party')} ${text(data['bought'] as Json, 'currency')}`);
        break;
      case 'DebtWrittenOff':
        beyond.add(`${text(data, 'party')} ${text(data, 'currency')}`);
        break;
      default:
    }
  }
  return { moved, beyond };
}
