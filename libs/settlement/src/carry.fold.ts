import type { RowOf, SettlementRows } from './settlement.rows.js';

/** Where what is carried lies until the next settlement. */
export type CarryPlace = Pick<RowOf<'carries'>, 'model' | 'currency'>;

/**
 * Adds to what a party carries into its next settlement.
 * @param debit what of it the party owes, where a gross model keeps that apart
 */
export async function carry(place: CarryPlace, party: string, amount: bigint, rows: SettlementRows, debit = 0n): Promise<void> {
  const { model, currency } = place;
  const known = await rows.get('carries', model, currency, party);
  rows.put('carries', {
    ...{ model, currency, party },
    amountMinor: (known?.amountMinor ?? 0n) + amount,
    debitMinor: (known?.debitMinor ?? 0n) + debit,
  });
}

/** What a settlement could not move: what a gross one could not collect stays apart from what it pays. */
export async function carryBack(
  place: CarryPlace,
  { settlementId, party }: { settlementId: string; party: string },
  amount: bigint,
  rows: SettlementRows,
): Promise<void> {
  const isGross = amount < 0n && (await rows.get('settlementParties', settlementId, party))?.legs;
  await carry(place, party, amount, rows, isGross ? -amount : 0n);
}
