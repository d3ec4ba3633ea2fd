import type { LineKind, LineStatus, Movement } from './bill-line.js';

/** What we believe, what payers paid and got back as the provider says, and what moved in our account there. */
export type Side = 'events' | 'trade' | 'fund';
export const sides: readonly Side[] = ['events', 'trade', 'fund'];

export type BreakKind = 'missing_at_provider' | 'missing_here' | 'amount_differs' | 'status_differs' | 'fee_differs' | 'duplicate';

export type Movements<M extends Movement = Movement> = Iterable<M> | AsyncIterable<M>;

/** The sides that there are. A provider without a bill of one kind is reconciled with the other. */
export interface ReconcileInput {
  readonly events: Movements;
  readonly trade?: Movements;
  readonly fund?: Movements;
}

/** From `from` (inclusive) to `to` (exclusive), ISO 8601. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

export interface ReconcileOptions {
  /** What a bill covers. A movement that it lacks is carried, not missing, where its time is outside of that, or close to the cut. Without: it covers all. */
  readonly periods?: Partial<Record<Side, Period>>;
  /** How far from the cut a movement may stand in the bill of the other day. Default 10 minutes. */
  readonly cutToleranceMs?: number;
  /** Minor units by which amounts may differ, by currency. Default 0. */
  readonly amountToleranceMinor?: Readonly<Record<string, number>>;
  /** The same for fees: providers round a fee per payment or per day. Default 0. */
  readonly feeToleranceMinor?: Readonly<Record<string, number>>;
  /** Kinds of which one side may be pending where the other has succeeded. Default: refunds, which bills show as they begin. */
  readonly pendingMatches?: readonly LineKind[];
  /** Kinds that a trade bill lists. Default: payments and refunds. */
  readonly tradeKinds?: readonly LineKind[];
  /** Whether fees of the fund bill are compared; not where they are taken once a month, or from another account. Default true. */
  readonly compareFundFees?: boolean;
  /** For what does not fit into memory. Default: the system's. */
  readonly tempDir?: string;
  /** Parts that are matched one after another: memory is bounded by the largest. Default 256, for some millions of lines. */
  readonly partitions?: number;
}

/** What one side says of a movement: fee lines of a fund bill are added to the line that they belong to. */
export interface SideView {
  readonly amountMinor: number;
  /** Undefined where the side does not say it. */
  readonly feeMinor?: number;
  readonly currency: string;
  readonly status: LineStatus;
  readonly at: string;
  readonly providerRef?: string;
  readonly ourKey?: string;
  /** In the bill. */
  readonly line?: number;
  readonly file?: string;
}

/** Provider less events, of one bill. */
export interface Difference {
  readonly side: 'trade' | 'fund';
  readonly currency: string;
  readonly amountMinor: number;
  readonly feeMinor: number;
}

export interface Break {
  readonly kind: BreakKind;
  /** Of the movement: the same movement has the same subject in every run. */
  readonly subject: string;
  readonly movement: LineKind;
  readonly ourKey?: string;
  readonly providerRef?: string;
  readonly paymentKey?: string;
  readonly says: Partial<Record<Side, SideView>>;
  /** Of what is missing: the sides that lack it. Of other breaks: the sides that differ from the others, or have it twice. */
  readonly on: readonly Side[];
  /** Of duplicates: how many more there are than one, and the first ten of them. */
  readonly extra?: { readonly count: number; readonly lines: readonly SideView[] };
  /** What the break adds to the difference of the totals. */
  readonly differences: readonly Difference[];
}

/** Movements that a bill of the next day may have: give them to the next run. */
export interface Carried {
  readonly side: Side;
  readonly movement: Movement;
  readonly differences: readonly Difference[];
}

export interface SideTotal {
  readonly lines: number;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
}

/** Where the difference between a bill's total and that of the events comes from; the parts sum to the whole. */
export interface Explained {
  readonly side: 'trade' | 'fund';
  readonly currency: string;
  readonly total: Amounts;
  readonly breaks: Amounts;
  readonly carried: Amounts;
  /** Within tolerances, coupons, fees that a side does not say, kinds that a trade bill does not list. */
  readonly tolerated: Amounts;
}

export interface Amounts {
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
}

export interface ReconcileSummary {
  /** Of lines that moved money, by side and currency. */
  readonly totals: Partial<Record<Side, Readonly<Record<string, SideTotal>>>>;
  /** Lines by what became of them, fee lines included; they sum to the lines that were read. */
  readonly lines: Readonly<Record<Side, Readonly<Record<'matched' | 'broken' | 'carried' | 'void', number>>>>;
  readonly matched: number;
  readonly breaks: Readonly<Record<BreakKind, number>>;
  readonly carried: number;
  readonly explained: readonly Explained[];
}

export type ReconcileItem =
  | { readonly type: 'break'; readonly break: Break }
  | { readonly type: 'carried'; readonly carried: Carried }
  /** The last item, always. */
  | { readonly type: 'summary'; readonly summary: ReconcileSummary };
