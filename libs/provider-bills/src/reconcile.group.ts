import type { Movement } from './bill-line.js';
import type { Side } from './reconcile.types.js';

const shownExtras = 10;

/** All lines of one side for one movement, as they come in whichever order. */
export interface SideGroup {
  /** The one that is compared; which of several it is does not depend on the order in which they came. */
  first: Movement | undefined;
  /** The others: how many, what they moved, and the first ten in order. */
  extraCount: number;
  readonly extraSums: CurrencySums;
  extras: readonly Movement[];
  /** Fee lines of their own; the sum is added to the fee of `first`. */
  feeLines: number;
  feeMinor: number;
  firstFee: Movement | undefined;
}

export interface Group {
  readonly subject: string;
  readonly sides: Partial<Record<Side, SideGroup>>;
}

export type CurrencySums = Map<string, { amountMinor: bigint; feeMinor: bigint }>;

export function addToSums(sums: CurrencySums, currency: string, amountMinor: bigint, feeMinor: bigint): void {
  const sum = sums.get(currency);
  if (sum === undefined) sums.set(currency, { amountMinor, feeMinor });
  else {
    sum.amountMinor += amountMinor;
    sum.feeMinor += feeMinor;
  }
}

/** Adds a line. Lines of the events are added before those of the bills: the provider's number that we know says which of several lines is ours. */
export function addToGroup(group: Group, side: Side, line: Movement): void {
  const empty = { first: undefined, extraCount: 0, extraSums: new Map(), extras: [], feeLines: 0, feeMinor: 0, firstFee: undefined };
  const of: SideGroup = (group.sides[side] ??= empty);
  if (line.kind === 'fee' && line.feeOf !== undefined) {
    of.feeLines += 1;
    of.feeMinor += line.feeMinor ?? 0;
    if (of.firstFee === undefined || compareLines(line, of.firstFee) < 0) of.firstFee = line;
    return;
  }
  if (of.first === undefined) {
    of.first = line;
    return;
  }
  const knownRef = side === 'events' ? undefined : group.sides.events?.first?.providerRef;
  const [first, extra] = isBefore(line, of.first, knownRef) ? [line, of.first] : [of.first, line];
  of.first = first;
  of.extraCount += 1;
  addToSums(of.extraSums, extra.currency, movedAmount(extra), movedFee(extra));
  of.extras = [...of.extras, extra].sort(compareLines).slice(0, shownExtras);
}

function isBefore(a: Movement, b: Movement, knownRef: string | undefined): boolean {
  const aIsKnown = a.providerRef === knownRef;
  if (knownRef !== undefined && aIsKnown !== (b.providerRef === knownRef)) return aIsKnown;
  return compareLines(a, b) < 0;
}

/** Whether a line of this status has moved money: pending refunds are taken from the account as they begin; a pending payment is not yet there. */
export const hasMoved = ({ status, kind }: Movement): boolean => status === 'succeeded' || (status === 'pending' && kind === 'refund');

export const movedAmount = (line: Movement): bigint => (hasMoved(line) ? BigInt(line.amountMinor) : 0n);
export const movedFee = (line: Movement): bigint => (hasMoved(line) ? BigInt(line.feeMinor ?? 0) : 0n);

/** A total order of lines by all that they say: the earliest is the first. */
function compareLines(a: Movement, b: Movement): number {
  const [textOfA, textOfB] = [orderOf(a), orderOf(b)];
  return textOfA < textOfB ? -1 : textOfA > textOfB ? 1 : 0;
}

const orderOf = (line: Movement): string =>
  JSON.stringify([
    line.at,
    line.providerRef ?? '',
    placeOf(line),
    line.amountMinor,
    line.feeMinor ?? null,
    line.currency,
    line.status,
    line.carried === true,
  ]);

/** Where a line stands in its bill, if it is of one. */
const placeOf = (line: Movement & { line?: number; file?: string }): string =>
  `${line.file ?? ''}:${String(line.line ?? 0).padStart(12, '0')}`;
