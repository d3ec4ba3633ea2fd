import type { AgreementEvent, AgreementVersionRegistered, ProblemCode, SplitRule } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { appliesPerPayment } from './split.js';

/** All versions of an agreement, oldest first. */
export type AgreementState = readonly AgreementVersionRegistered[];

export const agreementFold = {
  initial: [] as AgreementState,
  evolve: (state: AgreementState, event: AgreementEvent): AgreementState => [...state, event],
};

export interface RegisterAgreement {
  agreementId: string;
  name: string;
  validFrom: string;
  rules: SplitRule[];
  now: string;
}

/** The version that is valid at a time: of those that have begun, the one registered last. */
export const versionAt = (versions: AgreementState, at: Date): AgreementVersionRegistered | undefined =>
  versions.findLast(({ validFrom }) => new Date(validFrom) <= at);

/** What is wrong with the rules, as field and reason; undefined when nothing is. */
export function ruleProblem(rules: readonly SplitRule[]): { field: string; detail: string } | undefined {
  for (const [index, rule] of rules.entries()) {
    const field = `rules[${index}]`;
    if (rule.from === rule.to) return { field: `${field}.to`, detail: 'from and to are the same role' };
    if (rule.rateBasisPoints === 0 && !rule.fixedMinor && !rule.minimumMinor)
      return { field, detail: 'the rule moves nothing: it has no rate, fixed amount or minimum' };
    if ((rule.minimumMinor ?? 0) > (rule.maximumMinor ?? Number.MAX_SAFE_INTEGER))
      return { field: `${field}.minimumMinor`, detail: 'the minimum is above the maximum' };
    if (appliesPerPayment(rule) && (rule.from === 'owner' || rule.from === 'creator')) {
      return {
        field: `${field}.from`,
        detail:
          'an amount that is taken once per payment must come from a role that is the same for all items: seller, processor, referrer or hub',
      };
    }
  }
  return undefined;
}

/** Registers the next version. The same content as the newest version changes nothing. */
export function decideRegisterAgreement(command: RegisterAgreement, state: AgreementState): Decision<AgreementEvent, ProblemCode> {
  const newest = state.at(-1);
  const same =
    newest &&
    newest.name === command.name &&
    newest.validFrom === command.validFrom &&
    JSON.stringify(newest.rules) === JSON.stringify(command.rules);
  if (same) return { events: [] };
  if (ruleProblem(command.rules)) return { refused: 'invalid' };
  const { now, ...content } = command;
  return { events: [{ type: 'AgreementVersionRegistered', ...content, version: state.length + 1, registeredAt: now }] };
}
