import type { SettlementModelTerms } from '@tongbao/contracts';
import { isCurrency } from '@tongbao/money';
import { isTimeZone } from './calendar.zone.js';
import { cronProblem } from './schedule.js';

/** What is wrong with a field of a request. */
export interface FieldProblem {
  field: string;
  detail: string;
}

const namePattern = /^[a-z][a-z0-9-]{0,30}$/;
const maxDays = 366;
/** The most that one amount may be: as for every amount that is sent to the hub. */
const maxMinor = 1_000_000_000_000;

/** A name of a model or calendar becomes part of stream names, of windows' ids and of paths. */
export const nameProblem = (name: string): FieldProblem | undefined =>
  namePattern.test(name)
    ? undefined
    : { field: 'name', detail: 'name must begin with a small letter and hold small letters, digits and -, 31 at most.' };

/** The first thing that is wrong with a model; undefined where it can be settled by. */
export function modelProblem(name: string, currency: string, terms: SettlementModelTerms): FieldProblem | undefined {
  if (!isCurrency(currency)) return { field: 'currency', detail: 'currency must be an ISO 4217 currency code.' };
  return nameProblem(name) ?? scheduleProblem(terms) ?? amountProblem(terms) ?? combinationProblem(terms);
}

function scheduleProblem({ schedule, settleAfterDays }: SettlementModelTerms): FieldProblem | undefined {
  if (settleAfterDays !== undefined && !isWithin(settleAfterDays, maxDays))
    return { field: 'settleAfterDays', detail: `settleAfterDays must be an integer from 0 to ${maxDays}.` };
  if (!schedule) return undefined;
  if (!isTimeZone(schedule.timeZone))
    return { field: 'schedule.timeZone', detail: 'timeZone must be a name of the IANA time zone database, such as Asia/Shanghai.' };
  const problem = cronProblem(schedule);
  return problem === undefined ? undefined : { field: 'schedule.cron', detail: problem };
}

function amountProblem({ minimumPayoutMinor, automaticApprovalUpToMinor, reserve }: SettlementModelTerms): FieldProblem | undefined {
  for (const [field, value] of Object.entries({ minimumPayoutMinor, automaticApprovalUpToMinor }))
    if (!isWithin(value, maxMinor)) return { field, detail: `${field} must be an integer from 0 to ${maxMinor}.` };
  if (reserve && !isWithin(reserve.basisPoints, 10_000))
    return { field: 'reserve.basisPoints', detail: 'basisPoints must be an integer from 0 to 10000.' };
  if (reserve && !isWithin(reserve.releaseAfterDays, maxDays))
    return { field: 'reserve.releaseAfterDays', detail: `releaseAfterDays must be an integer from 0 to ${maxDays}.` };
  return undefined;
}

/** Terms that contradict each other. */
function combinationProblem({
  delay,
  schedule,
  settleAfterDays,
  granularity,
  interchange,
}: SettlementModelTerms): FieldProblem | undefined {
  if (delay === 'immediate' && schedule)
    return { field: 'schedule', detail: 'An immediate model closes its windows by itself: it has no schedule.' };
  if (delay === 'immediate' && settleAfterDays !== undefined)
    return { field: 'settleAfterDays', detail: 'An immediate model settles at once: it has no days to wait.' };
  if (granularity === 'gross' && interchange === 'bilateral')
    return { field: 'interchange', detail: 'What two platforms owe each other is set against each other: a bilateral model is net.' };
  return undefined;
}

const isWithin = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= most;
