import { createHash } from 'node:crypto';
import type { BilledMovementFact, LinesCarried, ReconciliationSide, ReconciliationStarted } from '@tongbao/contracts';
import { toSafeInteger } from '@tongbao/money';
import {
  reconcile,
  type Break,
  type Carried,
  type Movement,
  type ReconcileOptions,
  type ReconcileSummary,
  type Side,
  type SideView,
} from '@tongbao/provider-bills';
import { breakIdOf, type BreakContent } from './break.js';

/** Lines that other days give to a run. */
export interface TakenIn {
  side: ReconciliationSide;
  movement: BilledMovementFact;
}

/** What the day compares: movements of each side as they come, and what other days give to it. */
export interface Compared {
  events: AsyncIterable<Movement>;
  trade?: AsyncIterable<Movement>;
  fund?: AsyncIterable<Movement>;
  takenIn: readonly TakenIn[];
  /** Breaks whose lines are among them. */
  known: ReadonlySet<string>;
}

export interface Matched {
  breaks: Break[];
  carried: LinesCarried['lines'];
  summary: ReconcileSummary;
}

/** More breaks than the terms expect of a bill of this day and account: nothing of the run counts. */
export class TooManyBreaks extends Error {
  override readonly name = 'TooManyBreaks';
}

/**
 * Compares a day. Breaks are kept until all of them are known, so that a bill of another day leaves nothing behind; what is compared is not in memory.
 * @throws TooManyBreaks
 */
export async function matchDay(
  run: Pick<ReconciliationStarted, 'provider' | 'from' | 'to' | 'terms' | 'previousRunId'>,
  compared: Compared,
  tempDir: string,
): Promise<Matched> {
  const { events, trade, fund, takenIn, known } = compared;
  const linesOf = (side: Side, lines: AsyncIterable<Movement>) => withTaken(lines, takenIn, side);
  const input = {
    events: linesOf('events', events),
    ...(trade && { trade: linesOf('trade', trade) }),
    ...(fund && { fund: linesOf('fund', fund) }),
  };
  const breaks: Break[] = [];
  const carried: LinesCarried['lines'] = [];
  let unexpected = 0;
  for await (const item of reconcile(input, { ...optionsOf(run), tempDir })) {
    if (item.type === 'summary') return { breaks, carried, summary: item.summary };
    if (item.type === 'break') breaks.push(item.break);
    else if (isForLater(item.carried, run)) carried.push({ side: item.carried.side, movement: movementFact(item.carried.movement) });
    if (item.type === 'carried' || !known.has(breakIdOf({ ...item.break, on: [...item.break.on], provider: run.provider })))
      unexpected += 1;
    if (unexpected > run.terms.maxBreaks)
      throw new TooManyBreaks(
        `more than ${run.terms.maxBreaks} movements are broken or carried: is this the bill of this day and account?`,
      );
  }
  throw new Error('a reconciliation ends with its summary');
}

function optionsOf({ from, to, terms }: Pick<ReconciliationStarted, 'from' | 'to' | 'terms'>): ReconcileOptions {
  const period = { from, to };
  return {
    periods: { events: period, trade: period, fund: period },
    cutToleranceMs: terms.cutToleranceMs,
    amountToleranceMinor: Object.fromEntries(
      terms.currencies.map(({ currency, amountToleranceMinor }) => [currency, amountToleranceMinor]),
    ),
    feeToleranceMinor: Object.fromEntries(terms.currencies.map(({ currency, feeToleranceMinor }) => [currency, feeToleranceMinor])),
  };
}

async function* withTaken(lines: AsyncIterable<Movement>, takenIn: readonly TakenIn[], side: Side): AsyncGenerator<Movement> {
  // A movement that was carried once is not carried again: it is matched, or a break.
  for (const taken of takenIn) if (taken.side === side) yield { ...taken.movement, carried: true };
  yield* lines;
}

/** The first day of all is shown what came just before it, which no run before it could look at: what is left of that is nobody's. */
const isForLater = ({ side, movement }: Carried, { from, previousRunId }: Pick<ReconciliationStarted, 'from' | 'previousRunId'>): boolean =>
  previousRunId !== undefined || side !== 'events' || movement.at >= from;

export function movementFact(movement: Movement): BilledMovementFact {
  const { kind, ourKey, providerRef, paymentKey, amountMinor, feeMinor, settledMinor, feeOf, currency, at, status } = movement;
  return {
    kind,
    ...(ourKey !== undefined && { ourKey }),
    ...(providerRef !== undefined && { providerRef }),
    ...(paymentKey !== undefined && { paymentKey }),
    amountMinor,
    ...(feeMinor !== undefined && { feeMinor }),
    ...(settledMinor !== undefined && { settledMinor }),
    ...(feeOf !== undefined && { feeOf }),
    ...{ currency, at, status },
  };
}

export const digestOf = (carried: LinesCarried['lines']): string =>
  createHash('sha256').update(JSON.stringify(carried)).digest('hex').slice(0, 32);

/** A break as the events of its stream tell it. */
export function contentOf(found: Break, { provider, day }: { provider: string; day: string }, paymentId: string | undefined): BreakContent {
  const { kind, subject, movement, ourKey, providerRef, paymentKey, on, says, extra, differences } = found;
  const said = Object.entries(says).map(([side, view]) => statementOf(side as Side, view)); // the engine's keys are sides
  const times = said.map(({ at }) => at).sort();
  return {
    ...{ breakId: breakIdOf({ provider, kind, subject, on: [...on] }), provider, day, kind, subject, movement },
    ...(ourKey !== undefined && { ourKey }),
    ...(providerRef !== undefined && { providerRef }),
    ...(paymentKey !== undefined && { paymentKey }),
    ...(paymentId !== undefined && { paymentId }),
    on: [...on],
    says: said,
    ...(extra && { extra: { count: extra.count, lines: extra.lines.map((line) => statementOf(on[0] ?? 'events', line)) } }),
    differences: [...differences],
    occurredAt: times[0] ?? '',
  };
}

function statementOf(side: Side, view: SideView): BreakContent['says'][number] {
  const { amountMinor, feeMinor, currency, status, at, providerRef, ourKey, line, file } = view;
  return {
    ...{ side, amountMinor },
    ...(feeMinor !== undefined && { feeMinor }),
    ...{ currency, status, at },
    ...(providerRef !== undefined && { providerRef }),
    ...(ourKey !== undefined && { ourKey }),
    ...(line !== undefined && { line }),
    ...(file !== undefined && { file }),
  };
}

/** The lines of a break of an earlier day, for a run that may find what it lacks. */
export const linesOfBreak = ({ movement: kind, paymentKey, says }: Pick<BreakContent, 'movement' | 'paymentKey' | 'says'>): TakenIn[] =>
  says.map(({ side, amountMinor, feeMinor, currency, status, at, providerRef, ourKey }) => ({
    side,
    movement: {
      kind,
      ...(ourKey !== undefined && { ourKey }),
      ...(providerRef !== undefined && { providerRef }),
      ...(paymentKey !== undefined && { paymentKey }),
      amountMinor,
      ...(feeMinor !== undefined && { feeMinor }),
      ...{ currency, at },
      status: status === 'pending' || status === 'failed' ? status : 'succeeded',
    },
  }));

/** The figures of a run's report that the engine makes. */
export function figuresOf({ matched, lines, totals, explained }: ReconcileSummary, given: readonly Side[]) {
  const pair = ({ amountMinor, feeMinor }: { amountMinor: bigint; feeMinor: bigint }) => ({
    amountMinor: toSafeInteger(amountMinor),
    feeMinor: toSafeInteger(feeMinor),
  });
  return {
    matched,
    lines: given.map((side) => ({ side, ...lines[side] })),
    totals: given.flatMap((side) =>
      Object.entries(totals[side] ?? {}).map(([currency, total]) => ({ side, currency, lines: total.lines, ...pair(total) })),
    ),
    differences: explained.map(({ side, currency, total, breaks, carried, tolerated }) => ({
      ...{ side, currency, total: pair(total), breaks: pair(breaks), carried: pair(carried), tolerated: pair(tolerated) },
    })),
  };
}
