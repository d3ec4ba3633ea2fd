import type { Movement } from './bill-line.js';
import { type CurrencySums, type Group, addToSums, movedAmount, movedFee } from './reconcile.group.js';
import type { Verdict } from './reconcile.judge.js';
import {
  type Amounts,
  type BreakKind,
  type Difference,
  type Explained,
  type ReconcileSummary,
  type Side,
  type SideTotal,
  sides,
} from './reconcile.types.js';

type Outcome = Verdict['outcome'];

const nothing: Amounts = { amountMinor: 0n, feeMinor: 0n };

/** Adds up lines as they come and verdicts as they are made: two ways to one sum, which `summary` compares. */
export class SummaryCount {
  private readonly sums: Record<Side, CurrencySums> = { events: new Map(), trade: new Map(), fund: new Map() };
  private readonly moved: Record<Side, Map<string, number>> = { events: new Map(), trade: new Map(), fund: new Map() };
  private readonly lines: Record<Side, Record<Outcome, number>> = { events: noLines(), trade: noLines(), fund: noLines() };
  private readonly read: Record<Side, number> = { events: 0, trade: 0, fund: 0 };
  private readonly parts = {
    breaks: new Map<string, Amounts>(),
    carried: new Map<string, Amounts>(),
    tolerated: new Map<string, Amounts>(),
  };
  private readonly breaks: Record<BreakKind, number> = {
    missing_at_provider: 0,
    missing_here: 0,
    amount_differs: 0,
    status_differs: 0,
    fee_differs: 0,
    duplicate: 0,
  };
  private matched = 0;
  private carried = 0;

  constructor(private readonly given: readonly Side[]) {}

  addLine(side: Side, line: Movement): void {
    this.read[side] += 1;
    this.moved[side].set(line.currency, (this.moved[side].get(line.currency) ?? 0) + 1);
    addToSums(this.sums[side], line.currency, movedAmount(line), movedFee(line));
  }

  addVerdict(group: Group, { breaks, carried, outcome, tolerated }: Verdict): void {
    for (const side of sides) {
      const of = group.sides[side];
      if (of === undefined) continue;
      this.lines[side][outcome] += (of.first === undefined ? 0 : 1) + of.feeLines;
      this.lines[side].broken += of.extraCount;
    }
    if (outcome === 'matched') this.matched += 1;
    if (outcome === 'carried') this.carried += 1;
    for (const { kind, differences } of breaks) {
      this.breaks[kind] += 1;
      this.explain(this.parts.breaks, differences);
    }
    for (const { differences } of carried) this.explain(this.parts.carried, differences);
    this.explain(this.parts.tolerated, tolerated);
  }

  /** @throws Error if the rows do not come to the totals: an error in the engine, never in a bill */
  summary(): ReconcileSummary {
    const explained = this.given.flatMap((side) => (side === 'events' ? [] : this.explainedOf(side)));
    for (const side of sides) {
      const sum = Object.values(this.lines[side]).reduce((total, count) => total + count, 0);
      if (sum !== this.read[side]) throw new Error(`${this.read[side]} lines of ${side} were read, and ${sum} judged`);
    }
    const { lines, matched, breaks, carried } = this;
    return {
      totals: Object.fromEntries(this.given.map((side) => [side, this.totalsOf(side)])),
      lines,
      matched,
      breaks,
      carried,
      explained,
    };
  }

  private totalsOf(side: Side): Record<string, SideTotal> {
    const entries = [...this.sums[side]].map(
      ([currency, sum]) => [currency, { lines: this.moved[side].get(currency) ?? 0, ...sum }] as const,
    );
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private explain(part: Map<string, Amounts>, differences: readonly Difference[]): void {
    for (const { side, currency, amountMinor, feeMinor } of differences) {
      const key = `${side} ${currency}`;
      const { amountMinor: amount, feeMinor: fee } = part.get(key) ?? nothing;
      part.set(key, { amountMinor: amount + BigInt(amountMinor), feeMinor: fee + BigInt(feeMinor) });
    }
  }

  private explainedOf(side: 'trade' | 'fund'): Explained[] {
    const currencies = [...new Set([...this.sums.events.keys(), ...this.sums[side].keys()])].sort();
    return currencies.map((currency) => {
      const [theirs, ours] = [this.sums[side].get(currency) ?? nothing, this.sums.events.get(currency) ?? nothing];
      const total = { amountMinor: theirs.amountMinor - ours.amountMinor, feeMinor: theirs.feeMinor - ours.feeMinor };
      const of = (part: Map<string, Amounts>) => part.get(`${side} ${currency}`) ?? nothing;
      const parts = { breaks: of(this.parts.breaks), carried: of(this.parts.carried), tolerated: of(this.parts.tolerated) };
      for (const key of ['amountMinor', 'feeMinor'] as const) {
        const sum = parts.breaks[key] + parts.carried[key] + parts.tolerated[key];
        if (sum !== total[key]) throw new Error(`${key} of ${side} in ${currency} differs by ${total[key]}, its rows by ${sum}`);
      }
      return { side, currency, total, ...parts };
    });
  }
}

const noLines = (): Record<Outcome, number> => ({ matched: 0, broken: 0, carried: 0, void: 0 });
