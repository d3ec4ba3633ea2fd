import type { BankLineClaimed, BankLineExplanationEvent } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';

/** Where it is decided what an unmatched line turned out to be. Explanations are reconciliation's; a party's prefunded money claims its line here first. */
export const lineStream = (bank: string, lineId: string): string => `reconciliation-line_${bank}_${lineId}`;

export interface LineClaim {
  isExplained: boolean;
  /** The proposals that somebody has approved; all but one of them were rejected in the same moment. */
  claims: readonly string[];
}

export const lineClaimFold: Fold<LineClaim, BankLineExplanationEvent> = {
  initial: { isExplained: false, claims: [] },
  evolve: (state, event) => {
    if (event.type === 'BankLineExplained') return { ...state, isExplained: true };
    return event.type === 'BankLineClaimed' ? { ...state, claims: [...state.claims, event.proposalId] } : state;
  },
};

/** A line that is explained has left suspense. Another proposal's claim keeps nobody out: the deposit's stream tells which of them counts. */
export function decideClaim(claim: Omit<BankLineClaimed, 'type'>, state: LineClaim): Decision<BankLineClaimed, 'state_conflict'> {
  if (state.isExplained) return { refused: 'state_conflict' };
  if (state.claims.includes(claim.proposalId)) return { events: [] };
  return { events: [{ type: 'BankLineClaimed', ...claim }] };
}
