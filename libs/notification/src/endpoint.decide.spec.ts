import { describe, expect, it } from '@jest/globals';
import type { Decision } from '@tongbao/event-store';
import { decide, maxSecrets, type EndpointCommand, type EndpointRefusal, type RegisterEndpoint } from './endpoint.decide.js';
import { evolve, secretsAt, subscribes, type Endpoint, type EndpointEvent } from './endpoint.js';

const now = '2026-01-02T00:00:00.000Z';
const named = { endpointId: 'ep_1', platformId: 'A' };
const secret = (secretId: string) => ({ secretId, sealed: `sealed ${secretId}` });
const register: RegisterEndpoint = {
  type: 'RegisterEndpoint',
  ...named,
  url: 'https://a.example/hook',
  eventTypes: ['*'],
  description: '',
  secret: secret('s1'),
  now,
};
const { now: registeredAt, ...content } = register;
const registered: EndpointEvent = { ...content, type: 'EndpointRegistered', registeredAt };
const disabled: EndpointEvent = { type: 'EndpointDisabled', ...named, reason: 'asked', by: 'platform:A', disabledAt: now };
const enabled: EndpointEvent = { type: 'EndpointEnabled', ...named, by: 'platform:A', enabledAt: now };
const removed: EndpointEvent = { type: 'EndpointRemoved', ...named, by: 'platform:A', removedAt: now };
const rotated = (secretId: string, overlapUntil: string, rotatedAt = now): EndpointEvent => ({
  type: 'EndpointSecretRotated',
  ...named,
  secret: secret(secretId),
  overlapUntil,
  rotatedAt,
});
const rotate = (secretId: string): EndpointCommand => ({
  type: 'RotateSecret',
  platformId: 'A',
  secret: secret(secretId),
  overlapUntil: '2026-01-03T00:00:00.000Z',
  now,
});
const disable: EndpointCommand = { type: 'DisableEndpoint', platformId: 'A', reason: 'asked', by: 'platform:A', now };
const enable: EndpointCommand = { type: 'EnableEndpoint', platformId: 'A', by: 'platform:A', now };
const remove: EndpointCommand = { type: 'RemoveEndpoint', platformId: 'A', by: 'platform:A', now };

const state = (history: EndpointEvent[]): Endpoint | undefined => history.reduce<Endpoint | undefined>(evolve, undefined);
const given = (...history: EndpointEvent[]) => ({
  when: (command: EndpointCommand) => ({
    then: (expected: Decision<EndpointEvent, EndpointRefusal>) => expect(decide(command, state(history))).toEqual(expected),
  }),
});

describe('an endpoint', () => {
  it('is registered', () =>
    given()
      .when(register)
      .then({ events: [registered] }));
  it('is the same one when the command is repeated', () =>
    given(registered)
      .when({ ...register, secret: secret('s9') })
      .then({ events: [] }));
  it('is disabled', () =>
    given(registered)
      .when(disable)
      .then({ events: [disabled] }));
  it('is disabled by the hub', () =>
    given(registered)
      .when({ type: 'DisableEndpoint', reason: 'gone', by: 'hub', now })
      .then({ events: [{ type: 'EndpointDisabled', ...named, reason: 'gone', by: 'hub', disabledAt: now }] }));
  it('is enabled again', () =>
    given(registered, disabled)
      .when(enable)
      .then({ events: [enabled] }));
  it('is removed', () =>
    given(registered)
      .when(remove)
      .then({ events: [removed] }));
  it('gets another secret', () =>
    given(registered)
      .when(rotate('s2'))
      .then({ events: [rotated('s2', '2026-01-03T00:00:00.000Z')] }));

  it.each<[string, EndpointEvent[], EndpointCommand]>([
    ['disabling a disabled one', [registered, disabled], disable],
    ['enabling an enabled one', [registered], enable],
    ['removing a removed one', [registered, removed], remove],
    ['the same rotation again', [registered, rotated('s2', '2026-01-03T00:00:00.000Z')], rotate('s2')],
  ])('%s changes nothing', (_, history, command) =>
    given(...history)
      .when(command)
      .then({ events: [] }),
  );

  const rotations = Array.from({ length: maxSecrets - 1 }, (_, index) => rotated(`r${index}`, '2026-01-03T00:00:00.000Z'));

  it.each<[string, EndpointEvent[], EndpointCommand, EndpointRefusal]>([
    ['a second one under the same key', [registered], { ...register, url: 'https://b.example' }, 'idempotency_key_reused'],
    ['rotating what does not exist', [], rotate('s2'), 'not_found'],
    ["disabling another platform's", [registered], { ...disable, platformId: 'B' }, 'not_found'],
    ['enabling a removed one', [registered, removed], enable, 'not_found'],
    ['more secrets at a time than a header should carry', [registered, ...rotations], rotate('s2'), 'state_conflict'],
  ])('%s is refused', (_, history, command, refused) =>
    given(...history)
      .when(command)
      .then({ refused }),
  );
});

describe('the secrets of an endpoint', () => {
  const rotatedOnce = state([registered, rotated('s2', '2026-01-03T00:00:00.000Z')]);
  const ids = (at: string) => rotatedOnce && secretsAt(rotatedOnce, new Date(at)).map(({ secretId }) => secretId);

  it('are both valid during the overlap, the new one first', () => expect(ids('2026-01-02T12:00:00.000Z')).toEqual(['s2', 's1']));
  it('are the new one alone after it', () => expect(ids('2026-01-03T00:00:00.000Z')).toEqual(['s2']));
  it('that ended before are dropped at the next rotation', () =>
    expect(
      state([
        registered,
        rotated('s2', '2026-01-03T00:00:00.000Z'),
        rotated('s3', '2026-02-01T00:00:00.000Z', '2026-01-20T00:00:00.000Z'),
      ])?.secrets.map(({ secretId }) => secretId),
    ).toEqual(['s3', 's2']));
});

describe('a subscription', () => {
  it('to * is to all', () => expect(subscribes(['*'], 'payment.captured')).toBe(true));
  it('to named types is to these', () =>
    expect(['payment.captured', 'payment.declined'].map((type) => subscribes(['payment.captured'], type as 'payment.captured'))).toEqual([
      true,
      false,
    ]));
});
