import type { Fold } from '@tongbao/event-store';
import type { NewsType } from './news.js';

/** Facts of an `endpoint-<endpointId>` stream: a URL of a platform's to which webhooks go. */
export type EndpointEvent = EndpointRegistered | EndpointSecretRotated | EndpointDisabled | EndpointEnabled | EndpointRemoved;

/** A signing secret, readable only with the hub's key. */
export interface SealedSecret {
  secretId: string;
  sealed: string;
}

export interface EndpointRegistered {
  type: 'EndpointRegistered';
  endpointId: string;
  platformId: string;
  url: string;
  /** Names of news, or `*` for all, those of later releases included. */
  eventTypes: EventTypes;
  description: string;
  secret: SealedSecret;
  registeredAt: string;
}

/** The new secret signs from now on; the ones before it sign as well until `overlapUntil`. */
export interface EndpointSecretRotated {
  type: 'EndpointSecretRotated';
  endpointId: string;
  platformId: string;
  secret: SealedSecret;
  overlapUntil: string;
  rotatedAt: string;
}

export interface EndpointDisabled {
  type: 'EndpointDisabled';
  endpointId: string;
  platformId: string;
  /** `gone`: it answered 410. `failing`: nothing got through for too long. */
  reason: 'asked' | 'gone' | 'failing';
  by: string;
  disabledAt: string;
}

export interface EndpointEnabled {
  type: 'EndpointEnabled';
  endpointId: string;
  platformId: string;
  by: string;
  enabledAt: string;
}

export interface EndpointRemoved {
  type: 'EndpointRemoved';
  endpointId: string;
  platformId: string;
  by: string;
  removedAt: string;
}

export type EventTypes = ['*'] | NewsType[];

export interface Endpoint {
  status: 'enabled' | 'disabled' | 'removed';
  endpointId: string;
  platformId: string;
  url: string;
  eventTypes: EventTypes;
  description: string;
  /** Newest first. */
  secrets: (SealedSecret & { validUntil?: string })[];
}

export const endpointStream = (endpointId: string): string => `endpoint-${endpointId}`;

export const endpointFold: Fold<Endpoint | undefined, EndpointEvent> = { initial: undefined, evolve };

export function evolve(state: Endpoint | undefined, event: EndpointEvent): Endpoint | undefined {
  if (event.type === 'EndpointRegistered') {
    const { endpointId, platformId, url, eventTypes, description, secret } = event;
    return { status: 'enabled', endpointId, platformId, url, eventTypes, description, secrets: [secret] };
  }
  if (!state) return state;
  switch (event.type) {
    case 'EndpointSecretRotated': {
      const older = state.secrets.map((secret) => ({ ...secret, validUntil: secret.validUntil ?? event.overlapUntil }));
      return { ...state, secrets: [event.secret, ...older.filter(({ validUntil }) => validUntil > event.rotatedAt)] };
    }
    case 'EndpointDisabled':
      return { ...state, status: 'disabled' };
    case 'EndpointEnabled':
      return { ...state, status: 'enabled' };
    case 'EndpointRemoved':
      return { ...state, status: 'removed' };
    default:
      return event satisfies never;
  }
}

export const subscribes = (eventTypes: EventTypes, type: NewsType): boolean =>
  eventTypes[0] === '*' || (eventTypes as NewsType[]).includes(type);

/** The secrets that sign at a time: the newest, and those that are still in their overlap. */
export const secretsAt = ({ secrets }: Endpoint, now: Date): SealedSecret[] =>
  secrets.filter(({ validUntil }) => validUntil === undefined || validUntil > now.toISOString());
