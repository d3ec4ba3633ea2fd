import type { AttemptOutcome, ProblemCode, TopUpEvent } from '@tongbao/contracts';
import { handle, load, type EventStore, type Loaded } from '@tongbao/event-store';
import type { Providers } from './providers.js';
import { decideTopUpOutcome, topUpFold, type TopUpState } from './top-up.js';

export const topUpStream = (topUpId: string): string => `topup-${topUpId}`;

/** Gets the money of top-ups; as the payments' reactor does: intent first, outcome after, and where in doubt the provider is asked. */
export class TopUpReactor {
  constructor(
    private readonly store: EventStore,
    private readonly providers: Providers,
  ) {}

  /** @param fresh the request was appended by this process a moment ago */
  async run(topUpId: string, fresh?: Loaded<TopUpState>): Promise<TopUpState> {
    const loaded = fresh ?? (await load(this.store, topUpStream(topUpId), topUpFold));
    if (!loaded.state || (loaded.state.status !== 'pending' && loaded.state.status !== 'unknown')) return loaded.state;
    return this.#record(topUpId, loaded, await this.#pay(loaded.state, fresh !== undefined));
  }

  /** Asks the provider what became of a top-up: money that came after a decline is found so. */
  async inquire(topUpId: string): Promise<TopUpState> {
    const loaded = await load(this.store, topUpStream(topUpId), topUpFold);
    if (!loaded.state) return undefined;
    const { providerKey, method } = loaded.state.request;
    const outcome = await this.providers.call(method.provider, 'query', (provider, signal) => provider.query(providerKey, signal));
    return outcome.kind === 'not_found' ? loaded.state : this.#record(topUpId, loaded, outcome);
  }

  async #pay({ request }: NonNullable<TopUpState>, fresh: boolean): Promise<AttemptOutcome> {
    const { providerKey: key, amountMinor, currency, method } = request;
    if (!fresh) {
      const known = await this.providers.call(method.provider, 'query', (provider, signal) => provider.query(key, signal));
      if (known.kind !== 'not_found') return known;
    }
    const call = { key, amountMinor, currency, capture: true, ...(method.token && { token: method.token }) };
    return this.providers.call(method.provider, 'pay', (provider, signal) => provider.pay(call, signal));
  }

  async #record(topUpId: string, known: Loaded<TopUpState>, outcome: AttemptOutcome): Promise<TopUpState> {
    const context = { commandId: `${topUpId} ${outcome.kind} after ${known.revision ?? 'nothing'}`, correlationId: topUpId, actor: 'hub' };
    const decide = (state: TopUpState) => decideTopUpOutcome(outcome, state);
    return (await handle<TopUpState, TopUpEvent, ProblemCode>(this.store, topUpStream(topUpId), topUpFold, decide, context, known)).state;
  }
}
