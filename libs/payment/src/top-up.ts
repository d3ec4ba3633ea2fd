import type { AttemptOutcome, ProblemCode, TopUpEvent, TopUpRequested } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';

export interface TopUp {
  request: TopUpRequested;
  status: 'pending' | 'unknown' | 'captured' | 'declined' | 'conflicted';
  code?: string;
}

export type TopUpState = TopUp | undefined;

export const topUpFold = { initial: undefined as TopUpState, evolve };

function evolve(state: TopUpState, event: TopUpEvent): TopUpState {
  if (event.type === 'TopUpRequested') return { request: event, status: 'pending' };
  if (!state) throw new Error(`a top-up stream begins with TopUpRequested, not with ${event.type}`);
  switch (event.type) {
    case 'TopUpOutcomeUnknown':
      return { ...state, status: 'unknown' };
    case 'TopUpCaptured':
      return { ...state, status: 'captured' };
    case 'TopUpDeclined':
      return { ...state, status: 'declined', code: event.code };
    case 'TopUpConflicted':
      return { ...state, status: 'conflicted' };
    default:
      return event satisfies never;
  }
}

export type TopUpDecision = Decision<TopUpEvent, ProblemCode>;

/** A top-up is named by its command: the same again changes nothing. */
export function decideTopUp(request: TopUpRequested, state: TopUpState): TopUpDecision {
  if (!state) return { events: [request] };
  const { userId, amountMinor, currency, method } = state.request;
  const same =
    userId === request.userId &&
    amountMinor === request.amountMinor &&
    currency === request.currency &&
    method.provider === request.method.provider;
  return same ? { events: [] } : { refused: 'idempotency_key_reused' };
}

/** What a provider's answer makes of a top-up. Money that was taken after a decline waits in hub:suspense. */
export function decideTopUpOutcome(outcome: AttemptOutcome, state: TopUpState): TopUpDecision {
  if (!state) return { refused: 'not_found' };
  if (state.status === 'captured' || state.status === 'conflicted') return { events: [] };
  const { topUpId, userId, amountMinor, currency, method } = state.request;
  if (outcome.kind === 'captured') {
    const money = {
      topUpId,
      provider: method.provider,
      providerRef: outcome.providerRef,
      amountMinor: outcome.amountMinor,
      currency: outcome.currency,
    };
    const isAsOrdered = outcome.amountMinor === amountMinor && outcome.currency === currency && state.status !== 'declined';
    return { events: [isAsOrdered ? { type: 'TopUpCaptured', userId, ...money } : { type: 'TopUpConflicted', ...money }] };
  }
  if (state.status === 'declined') return { events: [] };
  switch (outcome.kind) {
    case 'declined':
      return { events: [{ type: 'TopUpDeclined', topUpId, code: outcome.code }] };
    case 'closed':
    case 'not_found':
      return { events: [{ type: 'TopUpDeclined', topUpId, code: 'attempt_closed' }] };
    case 'unknown':
      return { events: state.status === 'unknown' ? [] : [{ type: 'TopUpOutcomeUnknown', reason: outcome.reason }] };
    case 'authorized':
    case 'action_required':
      return { events: [] };
    default:
      return outcome satisfies never;
  }
}
