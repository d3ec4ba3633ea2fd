import type { DepositEvent, LiquidityReceived, PositionEvent } from '@tongbao/contracts';
import { isParty, proposalIdIn, type Party } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';
import type { StatementLine } from './bank.js';

export const positionStream = (party: string): string => `position-${party}`;

export const depositIdOf = (lineId: string): string => `dep_${lineId}`;

export const depositStream = (depositId: string): string => `deposit-${depositId}`;

/**
 * The party that a line says its money is of: `LIQ platform:A`. Banks allow few characters and change the case of letters, so a dot or a space may stand for
 * the colon, and `liq` for `LIQ`.
 */
export function depositorOf(reference: string): Party | undefined {
  const [, kind = '', id = ''] = /(?:^|\s)LIQ\s+(platform|creator)[:. ]([A-Za-z0-9][A-Za-z0-9_.-]{0,63})(?=\s|$)/i.exec(reference) ?? [];
  const party = `${kind.toLowerCase()}:${id}`;
  return isParty(party) && id !== '' ? party : undefined;
}

/** The lines whose deposits a party's stream has. */
export const depositsFold: Fold<ReadonlySet<string>, PositionEvent> = {
  initial: new Set(),
  evolve: (lineIds, event) => (event.type === 'LiquidityReceived' ? new Set(lineIds).add(event.lineId) : lineIds),
};

/** One deposit for a line, however often the line is read. */
export function decideDeposit(
  party: Party,
  bank: string,
  line: StatementLine,
  known: ReadonlySet<string>,
): Decision<LiquidityReceived, never> {
  const { lineId, amountMinor, currency } = line;
  if (known.has(lineId)) return { events: [] };
  return { events: [{ type: 'LiquidityReceived', party, amountMinor, currency, depositId: depositIdOf(lineId), bank, lineId }] };
}

/** Of a line that waits in suspense: whose money it is said to be. */
export type AssignmentState =
  | { status: 'none' }
  | { status: 'proposed'; proposal: Extract<DepositEvent, { type: 'LiquidityAssignmentProposed' }> }
  | { status: 'assigned'; by: string; proposalId: string };

export const assignmentFold: Fold<AssignmentState, DepositEvent> = {
  initial: { status: 'none' },
  evolve: (state, event) => {
    switch (event.type) {
      case 'LiquidityAssignmentProposed':
        return { status: 'proposed', proposal: event };
      case 'LiquidityAssignmentRejected':
        return { status: 'none' };
      case 'LiquidityAssigned':
        return { status: 'assigned', by: event.by, proposalId: proposalIdIn(state.status === 'proposed' ? state.proposal : {}) };
      default:
        return event satisfies never;
    }
  },
};

/** A line that nothing has matched, and that brought money in. */
export interface SuspendedLine {
  bank: string;
  lineId: string;
  amountMinor: number;
  currency: string;
}

export type AssignmentCommand =
  | { type: 'ProposeAssignment'; proposalId: string; line: SuspendedLine; party: Party; by: string; note: string }
  /** What is approved is the proposal that the approver has seen. */
  | { type: 'ApproveAssignment'; proposalId: string; by: string }
  | { type: 'RejectAssignment'; by: string; reason: string };

/** Why a command is refused; in this order. */
export type AssignmentRefusal = 'not_found' | 'state_conflict' | 'four_eyes';

/** Decides whose money a line brought. One that finds its work done changes nothing. */
export function decideAssignment(command: AssignmentCommand, state: AssignmentState): Decision<DepositEvent, AssignmentRefusal> {
  if (command.type === 'ProposeAssignment') {
    const { proposalId, line, party, by, note } = command;
    if (state.status === 'proposed' && proposalIdIn(state.proposal) === proposalId) return { events: [] };
    if (state.status !== 'none') return { refused: 'state_conflict' };
    const { bank, lineId, amountMinor, currency } = line;
    const reference = { depositId: depositIdOf(lineId), bank, lineId, party, amountMinor, currency };
    return { events: [{ type: 'LiquidityAssignmentProposed', ...reference, proposalId, by, note }] };
  }
  if (state.status === 'none') return { refused: 'not_found' };
  if (state.status === 'assigned') {
    const isDone = command.type === 'ApproveAssignment' && state.by === command.by && state.proposalId === command.proposalId;
    return isDone ? { events: [] } : { refused: 'state_conflict' };
  }
  const { depositId, bank, lineId, party, amountMinor, currency, by: proposedBy } = state.proposal;
  const reference = { depositId, bank, lineId, party, amountMinor, currency };
  if (command.type === 'RejectAssignment')
    return { events: [{ type: 'LiquidityAssignmentRejected', ...reference, by: command.by, reason: command.reason }] };
  if (proposalIdIn(state.proposal) !== command.proposalId) return { refused: 'state_conflict' };
  if (proposedBy === command.by) return { refused: 'four_eyes' };
  return { events: [{ type: 'LiquidityAssigned', ...reference, by: command.by }] };
}
