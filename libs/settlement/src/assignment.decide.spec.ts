import { describe, expect, it } from '@jest/globals';
import type { AssignmentEvent } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { decideAssignment, type AssignmentCommand, type AssignmentRefusal } from './assignment.decide.js';
import { assignmentFold } from './assignment.js';

const now = '2026-01-01T00:00:00Z';
const about = { party: 'platform:A', currency: 'USD', by: 'operator:fin' };
const proposed = (model: string, currency = 'USD'): AssignmentEvent => ({
  type: 'PartyModelProposed',
  ...about,
  currency,
  model,
  proposedAt: now,
});
const set = (model: string, currency = 'USD'): AssignmentEvent => ({
  ...{ type: 'PartyModelSet', ...about, currency, model, approvedBy: 'operator:boss', setAt: now },
});
const propose = (model: string, exists = { party: true, model: true }): AssignmentCommand => ({
  type: 'ProposePartyModel',
  ...about,
  model,
  exists,
  now,
});
const approve = (model: string, by = 'operator:boss'): AssignmentCommand => ({
  type: 'ApprovePartyModel',
  currency: 'USD',
  model,
  by,
  now,
});

const given = (...history: AssignmentEvent[]) => ({
  when: (command: AssignmentCommand) => ({
    then: (expected: Decision<AssignmentEvent, AssignmentRefusal>) =>
      expect(decideAssignment(command, history.reduce(assignmentFold.evolve, assignmentFold.initial))).toEqual(expected),
  }),
});

describe('the model of a party', () => {
  it('is proposed', () =>
    given()
      .when(propose('weekly'))
      .then({ events: [proposed('weekly')] }));
  it('is set once somebody else has approved it', () =>
    given(proposed('weekly'))
      .when(approve('weekly'))
      .then({ events: [set('weekly')] }));
  it('is proposed anew while another one waits', () =>
    given(proposed('weekly'))
      .when(propose('daily'))
      .then({ events: [proposed('daily')] }));
  it('is taken back before it is approved', () =>
    given(proposed('weekly'))
      .when(propose('dnm'))
      .then({ events: [proposed('dnm')] }));
  it('is the default one again', () =>
    given(proposed('weekly'), set('weekly'))
      .when(propose('dnm'))
      .then({ events: [proposed('dnm')] }));
  it('is one for each currency', () => {
    given(proposed('weekly', 'CNY'), set('weekly', 'CNY'))
      .when(propose('weekly'))
      .then({ events: [proposed('weekly')] });
    given(proposed('weekly', 'CNY')).when(approve('weekly')).then({ refused: 'not_found' });
  });
  it('proposed as it is, or as it is proposed already, stays as it is', () => {
    given().when(propose('dnm')).then({ events: [] });
    given(proposed('weekly')).when(propose('weekly')).then({ events: [] });
    given(proposed('weekly'), set('weekly')).when(propose('weekly')).then({ events: [] });
  });
  it('approved again stays as it is', () => given(proposed('weekly'), set('weekly')).when(approve('weekly')).then({ events: [] }));

  it('is assigned with the currency that the party is paid in, and approved with just that', () => {
    const inEuros = { payIn: 'EUR' };
    given()
      .when({ ...propose('dnm'), ...inEuros })
      .then({ events: [{ ...proposed('dnm'), ...inEuros }] });
    const waiting = { ...proposed('dnm'), ...inEuros };
    given(waiting)
      .when({ ...approve('dnm'), ...inEuros })
      .then({ events: [{ ...set('dnm'), ...inEuros }] });
    given(waiting).when(approve('dnm')).then({ refused: 'state_conflict' });
    const counts = { ...set('dnm'), ...inEuros };
    given(waiting, counts)
      .when({ ...propose('dnm'), ...inEuros })
      .then({ events: [] });
    given(waiting, counts)
      .when(propose('dnm'))
      .then({ events: [proposed('dnm')] });
  });

  it.each<[AssignmentRefusal, string, AssignmentEvent[], AssignmentCommand]>([
    ['not_found', 'a party that the hub does not know', [], propose('weekly', { party: false, model: true })],
    ['not_found', 'a model that the currency does not have', [], propose('weekly', { party: true, model: false })],
    ['not_found', 'approving what nobody has proposed', [], approve('weekly')],
    ['state_conflict', 'approving what is proposed no longer', [proposed('weekly'), proposed('daily')], approve('weekly')],
    ['state_conflict', 'before it is asked who approves', [proposed('weekly'), proposed('daily')], approve('weekly', 'operator:fin')],
    ['four_eyes', 'approving what one has proposed oneself', [proposed('weekly')], approve('weekly', 'operator:fin')],
  ])('is refused with %s: %s', (refused, _, history, command) =>
    given(...history)
      .when(command)
      .then({ refused }),
  );
});
