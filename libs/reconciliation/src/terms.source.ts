import type { ReconciliationTerms } from '@tongbao/contracts';
import { load, type EventStore } from '@tongbao/event-store';
import { builtInTerms, termsFold, termsStream } from './terms.js';

/** The terms of a provider's bills: those that were set last, or what holds of providers that are known. */
export const termsSource =
  (store: EventStore) =>
  async (provider: string): Promise<ReconciliationTerms | undefined> => {
    const { state } = await load(store, termsStream(provider), termsFold);
    return state.terms ?? builtInTerms(provider);
  };
