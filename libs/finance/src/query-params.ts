import { account, isParty, type Party } from '@tongbao/contracts';
import { isCurrency } from '@tongbao/money';
import { Problem, type Principal } from '@tongbao/service';
import type { Moment } from './log-moments.js';

/** A platform's own account, whatever it asks for of others; an operator may ask for anyone. @throws Problem forbidden, invalid */
export function askedParty(caller: Principal, party: string | undefined): Party | undefined {
  if (caller.kind === 'platform') {
    const own = account.platform(caller.platformId);
    if (party !== undefined && party !== own) throw new Problem('forbidden', 'A platform sees its own account.', 'party');
    return own as Party; // platform:<id>
  }
  if (party === undefined || isParty(party)) return party;
  throw new Problem('invalid', 'party must be platform:<id> or creator:<id>.', 'party');
}

/** @throws Problem forbidden, invalid */
export function requiredParty(caller: Principal, party: string | undefined): Party {
  const asked = askedParty(caller, party);
  if (asked === undefined) throw new Problem('invalid', 'party must be platform:<id> or creator:<id>.', 'party');
  return asked;
}

/** @throws Problem invalid */
export function currencyIn(currency: string | undefined): string | undefined {
  if (currency === undefined || isCurrency(currency)) return currency;
  throw new Problem('invalid', 'currency must be an ISO 4217 currency code.', 'currency');
}

/** @throws Problem invalid */
export function requiredCurrency(currency: string | undefined): string {
  const asked = currencyIn(currency);
  if (asked === undefined) throw new Problem('invalid', 'currency must be an ISO 4217 currency code.', 'currency');
  return asked;
}

/** @throws Problem invalid */
export function oneOf<const T extends string>(known: readonly T[], asked: string, field: string): T {
  const found = known.find((each) => each === asked);
  if (found === undefined) throw new Problem('invalid', `${field} must be one of ${known.join(', ')}.`, field);
  return found;
}

/** Some of a list, by comma. @throws Problem invalid */
export function someOf<const T extends string>(known: readonly T[], asked: string | undefined, field: string): readonly T[] {
  if (asked === undefined || asked === '') return [];
  const names = asked.split(',');
  for (const name of names) oneOf(known, name, field);
  return known.filter((each) => names.includes(each));
}

const zoned = /^\d{4}-\d{2}-\d{2}T.+(?:Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970. @throws Problem invalid */
export function timeIn(text: string | undefined, field: string): number | undefined {
  if (text === undefined) return undefined;
  const time = zoned.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new Problem('invalid', `${field} must be a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z.`, field);
  return time;
}

/**
 * A log position, or a time.
 * @throws Problem invalid, also for a time that has not come: what will be then would be a guess
 */
export function momentIn(text: string | undefined, field: string, now: Date): Moment | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,19}$/.test(text)) return { position: BigInt(text) };
  const time = timeIn(text, field);
  if (time === undefined || time > now.getTime()) throw new Problem('invalid', `${field} must not lie in the future.`, field);
  return { time };
}

/** The two ends of a period, in milliseconds since 1970. @throws Problem invalid */
export function orderedPeriod(from: number | undefined, to: number | undefined): { from: number | undefined; to: number | undefined } {
  if (from !== undefined && to !== undefined && to < from) throw new Problem('invalid', 'to must not be before from.', 'to');
  return { from, to };
}

/** A number that a cursor carries: whoever sends it may have made it up. @throws Problem invalid */
export function integerOf(part: string | undefined): bigint {
  if (part !== undefined && /^\d{1,19}$/.test(part)) return BigInt(part);
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}

/** As many texts of a cursor as its list is ordered by. @throws Problem invalid */
export function cursorOf(after: string[] | undefined, parts: number): string[] | undefined {
  if (after === undefined || after.length === parts) return after;
  throw new Problem('invalid', 'cursor must be the next of an earlier page.', 'cursor');
}
