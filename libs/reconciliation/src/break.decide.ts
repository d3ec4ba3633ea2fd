import { account, proposalIdIn, type BreakEvent, type Transfer } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { sumMinor } from '@tongbao/money';
import { differenceOf, saysTheSame, type BreakContent, type BreakState, type FoundBreak } from './break.js';

export type BreakCommand =
  /** A run of `day` finds it. */
  | { type: 'RecordFound'; content: BreakContent; runId: string; day: string; now: string }
  /** A run of `day` that would have found it again does not. */
  | { type: 'RecordExplained'; runId: string; day: string; now: string }
  | { type: 'AssignBreak'; owner: string; by: string; now: string }
  | { type: 'CommentBreak'; text: string; by: string; now: string }
  | { type: 'ResolveBreak'; note: string; by: string; now: string }
  | { type: 'ProposeCorrection'; proposalId: string; currency: string; transfers: Transfer[]; note: string; by: string; now: string }
  | { type: 'RejectCorrection'; note: string; by: string; now: string }
  /** What is approved is the proposal that the approver has seen. */
  | { type: 'ApproveCorrection'; proposalId: string; by: string; now: string };

export type BreakRefusal =
  | 'not_found'
  | 'state_conflict'
  | 'invalid'
  | 'amount_not_positive'
  | 'same_account'
  | 'currency_mismatch'
  | 'account_not_allowed'
  | 'exceeds_difference'
  | 'four_eyes';

export type BreakDecision = Decision<BreakEvent, BreakRefusal>;

/** Refusals in the order of `BreakRefusal`. What a run finds or explains is never refused. */
export function decideBreak(command: BreakCommand, state: BreakState): BreakDecision {
  if (command.type === 'RecordFound') return { events: found(command, state) };
  if (state.status === 'none') return { refused: 'not_found' };
  const { breakId } = state.content;
  switch (command.type) {
    case 'RecordExplained': {
      const { runId, day, now } = command;
      return { events: state.status === 'open' ? [{ type: 'BreakExplained', breakId, runId, day, explainedAt: now }] : [] };
    }
    case 'AssignBreak': {
      const { owner, by, now } = command;
      return { events: owner === state.owner ? [] : [{ type: 'BreakAssigned', breakId, owner, by, assignedAt: now }] };
    }
    case 'CommentBreak':
      return { events: [{ type: 'BreakCommented', breakId, text: command.text, by: command.by, commentedAt: command.now }] };
    case 'ResolveBreak': {
      if (state.status !== 'open') return { refused: 'state_conflict' };
      return { events: [{ type: 'BreakResolved', breakId, note: command.note, by: command.by, resolvedAt: command.now }] };
    }
    case 'ProposeCorrection':
      return propose(command, state);
    case 'RejectCorrection': {
      if (!state.proposal) return { refused: 'state_conflict' };
      return { events: [{ type: 'BreakCorrectionRejected', breakId, note: command.note, by: command.by, rejectedAt: command.now }] };
    }
    case 'ApproveCorrection':
      return approve(command, state);
    default:
      return command satisfies never;
  }
}

function found({ content, runId, day, now }: Extract<BreakCommand, { type: 'RecordFound' }>, state: BreakState): BreakEvent[] {
  const event = { ...content, runId, foundAt: now };
  if (state.status === 'none') return [{ type: 'BreakFound', ...event }];
  const again = { ...event, day: state.content.day };
  if (state.status === 'open') return saysTheSame(state.content, content) ? [] : [{ type: 'BreakChanged', ...again }];
  // Another day's run explained it, by what that day has: this day cannot know of it.
  if (state.status === 'explained') return state.explainedBy?.day === day ? [{ type: 'BreakFound', ...again }] : [];
  return saysTheSame(state.content, content) ? [] : [{ type: 'BreakFound', ...again }];
}

const mostTransfers = 10;

function propose(command: Extract<BreakCommand, { type: 'ProposeCorrection' }>, state: FoundBreak): BreakDecision {
  const { proposalId, currency, transfers, note, by, now } = command;
  if (state.status !== 'open') return { refused: 'state_conflict' };
  if (state.proposal) return proposalIdIn(state.proposal) === proposalId ? { events: [] } : { refused: 'state_conflict' };
  if (transfers.length === 0 || transfers.length > mostTransfers) return { refused: 'invalid' };
  if (transfers.some(({ amountMinor }) => amountMinor <= 0)) return { refused: 'amount_not_positive' };
  if (transfers.some(({ from, to }) => from === to)) return { refused: 'same_account' };
  const difference = differenceOf(state.content).get(currency);
  if (difference === undefined) return { refused: 'currency_mismatch' };
  const allowed = accountsFor(state.content);
  if (!transfers.every(({ from, to }) => allowed.has(from) && allowed.has(to))) return { refused: 'account_not_allowed' };
  if (sumMinor(transfers.map(({ amountMinor }) => amountMinor)) > BigInt(difference)) return { refused: 'exceeds_difference' };
  const { breakId } = state.content;
  return { events: [{ type: 'BreakCorrectionProposed', breakId, proposalId, currency, transfers, note, by, proposedAt: now }] };
}

function approve({ proposalId, by, now }: Extract<BreakCommand, { type: 'ApproveCorrection' }>, state: FoundBreak): BreakDecision {
  if (!state.proposal || proposalIdIn(state.proposal) !== proposalId) return { refused: 'state_conflict' };
  const { breakId, currency, transfers, note, by: proposedBy } = state.proposal;
  if (by === proposedBy) return { refused: 'four_eyes' };
  return { events: [{ type: 'BreakCorrected', breakId, currency, transfers, note, proposedBy, by, correctedAt: now }] };
}

/**
 * Between which accounts a break may be corrected. Money that is there and nobody knows whose it is goes to suspense, money that is not there comes out of it or
 * is lost; a fee is the hub's cost. Whose position changes is a matter of its own: such an entry is the ledger's.
 */
export function accountsFor({ kind, movement, provider }: Pick<BreakContent, 'kind' | 'movement' | 'provider'>): ReadonlySet<string> {
  const atProvider = account.provider(provider);
  if (kind === 'fee_differs' || movement === 'fee') return new Set([atProvider, account.providerFees, account.losses]);
  if (kind === 'missing_here' && movement === 'adjustment')
    return new Set([atProvider, account.suspense, account.losses, account.providerFees]);
  return new Set([atProvider, account.suspense, account.losses]);
}
