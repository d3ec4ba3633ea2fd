import type { AssignmentEvent, ProblemCode } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { assignmentIn, type AssignmentState } from './assignment.js';

export interface ProposePartyModel {
  type: 'ProposePartyModel';
  party: string;
  currency: string;
  model: string;
  /** The currency that payouts are to be paid in, where that is another one. */
  payIn?: string;
  /** Whether the hub knows the party, and has such a model in the currency. */
  exists: { party: boolean; model: boolean };
  by: string;
  now: string;
}

export interface ApprovePartyModel {
  type: 'ApprovePartyModel';
  currency: string;
  /** What is approved is what the approver has seen. */
  model: string;
  payIn?: string;
  by: string;
  now: string;
}

export type AssignmentCommand = ProposePartyModel | ApprovePartyModel;

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type AssignmentRefusal = Extract<ProblemCode, 'not_found' | 'state_conflict' | 'four_eyes'>;

/** Decides by which model a party is settled. A command that finds its work done changes nothing and is no error. */
export function decideAssignment(command: AssignmentCommand, state: AssignmentState): Decision<AssignmentEvent, AssignmentRefusal> {
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  if (command.type === 'ProposePartyModel') {
    const { party, currency, model, payIn, by, now } = command;
    return { events: [{ type: 'PartyModelProposed', party, currency, model, ...paidIn(payIn), by, proposedAt: now }] };
  }
  const { proposed } = assignmentIn(state, command.currency);
  if (!proposed) return { refused: 'not_found' };
  const { party, currency, model, payIn, by } = proposed;
  return { events: [{ type: 'PartyModelSet', party, currency, model, ...paidIn(payIn), by, approvedBy: command.by, setAt: command.now }] };
}

const paidIn = (payIn: string | undefined) => (payIn === undefined ? {} : { payIn });

const proposedIn = (state: AssignmentState, { currency }: AssignmentCommand) => assignmentIn(state, currency).proposed;

const refusals: [AssignmentRefusal, (command: AssignmentCommand, state: AssignmentState) => boolean][] = [
  ['not_found', (command) => command.type === 'ProposePartyModel' && !(command.exists.party && command.exists.model)],
  ['not_found', (command, state) => command.type === 'ApprovePartyModel' && !proposedIn(state, command)],
  ['state_conflict', (command, state) => command.type === 'ApprovePartyModel' && !isSame(proposedIn(state, command), command)],
  ['four_eyes', (command, state) => command.type === 'ApprovePartyModel' && proposedIn(state, command)?.by === command.by],
];

function isDone(command: AssignmentCommand, state: AssignmentState): boolean {
  const assigned = assignmentIn(state, command.currency);
  const { proposed } = assigned;
  return command.type === 'ProposePartyModel' ? isSame(proposed ?? assigned, command) : isSame(assigned, command) && !proposed;
}

interface Terms {
  model: string;
  payIn?: string;
}

const isSame = (one: Terms | undefined, other: Terms): boolean => one?.model === other.model && one.payIn === other.payIn;
