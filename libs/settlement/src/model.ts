import type { ModelEvent, ModelSchedule, SettlementModelProposed, SettlementModelSet, SettlementModelTerms } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';

/** A model of one currency as its own stream tells it. */
export interface ModelState {
  /** What counts now. */
  set?: SettlementModelSet;
  /** What waits for a second person. */
  proposed?: SettlementModelProposed;
}

/** `model-dnm_USD` */
export const modelStream = (name: string, currency: string): string => `model-${name}_${currency}`;

export const modelFold: Fold<ModelState, ModelEvent> = { initial: {}, evolve };

function evolve({ set }: ModelState, event: ModelEvent): ModelState {
  switch (event.type) {
    case 'SettlementModelProposed':
      return { ...(set && { set }), proposed: event };
    case 'SettlementModelSet':
      return { set: event };
    default:
      return event satisfies never;
  }
}

/** What of an event, or of anything that has more, are the terms. */
export function termsOf(source: SettlementModelTerms): SettlementModelTerms {
  const { granularity, interchange, delay, schedule, settleAfterDays, minimumPayoutMinor, collection } = source;
  const { automaticApprovalUpToMinor, reserve } = source;
  return {
    granularity,
    interchange,
    delay,
    ...(schedule && { schedule: scheduleOf(schedule) }),
    ...(settleAfterDays !== undefined && { settleAfterDays }),
    minimumPayoutMinor,
    collection,
    automaticApprovalUpToMinor,
    ...(reserve && { reserve: { basisPoints: reserve.basisPoints, releaseAfterDays: reserve.releaseAfterDays } }),
  };
}

const scheduleOf = ({ cron, timeZone, calendar }: ModelSchedule): ModelSchedule => ({
  cron,
  timeZone,
  ...(calendar !== undefined && { calendar }),
});
