import type { CapEvent, CapUseChanged } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';
import { toSafeInteger } from '@tongbao/money';

/** What is known of a party that has a net debit cap, in minor units. */
export interface CappedBalance {
  party: string;
  currency: string;
  capMinor: bigint;
  /** Since its last settlement. */
  netMinor: bigint;
  /** Reserved for further debits of it; what is promised to payouts is none of it. */
  reservedMinor: bigint;
  /** What it has prefunded, less what of that is reserved to go out. */
  liquidityMinor: bigint;
}

/** How much of its room a party uses. */
export interface CapUse {
  party: string;
  currency: string;
  capMinor: number;
  liquidityMinor: number;
  netMinor: number;
  reservedMinor: number;
  /** The cap, and what is prefunded; 0 at least. */
  limitMinor: number;
  /** Net debits, with what is reserved for further ones. */
  usedMinor: number;
  /** What may still be debited; below 0 where facts have gone past the limit. */
  availableMinor: number;
  /** Used of the limit, rounded down; of a limit of 0, 100 where anything is used. */
  percent: number;
}

export function capUseOf({ party, currency, capMinor, netMinor, reservedMinor, liquidityMinor }: CappedBalance): CapUse {
  const free = netMinor - reservedMinor;
  const used = free < 0n ? -free : 0n;
  const room = capMinor + liquidityMinor;
  const limit = room > 0n ? room : 0n;
  return {
    ...{ party, currency },
    capMinor: toSafeInteger(capMinor),
    liquidityMinor: toSafeInteger(liquidityMinor),
    netMinor: toSafeInteger(netMinor),
    reservedMinor: toSafeInteger(reservedMinor),
    limitMinor: toSafeInteger(limit),
    usedMinor: toSafeInteger(used),
    availableMinor: toSafeInteger(room + free),
    percent: used === 0n ? 0 : limit === 0n ? 100 : Number((used * 100n) / limit),
  };
}

/** Which shares are told of, ascending and in percent, and how far below one the use must fall for it to be over. */
export interface CapAlarms {
  percents: readonly number[];
  fallPercent: number;
}

/** The share that counts after this use: it rises at once, and falls only well below; so use that moves around a share is told once. */
export function shareAfter(share: number, percent: number, { percents, fallPercent }: CapAlarms): number {
  const reached = percents.filter((each) => each <= percent);
  const kept = percents.filter((each) => each <= share && percent >= each - fallPercent);
  return Math.max(0, ...reached, ...kept);
}

export const capStream = (party: string, currency: string): string => `cap-${party}_${currency}`;

/** The share that was told of last. */
export const capFold: Fold<number, CapEvent> = { initial: 0, evolve: (_, { percent }) => percent };

/** Tells of a use where its share is another than the one that was told of last. */
export function decideCapUse(use: CapUse, share: number, alarms: CapAlarms, now: string): Decision<CapUseChanged, never> {
  const percent = shareAfter(share, use.percent, alarms);
  if (percent === share) return { events: [] };
  const { party, currency, usedMinor, limitMinor, capMinor, liquidityMinor } = use;
  const amounts = { usedMinor, limitMinor, capMinor, liquidityMinor };
  return { events: [{ type: 'CapUseChanged', party, currency, percent, previousPercent: share, ...amounts, changedAt: now }] };
}
