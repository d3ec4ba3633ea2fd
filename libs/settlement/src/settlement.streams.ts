import type { SettlementEvent } from '@tongbao/contracts';
import { handle, load, type EventStore, type Handled, type Loaded } from '@tongbao/event-store';
import { decideSettlement, type SettlementCommand, type SettlementRefusal } from './settlement.decide.js';
import { settlementFold, settlementStream, type SettlementState } from './settlement.js';

/**
 * Settlements under way, as their streams tell them. What was read of a stream is not read again: that of very many parties is long, and is looked at with each
 * of its payouts.
 */
export class SettlementStreams {
  readonly #known = new Map<string, Loaded<SettlementState>>();

  constructor(private readonly store: EventStore) {}

  async load(settlementId: string): Promise<Loaded<SettlementState>> {
    const loaded = await load(this.store, settlementStream(settlementId), settlementFold, this.#known.get(settlementId));
    this.#known.set(settlementId, loaded);
    return loaded;
  }

  /** Decided on what is known of it, and again on what there is where that has become something else. */
  async decide(
    settlementId: string,
    step: string,
    command: SettlementCommand,
  ): Promise<Handled<SettlementState, SettlementEvent, SettlementRefusal>> {
    const known = this.#known.get(settlementId);
    const handled = await handle<SettlementState, SettlementEvent, SettlementRefusal>(
      this.store,
      settlementStream(settlementId),
      settlementFold,
      (state) => decideSettlement(command, state),
      { commandId: `${settlementId} ${step}`, correlationId: settlementId },
      known,
    );
    if (known) this.#known.set(settlementId, { ...known, state: handled.state, revision: handled.revision });
    return handled;
  }

  /** There is nothing left to do for it. */
  forget(settlementId: string): void {
    this.#known.delete(settlementId);
  }
}

/** @returns true when the settlement is another now; a refusal means that somebody else moved it on, which the next look shows */
export const hasMoved = (handled: Handled<SettlementState, SettlementEvent, SettlementRefusal>): boolean =>
  handled.outcome === 'refused' || handled.events.length > 0;
