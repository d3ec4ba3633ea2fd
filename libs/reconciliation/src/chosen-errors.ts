import type { BillKind, ReconciliationTerms } from '@tongbao/contracts';
import type { BilledMovement, ChosenError } from '@tongbao/provider-bills';
import { createHash } from 'node:crypto';
import type { Period } from './bill-day.js';
import type { GeneratedMovement } from './generated-movements.js';

/** Errors that are to be in a day's bills: how many of a kind, in one of the bills or in all. */
export interface ErrorPlan {
  error: ChosenError['error'];
  count: number;
  bill?: BillKind;
}

/** What is wrong in each bill. */
export type PlantedErrors = Partial<Record<BillKind, ChosenError[]>>;

/** An error cannot be put into these bills, or there are too few movements for it. */
export class ErrorsNotPossible extends Error {
  override readonly name = 'ErrorsNotPossible';
}

interface Planting {
  terms: ReconciliationTerms;
  period: Period;
  seed: number;
}

/**
 * Chooses which movements a day's bills have wrong: at most one error for a movement, the same ones for the same seed, whatever their order. What is close to the
 * cut is left alone: there a movement that is missing is only late.
 * @throws ErrorsNotPossible
 */
export function chooseErrors(movements: Iterable<GeneratedMovement>, plans: readonly ErrorPlan[], planting: Planting): PlantedErrors {
  const errors: PlantedErrors = Object.fromEntries(planting.terms.bills.map((bill) => [bill, []]));
  const wanted = plans.flatMap((plan) => Array.from({ length: plan.count }, () => plan));
  // As many as any of them could take from another.
  const byUse = { any: new Lowest(wanted.length), refund: new Lowest(wanted.length), withFee: new Lowest(wanted.length) };
  for (const movement of movements) {
    if (!isInside(movement, planting)) continue;
    const rank = rankOf(planting.seed, movement.key);
    byUse.any.add(rank, movement);
    if (movement.kind === 'refund') byUse.refund.add(rank, movement);
    if (movement.isFeeExpected) byUse.withFee.add(rank, movement);
  }
  const taken = new Set<string>();
  // Those that few movements are fit for choose first.
  const inOrder = wanted.map((plan, index) => ({ plan, index })).sort((one, other) => needOf(one.plan) - needOf(other.plan));
  for (const { plan, index } of inOrder) {
    const bills = billsFor(plan, planting.terms);
    const candidates = byUse[useOf(plan, bills, planting.terms)].inOrder();
    const movement = plan.error === 'extra' ? undefined : candidates.find(({ key }) => !taken.has(key));
    if (plan.error !== 'extra' && !movement)
      throw new ErrorsNotPossible(`there are too few movements to have so many wrong by ${plan.error}`);
    if (movement) taken.add(movement.key);
    const error = errorOf(plan, movement, index, planting);
    for (const bill of bills) errors[bill]?.push(error);
  }
  return errors;
}

const needOf = ({ error }: ErrorPlan): number => (error === 'status' ? 0 : error === 'fee' ? 1 : 2);

function billsFor({ error, bill }: ErrorPlan, { bills, format }: ReconciliationTerms): BillKind[] {
  if (bill !== undefined && !bills.includes(bill)) throw new ErrorsNotPossible(`the provider has no ${bill} bill`);
  if (error !== 'status') return bill === undefined ? bills : [bill];
  if (format !== 'wechat' || bill === 'fund') throw new ErrorsNotPossible("only WeChat Pay's trade bill says a status");
  return ['trade'];
}

/** A fee is wrong where we expect another one, or where two bills say two. */
function useOf({ error }: ErrorPlan, bills: readonly BillKind[], terms: ReconciliationTerms): 'any' | 'refund' | 'withFee' {
  if (error === 'status') return 'refund';
  return error === 'fee' && bills.length === terms.bills.length ? 'withFee' : 'any';
}

function isInside({ at }: BilledMovement, { period, terms }: Planting): boolean {
  const time = Date.parse(at);
  return time >= Date.parse(period.from) + terms.cutToleranceMs && time < Date.parse(period.to) - terms.cutToleranceMs;
}

function errorOf({ error }: ErrorPlan, movement: GeneratedMovement | undefined, index: number, planting: Planting): ChosenError {
  if (error === 'extra' || !movement) return { error: 'extra', movement: extraMovement(index, planting) };
  const { key } = movement;
  switch (error) {
    case 'amount':
      return { error, key, byMinor: 1 + (index % 9) };
    case 'fee':
      return { error, key, byMinor: 1 };
    default:
      return { error, key };
  }
}

/** A payment that nobody at the hub knows, in the middle of the day. */
function extraMovement(index: number, { seed, period, terms }: Planting): BilledMovement {
  const key = `x${createHash('sha256').update(`extra ${seed} ${index} ${period.from}`).digest('hex').slice(0, 27)}`;
  const at = new Date((Date.parse(period.from) + Date.parse(period.to)) / 2 + index * 1_000).toISOString();
  const currency = terms.format === 'stripe' ? (terms.currencies[0]?.currency ?? 'USD') : 'CNY';
  return { kind: 'payment', key, amountMinor: 1_000 + index, feeMinor: 0, currency, at, title: 'unknown' };
}

const rankOf = (seed: number, key: string): string => createHash('sha256').update(`${seed} ${key}`).digest('hex');

/** The movements of the lowest ranks, so many. */
class Lowest {
  #kept: { rank: string; movement: GeneratedMovement }[] = [];

  constructor(private readonly most: number) {}

  add(rank: string, movement: GeneratedMovement): void {
    if (this.#kept.length >= this.most * 4 + 16) this.#trim();
    this.#kept.push({ rank, movement });
  }

  inOrder(): GeneratedMovement[] {
    this.#trim();
    return this.#kept.map(({ movement }) => movement);
  }

  #trim(): void {
    this.#kept = this.#kept.sort((one, other) => (one.rank < other.rank ? -1 : 1)).slice(0, this.most);
  }
}
