import { createHash } from 'node:crypto';
import type { BreakChanged, BreakCorrectionProposed, BreakEvent, BreakFound, ReconciliationSide, SideStatement } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';

/** What a run says of a break. */
export type BreakContent = Omit<BreakFound, 'type' | 'runId' | 'foundAt'>;

/** The same break in every run that finds it. A movement may be twice on several sides: each of them is a break. */
export function breakIdOf({ provider, kind, subject, on }: Pick<BreakContent, 'provider' | 'kind' | 'subject' | 'on'>): string {
  const sides = kind === 'duplicate' ? on : [];
  const hash = createHash('sha256').update(JSON.stringify([provider, kind, subject, ...sides]));
  return `brk_${hash.digest('hex').slice(0, 24)}`;
}

export const breakStream = (breakId: string): string => `reconciliation-break_${breakId}`;

/** `open`; `explained`: by a later bill or event; `resolved`: with a note; `corrected`: by an entry in the books. */
export type BreakStatus = 'open' | 'explained' | 'resolved' | 'corrected';

export type BreakState =
  | { status: 'none' }
  | {
      status: BreakStatus;
      content: BreakContent;
      /** The run that found it. */
      foundBy: string;
      owner?: string;
      /** Waits for somebody else's approval. */
      proposal?: BreakCorrectionProposed;
      /** The run that explained it, and its day. */
      explainedBy?: { runId: string; day: string };
    };

export const breakFold: Fold<BreakState, BreakEvent> = {
  initial: { status: 'none' },
  evolve: (state, event) => {
    if (event.type === 'BreakFound') {
      const owner = state.status === 'none' ? undefined : state.owner;
      return { status: 'open', content: contentIn(event), foundBy: event.runId, ...(owner !== undefined && { owner }) };
    }
    if (state.status === 'none') throw new Error(`a break begins with BreakFound, not with ${event.type}`);
    switch (event.type) {
      case 'BreakChanged':
        // What was to be corrected is not what it was.
        return { ...without(state), content: contentIn(event) };
      case 'BreakExplained':
        return { ...without(state), status: 'explained', explainedBy: { runId: event.runId, day: event.day } };
      case 'BreakAssigned':
        return { ...state, owner: event.owner };
      case 'BreakCommented':
        return state;
      case 'BreakResolved':
        return { ...without(state), status: 'resolved' };
      case 'BreakCorrectionProposed':
        return { ...state, proposal: event };
      case 'BreakCorrectionRejected':
        return without(state);
      case 'BreakCorrected':
        return { ...without(state), status: 'corrected' };
      default:
        return event satisfies never;
    }
  },
};

export type FoundBreak = Exclude<BreakState, { status: 'none' }>;

/** Nothing waits for an approval any more. */
const without = ({ status, content, foundBy, owner, explainedBy }: FoundBreak): FoundBreak => ({
  ...{ status, content, foundBy },
  ...(owner !== undefined && { owner }),
  ...(explainedBy !== undefined && { explainedBy }),
});

/** Without what is the finding's own. */
export function contentIn(event: BreakFound | BreakChanged): BreakContent {
  const { breakId, provider, day, kind, subject, movement, ourKey, providerRef, paymentKey, paymentId, on, says, extra, differences } =
    event;
  return {
    ...{ breakId, provider, day, kind, subject, movement },
    ...(ourKey !== undefined && { ourKey }),
    ...(providerRef !== undefined && { providerRef }),
    ...(paymentKey !== undefined && { paymentKey }),
    ...(paymentId !== undefined && { paymentId }),
    ...{ on, says, differences, occurredAt: event.occurredAt },
    ...(extra && { extra }),
  };
}

/** Whether two runs say the same of a break; where a line stands in its file does not count, nor how many payments it is known by. */
export const saysTheSame = (one: BreakContent, other: BreakContent): boolean =>
  JSON.stringify(saidIn(one)) === JSON.stringify(saidIn(other));

const saidIn = ({ kind, on, says, extra, differences }: BreakContent): unknown => [
  kind,
  [...on].sort(),
  inSides(says).map(said),
  extra?.count ?? 0,
  differences.map(({ side, currency, amountMinor, feeMinor }) => `${side} ${currency} ${amountMinor} ${feeMinor}`).sort(),
];

const said = ({ side, amountMinor, feeMinor, currency, status }: SideStatement): unknown[] => [
  side,
  amountMinor,
  feeMinor ?? null,
  currency,
  status,
];

const sides: readonly ReconciliationSide[] = ['events', 'trade', 'fund'];

const inSides = (says: readonly SideStatement[]): SideStatement[] =>
  [...says].sort((one, other) => sides.indexOf(one.side) - sides.indexOf(other.side));

/** The most that a side differs by, in each currency: what a correction may come to. */
export function differenceOf({ differences, says, extra }: Pick<BreakContent, 'differences' | 'says' | 'extra'>): Map<string, number> {
  const most = new Map<string, number>();
  const add = (currency: string, amountMinor: number) => most.set(currency, Math.max(most.get(currency) ?? 0, Math.abs(amountMinor)));
  for (const { currency, amountMinor, feeMinor } of differences) {
    add(currency, amountMinor);
    add(currency, feeMinor);
    add(currency, amountMinor - feeMinor);
  }
  // A status that differs moves what has no difference in totals: the whole movement.
  if (most.size === 0) for (const { currency, amountMinor } of [...says, ...(extra?.lines ?? [])]) add(currency, amountMinor);
  return most;
}
