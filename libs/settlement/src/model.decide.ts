import type { ModelEvent, ProblemCode, SettlementModelTerms } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { isDeepStrictEqual } from 'node:util';
import { termsOf, type ModelState } from './model.js';
import { modelProblem } from './model.rules.js';

export interface ProposeModel {
  type: 'ProposeModel';
  name: string;
  currency: string;
  terms: SettlementModelTerms;
  /** Whether there is the calendar that the schedule names, where it names one. */
  calendarExists: boolean;
  by: string;
  now: string;
}

export interface ApproveModel {
  type: 'ApproveModel';
  /** What is approved is the version that the approver has seen. */
  version: number;
  by: string;
  now: string;
}

/** What the settings say of a model, for a hub that has none of that name yet. */
export interface SetFirstTerms {
  type: 'SetFirstTerms';
  name: string;
  currency: string;
  terms: SettlementModelTerms;
  now: string;
}

export type ModelCommand = ProposeModel | ApproveModel | SetFirstTerms;

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type ModelRefusal = Extract<ProblemCode, 'invalid' | 'not_found' | 'state_conflict' | 'four_eyes'>;

/** Decides a command on a model. One that finds its work done changes nothing and is no error. */
export function decideModel(command: ModelCommand, state: ModelState): Decision<ModelEvent, ModelRefusal> {
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  switch (command.type) {
    case 'ProposeModel': {
      const { name, currency, terms, by, now } = command;
      const version = Math.max(state.set?.version ?? 0, state.proposed?.version ?? 0) + 1;
      return { events: [{ type: 'SettlementModelProposed', name, currency, version, ...termsOf(terms), by, proposedAt: now }] };
    }
    case 'ApproveModel': {
      if (!state.proposed) return { refused: 'not_found' };
      const { name, currency, version, by } = state.proposed;
      const about = { name, currency, version, ...termsOf(state.proposed) };
      return { events: [{ type: 'SettlementModelSet', ...about, by, approvedBy: command.by, setAt: command.now }] };
    }
    case 'SetFirstTerms': {
      const { name, currency, terms, now } = command;
      const version = (state.proposed?.version ?? 0) + 1;
      return { events: [{ type: 'SettlementModelSet', name, currency, version, ...termsOf(terms), by: 'hub', setAt: now }] };
    }
    default:
      return command satisfies never;
  }
}

const refusals: [ModelRefusal, (command: ModelCommand, state: ModelState) => boolean][] = [
  ['invalid', (command) => command.type !== 'ApproveModel' && modelProblem(command.name, command.currency, command.terms) !== undefined],
  ['not_found', (command) => command.type === 'ProposeModel' && !command.calendarExists],
  ['not_found', (command, { proposed }) => command.type === 'ApproveModel' && !proposed],
  ['state_conflict', (command, { proposed }) => command.type === 'ApproveModel' && proposed?.version !== command.version],
  ['four_eyes', (command, { proposed }) => command.type === 'ApproveModel' && proposed?.by === command.by],
];

function isDone(command: ModelCommand, { set, proposed }: ModelState): boolean {
  switch (command.type) {
    case 'ProposeModel': {
      const newest = proposed ?? set;
      return newest !== undefined && isDeepStrictEqual(termsOf(newest), termsOf(command.terms));
    }
    case 'ApproveModel':
      return set?.version === command.version;
    case 'SetFirstTerms':
      return set !== undefined;
    default:
      return command satisfies never;
  }
}
