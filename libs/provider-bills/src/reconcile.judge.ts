import type { LineKind, Movement } from './bill-line.js';
import { type CurrencySums, type Group, type SideGroup, addToSums, hasMoved, movedAmount, movedFee } from './reconcile.group.js';
import {
  type Break,
  type BreakKind,
  type Carried,
  type Difference,
  type ReconcileOptions,
  type Side,
  type SideView,
  sides,
} from './reconcile.types.js';

export interface Verdict {
  readonly breaks: readonly Break[];
  readonly carried: readonly Carried[];
  /** Of the lines that are compared; those that are there twice are broken. */
  readonly outcome: 'matched' | 'broken' | 'carried' | 'void';
  /** Differences that are no break. */
  readonly tolerated: readonly Difference[];
}

export type Rules = Required<Omit<ReconcileOptions, 'tempDir' | 'partitions'>> & { readonly given: readonly Side[] };

export function rulesOf(options: ReconcileOptions, given: readonly Side[]): Rules {
  return {
    periods: options.periods ?? {},
    cutToleranceMs: options.cutToleranceMs ?? 600_000,
    amountToleranceMinor: options.amountToleranceMinor ?? {},
    feeToleranceMinor: options.feeToleranceMinor ?? {},
    pendingMatches: options.pendingMatches ?? ['refund'],
    tradeKinds: options.tradeKinds ?? ['payment', 'refund'],
    compareFundFees: options.compareFundFees ?? true,
    given,
  };
}

/** A line with the fees that stand in lines of their own. */
const withFees = ({ first, firstFee, feeMinor }: SideGroup): Movement | undefined => {
  const line = first ?? firstFee;
  if (line === undefined) return undefined;
  if (first === undefined) return { ...line, feeMinor };
  return firstFee === undefined ? first : { ...first, feeMinor: (first.feeMinor ?? 0) + feeMinor };
};

/** Compares what the sides say of one movement. Pure; what it gives depends on the lines only. */
export function judge(group: Group, rules: Rules): Verdict {
  return new Judgement(group, rules).verdict();
}

type BillSide = 'trade' | 'fund';

class Judgement {
  private readonly breaks: Break[] = [];
  private readonly tolerated: Difference[] = [];
  private readonly lines: Partial<Record<Side, Movement>> = {};
  private readonly kind: LineKind;
  private readonly bills: readonly BillSide[];

  constructor(
    private readonly group: Group,
    private readonly rules: Rules,
  ) {
    for (const side of sides) {
      const of = group.sides[side];
      const line = of === undefined ? undefined : withFees(of);
      if (line !== undefined) this.lines[side] = line;
    }
    const any = sides.map((side) => group.sides[side]?.first ?? group.sides[side]?.firstFee).find((line) => line !== undefined);
    this.kind = any?.kind === 'fee' ? (any.feeOf ?? 'fee') : (any?.kind ?? 'adjustment');
    this.bills = (['trade', 'fund'] as const).filter((side) => rules.given.includes(side));
  }

  verdict(): Verdict {
    this.findDuplicates();
    const duplicates = this.breaks.length;
    const absent = this.absentSides();
    const carried = absent.length > 0 && this.isCarriable(absent) ? this.carry() : [];
    if (carried.length === 0) {
      if (absent.length > 0) this.findMissing(absent);
      this.compareBills();
    }
    const isVoid = !Object.values(this.lines).some(hasMoved);
    const isBroken = this.breaks.length > duplicates;
    const outcome = carried.length > 0 ? 'carried' : isBroken ? 'broken' : isVoid ? 'void' : 'matched';
    return { breaks: this.breaks, carried, outcome, tolerated: this.tolerated };
  }

  private isPresent(side: Side): boolean {
    return this.group.sides[side]?.first !== undefined;
  }

  private findDuplicates(): void {
    for (const side of sides) {
      const of = this.group.sides[side];
      if (of === undefined || of.extraCount === 0) continue;
      const differences =
        side === 'events' ? this.bills.flatMap((bill) => differencesOf(bill, of.extraSums, -1n)) : differencesOf(side, of.extraSums, 1n);
      this.addBreak('duplicate', [side], differences, { count: of.extraCount, lines: of.extras.map(viewOf) });
    }
  }

  /** Sides that should have the movement and do not. What has moved no money need be nowhere else. */
  private absentSides(): readonly Side[] {
    const { events } = this.lines;
    if (this.isPresent('events') && events !== undefined) {
      if (events.status !== 'succeeded') return [];
      return this.bills.filter((bill) => !this.isPresent(bill) && this.lists(bill));
    }
    const moved = this.bills.some((bill) => this.lines[bill] !== undefined && hasMoved(this.lines[bill]));
    return moved ? ['events', ...this.bills.filter((bill) => !this.isPresent(bill) && this.lists(bill))] : [];
  }

  private lists(bill: BillSide): boolean {
    return bill === 'fund' || this.rules.tradeKinds.includes(this.kind);
  }

  /** Close to a cut, or beyond it: another day's bill may have it. Once only. */
  private isCarriable(absent: readonly Side[]): boolean {
    const lines = Object.values(this.lines);
    if (lines.some(({ carried }) => carried === true)) return false;
    return absent.every((side) => {
      const period = this.rules.periods[side];
      if (period === undefined) return false;
      const [from, to] = [Date.parse(period.from) + this.rules.cutToleranceMs, Date.parse(period.to) - this.rules.cutToleranceMs];
      return lines.some(({ at }) => Date.parse(at) < from || Date.parse(at) >= to);
    });
  }

  private carry(): Carried[] {
    const differences = this.bills.flatMap((bill) => this.differencesOn(bill));
    const present = sides.flatMap((side) => {
      const movement = this.lines[side];
      return movement === undefined ? [] : [{ side, movement: { ...movement, carried: true } }];
    });
    return present.map((each, index) => ({ ...each, differences: index === 0 ? differences : [] }));
  }

  private findMissing(absent: readonly Side[]): void {
    const isMissingHere = absent.includes('events');
    const differing = isMissingHere ? this.bills : this.bills.filter((bill) => absent.includes(bill));
    const differences = differing.flatMap((bill) => this.differencesOn(bill));
    this.addBreak(isMissingHere ? 'missing_here' : 'missing_at_provider', absent, differences);
  }

  /** What remains on each bill after duplicates and what is missing. */
  private compareBills(): void {
    const { events } = this.lines;
    const missing = this.breaks.flatMap(({ kind, on }) => (kind === 'missing_at_provider' ? on : []));
    if (this.breaks.some(({ kind }) => kind === 'missing_here')) return;
    const bills = this.bills.filter((bill) => !missing.includes(bill));
    const compared: BillSide[] = [];
    for (const bill of bills) {
      if (events !== undefined && this.isPresent('events') && this.isPresent(bill)) compared.push(bill);
      else this.tolerated.push(...this.differencesOn(bill));
    }
    if (events === undefined || compared.length === 0) return;
    const sameStatus = this.compareStatus(events, compared);
    const sameAmount = this.compareAmounts(events, sameStatus);
    this.compareFees(events, sameAmount);
  }

  private compareStatus(events: Movement, compared: readonly BillSide[]): BillSide[] {
    const isSame = (bill: BillSide): boolean => {
      const [ours, theirs] = [events.status, this.lines[bill]?.status];
      const isAwaited = ours !== 'failed' && theirs !== 'failed' && this.rules.pendingMatches.includes(this.kind);
      return ours === theirs || isAwaited;
    };
    const differing = compared.filter((bill) => !isSame(bill));
    if (differing.length > 0)
      this.addBreak(
        'status_differs',
        differing,
        differing.flatMap((bill) => this.differencesOn(bill)),
      );
    return compared.filter(isSame);
  }

  private compareAmounts(events: Movement, compared: readonly BillSide[]): BillSide[] {
    const differing = compared.filter((bill) => !this.hasSameAmount(events, bill));
    const differences = differing.flatMap((bill) => {
      // With another currency the fee is another too.
      const whole = this.lines[bill]?.currency !== events.currency;
      return this.differencesOn(bill).map((difference) => (whole ? difference : { ...difference, feeMinor: 0 }));
    });
    if (differing.length > 0) this.addBreak('amount_differs', differing, differences);
    for (const bill of compared) {
      if (differing.includes(bill)) continue;
      this.tolerated.push(...this.differencesOn(bill).map((difference) => ({ ...difference, feeMinor: 0 })));
    }
    return compared.filter((bill) => this.lines[bill]?.currency === events.currency);
  }

  private hasSameAmount(events: Movement, bill: BillSide): boolean {
    const line = this.lines[bill];
    if (line?.currency !== events.currency) return false;
    const tolerance = this.rules.amountToleranceMinor[events.currency] ?? 0;
    const isNear = (amountMinor: number) => Math.abs(line.amountMinor - amountMinor) <= tolerance;
    if (isNear(events.amountMinor)) return true;
    // Coupons: the trade bill says the order's amount, and what of it reaches the account.
    const { trade } = this.lines;
    const isSettled = trade?.settledMinor !== undefined && trade.amountMinor === events.amountMinor && isNear(trade.settledMinor);
    return bill === 'fund' && isSettled;
  }

  /** Against the fee that we expect; where we expect none, the fund bill's against the trade bill's. */
  private compareFees(events: Movement, compared: readonly BillSide[]): void {
    const tolerance = this.rules.feeToleranceMinor[events.currency] ?? 0;
    const known = events.feeMinor ?? (compared.includes('trade') ? this.lines.trade?.feeMinor : undefined);
    const differing: BillSide[] = [];
    const differences: Difference[] = [];
    for (const bill of compared) {
      const line = this.lines[bill];
      const isCompared = line?.feeMinor !== undefined && known !== undefined && (bill === 'trade' || this.rules.compareFundFees);
      const excess = isCompared ? line.feeMinor - known : 0;
      const isBreak = isCompared && Math.abs(excess) > tolerance;
      if (isBreak) differing.push(bill);
      for (const { feeMinor, ...whole } of this.differencesOn(bill)) {
        const broken = isBreak ? excess : 0;
        if (broken !== 0) differences.push({ ...whole, amountMinor: 0, feeMinor: broken });
        this.tolerated.push({ ...whole, amountMinor: 0, feeMinor: feeMinor - broken });
      }
    }
    if (differing.length > 0) this.addBreak('fee_differs', differing, differences);
  }

  /** The bill's line less ours, in each currency; what is nowhere counts 0. */
  private differencesOn(bill: BillSide): Difference[] {
    const sums: CurrencySums = new Map();
    const { events, [bill]: line } = this.lines;
    if (line !== undefined) addToSums(sums, line.currency, movedAmount(line), movedFee(line));
    if (events !== undefined) addToSums(sums, events.currency, -movedAmount(events), -movedFee(events));
    const differences = differencesOf(bill, sums, 1n);
    // A pair of equal lines differs by nothing, which is an entry all the same: fees are taken from it.
    return differences.length > 0 || line === undefined
      ? differences
      : [{ side: bill, currency: line.currency, amountMinor: 0, feeMinor: 0 }];
  }

  private addBreak(kind: BreakKind, on: readonly Side[], differences: readonly Difference[], extra?: Break['extra']): void {
    const lines = sides.flatMap((side) => this.lines[side] ?? []);
    const found = <K extends 'ourKey' | 'providerRef' | 'paymentKey'>(key: K): Partial<Record<K, string>> => {
      const value = lines.map((line) => line[key]).find((each) => each !== undefined);
      return value === undefined ? {} : ({ [key]: value } as Record<K, string>); // a computed key widens to string
    };
    const says: Partial<Record<Side, SideView>> = {};
    for (const side of sides) {
      const line = this.lines[side];
      if (line !== undefined) says[side] = viewOf(line);
    }
    this.breaks.push({
      kind,
      subject: this.group.subject,
      movement: this.kind,
      ...found('ourKey'),
      ...found('providerRef'),
      ...found('paymentKey'),
      says,
      on,
      ...(extra === undefined ? {} : { extra }),
      differences: differences.filter(({ amountMinor, feeMinor }) => amountMinor !== 0 || feeMinor !== 0),
    });
  }
}

function differencesOf(side: BillSide, sums: CurrencySums, sign: bigint): Difference[] {
  return [...sums]
    .filter(([, { amountMinor, feeMinor }]) => amountMinor !== 0n || feeMinor !== 0n)
    .map(([currency, { amountMinor, feeMinor }]) => ({
      side,
      currency,
      amountMinor: Number(sign * amountMinor),
      feeMinor: Number(sign * feeMinor),
    }));
}

function viewOf(line: Movement & { readonly line?: number; readonly file?: string }): SideView {
  const { amountMinor, feeMinor, currency, status, at, providerRef, ourKey, line: number, file } = line;
  return {
    amountMinor,
    ...(feeMinor === undefined ? {} : { feeMinor }),
    currency,
    status,
    at,
    ...(providerRef === undefined ? {} : { providerRef }),
    ...(ourKey === undefined ? {} : { ourKey }),
    ...(number === undefined ? {} : { line: number }),
    ...(file === undefined ? {} : { file }),
  };
}
