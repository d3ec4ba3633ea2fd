import type { ProblemCode } from '@tongbao/contracts';
import { load, type EventStore } from '@tongbao/event-store';
import { Problem, reachedAtLeast, type Principal } from '@tongbao/service';
import type { Follower } from './delivery.dispatcher.js';
import type { EndpointRefusal } from './endpoint.decide.js';
import { endpointFold, endpointStream, type Endpoint } from './endpoint.js';

/** The projection of this service among those of the process. */
export function followerIn(projections: ReadonlyMap<string, Follower>): Follower {
  const follower = projections.get('notification');
  if (!follower) throw new Problem('unavailable', 'The projection of notifications does not run in this process.');
  return follower;
}

/** Waits for `?atLeast=`; returns the position that an answer reflects, and perhaps a little more. */
export async function positionOf(projections: ReadonlyMap<string, Follower>, atLeast: string | undefined): Promise<string> {
  const follower = followerIn(projections);
  await reachedAtLeast(follower, atLeast);
  return String(follower.status().position);
}

/** The platform whose things are asked for: a platform's own, or the one that an operator names. */
export function askedPlatform(caller: Principal, platform: string | undefined): string | undefined {
  if (caller.kind === 'operator') return platform;
  if (platform !== undefined && platform !== caller.platformId)
    throw new Problem('forbidden', "Another platform's notifications.", 'platform');
  return caller.platformId;
}

/** @throws Problem not_found, also for another platform's endpoint: its existence is nobody else's business */
export async function loadEndpoint(
  store: EventStore,
  endpointId: string,
  caller: Principal,
): Promise<{ endpoint: Endpoint; revision: number | undefined }> {
  const { state, revision } = /^ep_[a-z2-7]{32}$/.test(endpointId)
    ? await load(store, endpointStream(endpointId), endpointFold)
    : { state: undefined, revision: undefined };
  const isOwn = caller.kind === 'operator' || state?.platformId === caller.platformId;
  if (!state || state.status === 'removed' || !isOwn) throw endpointProblem('not_found');
  return { endpoint: state, revision };
}

const details: Record<EndpointRefusal, string> = {
  idempotency_key_reused: 'This Idempotency-Key was used to register another endpoint.',
  not_found: 'There is no such endpoint.',
  state_conflict: 'Too many secrets are valid at a time: wait until the overlap of an earlier one is over.',
};

export const endpointProblem = (refusal: EndpointRefusal): Problem => new Problem(refusal satisfies ProblemCode, details[refusal]);
