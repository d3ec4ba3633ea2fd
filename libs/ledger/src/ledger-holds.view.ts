import type { HoldChange } from '@tongbao/contracts';
import type { Rows } from '@tongbao/read-model';
import type { Moment, Movements } from './ledger-accounts.view.js';
import type { AccountHoldRow, HoldRow } from './ledger.tables.js';

/** The row of a hold, and those of what it reserves by account. */
export async function foldHold(rows: Rows, movements: Movements, change: HoldChange, moment: Moment): Promise<void> {
  const hold = change.change === 'placed' ? placed(change, moment) : await ended(rows, change, moment);
  movements.hold(hold, change.change === 'placed' ? 1n : -1n);
  rows.put('holds', hold);
  for (const [account, amountMinor] of amountsOf(hold)) {
    const { holdId, currency, revision, endedAt } = hold;
    const isEnded = endedAt !== null;
    rows.put('accountHolds', { account, revision, holdId, currency, amountMinor, isEnded } satisfies AccountHoldRow);
  }
}

function placed(change: Extract<HoldChange, { change: 'placed' }>, { revision, at }: Moment): HoldRow {
  const { holdId, currency, reservations, purpose, ref, expiresAt = null } = change;
  return {
    ...{ holdId, currency, reservations, purpose, ref, expiresAt, revision },
    status: 'placed',
    placedAt: at,
    endedAt: null,
    entry: null,
  };
}

async function ended(rows: Rows, change: Exclude<HoldChange, { change: 'placed' }>, { at }: Moment): Promise<HoldRow> {
  const hold = await rows.get<HoldRow>('holds', [change.holdId]);
  if (!hold) throw new Error(`the journal ends the hold ${change.holdId}, which it never placed`);
  const entry = change.change === 'committed' ? (change.entry ?? null) : null;
  return { ...hold, status: change.change, endedAt: at, entry };
}

function amountsOf({ reservations }: HoldRow): Map<string, bigint> {
  const amounts = new Map<string, bigint>();
  for (const { account, amountMinor } of reservations) amounts.set(account, (amounts.get(account) ?? 0n) + BigInt(amountMinor));
  return amounts;
}
