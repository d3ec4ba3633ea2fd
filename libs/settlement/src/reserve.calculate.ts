import type { PartySettlement, ReleasedReserve } from '@tongbao/contracts';
import { divideHalfUp, sumMinor, toSafeInteger } from '@tongbao/money';
import type { SettlementModel } from './models.js';

/** What has been withheld of a party so far, and the sum of all bases times their basis points that it is the rounded part of. */
export interface ReserveBase {
  party: string;
  basisPointMinor: bigint;
  withheldMinor: bigint;
}

/** A reserve that may be released: its time has come, and no settlement has it yet. */
export interface DueReserve extends ReleasedReserve {
  party: string;
}

/** The parts of a payable that concern the reserve; each is left out where there is nothing of it. */
export type ReserveParts = Pick<PartySettlement, 'withheldMinor' | 'releasedMinor' | 'reserve' | 'releases'>;

const dayMs = 86_400_000;
const whole = 10_000n;

/** Releases of one party in one settlement: its event stays small however long the hub has stood still. */
export const mostReleases = 200;

/**
 * What is kept back of what a party is owed, and what comes back of earlier reserves. What is withheld over all settlements is the rounded part of all that it
 * was withheld of: no rounding ever adds up.
 * @param baseMinor what the hub owes the party by the windows alone, never under 0
 * @param cutOffAt when the last window closed
 */
export function reserveParts(
  baseMinor: bigint,
  base: Omit<ReserveBase, 'party'>,
  due: readonly DueReserve[],
  reserve: SettlementModel['reserve'],
  cutOffAt: Date,
): ReserveParts {
  const releases = due.slice(0, mostReleases).map(({ settlementId, amountMinor }) => ({ settlementId, amountMinor }));
  const released = { releasedMinor: toSafeInteger(sumMinor(releases.map(({ amountMinor }) => amountMinor))), releases };
  return { ...(baseMinor > 0n && reserve && withheld(baseMinor, base, reserve, cutOffAt)), ...(releases.length > 0 && released) };
}

function withheld(
  baseMinor: bigint,
  { basisPointMinor, withheldMinor }: Omit<ReserveBase, 'party'>,
  { basisPoints, releaseAfterDays }: NonNullable<SettlementModel['reserve']>,
  cutOffAt: Date,
): Pick<PartySettlement, 'withheldMinor' | 'reserve'> {
  const due = divideHalfUp(basisPointMinor + baseMinor * BigInt(basisPoints), whole) - withheldMinor;
  const amount = due < 0n ? 0n : due > baseMinor ? baseMinor : due;
  const releaseAt = new Date(cutOffAt.getTime() + releaseAfterDays * dayMs).toISOString();
  return { withheldMinor: toSafeInteger(amount), reserve: { baseMinor: toSafeInteger(baseMinor), basisPoints, releaseAt } };
}
