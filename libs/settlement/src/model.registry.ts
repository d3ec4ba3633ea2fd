import type { ModelEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { modelStream, termsOf } from './model.js';
import type { ModelTerms, PartyModels, SettlementModels } from './models.js';
import type { SettlementQueries } from './settlement.queries.js';

/** Terms come from the models' own streams, which no projection has to catch up with; who is on which model comes from the projection. */
export class ModelRegistry implements SettlementModels {
  constructor(
    private readonly store: EventStore,
    private readonly queries: SettlementQueries,
  ) {}

  async termsAt(name: string, currency: string, cutOff: bigint): Promise<ModelTerms> {
    const events = await this.store.read<ModelEvent>(modelStream(name, currency));
    const versions = events.flatMap(({ event, position }) => (event.type === 'SettlementModelSet' ? [{ event, position }] : []));
    // A window of a hub that is older than its models may have closed before the first version was written: that holds for it.
    const found = versions.findLast(({ position }) => position < cutOff) ?? versions[0];
    if (!found) throw new Error(`there is no model ${name} for ${currency}`);
    const { version } = found.event;
    return { name, currency, version, ...termsOf(found.event) };
  }

  async partyModels(currency: string): Promise<PartyModels> {
    return this.queries.partyModels(currency);
  }
}
