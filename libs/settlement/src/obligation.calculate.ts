import type { DirectObligation, SettlementCalculated } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import type { SettlementModel } from './models.js';

/** What a platform owes another by the transfers of a window, one way. */
export interface Obligation {
  debtor: string;
  creditor: string;
  amountMinor: bigint;
}

/** The bilateral view: for each pair of platforms who owes whom, once both directions are set against each other. */
export const bilateralObligations = (oneWay: readonly Obligation[]): SettlementCalculated['obligations'] =>
  setAgainst(oneWay).map(({ debtor, creditor, amountMinor }) => ({ debtor, creditor, amountMinor: toSafeInteger(amountMinor) }));

/** As a payout's id: the parties' colons give way to dots. */
export const obligationIdOf = (settlementId: string, debtor: string, creditor: string): string =>
  [settlementId, debtor, creditor].map((part) => part.replace(':', '.')).join('_');

/**
 * What platforms are to pay each other directly: by a bilateral model what each pair owes once both directions are set against each other. What is less than
 * the smallest payout stays with the hub, where it is netted with the rest.
 */
export function directObligations(
  settlementId: string,
  oneWay: readonly Obligation[],
  { interchange, minimumPayoutMinor }: SettlementModel,
): DirectObligation[] {
  if (interchange !== 'bilateral') return [];
  return setAgainst(oneWay)
    .filter(({ amountMinor }) => amountMinor >= BigInt(minimumPayoutMinor))
    .map(({ debtor, creditor, amountMinor }) => ({
      obligationId: obligationIdOf(settlementId, debtor, creditor),
      debtor,
      creditor,
      amountMinor: toSafeInteger(amountMinor),
    }));
}

/** One for each pair that owes anything, in the order of their names. */
function setAgainst(oneWay: readonly Obligation[]): Obligation[] {
  const byPair = new Map<string, { first: string; second: string; firstOwes: bigint }>();
  for (const { debtor, creditor, amountMinor } of oneWay) {
    const inOrder = debtor < creditor;
    const [first, second] = inOrder ? [debtor, creditor] : [creditor, debtor];
    const pair = byPair.get(`${first}\n${second}`) ?? { first, second, firstOwes: 0n };
    pair.firstOwes += inOrder ? amountMinor : -amountMinor;
    byPair.set(`${first}\n${second}`, pair);
  }
  return sorted(byPair)
    .filter(({ firstOwes }) => firstOwes !== 0n)
    .map(({ first, second, firstOwes }) =>
      firstOwes > 0n
        ? { debtor: first, creditor: second, amountMinor: firstOwes }
        : { debtor: second, creditor: first, amountMinor: -firstOwes },
    );
}

const sorted = <T>(byName: ReadonlyMap<string, T>): T[] =>
  [...byName].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)).map(([, each]) => each);
