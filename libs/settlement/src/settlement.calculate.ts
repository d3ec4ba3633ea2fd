import type { PartySettlement, SettlementCalculated, SettlementMismatched } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import type { SettlementModel } from './models.js';

/** What a party's sides come to in a window, by the facts and by the ledger. */
export interface PartyNet {
  party: string;
  receivedMinor: bigint;
  paidMinor: bigint;
  sides: number;
  ledgerMinor: bigint;
  ledgerSides: number;
}

export interface CarriedAmount {
  party: string;
  amountMinor: bigint;
}

/** What a platform owes another by the transfers of a window, one way. */
export interface Obligation {
  debtor: string;
  creditor: string;
  amountMinor: bigint;
}

/**
 * What each party gets or owes: carried in + net, over all windows of the settlement. Every party with a side in a window or something
 * carried appears, in the order of names. `carried out` is all of the payable or nothing of it, so nothing is ever divided or lost.
 * @param nets one or several for each party (a settlement may have several windows)
 * @param hasBankAccount whether money can be sent to, or drawn from, a party's bank account
 */
export function calculateParties(
  nets: readonly PartyNet[],
  carried: readonly CarriedAmount[],
  model: SettlementModel,
  hasBankAccount: (party: string) => boolean,
): PartySettlement[] {
  const totals = new Map<string, { carriedIn: bigint; net: bigint; sides: number }>();
  const totalOf = (party: string) => {
    const total = totals.get(party) ?? { carriedIn: 0n, net: 0n, sides: 0 };
    totals.set(party, total);
    return total;
  };
  for (const { party, receivedMinor, paidMinor, sides } of nets) {
    const total = totalOf(party);
    total.net += receivedMinor - paidMinor;
    total.sides += sides;
  }
  for (const { party, amountMinor } of carried) if (amountMinor !== 0n) totalOf(party).carriedIn += amountMinor;
  return [...totals].sort(byName).map(([party, { carriedIn, net, sides }]) => {
    const payable = carriedIn + net;
    const action = actionFor(payable, model, hasBankAccount(party));
    return {
      party,
      carriedInMinor: toSafeInteger(carriedIn),
      netMinor: toSafeInteger(net),
      payableMinor: toSafeInteger(payable),
      action,
      carriedOutMinor: action === 'carry' ? toSafeInteger(payable) : 0,
      sides,
    };
  });
}

function actionFor(payable: bigint, model: SettlementModel, hasBankAccount: boolean): PartySettlement['action'] {
  if (payable === 0n) return 'none';
  const magnitude = payable < 0n ? -payable : payable;
  if (magnitude < BigInt(model.minimumPayoutMinor) || !hasBankAccount) return 'carry';
  if (payable > 0n) return 'pay_out';
  return model.collection === 'debit' ? 'collect' : 'carry';
}

/** The bilateral view: for each pair of platforms who owes whom, once both directions are set against each other. */
export function bilateralObligations(obligations: readonly Obligation[]): SettlementCalculated['obligations'] {
  const byPair = new Map<string, { first: string; second: string; firstOwes: bigint }>();
  for (const { debtor, creditor, amountMinor } of obligations) {
    const inOrder = debtor < creditor;
    const [first, second] = inOrder ? [debtor, creditor] : [creditor, debtor];
    const pair = byPair.get(`${first}\n${second}`) ?? { first, second, firstOwes: 0n };
    pair.firstOwes += inOrder ? amountMinor : -amountMinor;
    byPair.set(`${first}\n${second}`, pair);
  }
  return [...byPair]
    .sort(byName)
    .filter(([, { firstOwes }]) => firstOwes !== 0n)
    .map(([, { first, second, firstOwes }]) =>
      firstOwes > 0n
        ? { debtor: first, creditor: second, amountMinor: toSafeInteger(firstOwes) }
        : { debtor: second, creditor: first, amountMinor: toSafeInteger(-firstOwes) },
    );
}

/** The parties whose net by the facts is not the ledger's movement of the same facts; none when the books agree. */
export function differencesOf(nets: readonly PartyNet[]): SettlementMismatched['differences'] {
  const totals = new Map<string, { net: bigint; ledger: bigint; sides: number; ledgerSides: number }>();
  for (const { party, receivedMinor, paidMinor, sides, ledgerMinor, ledgerSides } of nets) {
    const total = totals.get(party) ?? { net: 0n, ledger: 0n, sides: 0, ledgerSides: 0 };
    totals.set(party, {
      net: total.net + receivedMinor - paidMinor,
      ledger: total.ledger + ledgerMinor,
      sides: total.sides + sides,
      ledgerSides: total.ledgerSides + ledgerSides,
    });
  }
  return [...totals]
    .sort(byName)
    .filter(([, { net, ledger, sides, ledgerSides }]) => net !== ledger || sides !== ledgerSides)
    .map(([party, { net, ledger, sides, ledgerSides }]) => ({
      party,
      netMinor: toSafeInteger(net),
      ledgerMinor: toSafeInteger(ledger),
      sides,
      ledgerSides,
    }));
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : one > other ? 1 : 0);
