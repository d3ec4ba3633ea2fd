import type { Decision } from '@tongbao/event-store';
import type { Endpoint, EndpointEvent, EndpointDisabled, EventTypes, SealedSecret } from './endpoint.js';

export type EndpointCommand = RegisterEndpoint | RotateSecret | DisableEndpoint | EnableEndpoint | RemoveEndpoint;

/** The id is made of the caller's command id, so a repeated command meets the endpoint that it made. */
export interface RegisterEndpoint {
  type: 'RegisterEndpoint';
  endpointId: string;
  platformId: string;
  url: string;
  eventTypes: EventTypes;
  description: string;
  secret: SealedSecret;
  now: string;
}

interface Named {
  /** The platform that asks; absent for an operator, who may act for any. */
  platformId?: string;
  now: string;
}

export interface RotateSecret extends Named {
  type: 'RotateSecret';
  secret: SealedSecret;
  overlapUntil: string;
}

export interface DisableEndpoint extends Named {
  type: 'DisableEndpoint';
  reason: EndpointDisabled['reason'];
  by: string;
}

export interface EnableEndpoint extends Named {
  type: 'EnableEndpoint';
  by: string;
}

export interface RemoveEndpoint extends Named {
  type: 'RemoveEndpoint';
  by: string;
}

/** In order of precedence. Another platform's endpoint is as if it did not exist. */
export type EndpointRefusal = 'idempotency_key_reused' | 'not_found' | 'state_conflict';

/** Decides what becomes of an endpoint. What already is as asked changes nothing. */
export function decide(command: EndpointCommand, endpoint: Endpoint | undefined): Decision<EndpointEvent, EndpointRefusal> {
  if (command.type === 'RegisterEndpoint') return register(command, endpoint);
  if (!endpoint || (command.platformId !== undefined && command.platformId !== endpoint.platformId)) return { refused: 'not_found' };
  const { endpointId, platformId, status } = endpoint;
  if (status === 'removed') return command.type === 'RemoveEndpoint' ? { events: [] } : { refused: 'not_found' };
  const event = { endpointId, platformId };
  switch (command.type) {
    case 'RotateSecret': {
      const { secret, overlapUntil, now } = command;
      if (endpoint.secrets.some(({ secretId }) => secretId === secret.secretId)) return { events: [] };
      if (
        endpoint.secrets.length >= maxSecrets &&
        endpoint.secrets.every(({ validUntil }) => validUntil === undefined || validUntil > now)
      ) {
        return { refused: 'state_conflict' };
      }
      return { events: [{ type: 'EndpointSecretRotated', ...event, secret, overlapUntil, rotatedAt: now }] };
    }
    case 'DisableEndpoint':
      if (status === 'disabled') return { events: [] };
      return { events: [{ type: 'EndpointDisabled', ...event, reason: command.reason, by: command.by, disabledAt: command.now }] };
    case 'EnableEndpoint':
      if (status === 'enabled') return { events: [] };
      return { events: [{ type: 'EndpointEnabled', ...event, by: command.by, enabledAt: command.now }] };
    case 'RemoveEndpoint':
      return { events: [{ type: 'EndpointRemoved', ...event, by: command.by, removedAt: command.now }] };
    default:
      return command satisfies never;
  }
}

/** Every valid secret adds a signature to every request: a bound keeps the header short. */
export const maxSecrets = 5;

function register(command: RegisterEndpoint, existing: Endpoint | undefined): Decision<EndpointEvent, EndpointRefusal> {
  const { endpointId, platformId, url, eventTypes, description, secret, now } = command;
  if (!existing)
    return { events: [{ type: 'EndpointRegistered', endpointId, platformId, url, eventTypes, description, secret, registeredAt: now }] };
  const same =
    existing.platformId === platformId &&
    existing.url === url &&
    existing.description === description &&
    JSON.stringify(existing.eventTypes) === JSON.stringify(eventTypes);
  return same ? { events: [] } : { refused: 'idempotency_key_reused' };
}
