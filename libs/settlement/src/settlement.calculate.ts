import type { DirectObligation, PartySettlement, SettlementCalculated, SettlementLeg } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import type { SettlementModel } from './models.js';
import { bilateralObligations, directObligations, type Obligation } from './obligation.calculate.js';
import { reserveParts, type DueReserve, type ReserveBase } from './reserve.calculate.js';

/** What a party's sides come to in a window, by the facts. */
export interface PartyAmounts {
  party: string;
  receivedMinor: bigint;
  paidMinor: bigint;
  sides: number;
}

export interface CarriedAmount {
  party: string;
  amountMinor: bigint;
  /** What of it the party owes and a gross model keeps apart: the amount is what it is owed less this. */
  debitMinor?: bigint;
}

/** All that a settlement is calculated from. */
export interface CalculationParts {
  settlementId: string;
  terms: SettlementModel;
  /** When the last of its windows closed. */
  cutOffAt: Date;
  /** One or several for each party: a settlement may have several windows. */
  nets: readonly PartyAmounts[];
  carried: readonly CarriedAmount[];
  /** Of the windows, one way. */
  obligations: readonly Obligation[];
  reserveBases: readonly ReserveBase[];
  /** Of parties that are on this model; the oldest first. */
  dueReserves: readonly DueReserve[];
  /** Whether money of a currency can be sent to, or drawn from, a bank account of the party's. */
  hasBankAccount: (party: string, currency: string) => boolean;
  /** The model of a party after the cut-off. */
  modelAfter: (party: string) => string;
  /** The currency that its payouts are paid in, where that is another one. */
  payInOf: (party: string) => string | undefined;
}

export type CalculatedAmounts = Pick<SettlementCalculated, 'parties' | 'obligations' | 'direct'>;

/**
 * What each party gets or owes: carried in + net, less what it pays or gets directly and what is withheld, plus what is released. Every party with a side in
 * a window, something carried or something to be released appears, in the order of names. What is carried out is all of a payable or nothing of it,
 * so nothing is ever divided or lost.
 */
export function calculateSettlement(parts: CalculationParts): CalculatedAmounts {
  const direct = directObligations(parts.settlementId, parts.obligations, parts.terms);
  const parties = [...totalsOf(parts, direct)]
    .sort(byName)
    .map(([party, total]) => (parts.terms.granularity === 'gross' ? grossOf(party, total, parts) : netOf(party, total, parts)));
  return { parties, obligations: bilateralObligations(parts.obligations), ...(direct.length > 0 && { direct }) };
}

interface Total {
  carried: { amount: bigint; debit: bigint };
  received: bigint;
  paid: bigint;
  sides: number;
  /** What it gets from others directly, less what it pays them. */
  direct: bigint;
  base: Omit<ReserveBase, 'party'>;
  due: DueReserve[];
}

function totalsOf({ nets, carried, reserveBases, dueReserves }: CalculationParts, direct: readonly DirectObligation[]): Map<string, Total> {
  const bases = new Map(reserveBases.map((base) => [base.party, base]));
  const totals = new Map<string, Total>();
  const of = (party: string): Total => {
    const base = bases.get(party) ?? { basisPointMinor: 0n, withheldMinor: 0n };
    const total = totals.get(party) ?? { ...emptyTotal(), base };
    totals.set(party, total);
    return total;
  };
  for (const { party, receivedMinor, paidMinor, sides } of nets) {
    const total = of(party);
    total.received += receivedMinor;
    total.paid += paidMinor;
    total.sides += sides;
  }
  for (const { party, amountMinor, debitMinor = 0n } of carried) {
    if (amountMinor === 0n && debitMinor === 0n) continue;
    const total = of(party).carried;
    total.amount += amountMinor;
    total.debit += debitMinor;
  }
  for (const { debtor, creditor, amountMinor } of direct) {
    of(debtor).direct -= BigInt(amountMinor);
    of(creditor).direct += BigInt(amountMinor);
  }
  for (const due of dueReserves) of(due.party).due.push(due);
  return totals;
}

const emptyTotal = (): Omit<Total, 'base'> => ({
  carried: { amount: 0n, debit: 0n },
  received: 0n,
  paid: 0n,
  sides: 0,
  direct: 0n,
  due: [],
});

function netOf(party: string, total: Total, parts: CalculationParts): PartySettlement {
  const { direct } = total;
  const throughHub = total.received - total.paid - direct;
  const reserve = reserveParts(throughHub > 0n ? throughHub : 0n, total.base, total.due, parts.terms.reserve, parts.cutOffAt);
  const payable = total.carried.amount + throughHub - BigInt(reserve.withheldMinor ?? 0) + BigInt(reserve.releasedMinor ?? 0);
  const action = actionFor(party, payable, parts);
  return {
    party,
    carriedInMinor: toSafeInteger(total.carried.amount),
    netMinor: toSafeInteger(total.received - total.paid),
    payableMinor: toSafeInteger(payable),
    action,
    carriedOutMinor: action === 'carry' ? toSafeInteger(payable) : 0,
    sides: total.sides,
    ...(direct !== 0n && { directMinor: toSafeInteger(direct) }),
    ...reserve,
    ...endOf(party, action, parts),
  };
}

/** A gross model has nobody pay anybody directly. */
function grossOf(party: string, { carried, received, paid, sides, base, due }: Total, parts: CalculationParts): PartySettlement {
  const { credit, debit } = carriedLegs(carried);
  const reserve = reserveParts(received, base, due, parts.terms.reserve, parts.cutOffAt);
  const payable = credit + received - BigInt(reserve.withheldMinor ?? 0) + BigInt(reserve.releasedMinor ?? 0);
  const legs = {
    received: legOf(credit, received, payable, actionFor(party, payable, parts)),
    paid: legOf(debit, paid, debit + paid, actionFor(party, -(debit + paid), parts)),
  };
  const difference = (name: 'carriedInMinor' | 'payableMinor' | 'carriedOutMinor') =>
    toSafeInteger(BigInt(legs.received[name]) - BigInt(legs.paid[name]));
  return {
    party,
    carriedInMinor: difference('carriedInMinor'),
    netMinor: toSafeInteger(received - paid),
    payableMinor: difference('payableMinor'),
    action: actionOf(legs),
    carriedOutMinor: difference('carriedOutMinor'),
    sides,
    ...reserve,
    legs,
    ...endOf(party, legs.paid.action, parts),
    ...(legs.received.action === 'pay_out' && paidIn(party, parts)),
  };
}

/** What a party that was netted before has carried is one amount: owed to it, or by it. */
function carriedLegs({ amount, debit }: Total['carried']): { credit: bigint; debit: bigint } {
  return amount + debit < 0n ? { credit: 0n, debit: -amount } : { credit: amount + debit, debit };
}

const legOf = (carriedIn: bigint, amount: bigint, payable: bigint, action: PartySettlement['action']): SettlementLeg => ({
  carriedInMinor: toSafeInteger(carriedIn),
  amountMinor: toSafeInteger(amount),
  payableMinor: toSafeInteger(payable),
  action,
  carriedOutMinor: action === 'carry' ? toSafeInteger(payable) : 0,
});

function actionOf({ received, paid }: NonNullable<PartySettlement['legs']>): PartySettlement['action'] {
  const actions = [received.action, paid.action];
  return actions.find((action) => action === 'pay_out' || action === 'collect') ?? actions.find((action) => action === 'carry') ?? 'none';
}

/** How it is collected, and where what is carried goes. */
function endOf(party: string, action: PartySettlement['action'], parts: CalculationParts): Partial<PartySettlement> {
  const { terms, modelAfter } = parts;
  const next = modelAfter(party);
  return {
    ...(action === 'collect' && terms.collection === 'liquidity' && { collectBy: 'liquidity' as const }),
    ...(next !== terms.name && { carriedTo: next }),
    ...(action === 'pay_out' && paidIn(party, parts)),
  };
}

function paidIn(party: string, { payInOf }: CalculationParts): Partial<PartySettlement> {
  const payIn = payInOf(party);
  return payIn === undefined ? {} : { payIn };
}

function actionFor(party: string, payable: bigint, { terms, hasBankAccount, payInOf }: CalculationParts): PartySettlement['action'] {
  if (payable === 0n) return 'none';
  const magnitude = payable < 0n ? -payable : payable;
  if (magnitude < BigInt(terms.minimumPayoutMinor)) return 'carry';
  if (payable > 0n) return hasBankAccount(party, payInOf(party) ?? terms.currency) ? 'pay_out' : 'carry';
  switch (terms.collection) {
    case 'debit':
      // What it owes is collected as it is, in whatever it is paid.
      return hasBankAccount(party, terms.currency) ? 'collect' : 'carry';
    case 'liquidity':
      // Whether there is enough of it, the ledger says.
      return 'collect';
    case 'carry':
      return 'carry';
    default:
      return terms.collection satisfies never;
  }
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : one > other ? 1 : 0);
